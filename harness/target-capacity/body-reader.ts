import { connect, type Socket } from 'node:net'
import type { Clock } from '../../base/index.ts'

/** What came in a turn. */
export interface Turn {
  /** Bodies that came whole, after the first, which warms up. */
  readonly bodies: number
  readonly bytes: number
  readonly seconds: number
  /** Samples of the first body, and of the last. */
  readonly samplesFirst: number
  readonly samplesLast: number
}

const REQUEST =
  'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/plain;version=0.0.4\r\nAccept-Encoding: identity\r\n\r\n'
const HEAD_END = Buffer.from('\r\n\r\n')
/** What ends a body in chunks, and stands nowhere else in one: bodies have no carriage returns. */
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n')
/** All that arrives lands here, again and again. */
const BUFFER_BYTES = 1 << 20

/**
 * The most trivial reader there is: one connection, one request after the other, and no look at the bodies, but for the
 * first and the last, whose samples are counted. What it cannot take is no fault of the server's: its rate is a lower bound.
 */
export function readBodies(clock: Clock, port: number, forMs: number): Promise<Turn> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
    let bodies = -1
    let bytes = 0
    let startedNs = 0n
    let samplesFirst = 0
    let collected: Buffer[] | undefined = []
    let received = 0
    let end = -1
    let tail = Buffer.alloc(0)
    const onData = (count: number): boolean => {
      const chunk = buffer.subarray(0, count)
      collected?.push(Buffer.from(chunk))
      received += count
      if (end < 0 && received === count) end = endOf(chunk)
      const isWhole =
        end >= 0 ? received >= end : Buffer.concat([tail, chunk]).subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)
      if (!isWhole) {
        if (end < 0) tail = Buffer.from(chunk.subarray(-LAST_CHUNK.length))
        return true
      }
      bodies++
      if (bodies > 0) bytes += received
      const samples = collected === undefined ? 0 : samplesOf(Buffer.concat(collected))
      const now = clock.monotonicNs()
      if (bodies === 0) {
        samplesFirst = samples
        startedNs = now
        collected = undefined
      } else if (collected !== undefined) {
        // Counted, not timed: it was asked for after the end.
        socket.destroy()
        resolve({ bodies: bodies - 1, bytes: bytes - received, seconds, samplesFirst, samplesLast: samples })
        return false
      } else if (now - startedNs >= BigInt(Math.round(forMs * 1e6))) {
        seconds = Number(now - startedNs) / 1e9
        collected = []
      }
      received = 0
      end = -1
      tail = Buffer.alloc(0)
      socket.write(REQUEST)
      return true
    }
    let seconds = 0
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback: onData } })
    socket.on('connect', () => socket.write(REQUEST))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`the connection to port ${port} ended before a turn was over`)))
  })
}

/** Bytes of the whole response that begins with `chunk`; -1 where it says no length. A head comes in one piece. */
function endOf(chunk: Buffer): number {
  const head = chunk.indexOf(HEAD_END)
  const length = /^content-length: *(\d+)/im.exec(chunk.toString('latin1', 0, head))?.[1]
  return length === undefined ? -1 : head + HEAD_END.length + Number(length)
}

/** Lines that are no comments. Where a chunk begins amid a line, its size makes one more line: it is no sample. */
function samplesOf(response: Buffer): number {
  const body = response.subarray(response.indexOf(HEAD_END) + HEAD_END.length).toString('latin1')
  const isChunked = /^transfer-encoding: *chunked/im.test(response.toString('latin1', 0, response.indexOf(HEAD_END)))
  const text = isChunked ? unchunked(body) : body
  return text.split('\n').filter(line => line !== '' && !line.startsWith('#')).length
}

function unchunked(body: string): string {
  let out = ''
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.slice(at, lineEnd), 16)
    if (!(size > 0)) return out
    out += body.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}
