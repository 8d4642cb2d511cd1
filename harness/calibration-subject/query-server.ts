import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock } from '../../base/index.ts'
import type { PodEntry } from './ledger.ts'
import type { MemoryStore, StoredSeries } from './memory-store.ts'
import { parseSelector } from './selector.ts'

interface Answer {
  readonly status: number
  readonly body: unknown
}

/**
 * The part of the Prometheus HTTP API that the harness asks: readiness, and instant queries of one selector.
 *
 * It notes in each pod's ledger when an answer first held its samples, and when one first did not after it was gone.
 */
export class QueryServer {
  readonly #clock: Clock
  readonly #store: MemoryStore<PodEntry>
  readonly #server: Server
  #justShown: PodEntry[] = []
  ready = false

  constructor(clock: Clock, store: MemoryStore<PodEntry>) {
    this.#clock = clock
    this.#store = store
    this.#server = createServer((request, response) => this.#onRequest(request, response))
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', resolve)
    })
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { status, body } = this.#answer(new URL(request.url ?? '/', 'http://x'), Buffer.concat(chunks).toString())
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    })
  }

  #answer(url: URL, form: string): Answer {
    if (url.pathname === '/-/ready') return { status: this.ready ? 200 : 503, body: {} }
    if (url.pathname !== '/api/v1/query') return refusal(404, 'not_found', `${url.pathname} is not served`)
    const nowNs = String(this.#clock.monotonicNs())
    for (const entry of this.#justShown) entry.afterShownNs = nowNs
    this.#justShown = []
    const params = new URLSearchParams(form === '' ? url.search : form)
    const selector = parseSelector(params.get('query') ?? '')
    if (selector === undefined) return refusal(400, 'bad_data', `not a selector: ${params.get('query')}`)
    const atMs = params.has('time') ? Math.round(Number(params.get('time')) * 1000) : this.#clock.unixMs()
    const selected = this.#store.select(selector.matches)
    if (selector.rangeMs !== undefined) {
      const all = selected.map(({ series }) => series)
      return success('matrix', rows(all, atMs - selector.rangeMs, atMs))
    }
    const result = []
    for (const { series, owner } of selected) {
      const found = series.at(atMs)
      this.#note(owner, found !== undefined)
      if (found !== undefined) result.push({ metric: series.labels, value: [found.tMs / 1000, valueText(found.value)] })
    }
    return success('vector', result)
  }

  #note(entry: PodEntry, shown: boolean): void {
    if (shown && entry.shownNs === undefined) {
      entry.shownNs = String(this.#clock.monotonicNs())
      this.#justShown.push(entry)
    }
    if (!shown && entry.goneNs !== undefined) entry.hiddenNs ??= String(this.#clock.monotonicNs())
  }
}

/** Left-open, as Prometheus 3. */
function rows(selected: readonly StoredSeries[], afterMs: number, untilMs: number): unknown[] {
  const out: unknown[] = []
  for (const { labels, tMs, values } of selected) {
    const kept: [number, string][] = []
    for (let i = 0; i < tMs.length; i++) {
      const at = tMs.array[i]!
      if (at > afterMs && at <= untilMs) kept.push([at / 1000, valueText(values.array[i]!)])
    }
    if (kept.length > 0) out.push({ metric: labels, values: kept })
  }
  return out
}

function valueText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

function success(resultType: string, result: unknown): Answer {
  return { status: 200, body: { status: 'success', data: { resultType, result } } }
}

function refusal(status: number, errorType: string, error: string): Answer {
  return { status, body: { status: 'error', errorType, error } }
}
