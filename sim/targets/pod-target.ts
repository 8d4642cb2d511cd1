import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../base/index.ts'
import type { Feed, TargetSpec } from '../kubelet/pod-runtime.ts'
import type { Answers } from './answers.ts'
import { bindError, targetError } from './errors.ts'
import { type Answer, HttpConnection, type Responder } from './http-connection.ts'
import type { MetricsPage } from './profile.ts'
import type { HeadFault, RequestHead } from './request-head.ts'
import type { ScrapeLog } from './scrape-log.ts'
import type { TruthTable } from './truth-table.ts'

const METRICS_PATH = '/metrics'

/** What all pods of a thread share. */
export interface TargetContext {
  readonly clock: Clock
  readonly truth: TruthTable
  readonly answers: Answers
  /** Monotonic nanoseconds that logs count from. */
  readonly originNs: bigint
  /** A listener failed after it had been opened. */
  onFault(error: Error): void
}

/**
 * One pod's sockets: a listener per port, the connections they accepted, and the page they serve.
 *
 *   new ──listen()──▶ opening ──all ports bound──▶ open ⇄ partitioned
 *                        └───────── close() ─────────┴──────▶ closed
 */
export class PodTarget implements Responder {
  readonly spec: TargetSpec
  readonly #context: TargetContext
  readonly #page: MetricsPage
  readonly #log: ScrapeLog
  readonly #servers: Server[] = []
  readonly #connections = new Set<HttpConnection>()
  /** Body bytes of answers whose fate is open, by ticket. Nearly always empty: the kernel takes most at once. */
  readonly #underWay = new Map<number, number>()
  #sequence: number
  #lastUnixMs = 0
  #partitioned = false
  #closed = false

  /** @param log may hold requests already, when a pod comes back under its uid: their numbers are not given again. */
  constructor(context: TargetContext, spec: TargetSpec, page: MetricsPage, log: ScrapeLog) {
    this.#context = context
    this.spec = spec
    this.#page = page
    this.#log = log
    this.#sequence = log.count
  }

  /** @throws CodedError CHURN_TARGET_BIND, CHURN_FD_LIMIT; nothing is left open then. */
  async listen(): Promise<void> {
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

  feed(feed: Feed): void {
    this.#page.feed?.(feed)
  }

  // hot: once per scrape.
  respond(request: RequestHead): Answer | undefined {
    const isMetrics = request.path === METRICS_PATH
    if (isMetrics && request.method === 'GET') return this.#scrape(request)
    if (this.#partitioned) return undefined
    const last = !request.keepAlive
    const { answers } = this.#context
    const isHead = request.method === 'HEAD'
    if (isMetrics && isHead) return { bytes: answers.metricsHead(last), last, ticket: -1 }
    return { bytes: answers.refusal(isMetrics ? 405 : 404, { last, head: isHead }), last, ticket: -1 }
  }

  refuse(fault: HeadFault | 431): Buffer | undefined {
    if (this.#partitioned) return undefined
    return this.#context.answers.refusal(fault, { last: true })
  }

  settled(ticket: number, complete: boolean): void {
    const bytes = this.#underWay.get(ticket)!
    this.#underWay.delete(ticket)
    const { truth } = this.#context
    if (complete) {
      truth.recordServed(this.spec.slot, this.#page.sampleCount, bytes)
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
    // A target's clock never goes back, even when the machine's is set: its counters would fall.
    this.#lastUnixMs = Math.max(this.#lastUnixMs, Math.floor(clock.unixMs()))
    const body = this.#page.render(this.#lastUnixMs, sequence)
    const last = !request.keepAlive
    const bytes = answers.metrics(body, { gzip: request.acceptsGzip && this.#page.textOnly !== true, last })
    this.#underWay.set(ticket, body.length)
    return { bytes, last, ticket }
  }

  #listenOn(port: number): Promise<void> {
    const { address } = this.spec
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, socket => this.#onConnection(socket))
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
