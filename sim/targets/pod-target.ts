import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../base/index.ts'
import type { Feed, TargetSpec } from '../kubelet/pod-runtime.ts'
import { DEFAULT_SERVING, type Serving } from '../kubelet/target-serving.ts'
import type { Answers } from './answers.ts'
import { type Exposition, negotiate, type Offers, PLAIN_TEXT } from './exposition-format.ts'
import { type Answer, HttpConnection, type Responder } from './http-connection.ts'
import { listenOn } from './listen-on.ts'
import { LOOP_PATH, Misbehaver, type MisbehaviourOrder } from './misbehaviour/index.ts'
import type { OpenContainer } from './open-container.ts'
import { type MetricsPage, pageAt } from './profile.ts'
import type { HeadFault, RequestHead } from './request-head.ts'
import type { ScrapeLog } from './scrape-log.ts'
import { type SecureContext, secured } from './tls-socket.ts'
import type { TruthTable } from './truth-table.ts'

const METRICS_PATH = '/metrics'
const NOTHING = Buffer.alloc(0)

/** What all pods of a thread share. */
export interface TargetContext {
  readonly clock: Clock
  readonly truth: TruthTable
  readonly answers: Answers
  /** Monotonic nanoseconds that logs count from. */
  readonly originNs: bigint
  /** What pods that ask for TLS show. Made when first asked for. */
  secureContext(): Promise<SecureContext>
  /** A listener failed after it had been opened. */
  onFault(error: Error): void
}

/** A request for metrics, by its entry in the log, its number, and the target's clock when it came. */
interface LoggedScrape {
  readonly ticket: number
  readonly sequence: number
  readonly unixMs: number
}

/**
 * One pod's sockets: a listener per port, the connections they accepted, and the page they serve.
 *
 *   new ──listen()──▶ opening ──all ports bound──▶ open ⇄ partitioned
 *                        └───────── close() ─────────┴──────▶ closed
 */
export class PodTarget implements OpenContainer, Responder {
  readonly spec: TargetSpec
  readonly #context: TargetContext
  readonly #page: MetricsPage
  readonly #log: ScrapeLog
  readonly #servers: Server[] = []
  readonly #connections = new Set<HttpConnection>()
  /** Answers whose fate is open, by ticket. Nearly always empty: the kernel takes most at once. */
  readonly #underWay = new Map<number, { readonly bodyBytes: number; readonly samples: number }>()
  readonly #serving: Serving
  readonly #offers: Offers
  /** What was asked for last, and what came of it: a scraper always asks for the same. */
  #accept = ''
  #exposition: Exposition | undefined
  #secure: SecureContext | undefined
  /** Tickets of answers that do not count as served when they are complete, and what they count for. */
  readonly #bad = new Map<number, 'excused' | 'not served'>()
  #misbehaver: Misbehaver | undefined
  /** A scrape that was redirected and goes on with the request for where it was sent. */
  #hop: LoggedScrape | undefined
  #sequence: number
  #lastUnixMs = 0
  #partitioned = false
  #closed = false

  /** @param log may hold requests already, of earlier runs: their numbers are not given again. */
  constructor(context: TargetContext, spec: TargetSpec, page: MetricsPage, log: ScrapeLog) {
    this.#context = context
    this.spec = spec
    this.#page = page
    this.#log = log
    this.#sequence = log.count
    this.#serving = spec.serving ?? DEFAULT_SERVING
    this.#offers = offersOf(this.#serving)
  }

  /** @throws CodedError CHURN_TARGET_BIND, CHURN_FD_LIMIT; nothing is left open then. */
  async listen(): Promise<void> {
    if (this.#serving.tls) this.#secure = await this.#context.secureContext()
    const ports = [...new Set(this.spec.ports)]
    const results = await Promise.allSettled(ports.map(port => this.#listenOn(port)))
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      this.close()
      throw result.reason
    }
    this.#context.truth.recordListening(this.spec.slot, this.#context.clock.monotonicNs())
  }

  /** From the return of this call on, the address refuses; what was connected is reset. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const server of this.#servers) server.close()
    this.#resetAll()
    this.#context.truth.recordClosed(this.spec.slot, this.#context.clock.monotonicNs())
  }

  /** An answer that is already being handed over when a partition begins is left to finish. */
  setPartitioned(partitioned: boolean): void {
    if (this.#partitioned === partitioned) return
    this.#partitioned = partitioned
    if (!partitioned) this.#resetAll()
  }

  /** Answers badly from now on, or well again. An answer that is being handed over is left to finish; one that hangs is not. */
  misbehave(order: MisbehaviourOrder | undefined): void {
    const before = this.#misbehaver
    if (before === undefined && order === undefined) return
    this.#misbehaver = order === undefined ? undefined : new Misbehaver(this.#context.clock, order)
    this.#giveUpHop()
    if (before?.misbehaviour.hangs === true || this.#resetsAtAccept) this.#resetAll()
  }

  get #resetsAtAccept(): boolean {
    return this.#misbehaver?.misbehaviour.name === 'reset-accept'
  }

  feed(feed: Feed): void {
    this.#page.feed?.(feed)
  }

  // hot: once per scrape.
  respond(request: RequestHead): Answer | undefined {
    const isMetrics = request.path === METRICS_PATH
    if (isMetrics && request.method === 'GET') return this.#scrape(request)
    if (this.#partitioned) return undefined
    if (this.#misbehaver?.leadsTo(request) === true) return this.#scrapeFurther(this.#misbehaver, request)
    const last = !request.keepAlive
    const { answers } = this.#context
    const isHead = request.method === 'HEAD'
    if (isMetrics && isHead) return { bytes: answers.metricsHead(this.#expositionFor(request), last), last, ticket: -1 }
    return { bytes: answers.refusal(isMetrics ? 405 : 404, { last, head: isHead }), last, ticket: -1 }
  }

  refuse(fault: HeadFault | 431): Buffer | undefined {
    if (this.#partitioned) return undefined
    return this.#context.answers.refusal(fault, { last: true })
  }

  settled(ticket: number, complete: boolean): void {
    const { bodyBytes, samples } = this.#underWay.get(ticket)!
    this.#underWay.delete(ticket)
    const { truth } = this.#context
    const bad = this.#bad.size === 0 ? undefined : this.#bad.get(ticket)
    if (bad !== undefined) {
      this.#bad.delete(ticket)
      truth.recordFailed(this.spec.slot)
      if (bad === 'excused' && complete) this.#log.markExcused(ticket)
    } else if (complete) {
      truth.recordServed(this.spec.slot, samples, bodyBytes)
      this.#log.markServed(ticket)
    } else {
      truth.recordFailed(this.spec.slot)
    }
  }

  #scrape(request: RequestHead): Answer | undefined {
    const { truth, answers } = this.#context
    const ticket = this.#logRequest()
    const sequence = ++this.#sequence
    if (this.#partitioned) {
      truth.recordFailed(this.spec.slot)
      return undefined
    }
    const last = !request.keepAlive
    const { authorization } = this.#serving
    if (authorization !== undefined && request.authorization !== authorization) {
      truth.recordFailed(this.spec.slot)
      return { bytes: answers.unauthorized(authorization, last), last, ticket: -1 }
    }
    const unixMs = this.#tick()
    if (this.#misbehaver !== undefined) {
      return this.#answerBadly(this.#misbehaver, request, { ticket, sequence, unixMs })
    }
    const page = pageAt(this.#page, unixMs, sequence)
    // The kernel has not taken all of an answer yet: it must not change under its hands.
    if (this.#underWay.size > 0) page.kept?.hold()
    const exposition = page.textOnly === true ? PLAIN_TEXT : this.#expositionFor(request)
    const body = page.render(unixMs, sequence, exposition)
    const bytes = answers.metrics(body, {
      kept: page.kept,
      contentType: exposition.contentType,
      gzip: request.acceptsGzip && page.textOnly !== true,
      chunked: this.#serving.chunked && request.takesChunks,
      last,
    })
    this.#log.setFormat(ticket, exposition.format)
    this.#underWay.set(ticket, { bodyBytes: body.length, samples: page.sampleCount })
    return { bytes, last, ticket }
  }

  #expositionFor({ accept }: RequestHead): Exposition {
    if (this.#exposition === undefined || accept !== this.#accept) {
      this.#accept = accept
      this.#exposition = negotiate(accept, this.#offers)
    }
    return this.#exposition
  }

  /** Returns the number of its entry in the log. */
  #logRequest(): number {
    const { clock, truth, originNs } = this.#context
    const atNs = clock.monotonicNs()
    truth.recordRequest(this.spec.slot, atNs)
    return this.#log.add(Number(atNs - originNs) / 1e6)
  }

  /** A target's clock never goes back, even when the machine's is set: its counters would fall. */
  #tick(): number {
    this.#lastUnixMs = Math.max(this.#lastUnixMs, Math.floor(this.#context.clock.unixMs()))
    return this.#lastUnixMs
  }

  #answerBadly(misbehaver: Misbehaver, request: RequestHead, scrape: LoggedScrape): Answer | undefined {
    const { ticket, sequence, unixMs } = scrape
    const page = pageAt(this.#page, unixMs, sequence)
    // As for good answers, and a bad one may take its time.
    if (this.#underWay.size > 0) page.kept?.hold()
    const answer = misbehaver.answer({
      request,
      unixMs,
      sequence,
      render: () => page.render(unixMs, sequence),
    })
    if (answer === undefined) {
      this.#context.truth.recordFailed(this.spec.slot)
      return undefined
    }
    const { script, last, samples, pageBytes, isHop } = answer
    if (isHop) {
      this.#giveUpHop()
      this.#hop = scrape
      return { bytes: NOTHING, last, ticket: -1, script }
    }
    this.#underWay.set(ticket, { bodyBytes: pageBytes, samples: page.sampleCount })
    if (samples !== 'counted') this.#bad.set(ticket, samples)
    return { bytes: NOTHING, last, ticket, script }
  }

  /** Goes on with a scrape that was redirected: it is one, however many requests it takes. */
  #scrapeFurther(misbehaver: Misbehaver, request: RequestHead): Answer | undefined {
    if (request.path === LOOP_PATH) {
      const { script, last } = misbehaver.loop(request)
      return { bytes: NOTHING, last, ticket: -1, script }
    }
    const scrape = this.#hop ?? { ticket: this.#logRequest(), sequence: ++this.#sequence, unixMs: this.#tick() }
    this.#hop = undefined
    return this.#answerBadly(misbehaver, request, scrape)
  }

  /** Nobody followed the redirect. */
  #giveUpHop(): void {
    if (this.#hop !== undefined) this.#context.truth.recordFailed(this.spec.slot)
    this.#hop = undefined
  }

  #listenOn(port: number): Promise<void> {
    const secure = this.#secure
    const server = createServer({ noDelay: true }, socket =>
      this.#onConnection(secure === undefined ? socket : secured(socket, secure)),
    )
    this.#servers.push(server)
    return listenOn(server, {
      address: this.spec.address,
      port,
      isClosed: () => this.#closed,
      onFault: error => this.#context.onFault(error),
    })
  }

  #onConnection(socket: Socket): void {
    if (this.#resetsAtAccept && !this.#partitioned) {
      // Somebody came to scrape, though not so far as to say so.
      this.#logRequest()
      this.#sequence++
      this.#context.truth.recordFailed(this.spec.slot)
      socket.on('error', () => {})
      socket.resetAndDestroy()
      return
    }
    this.#connections.add(
      new HttpConnection(socket, this, connection => {
        this.#connections.delete(connection)
      }),
    )
  }

  #resetAll(): void {
    for (const connection of this.#connections) connection.reset()
  }
}

function offersOf({ offers }: Serving): Offers {
  return {
    openMetrics: offers.includes('openmetrics'),
    text1: offers.includes('text-1.0.0'),
    protobuf: offers.includes('protobuf'),
    created: offers.includes('created'),
    native: offers.includes('native-histograms'),
  }
}
