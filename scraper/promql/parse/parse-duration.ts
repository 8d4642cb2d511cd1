import type { DurationExpr } from './ast.ts'
import { durationSeconds, numberValue } from './literals.ts'
import type { TokenStream } from './token-stream.ts'

/** 2⁶³ ns in seconds: what Prometheus can hold. */
const MAX_SECONDS = 2 ** 63 / 1e9
const PRECEDENCE: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 }

/** A duration between brackets: literals and arithmetic over them, `step()`, `range()`, `min_of()`, `max_of()`. */
export function parseDurationExpr(tokens: TokenStream, context: string, expected: string): DurationExpr {
  return binary(tokens, 1, context, expected)
}

/** As above, refusing a literal that is not positive. */
export function parsePositiveDuration(tokens: TokenStream, context: string, expected: string): DurationExpr {
  const duration = parseDurationExpr(tokens, context, expected)
  if (duration.kind === 'literal' && duration.seconds <= 0) {
    throw tokens.error(duration.start, 'duration must be greater than 0')
  }
  return duration
}

/** The duration of `offset`: a sign and one term; arithmetic only in parentheses, for `x offset 5m - y` subtracts `y`. */
export function parseOffsetDuration(tokens: TokenStream): DurationExpr {
  const expected = 'number, duration, step(), or range()'
  return tokens.is('-') || tokens.is('+')
    ? signed(tokens, () => parseOffsetDuration(tokens))
    : primary(tokens, 'offset', expected)
}

function binary(tokens: TokenStream, minimum: number, context: string, expected: string): DurationExpr {
  let lhs =
    tokens.is('-') || tokens.is('+')
      ? signed(tokens, () => binary(tokens, PRECEDENCE['^']!, context, expected))
      : primary(tokens, context, expected)
  for (;;) {
    const current = tokens.peek()
    const precedence = current.kind === 'operator' ? PRECEDENCE[current.text] : undefined
    if (precedence === undefined || precedence < minimum) return lhs
    const op = tokens.take().text as '+' | '-' | '*' | '/' | '%' | '^'
    const rhs = binary(tokens, op === '^' ? precedence : precedence + 1, context, expected)
    if (rhs.kind === 'literal' && rhs.seconds === 0 && (op === '/' || op === '%')) {
      throw tokens.error(current.start, op === '/' ? 'division by zero' : 'modulo by zero')
    }
    lhs = { kind: 'operation', op, lhs, rhs, start: lhs.start, end: rhs.end }
  }
}

function signed(tokens: TokenStream, operand: () => DurationExpr): DurationExpr {
  const sign = tokens.take()
  const inner = operand()
  const span = { start: sign.start, end: inner.end }
  if (inner.kind === 'literal') {
    return { kind: 'literal', seconds: sign.text === '-' ? -inner.seconds : inner.seconds, ...span }
  }
  return sign.text === '-' ? { kind: 'negate', operand: inner, ...span } : inner
}

function primary(tokens: TokenStream, context: string, expected: string): DurationExpr {
  const token = tokens.peek()
  const { start } = token
  if (token.kind === 'duration' || token.kind === 'number') {
    tokens.take()
    const seconds = token.kind === 'duration' ? durationSeconds(token.text) : numberValue(token.text)
    if (seconds === undefined) throw tokens.error(start, `not a valid duration string: ${JSON.stringify(token.text)}`)
    if (Math.abs(seconds) > MAX_SECONDS || Number.isNaN(seconds)) throw tokens.error(start, 'duration out of range')
    return { kind: 'literal', seconds, start, end: token.end }
  }
  if (tokens.takeIf('(')) {
    const inner = parseDurationExpr(tokens, context, expected)
    tokens.expect(')', context)
    // Wrapped, so that `(0)` is judged when it is computed, like any other expression.
    return inner.kind === 'literal' ? { ...inner, start, end: tokens.lastEnd } : inner
  }
  if (token.kind === 'identifier' && tokens.peekNext().text === '(') {
    const name = token.text.toLowerCase()
    if (name === 'step' || name === 'range') {
      tokens.take()
      tokens.expect('(', context)
      tokens.expect(')', context)
      return { kind: name, start, end: tokens.lastEnd }
    }
    if (name === 'min_of' || name === 'max_of') {
      tokens.take()
      tokens.expect('(', context)
      const lhs = parseDurationExpr(tokens, context, expected)
      tokens.expect(',', context)
      const rhs = parseDurationExpr(tokens, context, expected)
      tokens.expect(')', context)
      return { kind: 'operation', op: name, lhs, rhs, start, end: tokens.lastEnd }
    }
  }
  throw tokens.unexpected(context, expected)
}
