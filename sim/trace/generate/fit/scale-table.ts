import type { ScalingModel } from '../model.ts'
import { type Rate } from '../rate.ts'
import { LifeTable, rounded } from './life-table.ts'
import { RateTable } from './rate-table.ts'

/** What is kept of the changes; when there are more, every second is dropped. */
const KEPT_MAX = 4_096
/** Factors are learned as counts of so many parts of one. */
const PARTS = 10_000

/** Changes of replicas: how often, to which multiple of what the workload had at first, by time. */
export class ScaleTable {
  readonly #changes: RateTable
  #kept: { readonly atMs: number; readonly ratio: number }[] = []
  #keepEvery = 1
  #seen = 0
  #min = Infinity
  #max = 0

  constructor(dayOffsetMs: number) {
    this.#changes = new RateTable(dayOffsetMs)
  }

  /** @param base replicas of the workload at first. */
  add(atMs: number, replicas: number, base: number): void {
    this.#changes.add(atMs)
    this.#min = Math.min(this.#min, replicas)
    this.#max = Math.max(this.#max, replicas)
    if (base === 0 || this.#seen++ % this.#keepEvery !== 0) return
    this.#kept.push({ atMs, ratio: replicas / base })
    if (this.#kept.length < KEPT_MAX) return
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0)
    this.#keepEvery *= 2
  }

  /** `undefined` when there was none. @param dayOffsetMs from the day's begin to time 0, as the model will have it. */
  model(durationMs: number, workloads: number, dayOffsetMs: number): ScalingModel | undefined {
    if (this.#kept.length === 0) return undefined
    const perHour = this.#changes.rate(durationMs, workloads)
    const { curve, binMs } = this.#curve(perHour, dayOffsetMs)
    const factors = new LifeTable()
    for (const { atMs, ratio } of this.#kept) {
      const mean = curve[Math.floor((atMs + dayOffsetMs) / binMs) % curve.length]!
      if (mean > 0) factors.end(Math.round((ratio / mean) * PARTS))
    }
    return {
      perHour,
      curve,
      binMs,
      factor: inParts(factors),
      min: this.#min,
      max: this.#max,
    }
  }

  /** Mean multiple in each bin of the rate; bins without a change take the one before. */
  #curve(perHour: Rate, dayOffsetMs: number): { readonly curve: readonly number[]; readonly binMs: number } {
    const { binMs = 3_600_000, perHour: bins } = typeof perHour === 'number' ? { perHour: [0] } : perHour
    const sums = new Float64Array(bins.length)
    const counts = new Float64Array(bins.length)
    for (const { atMs, ratio } of this.#kept) {
      const bin = Math.floor((atMs + dayOffsetMs) / binMs) % bins.length
      sums[bin]! += ratio
      counts[bin]!++
    }
    let last = 1
    const curve = Array.from(sums, (sum, i) => {
      if (counts[i]! > 0) last = rounded(sum / counts[i]!)
      return last
    })
    return { curve, binMs }
  }
}

function inParts(table: LifeTable): ScalingModel['factor'] {
  const distribution = table.distribution()
  if (distribution?.kind === 'constant') return { kind: 'constant', value: distribution.value / PARTS }
  if (distribution?.kind !== 'empirical') return { kind: 'constant', value: 1 }
  return {
    ...distribution,
    quantiles: distribution.quantiles.map(([p, value]) => [p, rounded(value / PARTS)] as const),
  }
}
