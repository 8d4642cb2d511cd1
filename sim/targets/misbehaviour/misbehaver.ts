import type { Clock } from '../../../base/index.ts'
import type { RequestHead } from '../request-head.ts'
import { AnswerScript, type ScriptEnding, type ScriptStep } from './answer-script.ts'
import { commentBytes, gzipBomb, reordered, withBadLine, withFamily } from './bodies.ts'
import { misbehaviourByName } from './catalogue.ts'
import type { Misbehaviour, MisbehaviourOrder, MisbehaviourParamName } from './misbehaviour.ts'

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
/** A slow body comes in so many pieces. */
const PIECES = 10
/** What a scraper waits that does not say so. Prometheus' default. */
const TIMEOUT_MS = 10_000
/** An answer that takes more of the scraper's patience than this may come too late: what becomes of it is not ours to say. */
const PATIENCE_SHARE = 0.5
const HEADER_BYTES = 1024

/** Where a redirect leads, and one that leads nowhere. */
const MOVED_PATH = '/metrics/moved'
export const LOOP_PATH = '/metrics/again'

/** One scrape that is answered badly. */
export interface BadScrape {
  readonly request: RequestHead
  readonly unixMs: number
  /** Number of the scrape. */
  readonly sequence: number
  /** The page as it should be; valid until another page is rendered. */
  render(): Buffer
}

/** What is handed over, and what it counts for when all of it was. */
export interface BadAnswer {
  readonly script: AnswerScript
  readonly last: boolean
  readonly samples: Misbehaviour['samples']
  /** Size of the page before compression. */
  readonly pageBytes: number
  /** The scrape goes on with a request for `MOVED_PATH`. */
  readonly isHop: boolean
}

interface Made {
  readonly head: string
  readonly body: Buffer
  readonly pageBytes?: number
}

/** One pod's way of doing something wrong, from when it begins until it is healed. */
export class Misbehaver {
  readonly misbehaviour: Misbehaviour
  readonly #clock: Clock
  readonly #params: MisbehaviourOrder['params']
  /** Of `old-timestamps`: where they began, and how many there were. */
  #firstUnixMs: number | undefined
  #scrapes = 0

  constructor(clock: Clock, order: MisbehaviourOrder) {
    this.#clock = clock
    this.misbehaviour = misbehaviourByName(order.kind)!
    this.#params = order.params
  }

  /** Whether a request is one that its redirects lead to. */
  leadsTo({ method, path }: RequestHead): boolean {
    const { name } = this.misbehaviour
    return method === 'GET' && path === (name === 'redirect' ? MOVED_PATH : name === 'redirect-loop' ? LOOP_PATH : '')
  }

  /** What `LOOP_PATH` answers. */
  loop(request: RequestHead): Pick<BadAnswer, 'script' | 'last'> {
    return this.#answer(request, redirection(LOOP_PATH))
  }

  /** `undefined`: nothing is ever answered. */
  answer(scrape: BadScrape): BadAnswer | undefined {
    const { request } = scrape
    const { name } = this.misbehaviour
    switch (name) {
      case 'hang-accept':
        return undefined
      case 'server-error':
        return this.#answer(scrape.request, refusal(this.#param('code')))
      case 'not-found':
        return this.#answer(scrape.request, refusal(404))
      case 'redirect-loop':
        return this.#answer(scrape.request, redirection(LOOP_PATH))
      case 'redirect':
        if (request.path !== MOVED_PATH) return this.#answer(scrape.request, redirection(MOVED_PATH), { isHop: true })
        return this.#answer(scrape.request, this.#page(scrape))
      default:
        return this.#deliver(scrape, this.#page(scrape))
    }
  }

  /** A page, and all that may be wrong with its text and its head. */
  #page(scrape: BadScrape): Made {
    const page = scrape.render()
    const pageBytes = page.length
    const type = (value: string): string => `Content-Type: ${value}\r\n`
    const served = (body: Buffer, headers = type(CONTENT_TYPE)): Made => ({ head: ok(headers), body, pageBytes })
    const extra = (samples: readonly string[]): Made =>
      served(withFamily(page, this.misbehaviour.extraSeries!, samples))
    switch (this.misbehaviour.name) {
      case 'wrong-content-type':
        return served(page, type('text/html; charset=utf-8'))
      case 'no-content-type':
        return served(page, '')
      case 'header-flood':
        return served(page, type(CONTENT_TYPE) + headerFlood(this.#param('bytes')))
      case 'gzip-bomb':
        return served(gzipBomb(page, this.#param('bytes')), `${type(CONTENT_TYPE)}Content-Encoding: gzip\r\n`)
      case 'bad-line':
        return served(withBadLine(page))
      case 'duplicate-series':
        return extra([' 1', ' 1'])
      case 'duplicate-values':
        return extra([' 1', ' 2'])
      case 'old-timestamps':
        return extra([` ${scrape.sequence} ${this.#oldTimestamp(scrape.unixMs)}`])
      case 'future-timestamps':
        return extra([` ${scrape.sequence} ${scrape.unixMs + this.#param('ahead')}`])
      case 'many-labels':
        return extra([`{${Array.from({ length: this.#param('labels') }, (_, i) => `x_label_${i}="v"`).join(',')}} 1`])
      case 'long-values':
        return extra([`{value="${'v'.repeat(this.#param('bytes'))}"} 1`])
      case 'new-series':
        return extra(
          Array.from({ length: this.#param('series') }, (_, i) => `{scrape="${scrape.sequence}",series="${i}"} 1`),
        )
      case 'changing-order':
        return served(reordered(page, scrape.sequence))
      default:
        return served(page)
    }
  }

  #oldTimestamp(unixMs: number): number {
    this.#firstUnixMs ??= unixMs
    return this.#firstUnixMs - this.#param('back') * this.#scrapes++
  }

  /** All that may be wrong with how a page is handed over. */
  #deliver(scrape: BadScrape, made: Made): BadAnswer {
    const last = !scrape.request.keepAlive
    const half = made.body.length >> 1
    switch (this.misbehaviour.name) {
      case 'slow-first-byte': {
        const delayMs = this.#param('delay')
        return this.#script(scrape.request, made, [delayMs, whole(made, last)], { delayMs })
      }
      case 'slow-body': {
        const delayMs = this.#param('delay')
        const bytes = whole(made, last)
        const head = bytes.length - made.body.length
        const pieces: ScriptStep[] = [bytes.subarray(0, head)]
        for (let i = 0; i < PIECES; i++) {
          const from = head + Math.floor((i * made.body.length) / PIECES)
          pieces.push(delayMs / PIECES, bytes.subarray(from, head + Math.floor(((i + 1) * made.body.length) / PIECES)))
        }
        return this.#script(scrape.request, made, pieces, { delayMs })
      }
      case 'hang-body':
        return this.#script(scrape.request, made, [whole(made, last).subarray(0, -half)], { ending: 'hang' })
      case 'reset-body':
        return this.#script(scrape.request, made, [whole(made, last).subarray(0, -half)], { ending: 'reset' })
      case 'oversized-body': {
        // Not copied behind the page: it may be large.
        const rest = commentBytes(Math.max(0, this.#param('bytes') - made.body.length))
        return this.#script(scrape.request, made, [whole(made, last, rest.length), rest], {})
      }
      case 'truncated-body':
        return this.#script(scrape.request, made, [whole(made, last, this.#param('bytes'))], { ending: 'close' })
      default:
        return this.#answer(scrape.request, made)
    }
  }

  #answer(request: RequestHead, made: Made, options: { readonly isHop?: boolean } = {}): BadAnswer {
    return this.#script(request, made, [whole(made, !request.keepAlive)], options)
  }

  #script(
    request: RequestHead,
    { pageBytes = 0 }: Made,
    steps: readonly ScriptStep[],
    options: { readonly ending?: ScriptEnding; readonly delayMs?: number; readonly isHop?: boolean },
  ): BadAnswer {
    const { delayMs = 0, isHop = false } = options
    const last = !request.keepAlive
    const { samples } = this.misbehaviour
    const isLate = delayMs > PATIENCE_SHARE * (request.timeoutMs ?? TIMEOUT_MS)
    return {
      script: new AnswerScript(this.#clock, steps, options.ending ?? (last ? 'close' : 'next')),
      last,
      samples: isLate && samples === 'counted' ? 'excused' : samples,
      pageBytes,
      isHop,
    }
  }

  #param(name: MisbehaviourParamName): number {
    return this.#params[name]!
  }
}

/** Head and body in one buffer. @param missingBytes promised beyond what is there: another step brings them, or none. */
function whole({ head, body }: Made, last: boolean, missingBytes = 0): Buffer {
  const close = last ? 'Connection: close\r\n' : ''
  const text = `${head}${close}Content-Length: ${body.length + missingBytes}\r\n\r\n`
  return Buffer.concat([Buffer.from(text, 'latin1'), body])
}

function ok(headers: string): string {
  return `HTTP/1.1 200 OK\r\n${headers}`
}

function refusal(code: number): Made {
  const reason = code === 404 ? 'Not Found' : code === 503 ? 'Service Unavailable' : 'Server Error'
  return {
    head: `HTTP/1.1 ${code} ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\n`,
    body: Buffer.from(`${code} ${reason}\n`),
  }
}

function redirection(path: string): Made {
  return { head: `HTTP/1.1 302 Found\r\nLocation: ${path}\r\n`, body: Buffer.alloc(0) }
}

function headerFlood(bytes: number): string {
  const headers: string[] = []
  for (let left = bytes, i = 0; left > 0; left -= HEADER_BYTES, i++) {
    const name = `X-Flood-${i}: `
    headers.push(`${name}${'f'.repeat(Math.max(0, Math.min(left, HEADER_BYTES) - name.length - 2))}\r\n`)
  }
  return headers.join('')
}
