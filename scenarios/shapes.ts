/**
 * Shapes of churn, as values for `each`: what an argument is in the first iteration, the second, and so on; after the last
 * one they begin again.
 */

/** From one level to another in n equal steps, both ends included: a staircase up or down. */
export function steps(from: number, to: number, n: number): number[] {
  if (n < 2) return [to]
  return Array.from({ length: n }, (_, i) => Math.round(from + ((to - from) * i) / (n - 1)))
}

/** Up in n steps and down at once, over and over: what an autoscaler does to a service whose load comes in bursts. */
export function sawTooth(low: number, high: number, n: number): number[] {
  return steps(low, high, n)
}

/** Up in n steps and down in as many, over and over. */
export function triangle(low: number, high: number, n: number): number[] {
  return [...steps(low, high, n), ...steps(high, low, n).slice(1, -1)]
}

/** The names of so many zones, one after the other: a wave through the cluster. At most 26. */
export function waves(zones: number): string[] {
  return Array.from('abcdefghijklmnopqrstuvwxyz'.slice(0, zones), letter => `region-1${letter}`)
}
