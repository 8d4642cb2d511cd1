/** What becomes of names that are no legacy names, as the `escaping` term of media types calls it. */
export type Escaping = 'allow-utf-8' | 'underscores' | 'dots' | 'values'

const ESCAPINGS: ReadonlySet<string> = new Set<Escaping>(['allow-utf-8', 'underscores', 'dots', 'values'])

export function isEscaping(text: string): text is Escaping {
  return ESCAPINGS.has(text)
}

const LEGACY_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
/** For labels the colon is none of them, but it is never escaped either: as Prometheus' own library has it. */
const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Whether every Prometheus can read the name, without quotes. */
export function isLegacyName(name: string): boolean {
  return LEGACY_NAME.test(name)
}

export function isLegacyLabel(name: string): boolean {
  return LEGACY_LABEL.test(name)
}

/** Legacy names stay as they are, whatever the scheme. Rules: Prometheus' proposal 28 (UTF-8), as client libraries follow them. */
export function escapeName(name: string, escaping: Escaping): string {
  if (escaping === 'allow-utf-8' || isLegacyName(name)) return name
  let out = escaping === 'values' ? 'U__' : ''
  let first = true
  // A lone surrogate would come out as U+FFFD when it is written: escape what is written.
  for (const char of name.replaceAll(/\p{Surrogate}/gu, '\u{FFFD}')) {
    const isLegacy = first ? /[a-zA-Z_:]/.test(char) : /[a-zA-Z0-9_:]/.test(char)
    first = false
    out += escapedChar(char, isLegacy, escaping)
  }
  return out
}

function escapedChar(char: string, isLegacy: boolean, escaping: Escaping): string {
  if (escaping === 'underscores') return isLegacy ? char : '_'
  if (char === '_') return '__'
  if (isLegacy) return char
  if (escaping === 'dots') return char === '.' ? '_dot_' : '__'
  return `_${char.codePointAt(0)!.toString(16)}_`
}
