/**
 * How often something happens, in times per hour: always the same, or by the hour of the day. `binMs` (default: an hour) is
 * how long each entry of `perHour` holds; after the last one they begin again.
 */
export type Rate = number | { readonly perHour: readonly number[]; readonly binMs?: number }

const HOUR_MS = 3_600_000

/**
 * When the next one happens, in milliseconds after the day's begin like `fromMs`: the instant until which `work` of them are
 * expected. With an exponential `work` of mean 1 this is a Poisson process of that rate, with 1 a regular one. Infinity when
 * the rate is zero from here on.
 */
export function nextArrivalMs(rate: Rate, fromMs: number, work: number): number {
  if (typeof rate === 'number') return rate > 0 ? fromMs + (work / rate) * HOUR_MS : Infinity
  const { perHour, binMs = HOUR_MS } = rate
  const perCycle = (perHour.reduce((sum, value) => sum + value, 0) * binMs) / HOUR_MS
  if (perCycle <= 0) return Infinity
  const wholeCycles = Math.floor(work / perCycle)
  let atMs = fromMs + wholeCycles * perHour.length * binMs
  let rest = work - wholeCycles * perCycle
  for (;;) {
    const bin = Math.floor(atMs / binMs)
    const binEndMs = (bin + 1) * binMs
    const perMs = perHour[bin % perHour.length]! / HOUR_MS
    const inBin = perMs * (binEndMs - atMs)
    if (inBin > rest) return atMs + rest / perMs
    rest -= inBin
    atMs = binEndMs
  }
}

/** So many times as often. */
export function scaledRate(rate: Rate, factor: number): Rate {
  if (typeof rate === 'number') return rate * factor
  return { ...rate, perHour: rate.perHour.map(value => value * factor) }
}
