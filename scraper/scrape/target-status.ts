import type { Labels } from '../model/index.ts'

/** What the targets API tells about one target that is being scraped. */
export interface ActiveTargetStatus {
  readonly scrapePool: string
  readonly scrapeUrl: string
  readonly globalUrl: string
  readonly discoveredLabels: Labels
  /** As attached to its series. */
  readonly labels: Labels
  readonly health: 'unknown' | 'up' | 'down'
  /** Empty when the last scrape succeeded. */
  readonly lastError: string
  /** Unix milliseconds; `undefined` before the first. */
  readonly lastScrapeMs: number | undefined
  readonly lastScrapeDurationS: number
  readonly scrapeIntervalMs: number
  readonly scrapeTimeoutMs: number
}

/** A discovered target that relabelling dropped. */
export interface DroppedTargetStatus {
  readonly scrapePool: string
  readonly discoveredLabels: Labels
}

/** How the API sees the scraping half. */
export interface TargetsView {
  activeTargets(): readonly ActiveTargetStatus[]
  droppedTargets(): readonly DroppedTargetStatus[]
  /** Per pool, also beyond what `droppedTargets` keeps. */
  droppedTargetCounts(): ReadonlyMap<string, number>
}
