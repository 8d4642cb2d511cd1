import fastify, { type FastifyInstance } from 'fastify'
import { toApiError } from './api-error.ts'
import type { ApiDeps } from './deps.ts'
import { managementRoutes } from './management-routes.ts'
import { metadataRoutes } from './metadata-routes.ts'
import { queryRoutes } from './query-routes.ts'
import { statusRoutes } from './status-routes.ts'
import { targetRoutes } from './target-routes.ts'

/** Go's limit of a form body. */
const BODY_BYTES = 10 * 1024 * 1024
/** Answered in any state: whether the process lives, and its figures. */
const ALWAYS: ReadonlySet<string> = new Set(['/-/healthy', '/metrics'])

/** Prometheus' HTTP API over the parts it is given. Not listening yet. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_BYTES,
    // Queries in the URL, and label names in the path, may be long.
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: true },
    forceCloseConnections: true,
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done: (error: Error | null, body?: unknown) => void) => {
      done(null, new URLSearchParams(String(body)))
    },
  )
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.origin !== undefined) void reply.header('access-control-allow-origin', '*')
    if (!deps.isReady() && !ALWAYS.has(request.url)) {
      void reply.header('x-prometheus-stopping', 'false')
      return reply.code(503).type('text/plain; charset=utf-8').send('Service Unavailable')
    }
  })
  app.setErrorHandler((error, _request, reply) => {
    const answer = toApiError(error)
    return reply.code(answer.status).type('application/json').send(answer.toJson())
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain; charset=utf-8').send('404 page not found\n'),
  )
  queryRoutes(app, deps)
  metadataRoutes(app, deps)
  targetRoutes(app, deps)
  statusRoutes(app, deps)
  managementRoutes(app, deps)
  return app
}
