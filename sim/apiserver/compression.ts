import { pipeline, Readable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import type { FastifyReply } from 'fastify'

/** Answers beyond this are compressed for clients that take gzip. Kubernetes: 128 KiB, at level 1. */
const COMPRESSED_BYTES_MIN = 128 * 1024

/**
 * Sends a body in parts, compressed when it is long and the client takes it.
 *
 * Nothing is sent before it is known how long it is, to this bound. Compression is done by Node's thread pool, not on the
 * caller's thread.
 *
 * @param asTheyCome sends each part at once, and compresses none: for what goes on.
 */
export async function sendParts(
  reply: FastifyReply,
  parts: Iterable<Buffer> | AsyncIterable<Buffer>,
  asTheyCome = false,
): Promise<void> {
  const body = drawn(parts)
  if (asTheyCome) {
    await reply.send(Readable.from(body, { objectMode: false }))
    return
  }
  const head: Buffer[] = []
  let bytes = 0
  while (bytes <= COMPRESSED_BYTES_MIN) {
    const { value, done } = await body.next()
    if (done === true) {
      await reply.send(Buffer.concat(head))
      return
    }
    head.push(value)
    bytes += value.length
  }
  const whole = Readable.from(resumed(head, body), { objectMode: false })
  if (!takesGzip(reply.request.headers['accept-encoding'])) {
    await reply.send(whole)
    return
  }
  const gzip = createGzip({ level: constants.Z_BEST_SPEED })
  // A client that leaves ends both; it is nobody's error.
  pipeline(whole, gzip, () => undefined)
  await reply.headers({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' }).send(gzip)
}

async function* drawn(parts: Iterable<Buffer> | AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield* parts
}

async function* resumed(head: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield Buffer.concat(head)
  yield* rest
}

function takesGzip(header: string | string[] | undefined): boolean {
  return String(header ?? '')
    .split(',')
    .some(each => each.trim().split(';')[0] === 'gzip')
}
