import { DurationHistogram } from '../../base/index.ts'
import { metricKey, type MetricValue, parseMetricKey, toHistogramValue } from '../../reports/index.ts'
import type { Observations } from './query-messages.ts'
import { type QueryObserver, QueryOutcome } from './query-observer.ts'

/** What is kept of the queries that share their tags. */
interface Line {
  readonly latency: DurationHistogram
  readonly service: DurationHistogram
  failed: number
  empty: number
}

/** Distinct reasons that are kept for people. */
const REASONS_MAX = 3

/** Gathers what became of queries, by their tags, and makes metrics of it: at the end, or while they run. */
export class QueryMeasurements implements QueryObserver {
  readonly #lag = new DurationHistogram()
  readonly #lines: ReadonlyMap<string, Line>
  readonly #reasons = new Map<string, number>()
  readonly #keys: readonly string[]
  readonly #counted: readonly string[]
  #answered = 0
  #fromNs: bigint | undefined
  #untilNs = 0n

  /**
   * @param keys every key that will be used, each as `metricKey('', tags)` writes it.
   * @param counted counts of which every sub-metric is wanted, also those that are 0.
   */
  constructor(keys: readonly string[], counted: readonly string[] = []) {
    this.#counted = counted
    this.#keys = keys
    this.#lines = new Map(
      keys.map(key => [
        key,
        { latency: new DurationHistogram(), service: new DurationHistogram(), failed: 0, empty: 0 },
      ]),
    )
  }

  begun(lagNs: number): void {
    this.#lag.record(lagNs)
  }

  over(key: string, latencyNs: number, serviceNs: number, outcome: QueryOutcome): void {
    const line = this.#lines.get(key)!
    line.latency.record(latencyNs)
    if (outcome === QueryOutcome.failed) {
      line.failed++
      return
    }
    line.service.record(serviceNs)
    this.#answered++
    if (outcome === QueryOutcome.empty) line.empty++
  }

  complained(reason: string): void {
    if (this.#reasons.has(reason) || this.#reasons.size < REASONS_MAX) {
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
    }
  }

  /** Adds what the query thread has sent. */
  add({ fromNs, untilNs, lags, queries, reasons }: Observations): void {
    this.#fromNs ??= fromNs
    this.#untilNs = untilNs
    for (const lagNs of lags) this.begun(lagNs)
    for (let i = 0; i < queries.length; i += 4) {
      const [index, latencyNs, serviceNs, outcome] = queries.subarray(i, i + 4) as unknown as readonly [
        number,
        number,
        number,
        QueryOutcome,
      ]
      this.over(this.#keys[index]!, latencyNs, serviceNs, outcome)
    }
    for (const reason of reasons) this.complained(reason)
  }

  /** The most frequent of the first few reasons for failures. */
  get reasons(): readonly string[] {
    return [...this.#reasons].toSorted(([, a], [, b]) => b - a).map(([reason]) => reason)
  }

  get failed(): number {
    return [...this.#lines.values()].reduce((sum, { failed }) => sum + failed, 0)
  }

  /**
   * Adds the metrics. Nothing is dropped by design, and the report says so.
   *
   * @param wanted by base name; encoding histograms takes about a millisecond each.
   */
  put(metrics: Record<string, MetricValue>, wanted: (name: string) => boolean = () => true): void {
    const totals = { queries_failed: 0, queries_empty: 0 }
    for (const [key, { latency, service, failed, empty }] of this.#lines) {
      const { tags } = parseMetricKey(`_${key}`)
      if (latency.count > 0 && wanted('query_latency')) {
        metrics[metricKey('query_latency', tags)] = toHistogramValue(latency, failed)
      }
      if (service.count > 0 && wanted('query_service_time')) {
        metrics[metricKey('query_service_time', tags)] = toHistogramValue(service)
      }
      for (const [name, value] of [['queries_failed', failed] as const, ['queries_empty', empty] as const]) {
        totals[name] += value
        if (wanted(name) && (value > 0 || this.#counted.includes(name))) metrics[metricKey(name, tags)] = { value }
      }
    }
    for (const [name, value] of Object.entries({ ...totals, queries_dropped: 0 })) {
      if (wanted(name)) metrics[name] = { value }
    }
    const seconds = Number(this.#untilNs - (this.#fromNs ?? this.#untilNs)) / 1e9
    if (wanted('query_rate') && seconds > 0) metrics.query_rate = { value: this.#answered / seconds }
    if (wanted('generator_lag') && this.#lag.count > 0) {
      metrics['generator_lag{source=queries}'] = toHistogramValue(this.#lag)
    }
  }

  /** Frees the histograms' memory. */
  destroy(): void {
    this.#lag.destroy()
    for (const { latency, service } of this.#lines.values()) {
      latency.destroy()
      service.destroy()
    }
  }
}
