import { CodedError, ExitCode } from '../../base/index.ts'

/** How a query failed; the HTTP API turns it into its `errorType`. */
export type QueryErrorKind = 'bad_data' | 'execution' | 'canceled' | 'timeout'

const CODES: Readonly<Record<QueryErrorKind, string>> = {
  bad_data: 'CHURN_PROMQL_PARSE',
  execution: 'CHURN_PROMQL_EXECUTION',
  canceled: 'CHURN_PROMQL_CANCELED',
  timeout: 'CHURN_PROMQL_TIMEOUT',
}

/** A query that cannot be read, or that failed while it ran. The message is worded as Prometheus words it. */
export class QueryError extends CodedError {
  override readonly name = 'QueryError'
  readonly kind: QueryErrorKind

  constructor(kind: QueryErrorKind, message: string, options: { readonly cause?: unknown } = {}) {
    super(CODES[kind], message, { ...options, exitCode: ExitCode.usage })
    this.kind = kind
  }
}

/** A fault of evaluation: `vector cannot contain metrics with the same labelset` and its like. */
export function executionError(message: string): QueryError {
  return new QueryError('execution', message)
}
