import { listedTexts } from '../model/index.ts'

/**
 * What a pattern says about the values it matches, found out without running it.
 *
 *   foo            set ["foo"]                 three|two(a|b)?    set ["three", "two", "twoa", "twob"]
 *   .*             everything                  .+                 nonEmpty
 *   api-.*         prefixes ["api-"], exact    .*-api-.+z         middle "-api-", suffix "z"
 *   (a|b)-[0-9]+   prefixes ["a-", "b-"]       \d+|(?i)x          nothing known
 */
export type RegexShape =
  /** Matches these strings and no other. Ascending, without duplicates. */
  | { readonly kind: 'set'; readonly values: readonly string[] }
  | { readonly kind: 'everything' }
  | { readonly kind: 'nonEmpty' }
  | {
      readonly kind: 'scan'
      /** Each match begins with one of these (`['']` when nothing is known). Ascending; none begins with another. */
      readonly prefixes: readonly string[]
      /** Whether `value`, which has one of the prefixes, can match. */
      readonly mayMatch: (value: string) => boolean
      /** `mayMatch` is the answer: the pattern need not run. */
      readonly exact: boolean
    }

/** Sequences that stand for more strings than this are not spelt out (Prometheus' bound); alternatives in the open are. */
const SET_SIZE_MAX = 256
const CLASS_SIZE_MAX = 64
const PREFIXES_MAX = 16

/** A part of a pattern. `texts`: one of these strings. `any`: at least `min` characters. `other`: who knows. */
type Part =
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'any'; readonly min: 0 | 1 }
  | { readonly kind: 'other' }

const NOTHING_KNOWN: RegexShape = { kind: 'scan', prefixes: [''], mayMatch: () => true, exact: false }

/** @param pattern valid RE2, meant anchored at both ends with `.` matching newlines. */
export function regexShape(pattern: string): RegexShape {
  const listed = listedTexts(pattern)
  if (listed !== undefined) return { kind: 'set', values: ascending(listed) }
  const parser = new Parser(pattern)
  const alternatives = parser.alternatives(0)
  if (alternatives === undefined || !parser.done) return NOTHING_KNOWN

  const sets = alternatives.map(onlyTexts)
  if (sets.every(set => set !== undefined)) {
    return { kind: 'set', values: ascending(sets.flat()) }
  }
  if (alternatives.length === 1) return shapeOf(alternatives[0]!)
  // Several alternatives with wildcards: only their beginnings are of use.
  const prefixes = withoutLonger(alternatives.flatMap(parts => prefixesOf(parts)))
  return {
    kind: 'scan',
    prefixes: prefixes.length <= PREFIXES_MAX ? prefixes : [''],
    mayMatch: () => true,
    exact: false,
  }
}

function shapeOf(parts: readonly Part[]): RegexShape {
  const first = parts[0]!
  if (parts.length === 1 && first.kind === 'any') return { kind: first.min === 0 ? 'everything' : 'nonEmpty' }
  const prefixes = withoutLonger(prefixesOf(parts))
  const plain = parts.every(part => part.kind === 'any' || (part.kind === 'texts' && part.texts.length === 1))
  if (plain) return { kind: 'scan', prefixes, mayMatch: value => matchesPlain(parts, value), exact: true }

  const last = parts.at(-1)!
  const suffix = last.kind === 'texts' && last.texts.length === 1 ? last.texts[0]! : ''
  let middle = ''
  for (const part of parts.slice(1, -1)) {
    if (part.kind === 'texts' && part.texts.length === 1 && part.texts[0]!.length > middle.length)
      middle = part.texts[0]!
  }
  return {
    kind: 'scan',
    prefixes,
    mayMatch: value => value.endsWith(suffix) && (middle === '' || value.includes(middle)),
    exact: false,
  }
}

/** Whether `value` is these literals in order, with the wildcards between them: leftmost fits, the last at the end. */
function matchesPlain(parts: readonly Part[], value: string): boolean {
  let at = 0
  let min = 0
  let floating = false
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    if (part.kind === 'any') {
      min += part.min
      floating = true
    } else if (part.kind === 'texts') {
      const text = part.texts[0]!
      if (!floating) {
        if (!value.startsWith(text, at)) return false
        at += text.length
      } else if (i === parts.length - 1) {
        return value.length - text.length >= skip(value, at, min) && value.endsWith(text)
      } else {
        const found = value.indexOf(text, skip(value, at, min))
        if (found < 0) return false
        at = found + text.length
      }
      min = 0
      floating = false
    }
  }
  return floating ? value.length >= skip(value, at, min) : value.length === at
}

/** The index `count` characters (not code units) behind `at`; beyond the end when there are not so many. */
function skip(value: string, at: number, count: number): number {
  let index = at
  for (let i = 0; i < count; i++) {
    if (index >= value.length) return value.length + 1
    index += value.codePointAt(index)! > 0xffff ? 2 : 1
  }
  return index
}

/** All strings of a sequence, when they are few. */
function onlyTexts(parts: readonly Part[]): readonly string[] | undefined {
  let texts: readonly string[] = ['']
  for (const part of parts) {
    if (part.kind !== 'texts') return undefined
    const joined = join(texts, part.texts)
    if (joined === undefined) return undefined
    texts = joined
  }
  return texts
}

function prefixesOf(parts: readonly Part[]): readonly string[] {
  let texts: readonly string[] = ['']
  for (const part of parts) {
    if (part.kind !== 'texts') break
    const joined = join(texts, part.texts)
    if (joined === undefined || joined.length > PREFIXES_MAX) break
    texts = joined
  }
  return texts
}

function join(heads: readonly string[], tails: readonly string[]): readonly string[] | undefined {
  if (heads.length * tails.length > SET_SIZE_MAX) return undefined
  return heads.flatMap(head => tails.map(tail => head + tail))
}

function ascending(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort()
}

/** Ascending, without those that begin with another one. */
function withoutLonger(texts: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (const text of ascending(texts)) if (kept.length === 0 || !text.startsWith(kept.at(-1)!)) kept.push(text)
  return kept
}

/**
 * Reads the part of RE2 that monitoring uses. Anything else makes it give up (`undefined`), never guess:
 *
 *   alternatives = sequence *( "|" sequence )
 *   sequence     = *( atom [ "*" | "+" | "?" ] [ "?" ] )        atom = "." | char | "\" punctuation | class | "(" [ "?:" ] … ")"
 */
class Parser {
  readonly #chars: readonly string[]
  #at = 0

  constructor(pattern: string) {
    // By code points: a repetition sign after an astral character means all of it.
    this.#chars = Array.from(pattern)
  }

  get done(): boolean {
    return this.#at === this.#chars.length
  }

  alternatives(depth: number): (readonly Part[])[] | undefined {
    if (depth > DEPTH_MAX) return undefined
    const out: (readonly Part[])[] = []
    do {
      const parts = this.#sequence(depth)
      if (parts === undefined) return undefined
      out.push(parts)
    } while (this.#take('|'))
    return out
  }

  #sequence(depth: number): readonly Part[] | undefined {
    const parts: Part[] = []
    // Anchors say nothing at the ends of a pattern that is anchored anyway; inside they are left alone.
    if (depth === 0) this.#take('^')
    while (!this.done && this.#peek() !== '|' && this.#peek() !== ')') {
      if (depth === 0 && this.#peek() === '$' && this.#endsAlternative(this.#at + 1)) {
        this.#at++
        break
      }
      const atom = this.#atom(depth)
      if (atom === undefined) return undefined
      const part = this.#repeated(atom)
      if (part === undefined) return undefined
      const previous = parts.at(-1)
      // "abc" arrives as three atoms.
      const joined = previous?.kind === 'texts' && part.kind === 'texts' ? join(previous.texts, part.texts) : undefined
      if (joined === undefined) parts.push(part)
      else parts[parts.length - 1] = { kind: 'texts', texts: joined }
    }
    return parts.length === 0 ? [EMPTY_TEXT] : parts
  }

  #endsAlternative(index: number): boolean {
    return index === this.#chars.length || this.#chars[index] === '|'
  }

  #atom(depth: number): Part | 'dot' | undefined {
    const char = this.#next()
    switch (char) {
      case '.':
        return 'dot'
      case '(':
        return this.#group(depth)
      case '[':
        return this.#class()
      case '\\': {
        const escaped = this.#next()
        if (escaped === undefined) return undefined
        if ('dDwWsS'.includes(escaped)) return OTHER
        return /[A-Za-z0-9]/.test(escaped) || escaped.charCodeAt(0) > 0x7f ? undefined : text(escaped)
      }
      case undefined:
      case '^':
      case '$':
      case '*':
      case '+':
      case '?':
      case '{':
        return undefined
      default:
        return text(char)
    }
  }

  #group(depth: number): Part | undefined {
    if (this.#take('?') && !this.#take(':')) return undefined
    const alternatives = this.alternatives(depth + 1)
    if (alternatives === undefined || !this.#take(')')) return undefined
    const sets = alternatives.map(onlyTexts)
    if (sets.some(set => set === undefined)) {
      const [only] = alternatives
      return alternatives.length === 1 && only!.length === 1 ? only![0]! : OTHER
    }
    const texts = sets.flat() as string[]
    return texts.length <= SET_SIZE_MAX ? { kind: 'texts', texts: ascending(texts) } : OTHER
  }

  /** Behind `[`. Plain characters and ranges; what is negated or too large is not looked into. */
  #class(): Part | undefined {
    const negated = this.#take('^')
    const texts: string[] = []
    let tooLarge = false
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const from = this.#next()
      if (from === undefined || from === '\\' || from === '[') return undefined
      let to: string | undefined = from
      if (this.#peek() === '-' && this.#chars[this.#at + 1] !== ']') {
        this.#at++
        to = this.#next()
        if (to === undefined || to === '\\' || to === '[') return undefined
      }
      const low = from.codePointAt(0)!
      const high = to.codePointAt(0)!
      if (texts.length + high - low >= CLASS_SIZE_MAX) tooLarge = true
      else for (let code = low; code <= high; code++) texts.push(String.fromCodePoint(code))
    }
    this.#at++
    return negated || tooLarge ? OTHER : { kind: 'texts', texts: ascending(texts) }
  }

  #repeated(atom: Part | 'dot'): Part | undefined {
    const sign = this.#peek()
    if (sign === '{') {
      // `a{2}` repeats, but `a{x}` is text: not worth telling apart.
      return undefined
    }
    if (sign !== '*' && sign !== '+' && sign !== '?') return atom === 'dot' ? OTHER : atom
    this.#at++
    // A lazy sign matches the same strings.
    this.#take('?')
    if (atom === 'dot') return sign === '*' ? ANY : sign === '+' ? ANY_BUT_NONE : OTHER
    if (sign === '?' && atom.kind === 'texts') return { kind: 'texts', texts: ascending(['', ...atom.texts]) }
    return OTHER
  }

  #peek(): string | undefined {
    return this.#chars[this.#at]
  }

  #next(): string | undefined {
    return this.#chars[this.#at++]
  }

  #take(char: string): boolean {
    if (this.#chars[this.#at] !== char) return false
    this.#at++
    return true
  }
}

const DEPTH_MAX = 32
const OTHER: Part = { kind: 'other' }
const ANY: Part = { kind: 'any', min: 0 }
const ANY_BUT_NONE: Part = { kind: 'any', min: 1 }
const EMPTY_TEXT: Part = text('')

function text(value: string): Part {
  return { kind: 'texts', texts: [value] }
}
