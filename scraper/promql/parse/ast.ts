import type { Matcher } from '../../model/index.ts'
import type { FunctionSignature } from '../functions/signatures.ts'
import type { Span } from '../position.ts'

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'

/**
 * A parsed query. Positions are those of the text, for messages.
 *
 * Nodes are written by the parser only; the engine reads them.
 */
export type Expr =
  NumberLiteral | StringLiteral | VectorSelector | MatrixSelector | Subquery | Call | Aggregate | Binary | Unary | Paren

export interface NumberLiteral extends Span {
  readonly kind: 'number'
  readonly value: number
}

export interface StringLiteral extends Span {
  readonly kind: 'string'
  readonly value: string
}

/** The instant of an `@` modifier: Unix milliseconds, or an end of the query's range. */
export type At = number | 'start' | 'end'

export interface VectorSelector {
  readonly kind: 'selector'
  start: number
  end: number
  /** The name written before the braces; '' when there is none. It is among `matchers`, too. */
  readonly name: string
  readonly matchers: readonly Matcher[]
  offset: DurationExpr | undefined
  at: At | undefined
}

export interface MatrixSelector {
  readonly kind: 'matrix'
  start: number
  end: number
  readonly selector: VectorSelector
  readonly range: DurationExpr
}

export interface Subquery {
  readonly kind: 'subquery'
  start: number
  end: number
  readonly expr: Expr
  readonly range: DurationExpr
  /** `undefined`: the default evaluation interval. */
  readonly step: DurationExpr | undefined
  offset: DurationExpr | undefined
  at: At | undefined
}

export interface Call extends Span {
  readonly kind: 'call'
  readonly fn: FunctionSignature
  readonly args: readonly Expr[]
}

export type AggregateOp =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'count_values'
  | 'quantile'

export interface Aggregate extends Span {
  readonly kind: 'aggregate'
  readonly op: AggregateOp
  readonly expr: Expr
  readonly param: Expr | undefined
  readonly grouping: readonly string[]
  readonly without: boolean
}

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2'
export type ComparisonOp = '==' | '!=' | '>' | '<' | '>=' | '<='
export type SetOp = 'and' | 'or' | 'unless'
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp

export interface VectorMatching {
  card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  readonly on: boolean
  readonly labels: readonly string[]
  /** Labels that `group_left` or `group_right` takes from the "one" side. */
  readonly include: readonly string[]
}

export interface Binary extends Span {
  readonly kind: 'binary'
  readonly op: BinaryOp
  readonly lhs: Expr
  readonly rhs: Expr
  readonly bool: boolean
  readonly matching: VectorMatching
  readonly opSpan: Span
}

export interface Unary extends Span {
  readonly kind: 'unary'
  readonly op: '+' | '-'
  readonly expr: Expr
}

export interface Paren extends Span {
  readonly kind: 'paren'
  readonly expr: Expr
}

/** A duration in seconds, possibly computed from the query's own step and range. */
export type DurationExpr =
  | (Span & { readonly kind: 'literal'; readonly seconds: number })
  | (Span & { readonly kind: 'step' | 'range' })
  | (Span & { readonly kind: 'negate'; readonly operand: DurationExpr })
  | (Span & {
      readonly kind: 'operation'
      readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of'
      readonly lhs: DurationExpr
      readonly rhs: DurationExpr
    })

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '>', '<', '>=', '<='])
const SET_OPERATIONS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return COMPARISONS.has(op)
}

export function isSetOperation(op: BinaryOp): op is SetOp {
  return SET_OPERATIONS.has(op)
}

/** The type of an expression's value; well defined once the tree has been checked. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'selector':
    case 'aggregate':
      return 'vector'
    case 'matrix':
    case 'subquery':
      return 'matrix'
    case 'call':
      return expr.fn.returns
    case 'binary':
      return typeOf(expr.lhs) === 'scalar' && typeOf(expr.rhs) === 'scalar' ? 'scalar' : 'vector'
    case 'unary':
    case 'paren':
      return typeOf(expr.expr)
  }
}

/** Without the parentheses around it. */
export function unwrap(expr: Expr): Expr {
  let inner = expr
  while (inner.kind === 'paren') inner = inner.expr
  return inner
}
