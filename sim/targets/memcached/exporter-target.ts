import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { TargetSpec } from '../../kubelet/pod-runtime.ts'
import { listenOn } from '../listen-on.ts'
import { ExpositionTemplate } from '../exposition-template.ts'
import { TextPage } from '../text-page.ts'
import { fillIdentity, IDENTITY_ROWS, identityTemplate } from '../identity.ts'
import type { OpenContainer } from '../open-container.ts'
import { PageRecord } from '../page-record.ts'
import type { TargetContext } from '../pod-target.ts'
import type { ScrapeLog } from '../scrape-log.ts'
import { MemcachedClient } from './memcached-client.ts'
import { memcachedMetrics } from './memcached-metrics.ts'

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const MEMCACHED_PORT = 11_211
/** As the real exporter: a server that takes longer is not up. */
const TIMEOUT_MS = 1000

/** What was written, and the value of each of its samples. */
interface Rendered {
  readonly body: Buffer
  readonly samples: number
}

/**
 * A simulated exporter: asks the Memcached of its pod for its statistics at every scrape, over the pod's own address, and
 * serves what it was told. Whether that Memcached is simulated or real is nothing to it.
 *
 * What it shows is no function of its scrapes, so it is written down for who checks it.
 */
export class MemcachedExporter implements OpenContainer {
  readonly #context: TargetContext
  readonly #spec: TargetSpec
  readonly #log: ScrapeLog
  readonly #record: PageRecord
  readonly #identity: ExpositionTemplate
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  #partitioned = false
  #closed = false

  constructor(context: TargetContext, spec: TargetSpec, log: ScrapeLog) {
    this.#context = context
    this.#spec = spec
    this.#log = log
    this.#record = log.record ??= new PageRecord()
    this.#identity = identityTemplate(spec)
  }

  async listen(): Promise<void> {
    try {
      await Promise.all(this.#spec.ports.map(port => this.#listenOn(port)))
    } catch (error) {
      this.close()
      throw error
    }
    this.#context.truth.recordListening(this.#spec.slot, this.#context.clock.monotonicNs())
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const server of this.#servers) server.close()
    this.#resetAll()
    this.#context.truth.recordClosed(this.#spec.slot, this.#context.clock.monotonicNs())
  }

  setPartitioned(partitioned: boolean): void {
    if (this.#partitioned === partitioned) return
    this.#partitioned = partitioned
    if (!partitioned) this.#resetAll()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', 'http://pod')
    if (pathname === '/metrics' && request.method === 'GET') {
      void this.#scrape(response)
    } else if (!this.#partitioned) {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n')
    }
  }

  async #scrape(response: ServerResponse): Promise<void> {
    const { clock, truth, originNs } = this.#context
    const { slot } = this.#spec
    const atNs = clock.monotonicNs()
    truth.recordRequest(slot, atNs)
    const row = this.#log.add(Number(atNs - originNs) / 1e6)
    if (this.#partitioned) {
      truth.recordFailed(slot)
      return
    }
    const { body, samples } = this.#render(row, await this.#ask())
    let isSettled = false
    const settle = (complete: boolean): void => {
      if (isSettled) return
      isSettled = true
      if (complete) {
        truth.recordServed(slot, samples, body.length)
        this.#log.markServed(row)
      } else {
        truth.recordFailed(slot)
      }
    }
    response.once('finish', () => settle(true))
    response.once('close', () => settle(false))
    if (response.destroyed) settle(false)
    else response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': body.length }).end(body)
  }

  async #ask(): Promise<Parameters<typeof memcachedMetrics>[0]> {
    const { clock } = this.#context
    let client: MemcachedClient | undefined
    const overdue = clock.schedule(TIMEOUT_MS, () => client?.close())
    try {
      client = await MemcachedClient.connect(this.#spec.address, portOf(this.#spec))
      return {
        general: await client.stats(),
        items: await client.stats('items'),
        slabs: await client.stats('slabs'),
        settings: await client.stats('settings'),
      }
    } catch {
      return undefined
    } finally {
      overdue.cancel()
      client?.close()
    }
  }

  #render(row: number, answers: Parameters<typeof memcachedMetrics>[0]): Rendered {
    const filled = memcachedMetrics(answers)
    const template = new ExpositionTemplate(filled.map(({ family }) => family))
    const mantissas = new Float64Array(IDENTITY_ROWS + template.series.length)
    fillIdentity(mantissas, Math.floor(this.#context.clock.unixMs()), row + 1)
    mantissas.set(
      filled.flatMap(({ mantissas: values }) => values),
      IDENTITY_ROWS,
    )
    const page = new TextPage([this.#identity, template], { compute: into => into.set(mantissas) })
    const body = Buffer.from(page.render(mantissas[1]!, mantissas[0]!))
    const samples = [this.#identity, template].flatMap((part, p) =>
      part.series.map((series, i) => ({
        ...series,
        value: part.valueOf(i, mantissas[(p === 0 ? 0 : IDENTITY_ROWS) + i]!),
      })),
    )
    this.#record.add(row, samples)
    return { body, samples: samples.length }
  }

  #listenOn(port: number): Promise<void> {
    const server = createServer({ keepAliveTimeout: 0 }, (request, response) => this.#answer(request, response))
    this.#servers.push(server)
    server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    return listenOn(server, {
      address: this.#spec.address,
      port,
      isClosed: () => this.#closed,
      onFault: error => this.#context.onFault(error),
    })
  }

  #resetAll(): void {
    for (const socket of this.#sockets) {
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
}

/** As the real exporter is told whom to ask: `--memcached.address=host:port`. The host is always the pod's own. */
function portOf({ command = [] }: TargetSpec): number {
  const said = command
    .map(text => /^--memcached\.address=.*:(\d{1,5})$/.exec(text)?.[1])
    .find(port => port !== undefined)
  return said === undefined ? MEMCACHED_PORT : Number(said)
}
