const BARS = '▁▂▃▄▅▆▇█'

/**
 * A line of bars, one for each of up to `width` equal stretches of the values; `pick` makes one of a stretch. The axis is
 * from 0 to the highest; 0 itself is the lowest bar.
 */
export function sparkLine(
  values: readonly number[],
  width: number,
  pick: (values: readonly number[]) => number = stretch => Math.max(...stretch),
): string {
  const columns = Math.max(1, Math.min(width, values.length))
  const picked = Array.from({ length: columns }, (_, i) => {
    const from = Math.floor((i * values.length) / columns)
    const to = Math.max(from + 1, Math.floor(((i + 1) * values.length) / columns))
    return pick(values.slice(from, to))
  })
  const top = Math.max(...picked)
  return picked
    .map(value => {
      if (top <= 0 || value <= 0) return BARS[0]!
      return BARS[Math.min(BARS.length - 1, Math.max(1, Math.round((value / top) * (BARS.length - 1))))]!
    })
    .join('')
}
