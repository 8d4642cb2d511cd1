import { pipeline, Readable } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

const JSON_TYPE = 'application/json'
/** Below this a compressed answer is not smaller. */
const GZIP_FROM = 1024
/** Answers up to this many characters are sent in one piece. */
const WHOLE = 256 * 1024
/** zlib's level: most of the gain at a fraction of the time of the usual 6. */
const GZIP_LEVEL = 3

/**
 * Sends pieces of JSON. Short answers go out whole, with their length; long ones as a stream that makes pieces only as
 * fast as the client takes them.
 */
export function sendPieces(request: FastifyRequest, reply: FastifyReply, pieces: Iterator<string>): FastifyReply {
  let head = ''
  for (;;) {
    const { done, value } = pieces.next()
    if (done === true) return sendText(request, reply, JSON_TYPE, head)
    head += value
    if (head.length > WHOLE) break
  }
  const rest = Readable.from(resume(head, pieces), { objectMode: false })
  void reply.header('content-type', JSON_TYPE).header('vary', 'Accept-Encoding')
  if (!acceptsGzip(request)) return reply.send(rest)
  const gzip = createGzip({ level: GZIP_LEVEL })
  // Ends both when either does, e.g. because the client has gone; the reply is told by the second.
  pipeline(rest, gzip, () => {})
  return reply.header('content-encoding', 'gzip').send(gzip)
}

export function sendText(request: FastifyRequest, reply: FastifyReply, type: string, text: string): FastifyReply {
  void reply.header('content-type', type).header('vary', 'Accept-Encoding')
  if (text.length <= GZIP_FROM || !acceptsGzip(request)) return reply.send(text)
  return reply.header('content-encoding', 'gzip').send(gzipSync(text, { level: GZIP_LEVEL }))
}

/** `{"status":"success","data":…}` around a text that is JSON already. */
export function sendData(request: FastifyRequest, reply: FastifyReply, data: string, notes = ''): FastifyReply {
  return sendText(request, reply, JSON_TYPE, `{"status":"success","data":${data}${notes}}`)
}

function acceptsGzip(request: FastifyRequest): boolean {
  const accepted = request.headers['accept-encoding'] ?? ''
  return /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)/.test(accepted)
}

function* resume(head: string, pieces: Iterator<string>): Generator<Buffer> {
  yield Buffer.from(head)
  for (;;) {
    const { done, value } = pieces.next()
    if (done === true) return
    yield Buffer.from(value)
  }
}
