import type { ArithmeticOp, ComparisonOp } from '../parse/ast.ts'

/** Go's `math.Pow`, which knows more exact cases than IEEE's power in JavaScript. */
function power(a: number, b: number): number {
  if (a === 1) return 1
  if (a === -1 && (b === Infinity || b === -Infinity)) return 1
  return a ** b
}

const ARITHMETIC: Readonly<Record<ArithmeticOp, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': power,
  atan2: Math.atan2,
}

const COMPARISON: Readonly<Record<ComparisonOp, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
}

export function arithmetic(op: ArithmeticOp): (a: number, b: number) => number {
  return ARITHMETIC[op]
}

export function comparison(op: ComparisonOp): (a: number, b: number) => boolean {
  return COMPARISON[op]
}
