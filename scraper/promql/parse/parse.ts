import type { Matcher } from '../../model/index.ts'
import { QueryError } from '../errors.ts'
import { formatFloat } from '../format-float.ts'
import { functionSignature, NOT_BUILT } from '../functions/signatures.ts'
import type { Aggregate, AggregateOp, Binary, BinaryOp, Expr, VectorMatching } from './ast.ts'
import { check } from './check.ts'
import { durationSeconds, numberValue } from './literals.ts'
import { parseOffsetDuration, parsePositiveDuration } from './parse-duration.ts'
import { parseVectorSelector } from './parse-selector.ts'
import { isLabelName } from '../label-name.ts'
import { TokenStream } from './token-stream.ts'
import { AGGREGATORS } from './tokens.ts'

export interface ParseOptions {
  /** Feature `promql-experimental-functions`. */
  readonly experimentalFunctions?: boolean
}

const PRECEDENCE: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '>': 3,
  '<': 3,
  '>=': 3,
  '<=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
}
/** A sign binds like a product: `-x ^ 2` is `-(x ^ 2)`. */
const POWER = PRECEDENCE['^']!
/** Aggregators whose first argument is a parameter. */
const WITH_PARAMETER: ReadonlySet<string> = new Set(['topk', 'bottomk', 'count_values', 'quantile'])
/** Words that cannot be a metric's name. */
const RESERVED: ReadonlySet<string> = new Set(['bool', 'on', 'ignoring', 'group_left', 'group_right'])
/** Deeper trees than any query that makes sense; keeps a hostile one from exhausting the stack. */
const MAX_DEPTH = 500

/**
 * Reads a PromQL expression and checks its types.
 *
 * A hand-written parser (precedence climbing over Prometheus' grammar) rather than the editor's lezer grammar: that one
 * reads `-1^2` as `(-1)^2`, does not take `2.` for a number, and knows functions by a fixed list, so that it can say
 * neither `unknown function` nor where. The tests hold the two against each other.
 *
 * @throws QueryError bad_data, worded and placed as Prometheus does
 */
export function parse(text: string, options: ParseOptions = {}): Expr {
  const parser = new Parser(text, options)
  const expr = parser.parseAll()
  check(expr, text)
  return expr
}

/** Reads a series selector, as `match[]` of the API has it; it may match everything. @throws QueryError bad_data */
export function parseSelector(text: string): readonly Matcher[] {
  const tokens = new TokenStream(text)
  const current = tokens.peek()
  const named = current.kind === 'metric' || current.kind === 'identifier'
  const selector = parseVectorSelector(tokens, named ? tokens.take().text : '', current.start, true)
  if (tokens.peek().kind !== 'eof') throw tokens.unexpected()
  return selector.matchers
}

/**
 *   binary  = unary { op [bool] [on|ignoring (…) [group_left|group_right (…)]] binary }     by precedence
 *   unary   = [+|-] … binary of powers | postfix
 *   postfix = primary { '[' range [':' [step]] ']' | offset duration | '@' instant }
 *   primary = number | string | '(' binary ')' | aggregation | call | selector
 */
class Parser {
  readonly #tokens: TokenStream
  readonly #experimental: boolean
  #depth = 0

  constructor(text: string, options: ParseOptions) {
    this.#tokens = new TokenStream(text)
    this.#experimental = options.experimentalFunctions ?? false
  }

  parseAll(): Expr {
    const tokens = this.#tokens
    if (tokens.peek().kind === 'eof') throw nothingToParse(tokens)
    const expr = this.#binary(1)
    if (tokens.is(')')) throw tokens.error(tokens.lastEnd + 1, "unexpected right parenthesis ')'")
    if (tokens.is(']')) throw tokens.error(tokens.peek().start, "unexpected right bracket ']'")
    if (tokens.peek().kind !== 'eof') throw tokens.unexpected()
    return expr
  }

  #binary(minimum: number): Expr {
    if (++this.#depth > MAX_DEPTH) throw this.#tokens.error(0, `expression is nested more than ${MAX_DEPTH} deep`)
    let lhs = this.#unary()
    for (;;) {
      const tokens = this.#tokens
      const current = tokens.peek()
      const op = current.kind === 'identifier' ? current.text.toLowerCase() : current.text
      const operator = current.kind === 'operator' || current.kind === 'identifier'
      if (operator && (op === '</' || op === '>/')) {
        throw tokens.error(current.start, `operator ${op} needs native histograms, which are not supported`)
      }
      const precedence = operator ? PRECEDENCE[op] : undefined
      if (precedence === undefined || precedence < minimum) {
        this.#depth--
        return lhs
      }
      tokens.take()
      const bool = tokens.takeWord('bool')
      const matching = this.#matching(lhs.start)
      const rhs = this.#binary(op === '^' ? precedence : precedence + 1)
      const binary: Binary = {
        kind: 'binary',
        op: op as BinaryOp,
        lhs,
        rhs,
        bool,
        matching,
        opSpan: current,
        start: lhs.start,
        end: rhs.end,
      }
      lhs = binary
    }
  }

  #matching(start: number): VectorMatching {
    const tokens = this.#tokens
    const matching = { card: 'one-to-one' as VectorMatching['card'], on: false, labels: [] as string[] }
    let include: string[] = []
    if (tokens.isWord('on') || tokens.isWord('ignoring')) {
      matching.on = tokens.take().text.toLowerCase() === 'on'
      matching.labels = this.#labelList()
      if (tokens.isWord('group_left') || tokens.isWord('group_right')) {
        matching.card = tokens.take().text.toLowerCase() === 'group_left' ? 'many-to-one' : 'one-to-many'
        if (tokens.is('(')) include = this.#labelList()
      }
    }
    for (const word of ['fill', 'fill_left', 'fill_right']) {
      if (tokens.isWord(word) && tokens.peekNext().text === '(') {
        throw tokens.error(start, 'binop fill modifiers are experimental and not enabled')
      }
    }
    return { ...matching, include }
  }

  #unary(): Expr {
    const tokens = this.#tokens
    if (!tokens.is('-') && !tokens.is('+')) return this.#postfix(this.#primary())
    const sign = tokens.take()
    const expr = this.#binary(POWER)
    const span = { start: sign.start, end: expr.end }
    if (expr.kind === 'number') return { kind: 'number', value: sign.text === '-' ? -expr.value : expr.value, ...span }
    return { kind: 'unary', op: sign.text as '+' | '-', expr, ...span }
  }

  #primary(): Expr {
    const tokens = this.#tokens
    const token = tokens.peek()
    const { start } = token
    switch (token.kind) {
      case 'number':
      case 'duration':
        return this.#number()
      case 'string': {
        const value = tokens.takeString()
        return { kind: 'string', value, start, end: token.end }
      }
      case 'metric':
        tokens.take()
        return parseVectorSelector(tokens, token.text, start)
      case 'identifier':
        return this.#word()
      case 'punctuation':
        if (token.text === '{') return parseVectorSelector(tokens, '', start)
        if (token.text === '(') {
          tokens.take()
          const expr = this.#binary(1)
          const close = tokens.expect(')', '', '')
          return { kind: 'paren', expr, start, end: close.end }
        }
        break
      default:
    }
    throw tokens.unexpected()
  }

  #number(): Expr {
    const token = this.#tokens.take()
    const value = token.kind === 'duration' ? durationSeconds(token.text) : numberValue(token.text)
    if (value === undefined) {
      const what = token.kind === 'duration' ? 'not a valid duration string' : 'bad number or duration syntax'
      throw this.#tokens.error(token.start, `${what}: ${JSON.stringify(token.text)}`)
    }
    return { kind: 'number', value, start: token.start, end: token.end }
  }

  /** An identifier: number word, aggregation, function call or metric. */
  #word(): Expr {
    const tokens = this.#tokens
    const token = tokens.peek()
    const lower = token.text.toLowerCase()
    if (lower === 'inf' || lower === 'nan') {
      tokens.take()
      return { kind: 'number', value: lower === 'inf' ? Infinity : NaN, start: token.start, end: token.end }
    }
    const next = tokens.peekNext()
    const nextWord = next.kind === 'identifier' ? next.text.toLowerCase() : ''
    if (AGGREGATORS.has(lower) && (next.text === '(' || nextWord === 'by' || nextWord === 'without')) {
      return this.#aggregate()
    }
    if (RESERVED.has(lower)) throw tokens.unexpected()
    if (next.kind === 'punctuation' && next.text === '(') return this.#call()
    tokens.take()
    return parseVectorSelector(tokens, token.text, token.start)
  }

  #aggregate(): Aggregate {
    const tokens = this.#tokens
    const token = tokens.take()
    const op = token.text.toLowerCase()
    let modifier = this.#aggregateModifier()
    if (!tokens.is('(')) throw tokens.unexpected('aggregation')
    const args = this.#arguments('aggregation')
    modifier ??= this.#aggregateModifier()
    const span = { start: token.start, end: tokens.lastEnd }
    if (op === 'limitk' || op === 'limit_ratio') {
      throw tokens.error(
        token.start,
        `${op}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`,
      )
    }
    if (args.length === 0) throw tokens.error(token.start, 'no arguments for aggregate expression provided')
    const wanted = WITH_PARAMETER.has(op) ? 2 : 1
    if (args.length !== wanted) {
      throw tokens.error(
        token.start,
        `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
      )
    }
    return {
      kind: 'aggregate',
      op: op as AggregateOp,
      expr: args.at(-1)!,
      param: wanted === 2 ? args[0] : undefined,
      grouping: modifier?.labels ?? [],
      without: modifier?.without ?? false,
      ...span,
    }
  }

  #aggregateModifier(): { without: boolean; labels: string[] } | undefined {
    const tokens = this.#tokens
    if (!tokens.isWord('by') && !tokens.isWord('without')) return undefined
    const without = tokens.take().text.toLowerCase() === 'without'
    return { without, labels: this.#labelList() }
  }

  #labelList(): string[] {
    const tokens = this.#tokens
    const labels: string[] = []
    tokens.expect('(', 'grouping opts', '"("')
    while (!tokens.is(')')) {
      const current = tokens.peek()
      if (current.kind !== 'identifier' && current.kind !== 'string') throw tokens.unexpected('grouping opts', 'label')
      const label = current.kind === 'string' ? tokens.takeString() : tokens.take().text
      if (!isLabelName(label)) {
        throw tokens.error(current.start, `invalid label name for grouping: ${JSON.stringify(label)}`)
      }
      labels.push(label)
      if (!tokens.takeIf(',') && !tokens.is(')')) throw tokens.unexpected('grouping opts', '"," or ")"')
    }
    tokens.take()
    return labels
  }

  #call(): Expr {
    const tokens = this.#tokens
    const token = tokens.take()
    // First the arguments, so that of several faults the innermost is told.
    const args = this.#arguments('')
    const fn = functionSignature(token.text)
    if (fn === undefined) {
      throw NOT_BUILT.has(token.text)
        ? tokens.error(token.start, `function ${JSON.stringify(token.text)} is not supported`)
        : tokens.error(token.start, `unknown function with name ${JSON.stringify(token.text)}`)
    }
    if (fn.experimental && !this.#experimental) {
      throw tokens.error(token.start, `function ${JSON.stringify(token.text)} is not enabled`)
    }
    return { kind: 'call', fn, args, start: token.start, end: tokens.lastEnd }
  }

  #arguments(context: string): Expr[] {
    const tokens = this.#tokens
    const args: Expr[] = []
    tokens.expect('(', context)
    if (tokens.takeIf(')')) return args
    for (;;) {
      args.push(this.#binary(1))
      if (tokens.takeIf(')')) return args
      const comma = tokens.peek()
      if (!tokens.takeIf(',')) throw tokens.unexpected(context)
      if (tokens.is(')')) throw tokens.error(comma.start, 'trailing commas not allowed in function call args')
    }
  }

  /** `[range]`, `[range:step]`, `offset`, `@`: they bind more tightly than anything else. */
  #postfix(primary: Expr): Expr {
    const tokens = this.#tokens
    let expr = primary
    for (;;) {
      if (tokens.is('[')) {
        expr = this.#brackets(expr)
      } else if (tokens.isWord('offset')) {
        tokens.take()
        const offset = parseOffsetDuration(tokens)
        const target = this.#modified(expr, 'offset modifier')
        if (target.offset !== undefined) throw tokens.error(expr.start, 'offset may not be set multiple times')
        target.offset = offset
        stretch(expr, tokens.lastEnd)
      } else if (tokens.is('@')) {
        tokens.take()
        const at = this.#instant(expr)
        const target = this.#modified(expr, '@ modifier')
        if (target.at !== undefined) throw tokens.error(expr.start, '@ <timestamp> may not be set multiple times')
        target.at = at
        stretch(expr, tokens.lastEnd)
      } else if (tokens.isWord('anchored') || tokens.isWord('smoothed')) {
        throw tokens.error(tokens.peek().start, `${tokens.peek().text} modifier is not supported`)
      } else {
        return expr
      }
    }
  }

  #brackets(expr: Expr): Expr {
    const tokens = this.#tokens
    const open = tokens.take()
    const wanted = 'number, duration, step(), or range()'
    const range = parsePositiveDuration(tokens, 'subquery or range selector', wanted)
    if (tokens.takeIf(']')) {
      if (expr.kind !== 'selector') throw this.#rangeError(open.start, 'ranges only allowed for vector selectors')
      if (expr.offset !== undefined) throw this.#rangeError(open.start, 'no offset modifiers allowed before range')
      if (expr.at !== undefined) throw this.#rangeError(open.start, 'no @ modifiers allowed before range')
      return { kind: 'matrix', selector: expr, range, start: expr.start, end: tokens.lastEnd }
    }
    tokens.expect(':', 'subquery or range', '":" or "]"')
    const step = tokens.is(']')
      ? undefined
      : parsePositiveDuration(tokens, 'subquery selector', 'number, duration, step(), range(), or "]"')
    tokens.expect(']', 'subquery selector', '"]"')
    return {
      kind: 'subquery',
      expr,
      range,
      step,
      offset: undefined,
      at: undefined,
      start: expr.start,
      end: tokens.lastEnd,
    }
  }

  #rangeError(index: number, message: string): QueryError {
    return this.#tokens.error(index, message)
  }

  #modified(expr: Expr, what: string): { offset: unknown; at: unknown } {
    if (expr.kind === 'selector' || expr.kind === 'subquery') return expr
    if (expr.kind === 'matrix') return expr.selector
    throw this.#tokens.error(
      expr.start,
      `${what} must be preceded by an instant vector selector or range vector selector or a subquery`,
    )
  }

  /** What follows `@`: Unix seconds, `start()` or `end()`. */
  #instant(expr: Expr): number | 'start' | 'end' {
    const tokens = this.#tokens
    if (tokens.isWord('start') || tokens.isWord('end')) {
      const which = tokens.take().text.toLowerCase() as 'start' | 'end'
      tokens.expect('(', '@', 'timestamp')
      tokens.expect(')', '@', 'timestamp')
      return which
    }
    const sign = tokens.is('-') || tokens.is('+') ? tokens.take().text : ''
    const current = tokens.peek()
    const word = current.kind === 'identifier' ? current.text.toLowerCase() : ''
    if (current.kind !== 'number' && current.kind !== 'duration' && word !== 'inf' && word !== 'nan') {
      throw tokens.unexpected('@', 'timestamp')
    }
    tokens.take()
    const magnitude = current.kind === 'duration' ? durationSeconds(current.text) : numberValue(current.text)
    const seconds = (sign === '-' ? -1 : 1) * (magnitude ?? NaN)
    if (!(Math.abs(seconds) < 2 ** 63)) {
      throw tokens.error(expr.start, `timestamp out of bounds for @ modifier: ${formatFixed(seconds)}`)
    }
    return Math.round(seconds * 1000)
  }
}

function nothingToParse(tokens: TokenStream): QueryError {
  const message = 'no expression found in input'
  // Prometheus knows no position in an empty text.
  if (tokens.text === '') return new QueryError('bad_data', `unknown position: parse error: ${message}`)
  return tokens.error(0, message)
}

/** Go's `%f` of a number that is no fraction. */
function formatFixed(value: number): string {
  return Number.isInteger(value) ? `${BigInt(value)}.000000` : formatFloat(value)
}

function stretch(expr: Expr, end: number): void {
  if (expr.kind === 'selector' || expr.kind === 'matrix' || expr.kind === 'subquery') expr.end = end
}
