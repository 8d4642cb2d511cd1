import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../base/index.ts'
import type { TargetSpec } from '../kubelet/pod-runtime.ts'
import { DEFAULT_SERVING, type Serving } from '../kubelet/target-serving.ts'
import type { Answers } from './answers.ts'
import { bindError, targetError } from './errors.ts'
import { type Exposition, negotiate, type Offers } from './exposition-format.ts'
import { type Answer, HttpConnection, type Responder } from './http-connection.ts'
import type { OpenContainer } from './open-container.ts'
import { type MetricsPage, pageAt } from './profile.ts'
import type { HeadFault, RequestHead } from './request-head.ts'
import type { ScrapeLog } from './scrape-log.ts'
import { type SecureContext, secured } from './tls-socket.ts'
import type { TruthTable } from './truth-table.ts'

const METRICS_PATH = '/metrics'

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

  // hot: once per scrape.
  respond(request: RequestHead): Answer | undefined {
    const isMetrics = request.path === METRICS_PATH
    if (isMetrics && request.method === 'GET') return this.#scrape(request)
    if (this.#partitioned) return undefined
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
    if (complete) {
      truth.recordServed(this.spec.slot, samples, bodyBytes)
      this.#log.markServed(ticket)
    } else {
      truth.recordFailed(this.spec.slot)
    }
  }

  #scrape(request: RequestHead): Answer | undefined {
    const { clock, truth, answers, originNs } = this.#context
    const atNs = clock.monotonicNs()
    truth.recordRequest(this.spec.slot, atNs)
    const ticket = this.#log.add(Number(atNs - originNs) / 1e6)
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
    // A target's clock never goes back, even when the machine's is set: its counters would fall.
    this.#lastUnixMs = Math.max(this.#lastUnixMs, Math.floor(clock.unixMs()))
    const page = pageAt(this.#page, this.#lastUnixMs)
    // The kernel has not taken all of an answer yet: it must not change under its hands.
    if (this.#underWay.size > 0) page.kept?.hold()
    const exposition = this.#expositionFor(request)
    const body = page.render(this.#lastUnixMs, sequence, exposition)
    const bytes = answers.metrics(body, {
      kept: page.kept,
      contentType: exposition.contentType,
      gzip: request.acceptsGzip,
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

  #listenOn(port: number): Promise<void> {
    const { address } = this.spec
    return new Promise((resolve, reject) => {
      const secure = this.#secure
      const server = createServer({ noDelay: true }, socket =>
        this.#onConnection(secure === undefined ? socket : secured(socket, secure)),
      )
      this.#servers.push(server)
      const onError = (error: Error): void => reject(bindError(address, port, error))
      server.once('error', onError)
      const onClose = (): void =>
        reject(targetError('CHURN_TARGET_BIND', `${address}:${port} was closed before it was open`))
      server.once('close', onClose)
      server.listen({ host: address, port }, () => {
        // Node starts to listen some ticks later, and not every version lets a close in between stop it.
        if (this.#closed) {
          server.close()
          return
        }
        server.off('error', onError)
        server.off('close', onClose)
        server.on('error', error => this.#onListenerFault(port, error))
        resolve()
      })
    })
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(
      new HttpConnection(socket, this, connection => {
        this.#connections.delete(connection)
      }),
    )
  }

  #onListenerFault(port: number, cause: Error): void {
    const where = `${this.spec.address}:${port}`
    this.#context.onFault(
      targetError('CHURN_TARGET_ACCEPT', `${where} could not accept a connection, so what was measured is void`, cause),
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
