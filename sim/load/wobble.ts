const PERIOD_MS = 420_000
/** Greatest deviation, in parts of a thousand. */
const SWING = 24

/**
 * How memory goes up and down by itself, in thousandths of its base: between −24 and 24, slowly, with a phase of each
 * container's own.
 *
 * Two parabolas stand for a sine, as in the targets' load: the same on every machine.
 */
export function wobble(seed: number, atMs: number): number {
  const half = PERIOD_MS / 2
  const x = (atMs + (seed % PERIOD_MS)) % PERIOD_MS
  const y = x % half
  const bulge = (SWING * 4 * y * (half - y)) / (half * half)
  return x < half ? bulge : -bulge
}

/** FNV-1a. */
export function seedOf(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}
