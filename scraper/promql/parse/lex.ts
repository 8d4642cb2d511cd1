import { parseError } from './parse-error.ts'
import type { Token, TokenKind } from './tokens.ts'

const SPACE_OR_COMMENT = /(?:[ \t\r\n]+|#[^\n]*)+/y
const IDENTIFIER = /[A-Za-z_:][A-Za-z0-9_:]*/y
const DURATION = /(?:[0-9]+(?:ms|[smhdwy]))+/y
const NUMBER = /0[xX][0-9a-fA-F_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?/y
const OPERATOR = /==|!=|=~|!~|<=|>=|<\/|>\/|[-+*/%^<>=@]/y
const WORD_CHARACTER = /[A-Za-z0-9_]/

/**
 * Cuts a query into tokens, the last of which is `eof`.
 *
 * Comments and white space are dropped. Brackets are judged by the parser; what can never be a token is refused here,
 * in Prometheus' words.
 *
 * @throws QueryError bad_data
 */
export function lex(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const push = (kind: TokenKind, end: number): void => {
    tokens.push({ kind, text: text.slice(at, end), start: at, end })
    at = end
  }
  for (;;) {
    at = endOf(SPACE_OR_COMMENT, text, at) ?? at
    if (at >= text.length) break
    const c = text[at]!
    if ('()[]{},'.includes(c)) {
      push('punctuation', at + 1)
    } else if (c === '"' || c === "'" || c === '`') {
      push('string', endOfString(text, at, c))
    } else if ((c >= '0' && c <= '9') || (c === '.' && /[0-9]/.test(text[at + 1] ?? ''))) {
      const [kind, end] = numeric(text, at)
      push(kind, end)
    } else if (c === ':' && insideBrackets(tokens)) {
      // `[5m:step()]`: inside brackets a colon separates.
      push('punctuation', at + 1)
    } else {
      const end = endOf(IDENTIFIER, text, at)
      if (end !== undefined) push(text.slice(at, end).includes(':') ? 'metric' : 'identifier', end)
      else push('operator', operatorEnd(text, at, tokens))
    }
  }
  tokens.push({ kind: 'eof', text: '', start: text.length, end: text.length })
  return tokens
}

function insideBrackets(tokens: readonly Token[]): boolean {
  for (let i = tokens.length - 1; i >= 0; i--) {
    const { kind, text } = tokens[i]!
    if (kind !== 'punctuation') continue
    if (text === '[') return true
    if (text === ']' || text === '{' || text === '}') return false
  }
  return false
}

function numeric(text: string, start: number): ['number' | 'duration', number] {
  const duration = endOf(DURATION, text, start)
  if (duration !== undefined && !WORD_CHARACTER.test(text[duration] ?? '')) return ['duration', duration]
  const number = endOf(NUMBER, text, start) ?? start + 1
  if (!WORD_CHARACTER.test(text[number] ?? '') && text[number] !== '.') return ['number', number]
  let end = number
  while (end < text.length && /[A-Za-z0-9_.]/.test(text[end]!)) end++
  throw parseError(text, start, `bad number or duration syntax: ${JSON.stringify(text.slice(start, end))}`)
}

function operatorEnd(text: string, start: number, tokens: readonly Token[]): number {
  const end = endOf(OPERATOR, text, start)
  const inBraces = tokens.findLast(token => token.text === '{' || token.text === '}')?.text === '{'
  if (end !== undefined) {
    if (!inBraces && text.startsWith('=~', start)) throw parseError(text, start, "unexpected character after '=': '~'")
    return end
  }
  const c = String.fromCodePoint(text.codePointAt(start)!)
  if (c === '!') {
    const next = text[start + 1] ?? ''
    throw parseError(text, start, `unexpected character after '!': ${quoteRune(next)}`)
  }
  throw parseError(text, start, `unexpected character${inBraces ? ' inside braces' : ''}: ${quoteRune(c)}`)
}

/** Index after the closing quote. Escapes are checked when the string is unquoted. */
function endOfString(text: string, start: number, quote: string): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text[i]!
    if (c === quote) return i + 1
    if (quote === '`') continue
    if (c === '\\') i++
    else if (c === '\n') break
  }
  throw parseError(text, start, quote === '`' ? 'unterminated raw string' : 'unterminated quoted string')
}

function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

function quoteRune(c: string): string {
  return `'${c}'`
}
