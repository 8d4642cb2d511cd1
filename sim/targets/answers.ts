import { crc32, deflateRawSync, gzipSync, constants } from 'node:zlib'
import type { Clock } from '../../base/index.ts'
import type { Exposition } from './exposition-format.ts'
import type { HeadFault } from './request-head.ts'
import { HEAD_ROOM, type TextBody } from './text-body.ts'

/**
 * A body that fits a packet gains nothing from being compressed. Level 1 with small tables: 35 µs for 9 kB, most of it
 * saved set-up (the defaults take 69 µs; Node 20.20, reference machine).
 */
const GZIP_BYTES_MIN = 1400
const GZIP_OPTIONS = { level: 1, memLevel: 6, windowBits: 13 }
/** RFC 1952: deflate, no flags, no time, fastest, of an unknown system. */
const GZIP_HEAD = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255)

/** As much as goes into one chunk; what Go's server buffers is 2 kB, of which large bodies would make thousands. */
const CHUNK_BYTES = 32_768

const VARY = 'Vary: Accept\r\nVary: Accept-Encoding\r\n'

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  505: 'HTTP Version Not Supported',
}

export interface MetricsOptions {
  /** Whose memory the body is in, if it is one that stays. */
  readonly kept: TextBody | undefined
  readonly contentType: string
  /** Whether the other side takes it compressed. */
  readonly gzip: boolean
  readonly chunked: boolean
  readonly last: boolean
}

/** Whole HTTP responses, head and body in one buffer, so that each is one write. */
export class Answers {
  readonly #clock: Clock
  /** What bodies that stay were compressed to, but for the pod's own part. `undefined`: seen once, not compressed yet. */
  readonly #deflated = new WeakMap<TextBody, { readonly version: number; bytes: Buffer | undefined }>()
  #dateSecond = -1
  #date = ''

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A copy of `body`, or, where that is kept, its own memory: whoever renders it again must know whether this is sent. */
  metrics(body: Buffer, { kept, contentType, gzip, chunked, last }: MetricsOptions): Buffer {
    const isZipped = gzip && body.length >= GZIP_BYTES_MIN
    const sent = !isZipped ? body : kept === undefined ? gzipSync(body, GZIP_OPTIONS) : this.#gzipKept(kept, body)
    const encoding = isZipped ? 'Content-Encoding: gzip\r\n' : ''
    const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${sent.length}`
    const head =
      `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\n${encoding}${VARY}` +
      `${this.#common(last)}${framing}\r\n\r\n`
    if (chunked) return Buffer.concat([Buffer.from(head, 'latin1'), ...chunksOf(sent)])
    if (kept !== undefined && !isZipped) {
      const start = HEAD_ROOM - head.length
      kept.memory.write(head, start, 'latin1')
      return kept.memory.subarray(start, kept.end)
    }
    const out = Buffer.allocUnsafe(head.length + sent.length)
    out.write(head, 0, 'latin1')
    out.set(sent, head.length)
    return out
  }

  /** What HEAD gets: the head of the above, without a length that would have to be rendered to be known. */
  metricsHead({ contentType }: Exposition, last: boolean): Buffer {
    return Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\n${VARY}${this.#common(last)}\r\n`, 'latin1')
  }

  /** For a request that does not bring `authorization`: names its scheme. */
  unauthorized(authorization: string, last: boolean): Buffer {
    const scheme = /^\S+/.exec(authorization)?.[0] ?? 'Basic'
    return this.#refusal(401, `WWW-Authenticate: ${scheme} realm="metrics"\r\n`, last)
  }

  /** An error with one line of text; the text is left out for HEAD. */
  refusal(status: HeadFault | 404 | 405 | 431, options: { readonly last: boolean; readonly head?: boolean }): Buffer {
    return this.#refusal(status, status === 405 ? 'Allow: GET, HEAD\r\n' : '', options.last, options.head)
  }

  #refusal(status: number, headers: string, last: boolean, head = false): Buffer {
    const text = `${status} ${REASONS[status]}\n`
    return Buffer.from(
      `HTTP/1.1 ${status} ${REASONS[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n${headers}` +
        `${this.#common(last)}Content-Length: ${text.length}\r\n\r\n${head ? '' : text}`,
      'latin1',
    )
  }

  /**
   * All but the pod's own part of a body is compressed once and used until it changes. Parts that end at a byte's border
   * can be put side by side: it is one stream, with one checksum of all.
   */
  #gzipKept(kept: TextBody, body: Buffer): Buffer {
    const known = this.#deflated.get(kept)
    if (known?.version !== kept.stableVersion) {
      this.#deflated.set(kept, { version: kept.stableVersion, bytes: undefined })
      return gzipSync(body, GZIP_OPTIONS)
    }
    known.bytes ??= deflateRawSync(kept.memory.subarray(kept.stableFrom, kept.end), GZIP_OPTIONS)
    const own = kept.memory.subarray(HEAD_ROOM, kept.stableFrom)
    const trailer = Buffer.alloc(8)
    trailer.writeUInt32LE(crc32(body))
    trailer.writeUInt32LE(body.length % 2 ** 32, 4)
    const flushed = deflateRawSync(own, { ...GZIP_OPTIONS, finishFlush: constants.Z_SYNC_FLUSH })
    return Buffer.concat([GZIP_HEAD, flushed, known.bytes, trailer])
  }

  #common(last: boolean): string {
    const second = Math.floor(this.#clock.unixMs() / 1000)
    if (second !== this.#dateSecond) {
      this.#dateSecond = second
      this.#date = `Date: ${new Date(second * 1000).toUTCString()}\r\n`
    }
    return last ? `${this.#date}Connection: close\r\n` : this.#date
  }
}

/** Each with its length before it, and the empty one at the end. */
function* chunksOf(body: Buffer): Iterable<Buffer> {
  for (let at = 0; at < body.length; at += CHUNK_BYTES) {
    const chunk = body.subarray(at, at + CHUNK_BYTES)
    yield Buffer.from(`${chunk.length.toString(16)}\r\n`, 'latin1')
    yield chunk
    yield CRLF
  }
  yield LAST_CHUNK
}

const CRLF = Buffer.from('\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
