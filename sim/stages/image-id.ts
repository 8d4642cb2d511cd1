import { RecentMap } from '../informers/index.ts'

/** Ids that were asked for lately: pods of one template, and of all of them, have few images. */
const known = new RecentMap<string>(1024)

/** A stable stand-in for the digest that a registry would give. */
export function imageIdOf(image: string): string {
  let id = known.get(image)
  if (id === undefined) {
    id = digestOf(image)
    known.set(image, id)
  }
  return id
}

function digestOf(image: string): string {
  let hash = 0x811c9dc5
  let digest = ''
  for (let lane = 0; lane < 8; lane++) {
    for (let i = 0; i < image.length; i++) hash = Math.imul(hash ^ image.charCodeAt(i), 0x01000193) >>> 0
    digest += hash.toString(16).padStart(8, '0')
  }
  return `${image.replace(/(?:@.*|:[^/]*)$/, '')}@sha256:${digest}`
}
