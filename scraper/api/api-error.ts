import { QueryError } from '../promql/index.ts'

export type ErrorType =
  'bad_data' | 'execution' | 'canceled' | 'timeout' | 'internal' | 'not_found' | 'not_acceptable' | 'unavailable'

const HTTP_STATUS: Readonly<Record<ErrorType, number>> = {
  bad_data: 400,
  execution: 422,
  canceled: 499,
  timeout: 503,
  internal: 500,
  not_found: 404,
  not_acceptable: 406,
  unavailable: 503,
}

/** What a request is answered with when it fails: Prometheus' `errorType` and a message. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly errorType: ErrorType

  constructor(errorType: ErrorType, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.errorType = errorType
  }

  get status(): number {
    return HTTP_STATUS[this.errorType]
  }

  toJson(): string {
    return JSON.stringify({ status: 'error', errorType: this.errorType, error: this.message })
  }
}

/** A parameter that cannot be read. */
export function invalidParameter(name: string, reason: string): ApiError {
  return new ApiError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${reason}`)
}

/** Any failure as an answer. A query's own errors keep their kind; what nobody foresaw is `internal`. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof QueryError) {
    return error.kind === 'bad_data'
      ? invalidParameter('query', error.message)
      : new ApiError(error.kind, error.message, { cause: error })
  }
  const status = (error as { statusCode?: unknown }).statusCode
  const message = error instanceof Error ? error.message : String(error)
  // Fastify's own: a body that is too long, of unknown type, not readable.
  if (typeof status === 'number' && status >= 400 && status < 500) return new ApiError('bad_data', message)
  return new ApiError('internal', message, { cause: error })
}
