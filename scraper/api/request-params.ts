import type { FastifyRequest } from 'fastify'
import { Params } from './params.ts'

/** The parameters of a request, wherever they are. */
export function paramsOf(request: FastifyRequest): Params {
  const { url } = request
  const mark = url.indexOf('?')
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))
  return new Params(request.body instanceof URLSearchParams ? [request.body, query] : [query])
}
