import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createGunzip } from 'node:zlib'
import type { KubeConfig } from '@kubernetes/client-node'
import { type Clock, describeError } from '../../../base/index.ts'
import { TraceError } from '../errors.ts'

/** A request that did not get what it asked for. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  /** HTTP status, or the code of an ERROR event; 0 when nobody answered. */
  readonly status: number
  /** How long the server wants to be left alone. */
  readonly retryAfterMs: number
  /** It was told by a watch that had been let in. */
  readonly isEvent: boolean
  /** A watch that had been let in was broken off. */
  readonly isBreak: boolean

  constructor(message: string, status: number, options: FailureOptions = {}) {
    super(message)
    this.status = status
    this.retryAfterMs = options.retryAfterMs ?? 0
    this.isEvent = options.isEvent ?? false
    this.isBreak = options.isBreak ?? false
  }

  /** The version to go on from is forgotten: everything must be listed again. */
  get isExpired(): boolean {
    return this.status === 410
  }
}

interface FailureOptions {
  readonly retryAfterMs?: number
  readonly isEvent?: boolean
  readonly isBreak?: boolean
}

export interface WatchLine {
  readonly type: string
  readonly object: unknown
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

const GET_TIMEOUT_MS = 30_000
/** An object is at most some 1.5 MB in etcd; a line that is longer is no event. */
const LINE_CHARS_MAX = 32 * 1024 * 1024
const KEEP_ALIVE_MS = 30_000

/**
 * Lists and watches as they are on the wire.
 *
 * The configuration and all ways to log in (certificates, tokens, exec plugins, OIDC, proxies) are client-node's. Its `Watch`
 * is not used: it drops lines that it cannot parse and exceptions of its callback without a word, forgets what a refusal
 * says, and its typed lists do not look as its watches do.
 */
export class KubeApi {
  readonly context: string
  readonly #clock: Clock
  readonly #config: KubeConfig
  readonly #server: string

  private constructor(clock: Clock, config: KubeConfig, server: string) {
    this.#clock = clock
    this.#config = config
    this.#server = server.replace(/\/$/, '')
    this.context = config.getCurrentContext()
  }

  /**
   * Reads the kubeconfig: the given one, or that of kubectl (`KUBECONFIG`, `~/.kube/config`, within a pod its service account).
   *
   * @throws TraceError CHURN_TRACE_RECORD
   */
  static async load(
    clock: Clock,
    options: { readonly kubeconfig?: string; readonly context?: string },
  ): Promise<KubeApi> {
    const { KubeConfig } = await import('@kubernetes/client-node')
    const config = new KubeConfig()
    const { kubeconfig, context } = options
    try {
      if (kubeconfig === undefined) config.loadFromDefault()
      else config.loadFromFile(kubeconfig)
    } catch (cause) {
      throw new TraceError('CHURN_TRACE_RECORD', `the kubeconfig ${kubeconfig ?? ''} cannot be read`, { cause })
    }
    const names = config.getContexts().map(({ name }) => name)
    if (context !== undefined) {
      if (!names.includes(context)) {
        const known = names.length === 0 ? 'none' : names.join(', ')
        throw new TraceError('CHURN_TRACE_RECORD', `the kubeconfig has no context "${context}"; it has ${known}`)
      }
      config.setCurrentContext(context)
    }
    const cluster = config.getCurrentCluster()
    if (cluster === null || !cluster.server) {
      throw new TraceError('CHURN_TRACE_RECORD', 'the kubeconfig names no current cluster; choose one with --context')
    }
    // client-node sends nothing in the clear unless it is told to.
    if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
      throw new TraceError(
        'CHURN_TRACE_RECORD',
        `the server of cluster "${cluster.name}" speaks plain HTTP; allow it in the kubeconfig: insecure-skip-tls-verify: true`,
      )
    }
    return new KubeApi(clock, config, cluster.server)
  }

  /** @throws ApiFailure */
  async get(path: string, query: Query, signal: AbortSignal): Promise<unknown> {
    const timeUp = new AbortController()
    const timer = this.#clock.schedule(GET_TIMEOUT_MS, () => timeUp.abort())
    try {
      const response = await this.#request(path, query, AbortSignal.any([signal, timeUp.signal]))
      const text = await textOf(response)
      if (response.statusCode !== 200) throw refusalOf(response, text)
      return JSON.parse(text) as unknown
    } catch (error) {
      if (timeUp.signal.aborted) throw new ApiFailure(`no answer within ${GET_TIMEOUT_MS / 1000} s`, 0)
      throw asFailure(error)
    } finally {
      timer.cancel()
    }
  }

  /**
   * Resolves when the watch ends.
   *
   * @param onOpen the server has let the watch in.
   * @throws ApiFailure, also for an ERROR event.
   */
  async watch(
    path: string,
    query: Query,
    signal: AbortSignal,
    on: { readonly open: () => void; readonly line: (line: WatchLine) => void },
  ): Promise<void> {
    const response = await this.#answered(path, { ...query, watch: true }, signal)
    let isOpen = false
    try {
      if (response.statusCode !== 200) throw refusalOf(response, await textOf(response))
      isOpen = true
      response.socket?.setKeepAlive(true, KEEP_ALIVE_MS)
      on.open()
      for await (const line of linesOf(response)) on.line(watchLineOf(line))
    } catch (error) {
      if (error instanceof ApiFailure || !isOpen) throw asFailure(error)
      throw isConnectionError(error) ? new ApiFailure(describeError(error), 0, { isBreak: true }) : error
    } finally {
      response.destroy()
    }
  }

  /** A server that takes a request and never answers it must not be waited for as long as a watch may last. */
  async #answered(path: string, query: Query, signal: AbortSignal): Promise<IncomingMessage> {
    const timeUp = new AbortController()
    const timer = this.#clock.schedule(GET_TIMEOUT_MS, () => timeUp.abort())
    try {
      return await this.#request(path, query, AbortSignal.any([signal, timeUp.signal]))
    } catch (error) {
      if (timeUp.signal.aborted) throw new ApiFailure(`no answer within ${GET_TIMEOUT_MS / 1000} s`, 0)
      throw asFailure(error)
    } finally {
      timer.cancel()
    }
  }

  async #request(path: string, query: Query, signal: AbortSignal): Promise<IncomingMessage> {
    signal.throwIfAborted()
    const url = new URL(`${this.#server}${path}`)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const isWatch = query['watch'] !== undefined
    const options: RequestOptions = {
      method: 'GET',
      signal,
      headers: { accept: 'application/json', ...(isWatch ? {} : { 'accept-encoding': 'gzip' }) },
    }
    await this.#config.applyToHTTPSOptions(options)
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'http:' ? httpRequest : httpsRequest
      send(url, options, resolve).on('error', reject).end()
    })
  }
}

/** @throws ApiFailure */
function watchLineOf(text: string): WatchLine {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ApiFailure(`a watch sent what is no JSON: ${text.slice(0, 80)}`, 0)
  }
  const { type, object } = value as Partial<WatchLine>
  if (type === 'ERROR') {
    const { code = 0, message = 'an error without a message' } = (object ?? {}) as { code?: number; message?: string }
    throw new ApiFailure(message, code, { isEvent: true })
  }
  return { type: String(type), object }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8')
  let rest = ''
  for await (const chunk of response as AsyncIterable<string>) {
    const parts = chunk.split('\n')
    if (parts.length === 1) {
      rest += chunk
      if (rest.length > LINE_CHARS_MAX) throw new ApiFailure('a watch sent a line that does not end', 0)
      continue
    }
    parts[0] = rest + parts[0]!
    rest = parts.pop()!
    for (const line of parts) if (line.trim() !== '') yield line
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  const isPacked = response.headers['content-encoding'] === 'gzip'
  const body = isPacked ? response.pipe(createGunzip()) : response
  if (isPacked) response.on('error', error => (body as ReturnType<typeof createGunzip>).destroy(error))
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function refusalOf(response: IncomingMessage, text: string): ApiFailure {
  const { statusCode = 0, statusMessage = '', headers } = response
  let message = statusMessage
  try {
    message = (JSON.parse(text) as { message?: string }).message ?? statusMessage
  } catch {
    // A proxy in between speaks HTML.
  }
  const retryAfterS = Number(headers['retry-after'] ?? 0)
  return new ApiFailure(`${message} (HTTP ${statusCode})`, statusCode, {
    retryAfterMs: Number.isFinite(retryAfterS) ? retryAfterS * 1000 : 0,
  })
}

/** What is no error of the connection is a mistake of ours. */
function isConnectionError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).code === 'string' || (error as Error).name === 'AbortError'
}

function asFailure(cause: unknown): ApiFailure {
  if (cause instanceof ApiFailure) return cause
  // A name with several addresses fails once for each.
  const first = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause
  return new ApiFailure(describeError(first), 0)
}
