import type { FastifyInstance } from 'fastify'
import { describeError } from '../../base/index.ts'
import type { ApiDeps } from './deps.ts'
import { sendText } from './respond.ts'

const TEXT = 'text/plain; charset=utf-8'
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const NOT_ENABLED = 'Lifecycle API is not enabled.'

/** `/metrics` and the `/-/` pages. */
export function managementRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get('/metrics', async (request, reply) => sendText(request, reply, METRICS_TYPE, deps.metrics.render()))

  app.route({
    method: ['GET', 'HEAD'],
    url: '/-/healthy',
    handler: async (request, reply) => sendText(request, reply, TEXT, 'Prometheus Server is Healthy.\n'),
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/-/ready',
    handler: async (request, reply) => sendText(request, reply, TEXT, 'Prometheus Server is Ready.\n'),
  })

  app.route({
    method: ['POST', 'PUT'],
    url: '/-/reload',
    handler: async (request, reply) => {
      if (deps.reload === undefined) return sendText(request, reply.code(403), TEXT, NOT_ENABLED)
      try {
        await deps.reload()
      } catch (error) {
        return sendText(request, reply.code(500), TEXT, `failed to reload config: ${describeError(error)}\n`)
      }
      return reply.code(200).send()
    },
  })

  app.route({
    method: ['POST', 'PUT'],
    url: '/-/quit',
    handler: async (request, reply) => sendText(request, reply.code(403), TEXT, NOT_ENABLED),
  })
}
