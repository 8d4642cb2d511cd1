import type { Clock } from '../../base/index.ts'
import type { QueryEngine } from '../promql/index.ts'
import type { TargetsView } from '../scrape/target-status.ts'
import type { CardinalityStats, Queryable, StorageStats } from '../storage/index.ts'

export interface BuildInfo {
  readonly version: string
  readonly revision: string
  readonly branch: string
  readonly buildUser: string
  readonly buildDate: string
  /** What it runs on; the name is the API's. */
  readonly goVersion: string
}

/** What changes while the program runs. */
export interface RuntimeStatus {
  readonly startMs: number
  readonly reloadSuccess: boolean
  readonly lastConfigMs: number
  /** Damages of the write-ahead log that were found and cut off at the start. */
  readonly corruptions: number
  readonly storageRetention: string
}

/** Everything that the API shows and uses. It owns none of it. */
export interface ApiDeps {
  readonly clock: Clock
  readonly queryable: Queryable
  readonly engine: QueryEngine
  readonly targets: TargetsView
  readonly storage: { stats(): StorageStats; cardinality(limit: number): CardinalityStats }
  /** Text format 0.0.4. */
  readonly metrics: { render(): string }
  readonly build: BuildInfo
  readonly flags: Readonly<Record<string, string>>
  configText(): string
  runtime(): RuntimeStatus
  /** Before, and while it shuts down, everything but `/-/healthy` and `/metrics` answers 503. */
  isReady(): boolean
  /** `undefined`: the lifecycle API is off. @throws when the configuration is refused; the old one stays in force */
  readonly reload: (() => Promise<void>) | undefined
}
