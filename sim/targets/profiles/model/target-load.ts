import type { Prng } from '../../../../base/index.ts'
import { WAVE_MEAN, waveIntegral, wavePeriodMs, waveRate } from '../load-wave.ts'

/** A quarter of an hour: the wave's 96 steps are a day. */
const DAY_STEP_MS = 900_000

/** Mean units of load per second. */
export const LOAD_PER_SECOND = 2 * WAVE_MEAN * 1000
/** Bounds of the rate, in units per millisecond. */
export const RATE_MIN = 800
export const RATE_MAX = 3200

/**
 * The load that one pod or machine has: the sum of two waves, a day by the clock and a minute or so of its own. It is
 * integrated exactly: units of load since the start never fall, and are the same on every machine.
 */
export class TargetLoad {
  readonly startedUnixMs: number
  readonly #dayShiftMs: number
  readonly #ownShiftMs: number
  readonly #ownStepMs: number
  readonly #atStart: number

  constructor(prng: Prng, startedUnixMs: number) {
    this.startedUnixMs = Math.floor(startedUnixMs)
    this.#dayShiftMs = prng.below(7_200_000)
    this.#ownStepMs = prng.between(600, 3_000)
    this.#ownShiftMs = prng.below(wavePeriodMs(this.#ownStepMs))
    this.#atStart = this.#until(this.startedUnixMs)
  }

  /** Units from the start to `unixMs`; 0 before it. */
  workAt(unixMs: number): number {
    return this.#until(Math.max(unixMs, this.startedUnixMs)) - this.#atStart
  }

  /** Units per millisecond. */
  rateAt(unixMs: number): number {
    return waveRate(unixMs + this.#dayShiftMs, DAY_STEP_MS) + waveRate(unixMs + this.#ownShiftMs, this.#ownStepMs)
  }

  #until(unixMs: number): number {
    return (
      waveIntegral(unixMs + this.#dayShiftMs, DAY_STEP_MS) + waveIntegral(unixMs + this.#ownShiftMs, this.#ownStepMs)
    )
  }
}

/** 32 well-mixed bits from two integers (murmur3's finaliser): noise that is a function of the second. */
export function mix(seed: number, n: number): number {
  let h = seed ^ Math.imul(n, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
