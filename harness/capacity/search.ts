/** What became of an attempt. */
export interface Attempt {
  readonly load: number
  readonly sustained: boolean
}

export interface SearchResult {
  /** Highest load that was sustained; null when not even the lowest was. */
  readonly sustained: number | null
  /** Lowest load that was not; null when the search ended at its upper bound. */
  readonly failed: number | null
}

/**
 * Finds the highest whole load in [from, to] that is sustained, to within `resolution` of it.
 *
 *   double from `from` until one fails or `to` is reached ─▶ halve the gap until it is at most `resolution` of its lower end
 *
 * A load fails when it is not sustained twice in a row: one bad moment of the machine is no limit of the subject. What is
 * sustained is taken to be monotonic in the load.
 */
export async function searchHighest(
  bounds: { readonly from: number; readonly to: number; readonly resolution: number },
  attempt: (load: number) => Promise<boolean>,
): Promise<SearchResult> {
  const sustains = async (load: number): Promise<boolean> => (await attempt(load)) || (await attempt(load))
  let low: number | null = null
  let high: number | null = null
  for (let load = bounds.from; high === null; load = Math.min(bounds.to, load * 2)) {
    if (!(await sustains(load))) high = load
    else {
      low = load
      if (load >= bounds.to) return { sustained: low, failed: null }
    }
  }
  if (low === null) return { sustained: null, failed: high }
  while (high - low > Math.max(1, low * bounds.resolution)) {
    const middle = Math.round((low + high) / 2)
    if (await sustains(middle)) low = middle
    else high = middle
  }
  return { sustained: low, failed: high }
}
