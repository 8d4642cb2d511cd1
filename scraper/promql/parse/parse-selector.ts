import { Matcher, METRIC_NAME, type MatchType } from '../../model/index.ts'
import type { VectorSelector } from './ast.ts'
import type { TokenStream } from './token-stream.ts'

const MATCH_OPERATORS: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~'])

/**
 * `name{label="value", …}`, `{…}` or `{"utf8.name", …}`; the name has been taken already.
 *
 * @param mayMatchAll for callers that judge themselves whether it selects everything.
 */
export function parseVectorSelector(
  tokens: TokenStream,
  name: string,
  start: number,
  mayMatchAll = false,
): VectorSelector {
  const matchers = tokens.is('{') ? parseMatchers(tokens) : []
  const selector: VectorSelector = {
    kind: 'selector',
    start,
    end: tokens.lastEnd,
    name,
    matchers: name === '' ? matchers : [...matchers, new Matcher('=', METRIC_NAME, name)],
    offset: undefined,
    at: undefined,
  }
  if (name !== '') {
    const other = matchers.find(matcher => matcher.name === METRIC_NAME)
    if (other !== undefined) {
      throw tokens.error(
        start,
        `metric name must not be set twice: ${JSON.stringify(name)} or ${JSON.stringify(other.value)}`,
      )
    }
  } else if (!mayMatchAll && matchers.every(matcher => matcher.matches(''))) {
    throw tokens.error(start, 'vector selector must contain at least one non-empty matcher')
  }
  return selector
}

function parseMatchers(tokens: TokenStream): Matcher[] {
  const matchers: Matcher[] = []
  tokens.expect('{', 'label matching')
  while (!tokens.is('}')) {
    const token = tokens.peek()
    if (token.kind !== 'identifier' && token.kind !== 'string') {
      throw tokens.unexpected('label matching', 'identifier or "}"')
    }
    const label = token.kind === 'string' ? tokens.takeString() : tokens.take().text
    if (tokens.peek().kind === 'operator' && MATCH_OPERATORS.has(tokens.peek().text)) {
      const type = tokens.take().text as MatchType
      if (tokens.peek().kind !== 'string') throw tokens.unexpected('label matching', 'string')
      matchers.push(newMatcher(tokens, token.start, type, label, tokens.takeString()))
    } else if (token.kind === 'string' && (tokens.is(',') || tokens.is('}'))) {
      // A quoted string alone is the metric's name.
      matchers.push(new Matcher('=', METRIC_NAME, label))
    } else {
      throw tokens.unexpected('label matching', 'label matching operator')
    }
    if (!tokens.takeIf(',')) {
      if (!tokens.is('}')) throw tokens.unexpected('label matching', '"," or "}"')
    }
  }
  tokens.take()
  return matchers
}

function newMatcher(tokens: TokenStream, start: number, type: MatchType, name: string, value: string): Matcher {
  try {
    return new Matcher(type, name, value)
  } catch (error) {
    throw tokens.error(start, (error as Error).message)
  }
}
