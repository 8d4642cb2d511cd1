import { mean, variance } from './descriptive.ts'
import { studentTwoSided } from './distributions.ts'

export interface ChangePointOptions {
  /** Highest p-value of a change that is kept. Default 0.001: the best of many places was chosen to be tested. */
  readonly alpha?: number
  /** Smallest relative change of the mean that is kept. Default 0.05. */
  readonly magnitudeMin?: number
  /** Fewest values on either side of a change, at least 2. Default 3. */
  readonly segmentMin?: number
  /** Length of the stretches that are searched one by one. Default 50: an old shift must not hide behind a newer one. */
  readonly window?: number
}

export interface ChangePoint {
  /** Position of the first value after the change. */
  readonly index: number
  /** Mean from the change point before to this one, and from this one to the next. */
  readonly before: number
  readonly after: number
  /** after / before − 1; null where `before` is 0. */
  readonly change: number | null
  /** Of Welch's t-test between the two stretches. */
  readonly p: number
}

/** The first pass keeps what is this much less certain: a shift looks weak while another one is in the same stretch. */
const WEAK = 10

/**
 * Where a series of results, in the order of time, changes its level and keeps the new one.
 *
 * In the manner of e-divisive, with a t-test in place of permutations as Hunter (Apache Otava) does it. Within overlapping
 * windows the series is split where the energy distance of the two sides is largest, and each side again, as long as the
 * test finds a weak change there. Then each weak point is judged against its neighbours: the least certain one is taken
 * out, then the smallest one, and the stretches beside it are joined, until each that is left passes `alpha` and
 * `magnitudeMin`. Nothing is drawn: the same series gives the same points. Values that are no finite numbers are skipped;
 * positions are those of the series as given.
 *
 * For the history of a benchmark, from about fifteen results on; a verdict on one change needs a comparison.
 */
export function changePoints(values: readonly (number | null)[], options: ChangePointOptions = {}): ChangePoint[] {
  const { alpha = 0.001, magnitudeMin = 0.05, segmentMin = 3, window = 50 } = options
  const kept = values.flatMap((value, index) => (value !== null && Number.isFinite(value) ? [{ value, index }] : []))
  const series = kept.map(({ value }) => value)
  const points = weakPoints(series, Math.min(1, WEAK * alpha), Math.max(2, segmentMin), Math.max(4, window))
  for (;;) {
    const judged = points.map((at, i) => judge(series, points[i - 1] ?? 0, at, points[i + 1] ?? series.length))
    const uncertain = indexOfMax(judged, ({ p }) => p)
    const smallest = indexOfMax(judged, point => -magnitude(point))
    if (uncertain === undefined || smallest === undefined) return []
    if (judged[uncertain]!.p > alpha) points.splice(uncertain, 1)
    else if (magnitude(judged[smallest]!) < magnitudeMin) points.splice(smallest, 1)
    else return judged.map(point => ({ ...point, index: kept[point.index]!.index }))
  }
}

/** Ascending; two windows may have found the same shift at places closer to each other than `least`: the first stands. */
function weakPoints(series: readonly number[], alpha: number, least: number, window: number): number[] {
  const found = new Set<number>()
  const step = Math.floor(window / 2)
  for (let from = 0; from === 0 || from + step < series.length; from += step) {
    split(series, from, Math.min(series.length, from + window), { alpha, least, found })
  }
  const out: number[] = []
  for (const at of [...found].sort((a, b) => a - b)) if (at - (out.at(-1) ?? 0) >= least) out.push(at)
  return out
}

function split(
  series: readonly number[],
  from: number,
  to: number,
  context: { readonly alpha: number; readonly least: number; readonly found: Set<number> },
): void {
  const at = widestSplit(series, from, to, context.least)
  if (at === undefined || judge(series, from, at, to).p > context.alpha) return
  context.found.add(at)
  split(series, from, at, context)
  split(series, at, to, context)
}

/**
 * Where the energy distance between the two sides, weighted by their lengths, is largest:
 * nm / (n + m) · (2 E|X − Y| − E|X − X′| − E|Y − Y′|). The three sums are carried along as the border moves: O(length²).
 */
function widestSplit(series: readonly number[], from: number, to: number, least: number): number | undefined {
  const distance = (i: number, j: number): number => Math.abs(series[i]! - series[j]!)
  let left = 0
  let right = 0
  let across = 0
  for (let i = from; i < to; i++) for (let j = i + 1; j < to; j++) right += distance(i, j)
  let best: number | undefined
  let highest = 0
  for (let at = from + 1; at < to; at++) {
    // The value before the border changes sides.
    const moved = at - 1
    for (let i = from; i < moved; i++) {
      left += distance(i, moved)
      across -= distance(i, moved)
    }
    for (let j = at; j < to; j++) {
      right -= distance(moved, j)
      across += distance(moved, j)
    }
    const n = at - from
    const m = to - at
    if (n < least || m < least) continue
    const energy = (2 * across) / (n * m) - (2 * left) / (n * (n - 1)) - (2 * right) / (m * (m - 1))
    const weighted = ((n * m) / (n + m)) * energy
    if (weighted > highest) {
      highest = weighted
      best = at
    }
  }
  return best
}

function judge(series: readonly number[], from: number, at: number, to: number): ChangePoint {
  const left = series.slice(from, at)
  const right = series.slice(at, to)
  const before = mean(left)
  const after = mean(right)
  return { index: at, before, after, change: before === 0 ? null : after / before - 1, p: welch(left, right) }
}

/** P-value of Welch's t-test, two-sided. */
function welch(a: readonly number[], b: readonly number[]): number {
  const ofA = variance(a) / a.length
  const ofB = variance(b) / b.length
  const difference = mean(b) - mean(a)
  if (ofA + ofB === 0) return difference === 0 ? 1 : 0
  const df = (ofA + ofB) ** 2 / (ofA ** 2 / (a.length - 1) + ofB ** 2 / (b.length - 1))
  return studentTwoSided(difference / Math.sqrt(ofA + ofB), df)
}

/** From 0 to anything is a change of any size. */
function magnitude({ change, after }: ChangePoint): number {
  return change === null ? (after === 0 ? 0 : Infinity) : Math.abs(change)
}

function indexOfMax(points: readonly ChangePoint[], of: (point: ChangePoint) => number): number | undefined {
  let best: number | undefined
  points.forEach((point, i) => {
    if (best === undefined || of(point) > of(points[best]!)) best = i
  })
  return best
}
