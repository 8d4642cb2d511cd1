import { Pool } from 'undici'
import type { Clock } from '../../base/index.ts'
import { httpQuery, type QueryRequest } from './query-request.ts'

/** What became of a query that was answered to the end. */
export interface QueryAnswer {
  /** Why it is no success; absent when it is one. */
  readonly fault?: string
  /** Whether a success holds no data at all. */
  readonly empty: boolean
}

/** Asks a query and reads its whole answer. Rejects as the network does, or when `signal` says so. */
export interface QuerySender {
  send(request: QueryRequest, signal: AbortSignal): Promise<QueryAnswer>
}

/** Enough of an answer to see whether it is a success, and whether it holds anything. */
const HEAD_BYTES_MAX = 2048
const QUOTE_CHARACTERS_MAX = 200

const SUCCESS = /^\s*\{\s*"status"\s*:\s*"success"/
const NOTHING = /"(?:result|data)"\s*:\s*(?:\[\s*\]|null)/

/** Speaks HTTP with connections of its own, so that nobody else's questions wait behind these. */
export class HttpQuerySender implements QuerySender {
  readonly #clock: Clock
  readonly #pool: Pool

  /** @param connections as many queries can be under way at once. */
  constructor(clock: Clock, url: string, connections: number) {
    this.#clock = clock
    // Deadlines are the caller's.
    this.#pool = new Pool(url, { connections, headersTimeout: 0, bodyTimeout: 0 })
  }

  async send(request: QueryRequest, signal: AbortSignal): Promise<QueryAnswer> {
    const { method, path, body } = httpQuery(request, this.#clock.unixMs())
    const options = {
      method,
      path,
      signal,
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    }
    const response = await this.#pool.request(options).catch((error: unknown) => {
      // A kept connection that the subject closed in the meantime; asking again changes nothing there.
      if (signal.aborted || (error as { code?: unknown }).code !== 'UND_ERR_SOCKET') throw error
      return this.#pool.request(options)
    })
    let head = ''
    for await (const chunk of response.body) {
      if (head.length < HEAD_BYTES_MAX) head += (chunk as Buffer).toString('latin1', 0, HEAD_BYTES_MAX - head.length)
    }
    const { statusCode } = response
    if (statusCode !== 200) return { fault: `HTTP ${statusCode}: ${quoted(head)}`, empty: false }
    if (!SUCCESS.test(head)) return { fault: `an answer that is no success: ${quoted(head)}`, empty: false }
    return { empty: NOTHING.test(head) }
  }

  /** Ends all connections; queries under way are broken off. */
  close(): Promise<void> {
    return this.#pool.destroy()
  }
}

function quoted(text: string): string {
  return text.trim().slice(0, QUOTE_CHARACTERS_MAX)
}
