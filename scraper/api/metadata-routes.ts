import type { FastifyInstance } from 'fastify'
import type { Matcher } from '../model/index.ts'
import { ApiError } from './api-error.ts'
import type { ApiDeps } from './deps.ts'
import { encodeLabels, encodeNotes } from './encode-result.ts'
import { unescapeLabelName } from './label-path.ts'
import { MAX_TIME_MS, MIN_TIME_MS, type Params } from './params.ts'
import { paramsOf } from './request-params.ts'
import { sendData, sendPieces } from './respond.ts'

/** `/api/v1/series`, `/labels`, `/label/<name>/values` and `/metadata`. */
export function metadataRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const querierFor = (params: Params): ReturnType<ApiDeps['queryable']['querier']> =>
    deps.queryable.querier(params.time('start', MIN_TIME_MS), params.time('end', MAX_TIME_MS))

  app.route({
    method: ['GET', 'POST'],
    url: '/api/v1/series',
    handler: async (request, reply) => {
      const params = paramsOf(request)
      const sets = params.matcherSets()
      if (sets.length === 0) throw new ApiError('bad_data', 'no match[] parameter provided')
      const limit = params.limit()
      const querier = querierFor(params)
      const seen = new Set<string>()
      const found: string[] = []
      for (const matchers of sets) {
        const series = await querier.select(matchers)
        for (let i = 0; i < series.length; i++) {
          const labels = series.labelsAt(i)
          if (sets.length > 1) {
            if (seen.has(labels.key())) continue
            seen.add(labels.key())
          }
          found.push(encodeLabels(labels))
        }
      }
      const [kept, notes] = truncate(found, limit)
      return sendPieces(request, reply, encodeList(kept, notes))
    },
  })

  app.route({
    method: ['GET', 'POST'],
    url: '/api/v1/labels',
    handler: async (request, reply) => {
      const params = paramsOf(request)
      const limit = params.limit()
      const querier = querierFor(params)
      const names = await union(params.matcherSets(), matchers => querier.labelNames(matchers))
      const [kept, notes] = truncate(names, limit)
      return sendData(request, reply, JSON.stringify(kept), notes)
    },
  })

  app.get<{ Params: { name: string } }>('/api/v1/label/:name/values', async (request, reply) => {
    const name = unescapeLabelName(request.params.name)
    if (name === '') throw new ApiError('bad_data', 'invalid label name: ""')
    const params = paramsOf(request)
    const limit = params.limit()
    const querier = querierFor(params)
    const values = await union(params.matcherSets(), matchers => querier.labelValues(name, matchers))
    const [kept, notes] = truncate(values, limit)
    return sendData(request, reply, JSON.stringify(kept), notes)
  })

  // Types and help texts of metrics are not kept: the honest answer is that none are known.
  app.get('/api/v1/metadata', async (request, reply) => {
    const params = paramsOf(request)
    params.limit()
    params.limit('limit_per_metric')
    return sendData(request, reply, '{}')
  })
}

async function union(
  sets: readonly (readonly Matcher[])[],
  ask: (matchers: readonly Matcher[]) => Promise<string[]>,
): Promise<string[]> {
  if (sets.length <= 1) return ask(sets[0] ?? [])
  const all = new Set<string>()
  for (const matchers of sets) for (const text of await ask(matchers)) all.add(text)
  return [...all].toSorted()
}

function truncate(list: string[], limit: number): [kept: string[], notes: string] {
  if (limit === 0 || list.length <= limit) return [list, '']
  return [list.slice(0, limit), encodeNotes({ warnings: ['results truncated due to limit'] })]
}

function* encodeList(items: readonly string[], notes: string): Generator<string> {
  let out = '{"status":"success","data":['
  for (let i = 0; i < items.length; i++) {
    out += i === 0 ? items[i]! : `,${items[i]!}`
    if (out.length < 64 * 1024) continue
    yield out
    out = ''
  }
  yield `${out}]${notes}}`
}
