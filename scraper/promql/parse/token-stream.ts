import type { QueryError } from '../errors.ts'
import { lex } from './lex.ts'
import { unquote } from './literals.ts'
import { parseError } from './parse-error.ts'
import { describeToken, type Token } from './tokens.ts'

/** A cursor over the tokens of one query, with the errors that every part of the parser raises. */
export class TokenStream {
  readonly text: string
  readonly #tokens: readonly Token[]
  #at = 0

  /** @throws QueryError bad_data when the text holds something that is no token. */
  constructor(text: string) {
    this.text = text
    this.#tokens = lex(text)
  }

  peek(): Token {
    return this.#tokens[this.#at]!
  }

  /** The token after the current one (`eof` again at the end). */
  peekNext(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)]!
  }

  /** End of the token taken last. */
  get lastEnd(): number {
    return this.#at === 0 ? 0 : this.#tokens[this.#at - 1]!.end
  }

  take(): Token {
    const token = this.peek()
    if (token.kind !== 'eof') this.#at++
    return token
  }

  /** Whether the current token is this punctuation or operator. */
  is(text: string): boolean {
    const current = this.peek()
    return (current.kind === 'punctuation' || current.kind === 'operator') && current.text === text
  }

  /** Whether the current token is this keyword, in any case. */
  isWord(word: string): boolean {
    return this.peek().kind === 'identifier' && this.peek().text.toLowerCase() === word
  }

  takeIf(text: string): boolean {
    if (!this.is(text)) return false
    this.take()
    return true
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false
    this.take()
    return true
  }

  expect(text: string, context: string, expected = JSON.stringify(text)): Token {
    if (!this.is(text)) throw this.unexpected(context, expected)
    return this.take()
  }

  /** `unexpected <token> in <context>, expected <expected>` at the current token. */
  unexpected(context = '', expected = ''): QueryError {
    if (this.peek().kind === 'eof') {
      const unclosed = this.#unclosed()
      if (unclosed !== undefined) return this.error(this.peek().start, unclosed)
    }
    let message = `unexpected ${describeToken(this.peek())}`
    if (context !== '') message += ` in ${context}`
    if (expected !== '') message += `, expected ${expected}`
    return this.error(this.peek().start, message)
  }

  error(index: number, message: string): QueryError {
    return parseError(this.text, index, message)
  }

  /** Takes a string token and returns its content. */
  takeString(): string {
    const token = this.take()
    try {
      return unquote(token.text)
    } catch (error) {
      throw this.error(token.start, (error as Error).message)
    }
  }

  /** What is wrong with a text that ends within brackets, by the innermost of them. */
  #unclosed(): string | undefined {
    const open: string[] = []
    for (const { kind, text } of this.#tokens) {
      if (kind !== 'punctuation') continue
      if ('([{'.includes(text)) open.push(text)
      else if (')]}'.includes(text)) open.pop()
    }
    switch (open.at(-1)) {
      case '(':
        return 'unclosed left parenthesis'
      case '[': {
        const justOpened = this.#tokens.at(-2)?.text === '['
        return justOpened ? 'unexpected end of input in duration expression' : 'unclosed left bracket'
      }
      case '{':
        return 'unexpected end of input inside braces'
      default:
        return undefined
    }
  }
}
