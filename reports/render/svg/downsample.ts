export type Point = readonly [x: number, y: number]

/**
 * Thins a line out to at most about `wanted` points while keeping every peak and trough that could be seen: of each
 * stretch, the lowest and the highest point in their order. `null` is a gap, and a gap stays one.
 */
export function downsample(points: readonly (Point | null)[], wanted: number): (Point | null)[] {
  if (points.length <= wanted) return [...points]
  const stretch = Math.ceil(points.length / Math.max(1, Math.floor(wanted / 2)))
  const out: (Point | null)[] = []
  for (let start = 0; start < points.length; start += stretch) {
    const part = points.slice(start, start + stretch)
    const known = part.filter(point => point !== null)
    if (known.length === 0) {
      out.push(null)
      continue
    }
    let low = known[0]!
    let high = known[0]!
    for (const point of known) {
      if (point[1] < low[1]) low = point
      if (point[1] > high[1]) high = point
    }
    if (low === high) out.push(low)
    else if (low[0] < high[0]) out.push(low, high)
    else out.push(high, low)
  }
  return out
}
