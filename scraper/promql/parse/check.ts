import type { QueryError } from '../errors.ts'
import {
  type Aggregate,
  type Binary,
  type Call,
  type Expr,
  isComparison,
  isSetOperation,
  typeOf,
  type ValueType,
} from './ast.ts'
import { parseError } from './parse-error.ts'

const DOCUMENTED: Readonly<Record<ValueType, string>> = {
  vector: 'instant vector',
  matrix: 'range vector',
  scalar: 'scalar',
  string: 'string',
}

/**
 * Checks the types of a whole tree, innermost first, and makes set operations many-to-many.
 *
 * @throws QueryError bad_data for the first fault
 */
export function check(expr: Expr, text: string): void {
  new Checker(text).check(expr)
}

class Checker {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  check(expr: Expr): ValueType {
    switch (expr.kind) {
      case 'number':
      case 'string':
      case 'selector':
      case 'matrix':
        break
      case 'paren':
        this.check(expr.expr)
        break
      case 'unary': {
        const type = this.check(expr.expr)
        if (type !== 'scalar' && type !== 'vector') {
          throw this.#error(
            expr.start,
            `unary expression only allowed on expressions of type scalar or instant vector, got "${DOCUMENTED[type]}"`,
          )
        }
        break
      }
      case 'subquery': {
        const type = this.check(expr.expr)
        if (type !== 'vector') {
          throw this.#error(expr.start, `subquery is only allowed on instant vector, got ${type} instead`)
        }
        break
      }
      case 'aggregate':
        this.#aggregate(expr)
        break
      case 'call':
        this.#call(expr)
        break
      case 'binary':
        this.#binary(expr)
        break
    }
    return typeOf(expr)
  }

  #aggregate(expr: Aggregate): void {
    this.#expect(expr.expr, 'vector', 'aggregation expression')
    if (expr.param === undefined) return
    this.#expect(expr.param, expr.op === 'count_values' ? 'string' : 'scalar', 'aggregation parameter')
  }

  #expect(expr: Expr, wanted: ValueType, context: string): void {
    const type = this.check(expr)
    if (type !== wanted) {
      throw this.#error(expr.start, `expected type ${DOCUMENTED[wanted]} in ${context}, got ${DOCUMENTED[type]}`)
    }
  }

  #call(expr: Call): void {
    const { fn, args } = expr
    const name = JSON.stringify(fn.name)
    const declared = fn.args.length
    if (fn.variadic === 0) {
      if (args.length !== declared) {
        throw this.#error(expr.start, `expected ${declared} argument(s) in call to ${name}, got ${args.length}`)
      }
    } else {
      const least = declared - 1
      const most = fn.variadic < 0 ? Infinity : least + fn.variadic
      if (args.length < least) {
        throw this.#error(expr.start, `expected at least ${least} argument(s) in call to ${name}, got ${args.length}`)
      }
      if (args.length > most) {
        throw this.#error(expr.start, `expected at most ${most} argument(s) in call to ${name}, got ${args.length}`)
      }
    }
    for (const [i, arg] of args.entries()) {
      const wanted = fn.args[Math.min(i, declared - 1)]!
      const type = this.check(arg)
      if (type !== wanted) {
        throw this.#error(
          arg.start,
          `expected type ${DOCUMENTED[wanted]} in call to function ${name}, got ${DOCUMENTED[type]}`,
        )
      }
    }
  }

  #binary(expr: Binary): void {
    const { op, matching } = expr
    const lhs = this.check(expr.lhs)
    const rhs = this.check(expr.rhs)
    if (expr.bool && !isComparison(op)) {
      throw this.#error(expr.opSpan.start, 'bool modifier can only be used on comparison operators')
    }
    if (isComparison(op) && !expr.bool && lhs === 'scalar' && rhs === 'scalar') {
      throw this.#error(expr.opSpan.start, 'comparisons between scalars must use BOOL modifier')
    }
    if (matching.on) {
      const twice = matching.labels.find(label => matching.include.includes(label))
      if (twice !== undefined) {
        throw this.#error(
          expr.opSpan.start,
          `label ${JSON.stringify(twice)} must not occur in ON and GROUP clause at once`,
        )
      }
    }
    for (const [side, type] of [
      [expr.lhs, lhs],
      [expr.rhs, rhs],
    ] as const) {
      if (type !== 'scalar' && type !== 'vector') {
        throw this.#error(side.start, 'binary expression must contain only scalar and instant vector types')
      }
    }
    if (lhs !== 'vector' || rhs !== 'vector') {
      if (matching.labels.length > 0) {
        throw this.#error(expr.start, 'vector matching only allowed between instant vectors')
      }
      if (isSetOperation(op)) {
        throw this.#error(expr.start, `set operator "${op}" not allowed in binary scalar expression`)
      }
    } else if (isSetOperation(op)) {
      if (matching.card !== 'one-to-one') {
        throw this.#error(expr.start, `no grouping allowed for "${op}" operation`)
      }
      matching.card = 'many-to-many'
    }
  }

  #error(index: number, message: string): QueryError {
    return parseError(this.#text, index, message)
  }
}
