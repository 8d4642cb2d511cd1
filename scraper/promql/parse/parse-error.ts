import { QueryError } from '../errors.ts'
import { lineAndColumn } from '../position.ts'

/** `1:5: parse error: …`, the form in which Prometheus refuses a query. */
export function parseError(text: string, index: number, message: string): QueryError {
  return new QueryError('bad_data', `${lineAndColumn(text, index)}: parse error: ${message}`)
}
