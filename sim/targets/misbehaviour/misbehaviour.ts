/**
 * Where in a scrape something goes wrong.
 *
 * ```
 *   readiness   connection     head                body                     text
 *   discovered ─▶ connected ─▶ status, headers ─▶ bytes of the body ─▶ lines of the exposition
 * ```
 */
export type MisbehaviourStage = 'connection' | 'head' | 'body' | 'text' | 'readiness'

/** A number that says how bad it is. Durations are in milliseconds here and written `500ms` in a scenario. */
export interface MisbehaviourParam {
  readonly name: MisbehaviourParamName
  readonly unit: 'ms' | 'bytes' | '1'
  readonly default: number
  readonly min: number
  readonly max: number
  readonly description: string
}

export type MisbehaviourParamName = 'ahead' | 'back' | 'bytes' | 'code' | 'delay' | 'every' | 'labels' | 'series'

/** Complete: every parameter of the kind has its value. Plain data, posted between threads. */
export interface MisbehaviourOrder {
  readonly kind: string
  readonly params: Readonly<Partial<Record<MisbehaviourParamName, number>>>
}

/** What a scraper says of a scrape that failed, whatever its words. */
export type ScrapeErrorClass =
  | 'timeout'
  | 'connection lost'
  | 'HTTP status'
  | 'redirects'
  | 'content type'
  | 'too large'
  | 'headers too large'
  | 'syntax'
  | 'sample limit'
  | 'label limit'

/** What a scraper makes of it with its defaults: `up`, why, and what it stores. */
export interface MisbehaviourOutcome {
  readonly up: 0 | 1
  /** Of the error that it shows for the target; absent where `up` is 1. */
  readonly error?: ScrapeErrorClass
  /** Whether the samples of the profile's page are stored. */
  readonly page: boolean
  /** Of the further series that the misbehaviour adds: whether it stores samples of each scrape, of the first one only, or none. */
  readonly extra?: 'each' | 'first' | 'none'
  /** Where that is written. */
  readonly source: string
}

export interface Misbehaviour {
  readonly name: string
  /** One sentence for the documentation. */
  readonly description: string
  readonly stage: MisbehaviourStage
  readonly params: readonly MisbehaviourParam[]
  /**
   * Ground truth: `counted`: the page arrives whole and undisputed, each of its samples must be stored. `excused`: whole, but
   * whether any of it is stored is the scraper's choice. `not served`: no whole page arrives.
   */
  readonly samples: 'counted' | 'excused' | 'not served'
  /** It ends with silence: connections are reset when it is over. */
  readonly hangs?: boolean
  /** Metric name of the series that it adds to the page. */
  readonly extraSeries?: string
  /** The setting of a scrape config by which a user can refuse it. */
  readonly limit?: 'body_size_limit' | 'sample_limit' | 'label_limit' | 'label_value_length_limit'
  readonly prometheus: MisbehaviourOutcome
  readonly victoriametrics: MisbehaviourOutcome
}
