import type { FastifyInstance } from 'fastify'
import { formatPromDuration } from '../config/index.ts'
import type { ActiveTargetStatus, DroppedTargetStatus } from '../scrape/target-status.ts'
import type { ApiDeps } from './deps.ts'
import { encodeLabels } from './encode-result.ts'
import { paramsOf } from './request-params.ts'
import { sendPieces } from './respond.ts'

/** What Go prints for a time that never was. */
const NEVER = '0001-01-01T00:00:00Z'

/** `/api/v1/targets` and `/api/v1/scrape_pools`. */
export function targetRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { targets } = deps

  app.get('/api/v1/targets', async (request, reply) => {
    const params = paramsOf(request)
    const pool = params.get('scrapePool')
    const state = params.get('state').toLowerCase()
    const wants = (which: string): boolean => state === '' || state === 'any' || state === which
    const inPool = (target: { readonly scrapePool: string }): boolean => pool === '' || target.scrapePool === pool
    const active = wants('active') ? sortedByPool(targets.activeTargets().filter(inPool)) : []
    const dropped = wants('dropped') ? sortedByPool(targets.droppedTargets().filter(inPool)) : []
    const counts = wants('dropped') ? Object.fromEntries(targets.droppedTargetCounts()) : {}
    return sendPieces(request, reply, encodeTargets(active, dropped, counts))
  })

  app.get('/api/v1/scrape_pools', async (request, reply) => {
    const pools = new Set(targets.droppedTargetCounts().keys())
    for (const { scrapePool } of targets.activeTargets()) pools.add(scrapePool)
    const data = JSON.stringify({ scrapePools: [...pools].toSorted() })
    return sendPieces(request, reply, [`{"status":"success","data":${data}}`].values())
  })
}

function sortedByPool<T extends { readonly scrapePool: string }>(targets: readonly T[]): T[] {
  return targets.toSorted((a, b) => (a.scrapePool < b.scrapePool ? -1 : Number(a.scrapePool > b.scrapePool)))
}

function* encodeTargets(
  active: readonly ActiveTargetStatus[],
  dropped: readonly DroppedTargetStatus[],
  counts: Readonly<Record<string, number>>,
): Generator<string> {
  yield '{"status":"success","data":{"activeTargets":['
  for (const [i, target] of active.entries()) yield `${i === 0 ? '' : ','}${encodeActive(target)}`
  yield '],"droppedTargets":['
  for (const [i, { discoveredLabels, scrapePool }] of dropped.entries()) {
    const labels = encodeLabels(discoveredLabels)
    yield `${i === 0 ? '' : ','}{"discoveredLabels":${labels},"scrapePool":${JSON.stringify(scrapePool)}}`
  }
  yield `],"droppedTargetCounts":${JSON.stringify(counts)}}}`
}

function encodeActive(target: ActiveTargetStatus): string {
  const rest = JSON.stringify({
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: target.globalUrl,
    lastError: target.lastError,
    lastScrape: target.lastScrapeMs === undefined ? NEVER : new Date(target.lastScrapeMs).toISOString(),
    lastScrapeDuration: target.lastScrapeDurationS,
    health: target.health,
    scrapeInterval: formatPromDuration(target.scrapeIntervalMs),
    scrapeTimeout: formatPromDuration(target.scrapeTimeoutMs),
  })
  const discovered = encodeLabels(target.discoveredLabels)
  return `{"discoveredLabels":${discovered},"labels":${encodeLabels(target.labels)},${rest.slice(1)}`
}
