import { Pool } from 'undici'
import { type Clock, formatDuration } from '../../base/index.ts'
import { SubjectError } from './errors.ts'
import { ResultSplitter } from './result-splitter.ts'
import { parseSampleValue } from './sample-value.ts'
import type { InstantSample, RawSeries } from './subject.ts'

/** Longer than any subject's own limit of a query (Prometheus 2 min, VictoriaMetrics 30 s). */
const TIMEOUT_MS = 150_000

/** Enough for the harness' few parallel queries; what is more waits here instead of crowding the subject. */
const CONNECTIONS_MAX = 8

/** Where the text of a refusal is cut. */
const QUOTE_CHARACTERS_MAX = 400

type Series = {
  readonly metric?: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
}

/** Speaks the Prometheus query API with one subject. All answers are read as they arrive, one series at a time. */
export class QueryClient {
  readonly #clock: Clock
  readonly #kind: string
  readonly #url: string
  readonly #timeoutMs: number
  readonly #pool: Pool
  /** What stands before its paths, for one behind a proxy; mostly nothing. */
  readonly #prefix: string
  #closed: Promise<void> | undefined

  constructor(clock: Clock, kind: string, url: string, options: { readonly timeoutMs?: number } = {}) {
    this.#clock = clock
    this.#kind = kind
    this.#url = url
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
    const { origin, pathname } = new URL(url)
    this.#prefix = pathname.replace(/\/$/, '')
    // Time-outs come from the clock alone.
    this.#pool = new Pool(origin, { connections: CONNECTIONS_MAX, headersTimeout: 0, bodyTimeout: 0 })
  }

  /**
   * An instant vector; a scalar is one sample without labels. Native histograms have no value and are left out.
   *
   * @throws SubjectError CHURN_SUBJECT_QUERY
   */
  async instant(promql: string, atUnixMs?: number): Promise<InstantSample[]> {
    const out: InstantSample[] = []
    const form: Record<string, string> = { query: promql }
    if (atUnixMs !== undefined) form['time'] = seconds(atUnixMs)
    const envelope = await this.#query(promql, form, ({ metric, value }) => {
      if (value !== undefined) out.push({ labels: metric ?? {}, value: parseSampleValue(value[1]) })
    })
    const { resultType, result } = envelope.data
    if (resultType === 'scalar') return [{ labels: {}, value: parseSampleValue(String(result[1])) }]
    if (resultType !== 'vector') throw this.#refused(promql, `it is a ${resultType}, not an instant vector`)
    return out
  }

  /**
   * Samples as stored in [minUnixMs, maxUnixMs], whole milliseconds: a range selector evaluated at the end.
   *
   * Prometheus 3 leaves the window's left end out, Prometheus 2 does not: it is opened one millisecond earlier, and
   * what lies before is dropped here. Without stale markers; native histograms are left out.
   *
   * @throws SubjectError CHURN_SUBJECT_QUERY
   */
  async rawRange(selector: string, minUnixMs: number, maxUnixMs: number): Promise<RawSeries[]> {
    const min = Math.ceil(minUnixMs)
    const max = Math.floor(maxUnixMs)
    if (max < min) return []
    const out: RawSeries[] = []
    const promql = `${selector}[${max - min + 1}ms]`
    const envelope = await this.#query(promql, { query: promql, time: seconds(max) }, ({ metric, values }) => {
      const series = values === undefined ? undefined : columns(metric ?? {}, values, min, max)
      if (series !== undefined) out.push(series)
    })
    const { resultType } = envelope.data
    if (resultType !== 'matrix') throw this.#refused(promql, `it is a ${resultType}, not a range vector`)
    return out
  }

  /** Status of a GET whose body does not matter. Rejects as the network does, or when `signal` says so. */
  async status(path: string, signal: AbortSignal): Promise<number> {
    const { statusCode, body } = await this.#pool.request({ method: 'GET', path: this.#prefix + path, signal })
    await body.dump()
    return statusCode
  }

  /** Text of a page of its own, e.g. `/metrics`. @throws SubjectError CHURN_SUBJECT_QUERY */
  async text(path: string): Promise<string> {
    const chunks: Buffer[] = []
    const status = await this.#request({ method: 'GET', path }, chunk => chunks.push(chunk))
    if (status === 200) return Buffer.concat(chunks).toString('utf8')
    throw new SubjectError('CHURN_SUBJECT_QUERY', `${this.#kind} at ${this.#url}${path} answers HTTP ${status}`)
  }

  /**
   * A request whose answer is handed over chunk by chunk. Returns its status.
   *
   * @throws SubjectError CHURN_SUBJECT_QUERY when the subject cannot be reached, breaks off, or takes too long.
   */
  post(
    path: string,
    form: Readonly<Record<string, string>>,
    onChunk: (chunk: Buffer, statusCode: number) => void,
  ): Promise<number> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.#request({ method: 'POST', path, headers, body: new URLSearchParams(form).toString() }, onChunk)
  }

  async #request(
    what: {
      readonly method: 'GET' | 'POST'
      readonly path: string
      readonly headers?: Record<string, string>
      readonly body?: string
    },
    onChunk: (chunk: Buffer, statusCode: number) => void,
  ): Promise<number> {
    const abort = new AbortController()
    const timer = this.#clock.schedule(this.#timeoutMs, () => abort.abort())
    const request = { ...what, path: this.#prefix + what.path, signal: abort.signal }
    try {
      const { statusCode, body } = await this.#pool.request(request).catch((error: unknown) => {
        // A kept connection that the subject closed in the meantime; asking again changes nothing there.
        if (!brokenOff(error)) throw error
        return this.#pool.request(request)
      })
      for await (const chunk of body) onChunk(chunk as Buffer, statusCode)
      return statusCode
    } catch (cause) {
      const what = abort.signal.aborted ? `did not answer within ${formatDuration(this.#timeoutMs)}` : 'cannot be asked'
      const detail = abort.signal.aborted ? undefined : cause
      throw new SubjectError('CHURN_SUBJECT_QUERY', `${this.#kind} at ${this.#url} ${what}`, { cause: detail })
    } finally {
      timer.cancel()
    }
  }

  /** Ends all connections; queries under way are broken off. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#pool.destroy()
    return this.#closed
  }

  async #query(
    promql: string,
    form: Readonly<Record<string, string>>,
    onSeries: (series: Series) => void,
  ): Promise<Success> {
    const splitter = new ResultSplitter(json => onSeries(JSON.parse(json) as Series))
    const statusCode = await this.post('/api/v1/query', form, chunk => splitter.push(chunk))
    const answer = parseEnvelope(splitter.envelope)
    if (answer === undefined) {
      throw this.#refused(promql, `HTTP ${statusCode}: ${splitter.envelope.trim().slice(0, QUOTE_CHARACTERS_MAX)}`)
    }
    if (answer.status !== 'success') {
      throw this.#refused(promql, `${answer.errorType}: ${answer.error.slice(0, QUOTE_CHARACTERS_MAX)}`)
    }
    return answer
  }

  #refused(promql: string, why: string): SubjectError {
    return new SubjectError('CHURN_SUBJECT_QUERY', `${this.#kind} does not answer ${quoted(promql)}: ${why}`)
  }
}

interface Success {
  readonly status: 'success'
  readonly data: { readonly resultType: string; readonly result: readonly unknown[] }
}

interface Failure {
  readonly status: 'error'
  readonly errorType: string
  readonly error: string
}

function parseEnvelope(text: string): Success | Failure | undefined {
  let answer: Partial<Success> & Partial<Failure>
  try {
    answer = JSON.parse(text) as typeof answer
  } catch {
    return undefined
  }
  if (answer?.status === 'success' && Array.isArray(answer.data?.result)) return answer as Success
  // Status is a literal type; TypeScript reads the intersection of both as never.
  const { status, errorType, error } = answer as unknown as Failure
  if (status === 'error') return { status, errorType: errorType ?? 'unknown', error: error ?? '' }
  return undefined
}

/** Rows as columns, those outside [min, max] left out; `undefined` when none is left. */
function columns(
  labels: Readonly<Record<string, string>>,
  rows: readonly (readonly [number, string])[],
  min: number,
  max: number,
): RawSeries | undefined {
  const tMs = new Float64Array(rows.length)
  const values = new Float64Array(rows.length)
  let count = 0
  for (const [atSeconds, text] of rows) {
    const atMs = Math.round(atSeconds * 1000)
    if (atMs < min || atMs > max) continue
    tMs[count] = atMs
    values[count++] = parseSampleValue(text)
  }
  return count === 0 ? undefined : { labels, tMs: tMs.subarray(0, count), values: values.subarray(0, count) }
}

/** Unix seconds with the milliseconds that a float's shortest form might not show. */
export function seconds(unixMs: number): string {
  return (unixMs / 1000).toFixed(3)
}

function quoted(promql: string): string {
  return promql.length > QUOTE_CHARACTERS_MAX ? `"${promql.slice(0, QUOTE_CHARACTERS_MAX)}…"` : `"${promql}"`
}

function brokenOff(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'
}
