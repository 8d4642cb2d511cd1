import { gzipSync } from 'node:zlib'
import type { Clock } from '../../base/index.ts'
import type { HeadFault } from './request-head.ts'

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * A body that fits a packet gains nothing from being compressed. Level 1 with small tables: 35 µs for 9 kB, most of it
 * saved set-up (the defaults take 69 µs; Node 20.20, reference machine).
 */
const GZIP_BYTES_MIN = 1400
const GZIP_OPTIONS = { level: 1, memLevel: 6, windowBits: 13 }

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  505: 'HTTP Version Not Supported',
}

/** Whole HTTP responses, head and body in one buffer, so that each is one write. */
export class Answers {
  readonly #clock: Clock
  #dateSecond = -1
  #date = ''

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes a copy of `body`. */
  metrics(body: Buffer, options: { readonly gzip: boolean; readonly last: boolean }): Buffer {
    const gzip = options.gzip && body.length >= GZIP_BYTES_MIN
    const sent = gzip ? gzipSync(body, GZIP_OPTIONS) : body
    const encoding = gzip ? 'Content-Encoding: gzip\r\n' : ''
    const head =
      `HTTP/1.1 200 OK\r\nContent-Type: ${CONTENT_TYPE}\r\n${encoding}Vary: Accept-Encoding\r\n` +
      `${this.#common(options.last)}Content-Length: ${sent.length}\r\n\r\n`
    const out = Buffer.allocUnsafe(head.length + sent.length)
    out.write(head, 0, 'latin1')
    out.set(sent, head.length)
    return out
  }

  /** What HEAD gets: the head of the above, without a length that would have to be rendered to be known. */
  metricsHead(last: boolean): Buffer {
    return Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: ${CONTENT_TYPE}\r\nVary: Accept-Encoding\r\n${this.#common(last)}\r\n`,
      'latin1',
    )
  }

  /** An error with one line of text; the text is left out for HEAD. */
  refusal(status: HeadFault | 404 | 405 | 431, options: { readonly last: boolean; readonly head?: boolean }): Buffer {
    const text = `${status} ${REASONS[status]}\n`
    const allow = status === 405 ? 'Allow: GET, HEAD\r\n' : ''
    return Buffer.from(
      `HTTP/1.1 ${status} ${REASONS[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n${allow}` +
        `${this.#common(options.last)}Content-Length: ${text.length}\r\n\r\n${options.head === true ? '' : text}`,
      'latin1',
    )
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
