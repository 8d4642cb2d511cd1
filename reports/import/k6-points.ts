import { DurationHistogram } from '../../base/index.ts'
import { metricKey } from '../metric-key.ts'

/** Of all tags that k6 gives to a point, the one that says what kind of request it was. */
const CLASS = 'class'

/** Metrics of time that are kept, by k6's name. */
const TRENDS = ['query_latency', 'http_req_duration'] as const
/** Metrics whose points are added up. */
const SUMS = ['queries_failed', 'queries_empty', 'http_req_failed', 'http_reqs'] as const
/** The same, whatever the tags. */
const TOTALS = ['iterations', 'dropped_iterations'] as const

interface Point {
  readonly type: string
  readonly metric: string
  readonly data: {
    readonly time: string
    readonly value: number
    readonly tags?: Readonly<Record<string, string>>
  }
}

/**
 * Gathers the points of `k6 run --out json=FILE`, a line at a time: every single latency, so that histograms of them can be
 * merged and compared. What happens in `setup` and `teardown` is no load and is left out.
 */
export class K6Points {
  /** By k6's name and class: `query_latency{class=series}`. */
  readonly trends = new Map<string, DurationHistogram>()
  readonly sums = new Map<string, number>()
  /** Unix milliseconds. */
  firstMs = Infinity
  lastMs = -Infinity
  #points = 0

  /** Whether any of the lines was k6's. */
  get some(): boolean {
    return this.#points > 0
  }

  /** Returns whether it is a line of such a file. */
  add(line: string): boolean {
    if (line.trim() === '') return true
    let json: Partial<Point> | null
    try {
      json = JSON.parse(line) as Partial<Point> | null
    } catch {
      return false
    }
    if (typeof json !== 'object' || json === null || typeof json.metric !== 'string') return false
    if (json.type === 'Metric') return true
    if (json.type !== 'Point' || typeof json.data?.value !== 'number') return false
    this.#points++
    this.#addPoint(json as Point)
    return true
  }

  destroy(): void {
    for (const histogram of this.trends.values()) histogram.destroy()
  }

  #addPoint({ metric, data: { time, value, tags = {} } }: Point): void {
    const { group = '' } = tags
    if (group.startsWith('::setup') || group.startsWith('::teardown')) return
    if (isOneOf(TOTALS, metric)) this.#count(metric, value)
    const trend = isOneOf(TRENDS, metric)
    if (!trend && !isOneOf(SUMS, metric)) return
    const key = metricKey(metric, tags[CLASS] === undefined ? {} : { [CLASS]: tags[CLASS] })
    if (!trend) return this.#count(key, value)
    let histogram = this.trends.get(key)
    if (histogram === undefined) this.trends.set(key, (histogram = new DurationHistogram()))
    histogram.record(value * 1e6)
    const atMs = Date.parse(time)
    this.firstMs = Math.min(this.firstMs, atMs)
    this.lastMs = Math.max(this.lastMs, atMs)
  }

  #count(key: string, value: number): void {
    this.sums.set(key, (this.sums.get(key) ?? 0) + value)
  }
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name)
}
