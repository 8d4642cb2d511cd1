const PATTERN = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

const UNITS = [
  ['y', 31_536_000_000],
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/**
 * Reads a duration exactly as Prometheus' configuration does: whole numbers, units descending, each at most once.
 *
 * @returns milliseconds, or `undefined` when it is not one.
 */
export function parsePromDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (text === '') return undefined
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  let ms = 0
  for (let i = 0; i < UNITS.length; i++) ms += Number(match[i + 1] ?? 0) * UNITS[i]![1]
  return ms
}

/** Writes whole milliseconds as Prometheus does: years, weeks and days only where they divide evenly. */
export function formatPromDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  let rest = durationMs
  let out = ''
  for (const [unit, size] of UNITS) {
    const mustDivide = size >= 86_400_000
    if (mustDivide && rest % size !== 0) continue
    const count = Math.floor(rest / size)
    if (count > 0) out += `${count}${unit}`
    rest -= count * size
  }
  return out
}
