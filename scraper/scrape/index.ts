export type { InitialScrape } from './scrape-loop.ts'
export { ScrapeManager, type ScrapeManagerOptions } from './scrape-manager.ts'
export type { ActiveTargetStatus, DroppedTargetStatus, TargetsView } from './target-status.ts'
