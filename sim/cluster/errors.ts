import type { Status } from 'kubernetes-types/meta/v1.js'

type Reason =
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Expired'
  | 'Forbidden'
  | 'Gone'
  | 'InternalError'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'NotFound'
  | 'RequestEntityTooLarge'
  | 'ServiceUnavailable'
  | 'Timeout'
  | 'TooManyRequests'
  | 'Unauthorized'
  | 'UnsupportedMediaType'

const CODES: Readonly<Record<Reason, number>> = {
  AlreadyExists: 409,
  BadRequest: 400,
  Conflict: 409,
  Expired: 410,
  Forbidden: 403,
  Gone: 410,
  InternalError: 500,
  Invalid: 422,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  NotFound: 404,
  RequestEntityTooLarge: 413,
  ServiceUnavailable: 503,
  Timeout: 504,
  TooManyRequests: 429,
  Unauthorized: 401,
  UnsupportedMediaType: 415,
}

/** A refusal in Kubernetes' own words: becomes a `Status` object and its HTTP code. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly reason: Reason
  readonly code: number
  readonly details: Status['details']
  /** Of the Status itself; only its `continue` is ever set. */
  readonly metadata: NonNullable<Status['metadata']>

  constructor(
    reason: Reason,
    message: string,
    details?: Status['details'],
    metadata: NonNullable<Status['metadata']> = {},
  ) {
    super(message)
    this.reason = reason
    this.code = CODES[reason]
    this.details = details
    this.metadata = metadata
  }

  /** The body that clients expect. */
  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }
}
