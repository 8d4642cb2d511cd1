import { Agent, type Dispatcher } from 'undici'
import type { Clock } from '../../../base/index.ts'
import { RequestHeaders, tlsOptions } from '../../httpclient/index.ts'
import type { KubeEndpoint } from './kube-endpoint.ts'

/** An answer that is not success. */
export class KubeStatusError extends Error {
  override readonly name = 'KubeStatusError'
  readonly status: number
  /** What the server asks to wait before the next try; `undefined` when it does not say. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, message: string, retryAfterMs: number | undefined) {
    super(`HTTP status ${status}: ${message}`)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** An error's answer is quoted, not kept. */
const MAX_ERROR_BYTES = 64 * 1024

export type Query = Readonly<Record<string, string | undefined>>

/** Requests to one API server. Connections are kept and reused; each watch has its own while it runs. */
export class KubeClient {
  readonly #endpoint: KubeEndpoint
  readonly #origin: string
  readonly #basePath: string
  readonly #userAgent: string
  readonly #headers: RequestHeaders
  readonly #agent: Agent

  /** @throws CredentialError when a certificate cannot be read. */
  constructor(clock: Clock, endpoint: KubeEndpoint, userAgent: string) {
    const url = new URL(endpoint.url)
    this.#endpoint = endpoint
    this.#origin = url.origin
    this.#basePath = url.pathname.replace(/\/+$/, '')
    this.#userAgent = userAgent
    this.#headers = new RequestHeaders(clock, endpoint.http)
    this.#agent = new Agent({
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: url.protocol === 'https:' ? { ...tlsOptions(endpoint.http.tls) } : {},
    })
  }

  get ownNamespace(): string {
    return this.#endpoint.ownNamespace
  }

  /**
   * Begins a GET; its body is the caller's to read or to destroy.
   *
   * @throws KubeStatusError for anything but 200, undici's errors for what happens to the connection, CredentialError.
   */
  async get(path: string, query: Query, signal: AbortSignal): Promise<Dispatcher.ResponseData['body']> {
    const headers: Record<string, string | string[]> = { accept: 'application/json', 'user-agent': this.#userAgent }
    this.#headers.addTo(headers)
    const answer = await this.#agent.request({
      origin: this.#origin,
      path: this.#basePath + path + queryString(query),
      method: 'GET',
      headers,
      signal,
    })
    if (answer.statusCode === 200) return answer.body
    const message = await readText(answer.body)
    throw new KubeStatusError(answer.statusCode, shorten(message), retryAfterMs(answer.headers['retry-after']))
  }

  close(): void {
    this.#agent.destroy().catch(() => {})
  }
}

function queryString(query: Query): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, value)
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = ''
  for await (const chunk of body) {
    text += String(chunk)
    if (text.length > MAX_ERROR_BYTES) break
  }
  return text
}

/** The message of a Status object, or the beginning of whatever else came. */
function shorten(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    if (typeof message === 'string') return message
  } catch {
    // Not a Status: a proxy's page, perhaps.
  }
  return text.trim().slice(0, 200)
}

function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}
