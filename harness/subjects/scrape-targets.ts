import type { QueryClient } from './query-client.ts'

/** What a subject says of one thing that it scrapes. */
export interface ScrapedTarget {
  readonly scrapeUrl: string
  /** As attached to its series. */
  readonly labels: Readonly<Record<string, string>>
  readonly health: string
  /** Why the last scrape failed; empty when it did not. */
  readonly lastError: string
}

/** Its targets API, which Prometheus, VictoriaMetrics and vmagent have alike. @throws SubjectError CHURN_SUBJECT_QUERY */
export async function scrapeTargets(client: QueryClient): Promise<ScrapedTarget[]> {
  const answer = JSON.parse(await client.text('/api/v1/targets?state=active')) as {
    readonly data?: { readonly activeTargets?: readonly Partial<ScrapedTarget>[] }
  }
  return (answer.data?.activeTargets ?? []).map(({ scrapeUrl = '', labels = {}, health = '', lastError = '' }) => ({
    scrapeUrl,
    labels,
    health,
    lastError,
  }))
}
