import type { Feed, TargetSpec } from '../kubelet/pod-runtime.ts'
import type { Exposition } from './exposition-format.ts'
import type { TextBody } from './text-body.ts'

/**
 * What kind of process a container plays: which series it exposes and what their values are. The series are the same in all
 * runs of the container; their values count from the start of the run, `startedUnixMs`.
 *
 * A profile is a pure function: `page(spec)` is the same on every thread that calls it with the same spec, so the
 * harness can build the page again and check every stored sample without having kept one.
 */
export interface Profile {
  readonly name: string
  /** One sentence for the documentation. */
  readonly description: string
  /**
   * Its pages tell what is in the cluster's store, and are fed with it: with its objects, or with the page of the pod's node. What
   * they serve beyond the two identity series is no function of the seed, and nobody checks it.
   */
  readonly fedWith?: Feed['of']
  page(spec: TargetSpec): MetricsPage
}

/** One series of a page, as a scraper will see it before relabelling. */
export interface SeriesDescription {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Everything that one target exposes.
 *
 * Values depend on the target's clock and the number of the scrape only. Two series carry these two into the subject,
 * so that a stored row explains itself: `SEQUENCE_SERIES` and `TIME_SERIES` (both labelled with the pod's uid).
 */
export interface MetricsPage {
  /** In the order of the body; the same on every call. May be built on demand: keep it rather than asking per sample. */
  readonly series: readonly SeriesDescription[]
  /** `series.length`, at no cost. */
  readonly sampleCount: number
  /**
   * Value of series `index` in the answer to scrape number `sequence` (from 1) given at `unixMs` (an integer) by the
   * target's clock. Counters never fall while the target lives.
   */
  valueAt(index: number, unixMs: number, sequence: number): number
  /**
   * Only of pages whose series come and go: the page as it is in that answer, which itself never changes. Pure; the same
   * object for the same set of series, as long as it is remembered. All else of such a page is that of its start.
   */
  at?(unixMs: number, sequence: number): MetricsPage
  /**
   * The whole body, in text format 0.0.4 unless told otherwise; its samples parse back to exactly `valueAt`. Valid until the
   * next render of any page.
   */
  render(unixMs: number, sequence: number, exposition?: Exposition): Buffer
  /** Where the page keeps what it rendered last; absent where it does not. */
  readonly kept?: TextBody | undefined
  /** Of a page that is fed: takes what has changed. Its `sampleCount` is that of the last body; `series` are those that are checked. */
  feed?(feed: Feed): void
  /** The body is text 0.0.4, plain, whatever is asked for. */
  readonly textOnly?: boolean
}

/** What `page` is in an answer, be it one that changes or not. */
export function pageAt<P extends { at?(unixMs: number, sequence: number): P }>(
  page: P,
  unixMs: number,
  sequence: number,
): P {
  return page.at === undefined ? page : page.at(unixMs, sequence)
}

/** Counter: how many scrapes this target has been asked for, the current one included. */
export const SEQUENCE_SERIES = 'churnbench_target_scrapes_total'
/** Gauge: the target's clock in seconds, with millisecond resolution. */
export const TIME_SERIES = 'churnbench_target_time_seconds'
/** Label of both that names the container whatever relabelling does to the rest: `TargetSpec.uid`, the pod's where it has one. */
export const UID_LABEL = 'churnbench_pod_uid'
