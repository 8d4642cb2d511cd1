import { gunzipSync } from 'node:zlib'
import { Client, type Dispatcher } from 'undici'
import type { Clock } from '../../base/index.ts'
import type { EscapingScheme, ParsedProtocol, ScrapeConfig } from '../config/index.ts'
import { RequestHeaders, type TlsOptions, tlsOptions } from '../httpclient/index.ts'
import type { Target } from './target.ts'

/** A body, or why there is none. */
export type FetchOutcome =
  | { readonly kind: 'body'; readonly body: Buffer; readonly contentType: string }
  | { readonly kind: 'failed'; readonly problem: string; readonly isTooLarge: boolean }

/** Idle connections are kept a little longer than the pause between two scrapes, but not for ever. */
const MAX_IDLE_MS = 300_000
const MAX_REDIRECTS = 10
/** As much as Go's HTTP client takes, and so Prometheus. */
const HEADER_BYTES_MAX = 10 * 1024 * 1024
/**
 * No body may be larger, packed or unpacked, whatever `body_size_limit` says, for a body is held in memory as a whole: a
 * target that sends without end, or what unpacks to gigabytes, must not take the scraper down. Prometheus has no such bound.
 */
const BODY_BYTES_MAX = 256 * 1024 * 1024
/** A connection to which a redirect led is closed after its one answer. */
const REDIRECT_IDLE_MS = 1000

/** The part of a scrape's request that is the same for all targets of a job. */
export class ScrapeRequests {
  readonly config: ScrapeConfig
  readonly #userAgent: string
  readonly #accept: string
  readonly #credentials: RequestHeaders
  #tls: TlsOptions | undefined

  constructor(clock: Clock, config: ScrapeConfig, userAgent: string) {
    this.config = config
    this.#userAgent = userAgent
    this.#accept = acceptHeader(config.scrapeProtocols, config.escapingScheme)
    this.#credentials = new RequestHeaders(clock, config.http)
  }

  /** @throws CredentialError when a file cannot be read. */
  headers(timeoutMs: number, withCredentials: boolean): Record<string, string | string[]> {
    const headers: Record<string, string | string[]> = {
      'user-agent': this.#userAgent,
      accept: this.#accept,
      'accept-encoding': this.config.enableCompression ? 'gzip' : 'identity',
      'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
    }
    this.#credentials.addTo(headers, withCredentials)
    return headers
  }

  /** @throws CredentialError when a file cannot be read. */
  connect(origin: string, idleMs: number, timeoutMs: number): Client {
    // The loop's own timer bounds the scrape as a whole; undici's timers would only add work.
    const isTls = origin.startsWith('https:')
    if (isTls) this.#tls ??= tlsOptions(this.config.http.tls)
    return new Client(origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: Math.min(idleMs, MAX_IDLE_MS),
      keepAliveMaxTimeout: MAX_IDLE_MS,
      connect: { timeout: timeoutMs, ...(isTls ? this.#tls : {}) },
    })
  }
}

/**
 * The connection to one target. One request at a time; `abort` ends it and the connection with it, at once, whatever
 * the target does.
 */
export class ScrapeClient {
  readonly #requests: ScrapeRequests
  readonly #target: Target
  #client: Client | undefined
  /** Answers that came over the present connection. A request that fails on a used one is made again on a new one. */
  #answers = 0
  /** Numbers the requests: what a former one still has to say is not heard. */
  #current = 0

  constructor(requests: ScrapeRequests, target: Target) {
    this.#requests = requests
    this.#target = target
  }

  /** Makes the request and calls `done` exactly once, unless `abort` comes first. Never synchronously but on misuse. */
  fetch(done: (outcome: FetchOutcome) => void): void {
    this.#request({ id: ++this.#current, url: this.#target.url, redirects: 0, isRepeated: false, done })
  }

  /** Ends the request under way; its `done` is not called. */
  abort(): void {
    this.#current++
    this.close()
  }

  close(): void {
    const client = this.#client
    this.#client = undefined
    this.#answers = 0
    client?.destroy().catch(() => {})
  }

  #request(request: PendingRequest): void {
    const { url } = request
    const isOwn = url.origin === this.#target.url.origin
    const { timeoutMs } = this.#target
    let client: Client
    let headers: Record<string, string | string[]>
    try {
      headers = this.#requests.headers(timeoutMs, isOwn)
      client = isOwn
        ? (this.#client ??= this.#connectOwn())
        : this.#requests.connect(url.origin, REDIRECT_IDLE_MS, timeoutMs)
    } catch (error) {
      request.done(failed((error as Error).message))
      return
    }
    const finish = (outcome: FetchOutcome): void => {
      if (!isOwn) client.destroy().catch(() => {})
      if (request.id === this.#current) request.done(outcome)
    }
    const wasUsed = isOwn && this.#answers > 0
    client.dispatch(
      { method: 'GET', path: url.pathname + url.search, headers, idempotent: true },
      new ResponseReader(this.#requests.config.bodySizeLimitBytes, {
        onAnswer: () => {
          if (isOwn) this.#answers++
        },
        onRedirect: (location, status) => this.#follow(request, location, status, finish),
        onDone: finish,
        onBroken: (error, hasAnswer) => {
          // A target may close an idle connection at the very moment when it is used again.
          if (wasUsed && !hasAnswer && !request.isRepeated && request.id === this.#current && isClosed(error)) {
            this.close()
            this.#request({ ...request, isRepeated: true })
          } else {
            finish(failed(errorText(error, hasAnswer, request.url)))
          }
        },
      }),
    )
  }

  #follow(request: PendingRequest, location: string, status: string, finish: (outcome: FetchOutcome) => void): void {
    if (!this.#requests.config.http.followRedirects) {
      finish(failed(`server returned HTTP status ${status}, a redirect, and follow_redirects is off`))
    } else if (request.redirects >= MAX_REDIRECTS) {
      finish(failed(`stopped after ${MAX_REDIRECTS} redirects`))
    } else if (!URL.canParse(location, request.url.href)) {
      finish(failed(`redirected to ${JSON.stringify(location)}, which is not a URL`))
    } else if (request.id === this.#current) {
      this.#request({ ...request, url: new URL(location, request.url), redirects: request.redirects + 1 })
    }
  }

  #connectOwn(): Client {
    const { url, intervalMs, timeoutMs } = this.#target
    const client = this.#requests.connect(url.origin, 2 * intervalMs + 1000, timeoutMs)
    client.on('connect', () => {
      this.#answers = 0
    })
    return client
  }
}

interface PendingRequest {
  readonly id: number
  readonly url: URL
  readonly redirects: number
  readonly isRepeated: boolean
  readonly done: (outcome: FetchOutcome) => void
}

interface ReaderEvents {
  /** Headers have come. */
  onAnswer(): void
  /** @param status code and reason, `302 Found`. */
  onRedirect(location: string, status: string): void
  onDone(outcome: FetchOutcome): void
  onBroken(error: Error, hasAnswer: boolean): void
}

/** Collects one answer. A body that comes in one piece, as most do, is not copied. */
class ResponseReader implements Dispatcher.DispatchHandler {
  /** 0: none but `BODY_BYTES_MAX`. */
  readonly #limitBytes: number
  readonly #events: ReaderEvents
  readonly #chunks: Buffer[] = []
  #sizeBytes = 0
  #contentType = ''
  #isGzip = false
  #hasAnswer = false
  #problem: FetchOutcome | undefined
  #location: string | undefined
  #status = ''

  constructor(limitBytes: number, events: ReaderEvents) {
    this.#limitBytes = limitBytes
    this.#events = events
  }

  // Its presence tells undici that this handler speaks the present interface.
  onRequestStart(): void {}

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText?: string,
  ): void {
    if (status < 200) return
    this.#hasAnswer = true
    this.#events.onAnswer()
    this.#status = `${status} ${statusText ?? ''}`.trimEnd()
    const location = first(headers['location'])
    if (status === 200) {
      this.#contentType = first(headers['content-type'])
      this.#isGzip = first(headers['content-encoding']).toLowerCase() === 'gzip'
    } else if (location !== '' && [301, 302, 303, 307, 308].includes(status)) {
      this.#location = location
    } else {
      this.#problem = failed(`server returned HTTP status ${this.#status}`)
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#problem !== undefined || this.#location !== undefined) return
    this.#sizeBytes += chunk.length
    if (this.#sizeBytes >= this.#bound) {
      // No need to hear the rest: the connection is given up.
      this.#problem = this.#tooLarge()
      controller.abort(new Error('body size limit exceeded'))
      return
    }
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#location !== undefined) this.#events.onRedirect(this.#location, this.#status)
    else this.#events.onDone(this.#problem ?? this.#body())
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#problem !== undefined) this.#events.onDone(this.#problem)
    else this.#events.onBroken(error, this.#hasAnswer)
  }

  /** A body of so many bytes is too large. */
  get #bound(): number {
    return this.#limitBytes > 0 && this.#limitBytes < BODY_BYTES_MAX ? this.#limitBytes : BODY_BYTES_MAX
  }

  #tooLarge(): FetchOutcome {
    const more =
      this.#bound === BODY_BYTES_MAX ? ': this scraper takes less than 256 MiB, whatever body_size_limit says' : ''
    return { kind: 'failed', problem: `body size limit exceeded${more}`, isTooLarge: true }
  }

  #body(): FetchOutcome {
    const raw = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#sizeBytes)
    if (!this.#isGzip) return { kind: 'body', body: raw, contentType: this.#contentType }
    try {
      // Synchronous: unpacking in the thread pool costs more than twice the CPU (reference/performance.md, B.6).
      const body = gunzipSync(raw, { maxOutputLength: this.#bound - 1 })
      return { kind: 'body', body, contentType: this.#contentType }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return code === 'ERR_BUFFER_TOO_LARGE' ? this.#tooLarge() : failed(`the body is not valid gzip: ${message}`)
    }
  }
}

function failed(problem: string): FetchOutcome {
  return { kind: 'failed', problem, isTooLarge: false }
}

function isClosed(error: Error): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function errorText(error: Error, hasAnswer: boolean, url: URL): string {
  const what = isClosed(error)
    ? `the connection was lost before ${hasAnswer ? 'the answer was complete' : 'there was an answer'}`
    : error.message === ''
      ? error.name
      : error.message
  return `Get ${JSON.stringify(url.href)}: ${what}`
}

function first(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? ''
}

const MEDIA_TYPES: Readonly<Record<ParsedProtocol, string>> = {
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
}

/** The formats in order of preference, and anything else last. */
function acceptHeader(protocols: readonly ParsedProtocol[], escaping: EscapingScheme): string {
  const weights = ['0.6', '0.5', '0.4', '0.3', '0.2', '0.1']
  const parts = protocols.map((name, i) => {
    const escaped = name === 'PrometheusText1.0.0' ? `;escaping=${escaping}` : ''
    return `${MEDIA_TYPES[name]}${escaped};q=${weights[i]}`
  })
  return [...parts, `*/*;q=${weights[protocols.length]}`].join(',')
}
