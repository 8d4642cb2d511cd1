import type { Heatmap } from '../../reports/index.ts'
import type { TruthTable } from '../../sim/index.ts'
import { waitOf } from './discovery.ts'
import type { EligibleFrom, PodHistories } from './pods.ts'

/** Ten buckets are a decade of seconds: from 1 ms to 1000 s. What lies beyond stands in the outermost bucket. */
const BUCKET_MIN = -30
const BUCKET_MAX = 29
const BUCKETS = BUCKET_MAX - BUCKET_MIN + 1
const COLUMNS_MAX = 120
/** Widths of a column, in seconds; whole hours above. */
const INTERVALS_S = [0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]

/** Gathers observations by when they began and how long they took; at most 120 columns of 60 buckets. */
export class HeatmapBuilder {
  readonly #sincesNs: bigint[] = []
  readonly #buckets: number[] = []

  add(sinceNs: bigint, waitNs: bigint): void {
    this.#sincesNs.push(sinceNs)
    this.#buckets.push(bucketOf(Number(waitNs) / 1e9))
  }

  /**
   * `undefined` when nothing was observed.
   *
   * @param startNs of planned time; what began before counts to the first column.
   */
  build(startNs: bigint): Heatmap | undefined {
    if (this.#sincesNs.length === 0) return undefined
    const startsS = this.#sincesNs.map(sinceNs => Math.max(0, Number(sinceNs - startNs) / 1e9))
    const lastS = startsS.reduce((a, b) => Math.max(a, b))
    const intervalS =
      INTERVALS_S.find(candidate => lastS / candidate < COLUMNS_MAX) ??
      3600 * (Math.floor(lastS / 3600 / COLUMNS_MAX) + 1)
    const counts = new Map<number, number>()
    startsS.forEach((atS, i) => {
      const cell = Math.floor(atS / intervalS) * BUCKETS + this.#buckets[i]! - BUCKET_MIN
      counts.set(cell, (counts.get(cell) ?? 0) + 1)
    })
    return {
      intervalS,
      cells: [...counts]
        .toSorted(([a], [b]) => a - b)
        .map(([cell, count]) => [Math.floor(cell / BUCKETS), (cell % BUCKETS) + BUCKET_MIN, count] as const),
    }
  }
}

/**
 * Discovery latency over planned time: each pod stands where it could first be known. One that was never scraped stands
 * at its deadline, as in `discovery_latency`.
 */
export function discoveryHeatmap(
  pods: PodHistories,
  truth: TruthTable,
  from: EligibleFrom,
  { startNs, endNs }: { readonly startNs: bigint; readonly endNs: bigint },
): Heatmap | undefined {
  const builder = new HeatmapBuilder()
  for (const pod of pods.byUid.values()) {
    const eligibleNs = pods.eligibleNs(pod, from)
    if (eligibleNs !== undefined) builder.add(eligibleNs, waitOf(pod, eligibleNs, truth, endNs).waitNs)
  }
  return builder.build(startNs)
}

function bucketOf(valueS: number): number {
  if (!(valueS > 0)) return BUCKET_MIN
  // A value that is a bucket's lower bound belongs to it, whatever rounding makes of its logarithm.
  const bucket = Math.floor(10 * Math.log10(valueS) + 1e-9)
  return Math.min(BUCKET_MAX, Math.max(BUCKET_MIN, bucket))
}
