import { assert } from '../../base/index.ts'
import type { TargetSpec } from '../kubelet/pod-runtime.ts'
import type { RecordedPage, TargetRun, TargetScrapeLog } from './messages.ts'
import { type MetricsPage, pageAt, type SeriesDescription } from './profile.ts'
import { profileByName } from './profiles/index.ts'

/** What a container served over all its runs, for whoever checks it. */
export type ServedPage = Pick<MetricsPage, 'series' | 'sampleCount' | 'valueAt'> & {
  /** Samples in the answer to a request, where answers differ. */
  samplesIn?(sequence: number): number
  /** Only where series come and go: what the page was in the answer to a request, given at a reading of the target's clock. */
  at?(unixMs: number, sequence: number): ServedPage
}

/**
 * The page by which every answer of a container can be told again. The number of a scrape says in which of the container's
 * runs it was answered, and so from which start its values count.
 *
 * @throws CodedError CHURN_PROFILE_UNKNOWN
 */
export function servedPage(target: TargetSpec, log: Pick<TargetScrapeLog, 'runs' | 'recorded'>): ServedPage {
  if (log.recorded !== undefined) return new RecordedValues(log.recorded)
  const profile = profileByName(target.profile)
  const pages = log.runs.map(({ startedUnixMs }) => profile.page({ ...target, startedUnixMs }))
  const [first] = pages
  if (first === undefined) return profile.page(target)
  return pages.length === 1 ? first : new PagesInTurn(log.runs, pages)
}

/** The pages of consecutive runs: the same series each time, counted from another start. */
class PagesInTurn implements ServedPage {
  readonly series: readonly SeriesDescription[]
  readonly sampleCount: number
  readonly #runs: readonly TargetRun[]
  readonly #pages: readonly MetricsPage[]
  readonly at?: (unixMs: number, sequence: number) => ServedPage

  constructor(runs: readonly TargetRun[], pages: readonly MetricsPage[]) {
    this.#runs = runs
    this.#pages = pages
    this.series = pages[0]!.series
    this.sampleCount = pages[0]!.sampleCount
    for (const { sampleCount } of pages) {
      assert(sampleCount === this.sampleCount, 'a container shows the same series in all its runs')
    }
    if (pages.some(page => page.at !== undefined)) {
      this.at = (unixMs, sequence) => pageAt(this.#runOf(sequence), unixMs, sequence)
    }
  }

  valueAt(index: number, unixMs: number, sequence: number): number {
    return this.#runOf(sequence).valueAt(index, unixMs, sequence)
  }

  #runOf(sequence: number): MetricsPage {
    const run = this.#runs.findLastIndex(({ firstSequence }) => firstSequence <= sequence)
    return this.#pages[Math.max(0, run)]!
  }
}

/** What was written down when it was served. */
class RecordedValues implements ServedPage {
  readonly series: readonly SeriesDescription[]
  readonly sampleCount: number
  readonly #values: Float64Array

  constructor({ series, values }: RecordedPage) {
    this.series = series
    this.sampleCount = series.length
    this.#values = values
  }

  valueAt(index: number, _unixMs: number, sequence: number): number {
    return this.#values[(sequence - 1) * this.sampleCount + index] ?? Number.NaN
  }

  samplesIn(sequence: number): number {
    let count = 0
    for (let i = 0; i < this.sampleCount; i++) if (!Number.isNaN(this.valueAt(i, 0, sequence))) count++
    return count
  }
}
