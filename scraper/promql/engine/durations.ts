import { QueryError } from '../errors.ts'
import type { DurationExpr } from '../parse/ast.ts'

const MAX_SECONDS = 2 ** 63 / 1e9

/** What duration expressions may refer to. */
export interface DurationContext {
  readonly stepMs: number
  readonly rangeMs: number
}

/** Whole milliseconds of a duration. @throws QueryError when it is not positive and must be, or is out of range */
export function durationMs(expr: DurationExpr, context: DurationContext, mayBeNegative: boolean): number {
  const seconds = evaluate(expr, context)
  const fail = (message: string): never => {
    throw durationError(expr, message)
  }
  if (!Number.isFinite(seconds)) return fail('duration is NaN or infinite')
  if (seconds <= 0 && !mayBeNegative) return fail('duration must be greater than 0')
  if (Math.abs(seconds) > MAX_SECONDS) return fail('duration is out of range')
  return expr.kind === 'literal' ? Math.round(seconds * 1000) : Math.trunc(seconds * 1000)
}

function evaluate(expr: DurationExpr, context: DurationContext): number {
  switch (expr.kind) {
    case 'literal':
      return expr.seconds
    case 'step':
      return context.stepMs / 1000
    case 'range':
      return context.rangeMs / 1000
    case 'negate':
      return -evaluate(expr.operand, context)
    case 'operation': {
      const lhs = evaluate(expr.lhs, context)
      const rhs = evaluate(expr.rhs, context)
      switch (expr.op) {
        case '+':
          return lhs + rhs
        case '-':
          return lhs - rhs
        case '*':
          return lhs * rhs
        case '/':
        case '%':
          if (rhs === 0) {
            const what = expr.op === '/' ? 'division' : 'modulo'
            throw durationError(expr, `${what} by zero`)
          }
          return expr.op === '/' ? lhs / rhs : lhs % rhs
        case '^':
          return lhs ** rhs
        case 'min_of':
          return Math.min(lhs, rhs)
        case 'max_of':
          return Math.max(lhs, rhs)
      }
    }
  }
}

/** Placed by the range of characters, as Prometheus does here (and only here). */
function durationError(expr: DurationExpr, message: string): QueryError {
  return new QueryError('bad_data', `${expr.start}:${expr.end}: ${message}`)
}
