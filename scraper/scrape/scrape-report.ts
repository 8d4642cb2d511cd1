import { type Labels, LabelsBuilder, METRIC_NAME } from '../model/index.ts'
import { AppendStatus, type Appender, type SeriesRef } from '../storage/index.ts'

/** What one scrape says about itself. */
export interface ScrapeFigures {
  readonly isUp: boolean
  readonly durationS: number
  readonly scraped: number
  readonly kept: number
  readonly seriesAdded: number
  /** −1 when the body was over the limit. */
  readonly bodySizeBytes: number
  readonly timeoutS: number
  readonly sampleLimit: number
}

type Pick = (figures: ScrapeFigures) => number

const ALWAYS: readonly (readonly [name: string, pick: Pick])[] = [
  ['up', figures => (figures.isUp ? 1 : 0)],
  ['scrape_duration_seconds', figures => figures.durationS],
  ['scrape_samples_scraped', figures => figures.scraped],
  ['scrape_samples_post_metric_relabeling', figures => figures.kept],
  ['scrape_series_added', figures => figures.seriesAdded],
]

const EXTRA: typeof ALWAYS = [
  ['scrape_timeout_seconds', figures => figures.timeoutS],
  ['scrape_sample_limit', figures => figures.sampleLimit],
  ['scrape_body_size_bytes', figures => figures.bodySizeBytes],
]

/** The synthetic series of one target: its labels and nothing else, untouched by metric relabelling. */
export class ScrapeReport {
  readonly #targetLabels: Labels
  readonly #series: typeof ALWAYS
  readonly #refs: SeriesRef[]

  constructor(targetLabels: Labels, withExtra: boolean) {
    this.#targetLabels = targetLabels
    this.#series = withExtra ? [...ALWAYS, ...EXTRA] : ALWAYS
    this.#refs = this.#series.map(() => 0)
  }

  append(appender: Appender, tMs: number, figures: ScrapeFigures): void {
    for (let i = 0; i < this.#series.length; i++) {
      const [name, pick] = this.#series[i]!
      const value = pick(figures)
      const ref = this.#refs[i]!
      if (ref !== 0 && appender.append(ref, tMs, value) !== AppendStatus.unknownSeries) continue
      const labels = new LabelsBuilder(this.#targetLabels).set(METRIC_NAME, name).build()
      this.#refs[i] = appender.series(labels)
      appender.append(this.#refs[i]!, tMs, value)
    }
  }

  /** Ends the series at `tMs`, those of a target that was never scraped excepted. */
  markStale(appender: Appender, tMs: number): void {
    for (const ref of this.#refs) if (ref !== 0) appender.appendStale(ref, tMs)
  }
}
