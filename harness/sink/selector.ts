import { RE2JS } from 're2js'

export interface Matcher {
  readonly name: string
  /** The values it accepts, where they can be listed and the empty one is not among them. */
  readonly values?: readonly string[]
  readonly matches: (value: string) => boolean
}

/** Not a selector; the message says what is wrong and where. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError'
}

const METRIC = /[A-Za-z_:][\w:]*/y
const LABEL = /[A-Za-z_]\w*/y
const OPERATOR = /=~|!~|!=|=/y
const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y
const SPACE = /\s*/y

/** Alternatives without any of RE2's operators: the values themselves. */
const LISTED = /^[^.+*?()[\]{}^$\\]+$/

/**
 * Reads an instant vector selector: `name`, `{label="value"}`, or both; with `=`, `!=`, `=~`, `!~` and PromQL's strings.
 *
 * It is all that probes ask. An expression, a range, an offset are refused: there is no PromQL engine behind this.
 *
 * @throws SelectorError
 */
export function parseSelector(text: string): Matcher[] {
  let at = 0
  const take = (token: RegExp): string | undefined => {
    token.lastIndex = at
    const found = token.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }
  const fail = (wanted: string): never => {
    const rest = text.slice(at, at + 20)
    throw new SelectorError(`${wanted} is expected ${rest === '' ? 'at the end' : `at "${rest}"`}`)
  }
  const space = (): void => void take(SPACE)
  const literal = (character: string): boolean => {
    space()
    if (text[at] !== character) return false
    at++
    return true
  }

  const matchers: Matcher[] = []
  space()
  const metric = take(METRIC)
  if (metric !== undefined) matchers.push(equal('__name__', metric))
  if (literal('{')) {
    while (!literal('}')) {
      space()
      const name = take(LABEL) ?? fail('a label')
      space()
      const operator = take(OPERATOR) ?? fail('=, !=, =~ or !~')
      space()
      const quoted = take(STRING) ?? fail('a string')
      matchers.push(matcher(name, operator, unquoted(quoted)))
      if (literal(',')) continue
      if (literal('}')) break
      fail('a comma or }')
    }
  } else if (metric === undefined) {
    fail('a metric name or {')
  }
  space()
  if (at < text.length) fail('the end of the selector')
  return matchers
}

function matcher(name: string, operator: string, value: string): Matcher {
  if (operator === '=') return equal(name, value)
  if (operator === '!=') return { name, matches: candidate => candidate !== value }
  const accepts = pattern(value)
  if (operator === '!~') return { name, matches: candidate => !accepts.matches(candidate) }
  return { name, ...accepts }
}

function equal(name: string, value: string): Matcher {
  return { name, ...(value === '' ? {} : { values: [value] }), matches: candidate => candidate === value }
}

/** Anchored at both ends, as PromQL's are. @throws SelectorError */
function pattern(source: string): Pick<Matcher, 'values' | 'matches'> {
  if (LISTED.test(source)) {
    const listed = new Set(source.split('|'))
    return { ...(listed.has('') ? {} : { values: [...listed] }), matches: candidate => listed.has(candidate) }
  }
  try {
    const compiled = RE2JS.compile(source, RE2JS.DOTALL)
    return { matches: candidate => compiled.matches(candidate) }
  } catch (cause) {
    throw new SelectorError(`the pattern "${source}" is not RE2: ${(cause as Error).message}`, { cause })
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/** The text of a Go string literal. @throws SelectorError */
function unquoted(quoted: string): string {
  const inner = quoted.slice(1, -1)
  if (quoted.startsWith('`')) return inner
  return inner.replaceAll(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gsu,
    (_, x?: string, u?: string, long?: string, octal?: string, character?: string) => {
      const hex = x ?? u ?? long
      const code = hex === undefined ? (octal === undefined ? undefined : parseInt(octal, 8)) : parseInt(hex, 16)
      const text = code === undefined ? ESCAPES[character!] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined
      if (text === undefined) throw new SelectorError(`the string ${quoted} has an escape that PromQL does not know`)
      return text
    },
  )
}
