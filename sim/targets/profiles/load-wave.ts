/** Steps of one period. */
const STEPS = 96
/** Mean of the rate. */
const MEAN = 1000
/** Greatest deviation from the mean. */
const SWING = 600

const RATE = new Uint32Array(STEPS)
/** RATE summed up to, and without, step k; one longer than RATE. */
const SUM = new Uint32Array(STEPS + 1)

// Two parabolas, one up and one down, stand for a sine: integers all the way, the same on every machine.
for (let k = 0; k < STEPS; k++) {
  const half = STEPS / 2
  const x = k % half
  const bulge = Math.round((SWING * 4 * x * (half - x)) / (half * half))
  RATE[k] = k < half ? MEAN + bulge : MEAN - bulge
  SUM[k + 1] = SUM[k]! + RATE[k]!
}

/** Mean amount of load per millisecond of one wave. */
export const WAVE_MEAN = MEAN

/** Length of a period whose steps last `stepMs`. */
export function wavePeriodMs(stepMs: number): number {
  return STEPS * stepMs
}

/** Load per millisecond at `tMs`: an integer in [MEAN − SWING, MEAN + SWING], constant within a step. */
export function waveRate(tMs: number, stepMs: number): number {
  return RATE[Math.floor(tMs / stepMs) % STEPS]!
}

/**
 * Load from time 0 to `tMs`: the exact integral of `waveRate`, an integer that never falls.
 *
 * Exact while the result stays below 2^53, which with Unix milliseconds it does for the next two centuries.
 */
export function waveIntegral(tMs: number, stepMs: number): number {
  const steps = Math.floor(tMs / stepMs)
  const cycles = Math.floor(steps / STEPS)
  const step = steps - cycles * STEPS
  return (cycles * SUM[STEPS]! + SUM[step]!) * stepMs + RATE[step]! * (tMs - steps * stepMs)
}
