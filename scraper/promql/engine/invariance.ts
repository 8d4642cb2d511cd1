import { type Expr, unwrap } from '../parse/ast.ts'

/** Functions whose result depends on the instant of evaluation even when their arguments do not. */
const TIME_DEPENDENT: ReadonlySet<string> = new Set([
  'minute',
  'hour',
  'day_of_week',
  'day_of_month',
  'day_of_year',
  'days_in_month',
  'month',
  'year',
  'predict_linear',
  'time',
  'timestamp',
  'start',
  'end',
  'step',
  'range',
])

/**
 * Finds expressions that have one value for all steps of a query, so that they are evaluated once: what is made of
 * literals and of selectors with `@`.
 */
export class Invariance {
  readonly #known = new WeakMap<Expr, boolean>()

  of(expr: Expr): boolean {
    let known = this.#known.get(expr)
    if (known === undefined) this.#known.set(expr, (known = this.#judge(expr)))
    return known
  }

  #judge(expr: Expr): boolean {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return true
      case 'selector':
      case 'subquery':
        return expr.at !== undefined
      case 'matrix':
        return expr.selector.at !== undefined
      case 'paren':
      case 'unary':
        return this.of(expr.expr)
      case 'binary':
        return this.of(expr.lhs) && this.of(expr.rhs)
      case 'aggregate':
        return this.of(expr.expr) && (expr.param === undefined || this.of(expr.param))
      case 'call': {
        const args = expr.args.map(unwrap)
        const fixed = args.every(arg => this.of(arg))
        // `timestamp(x @ 1)` is the time of one sample; `timestamp(abs(x @ 1))` is the time of evaluation.
        if (expr.fn.name === 'timestamp') return fixed && args[0]!.kind === 'selector'
        return fixed && !TIME_DEPENDENT.has(expr.fn.name)
      }
    }
  }
}
