/** A stable stand-in for the digest that a registry would give. */
export function imageIdOf(image: string): string {
  let hash = 0x811c9dc5
  let digest = ''
  for (let lane = 0; lane < 8; lane++) {
    for (let i = 0; i < image.length; i++) hash = Math.imul(hash ^ image.charCodeAt(i), 0x01000193) >>> 0
    digest += hash.toString(16).padStart(8, '0')
  }
  return `${image.replace(/(?:@.*|:[^/]*)$/, '')}@sha256:${digest}`
}
