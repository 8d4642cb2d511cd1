import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { QueryOptions, QueryResult, QueryValue } from '../promql/index.ts'
import { ApiError, invalidParameter } from './api-error.ts'
import type { ApiDeps } from './deps.ts'
import { encodeQuery } from './encode-result.ts'
import type { Params } from './params.ts'
import { paramsOf } from './request-params.ts'
import { sendPieces } from './respond.ts'

/** Points per series that one answer may hold: a minute's resolution for a week. */
const MAX_POINTS = 11_000
/** Warnings, and infos, that one answer may hold. */
const MAX_NOTES = 10

/** `/api/v1/query` and `/api/v1/query_range`. */
export function queryRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { engine, queryable, clock } = deps

  app.route({
    method: ['GET', 'POST'],
    url: '/api/v1/query',
    handler: async (request, reply) => {
      const params = paramsOf(request)
      const limit = params.limit()
      const tMs = params.time('time', Math.round(clock.unixMs()))
      const options = queryOptions(params, reply)
      const result = await engine.instant(queryable, params.get('query'), tMs, options)
      return answer(request, reply, params, result, limit)
    },
  })

  app.route({
    method: ['GET', 'POST'],
    url: '/api/v1/query_range',
    handler: async (request, reply) => {
      const params = paramsOf(request)
      const limit = params.limit()
      const startMs = params.time('start')
      const endMs = params.time('end')
      if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time')
      const stepMs = stepOf(params)
      if ((endMs - startMs) / stepMs > MAX_POINTS) {
        throw new ApiError(
          'bad_data',
          'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
        )
      }
      const options = queryOptions(params, reply)
      const result = await engine.range(queryable, params.get('query'), startMs, endMs, stepMs, options)
      return answer(request, reply, params, result, limit)
    },
  })
}

/** Whole milliseconds; sub-millisecond steps are one, as in Prometheus' storage. */
function stepOf(params: Params): number {
  const stepMs = params.duration('step')
  if (stepMs === undefined) throw invalidParameter('step', 'cannot parse "" to a valid duration')
  if (stepMs <= 0) {
    throw invalidParameter(
      'step',
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    )
  }
  return Math.max(1, Math.trunc(stepMs))
}

/** The query is given up when the client goes away. */
function queryOptions(params: Params, reply: FastifyReply): QueryOptions {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return {
    timeoutMs: positive(params.duration('timeout')),
    lookbackMs: positive(params.duration('lookback_delta', 'error parsing lookback delta duration')),
    signal: gone.signal,
  }
}

function positive(ms: number | undefined): number | undefined {
  return ms !== undefined && ms > 0 ? ms : undefined
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  params: Params,
  result: QueryResult,
  limit: number,
): FastifyReply {
  const value = truncate(result.value, limit)
  const told = value === result.value ? result.warnings : [...result.warnings, 'results truncated due to limit']
  const warnings = atMost(told, 'warning')
  const infos = atMost(result.infos, 'info')
  const stats = params.get('stats') === '' ? undefined : result.stats
  return sendPieces(request, reply, encodeQuery(value, { warnings, infos, stats }))
}

/** One query over many metrics can have a note about each: the first ones, and how many more there are. */
function atMost(notes: readonly string[], kind: 'warning' | 'info'): readonly string[] {
  if (notes.length <= MAX_NOTES) return notes
  return [...notes.slice(0, MAX_NOTES), `${notes.length - MAX_NOTES} more ${kind} annotations omitted`]
}

/** The first `limit` series; the same object when nothing is cut off. */
function truncate(value: QueryValue, limit: number): QueryValue {
  if (limit === 0) return value
  if (value.type === 'vector' && value.labels.length > limit) return { ...value, labels: value.labels.slice(0, limit) }
  if (value.type === 'matrix' && value.series.length > limit) return { ...value, series: value.series.slice(0, limit) }
  return value
}
