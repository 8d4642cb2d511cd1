import { availableParallelism, hostname } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { FastifyInstance } from 'fastify'
import type { ApiDeps } from './deps.ts'
import { paramsOf } from './request-params.ts'
import { sendData } from './respond.ts'
import { ApiError } from './api-error.ts'

const DEFAULT_TOP = 10
const MAX_TOP = 10_000
/** What an empty head shows as its bounds in Prometheus: they do not fit a number, so they are written as text. */
const NO_MIN_TIME = '9223372036854775807'
const NO_MAX_TIME = '-9223372036854775808'

/** `/api/v1/status/*`. */
export function statusRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get('/api/v1/status/tsdb', async (request, reply) => {
    const text = paramsOf(request).get('limit')
    const limit = text === '' ? DEFAULT_TOP : Number(text)
    if (!Number.isInteger(limit) || limit < 1) throw new ApiError('bad_data', 'limit must be a positive number')
    if (limit > MAX_TOP) throw new ApiError('bad_data', `limit must not exceed ${MAX_TOP}`)
    const stats = deps.storage.stats()
    const head = [
      `"numSeries":${stats.series}`,
      `"numLabelPairs":${stats.labelPairs}`,
      `"chunkCount":${stats.chunks}`,
      `"minTime":${stats.minMs ?? NO_MIN_TIME}`,
      `"maxTime":${stats.maxMs ?? NO_MAX_TIME}`,
    ].join(',')
    const lists = JSON.stringify(deps.storage.cardinality(limit))
    return sendData(request, reply, `{"headStats":{${head}},${lists.slice(1)}`)
  })

  app.get('/api/v1/status/config', async (request, reply) =>
    sendData(request, reply, JSON.stringify({ yaml: deps.configText() })),
  )

  app.get('/api/v1/status/flags', async (request, reply) => sendData(request, reply, JSON.stringify(deps.flags)))

  app.get('/api/v1/status/buildinfo', async (request, reply) => sendData(request, reply, JSON.stringify(deps.build)))

  app.get('/api/v1/status/runtimeinfo', async (request, reply) => {
    const runtime = deps.runtime()
    // The names are Prometheus'; the values are this process' nearest equivalents.
    const info = {
      startTime: new Date(runtime.startMs).toISOString(),
      CWD: process.cwd(),
      hostname: hostname(),
      serverTime: new Date(deps.clock.unixMs()).toISOString(),
      reloadConfigSuccess: runtime.reloadSuccess,
      lastConfigTime: new Date(runtime.lastConfigMs).toISOString(),
      corruptionCount: runtime.corruptions,
      goroutineCount: process.getActiveResourcesInfo().length,
      GOMAXPROCS: availableParallelism(),
      GOMEMLIMIT: getHeapStatistics().heap_size_limit,
      GOGC: '',
      GODEBUG: '',
      storageRetention: runtime.storageRetention,
    }
    return sendData(request, reply, JSON.stringify(info))
  })
}
