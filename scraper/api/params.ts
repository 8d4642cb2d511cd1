import { parsePromDuration } from '../config/index.ts'
import type { Matcher } from '../model/index.ts'
import { parseSelector, QueryError } from '../promql/index.ts'
import { ApiError, invalidParameter } from './api-error.ts'

/** Bounds of time for requests that name none; far beyond what Unix milliseconds of this century need. */
export const MIN_TIME_MS = -9_007_199_254_740_991
export const MAX_TIME_MS = 9_007_199_254_740_991

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/
/** What Prometheus' own clients send for "since ever" and "for ever". */
const MIN_TIME_TEXT = '-292273086-05-16T16:47:06Z'
const MAX_TIME_TEXT = '292277025-08-18T07:12:54.999999999Z'

/** The parameters of one request: of its URL and, with POST, of its form body, which come first. */
export class Params {
  readonly #sources: readonly URLSearchParams[]

  constructor(sources: readonly URLSearchParams[]) {
    this.#sources = sources
  }

  /** The first value; '' when there is none. */
  get(name: string): string {
    for (const source of this.#sources) {
      const value = source.get(name)
      if (value !== null) return value
    }
    return ''
  }

  all(name: string): string[] {
    return this.#sources.flatMap(source => source.getAll(name))
  }

  /** Unix milliseconds from RFC 3339 or Unix seconds. @throws ApiError when it is neither, or missing without default */
  time(name: string, missing?: number): number {
    const text = this.get(name)
    if (text === '' && missing !== undefined) return missing
    const seconds = toNumber(text)
    if (seconds !== undefined && Number.isFinite(seconds)) return toMs(seconds)
    if (RFC3339.test(text)) {
      const tMs = Date.parse(text)
      if (!Number.isNaN(tMs)) return tMs
    }
    if (text === MIN_TIME_TEXT) return MIN_TIME_MS
    if (text === MAX_TIME_TEXT) return MAX_TIME_MS
    const reason = `cannot parse ${JSON.stringify(text)} to a valid timestamp`
    throw invalidParameter(name, missing === undefined ? reason : `invalid time value for '${name}': ${reason}`)
  }

  /**
   * Milliseconds from seconds or a duration such as `1m30s`; `undefined` when missing.
   *
   * @param complaint what Prometheus says of this parameter instead of `invalid parameter`.
   * @throws ApiError
   */
  duration(name: string, complaint?: string): number | undefined {
    const text = this.get(name)
    if (text === '') return undefined
    const seconds = toNumber(text)
    if (seconds !== undefined && Math.abs(seconds) < 2 ** 63 / 1e9) return seconds * 1000
    const ms = seconds === undefined ? parsePromDuration(text) : undefined
    if (ms !== undefined) return ms
    const overflow = seconds === undefined ? '' : '. It overflows int64'
    const reason = `cannot parse ${JSON.stringify(text)} to a valid duration${overflow}`
    throw complaint === undefined ? invalidParameter(name, reason) : new ApiError('bad_data', `${complaint}: ${reason}`)
  }

  /** 0 means no limit. @throws ApiError */
  limit(name = 'limit', missing = 0): number {
    const text = this.get(name)
    if (text === '') return missing
    if (!/^[+-]?\d+$/.test(text)) {
      throw invalidParameter(name, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
    }
    const limit = Number(text)
    if (limit < 0) throw invalidParameter(name, 'limit must be non-negative')
    return limit
  }

  /** Each `match[]` as matchers. @throws ApiError */
  matcherSets(): (readonly Matcher[])[] {
    return this.all('match[]').map(text => {
      let matchers: readonly Matcher[]
      try {
        matchers = parseSelector(text)
      } catch (error) {
        if (!(error instanceof QueryError)) throw error
        throw invalidParameter('match[]', error.message)
      }
      if (matchers.every(matcher => matcher.matches(''))) {
        throw invalidParameter('match[]', 'match[] must contain at least one non-empty matcher')
      }
      return matchers
    })
  }
}

function toNumber(text: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

/** The fraction is rounded by itself, as Prometheus does, so that large times do not decide about it. */
function toMs(seconds: number): number {
  const whole = Math.trunc(seconds)
  return whole * 1000 + Math.round((seconds - whole) * 1000)
}
