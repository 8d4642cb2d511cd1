import { isUtf8 } from 'node:buffer'
import { TextFormatError } from './errors.ts'
import { lastNumberFailed, parseNumber } from './number.ts'

/** What a line of the text format is. Numbers, because this is decided once per line. */
export const Entry = {
  /** Nothing follows. */
  end: 0,
  /** A sample: `readSeries` (or `acceptSeries`) and then `readValue` must follow. */
  series: 1,
  help: 2,
  type: 3,
} as const
export type Entry = (typeof Entry)[keyof typeof Entry]

const NEWLINE = 10
const TAB = 9
const SPACE = 32
const HASH = 35
const QUOTE = 34
const BACKSLASH = 92
const OPEN = 123
const CLOSE = 125
const COMMA = 44
const EQUAL = 61

/** Classes of bytes: bit 0 starts a label name, bit 1 a metric name, bit 2 may follow in both (a digit). */
const LABEL_START = 1
const METRIC_START = 2
const DIGIT = 4
const CLASS = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  const char = String.fromCharCode(byte)
  if (/[a-zA-Z_]/.test(char)) CLASS[byte] = LABEL_START | METRIC_START
  else if (char === ':') CLASS[byte] = METRIC_START
  else if (/\d/.test(char)) CLASS[byte] = DIGIT
}

/**
 * Reads Prometheus' text format, versions 0.0.4 and 1.0.0 (names in quotes), line by line from bytes.
 *
 * It hands out positions and numbers, no strings: whoever knows a series by its raw text (`seriesStart`, `seriesEnd`)
 * needs nothing else. Comments and empty lines are passed over. The order of calls for one line:
 *
 *   next() = series → readSeries() | acceptSeries(end) → readValue() → next()
 *   next() = help | type → (metaText()) → next()
 *   next() = end
 *
 * All calls throw TextFormatError with the line. One parser is reused for all bodies: `reset`.
 */
export class TextParser {
  bytes: Uint8Array
  /** Bytes of the body; `bytes` may be longer. */
  lengthBytes: number
  pos: number
  /** From 1. */
  line: number
  /** The raw text of the series, e.g. `up{job="a"}`, without surrounding blanks. */
  seriesStart: number
  seriesEnd: number
  /** Of a HELP or TYPE line: the metric name. */
  nameStart: number
  nameEnd: number
  /** Of a HELP or TYPE line: what follows the name. */
  textStart: number
  textEnd: number
  value: number
  hasTimestamp: boolean
  /** Unix milliseconds. */
  timestampMs: number

  constructor() {
    this.bytes = new Uint8Array(0)
    this.lengthBytes = 0
    this.pos = 0
    this.line = 0
    this.seriesStart = 0
    this.seriesEnd = 0
    this.nameStart = 0
    this.nameEnd = 0
    this.textStart = 0
    this.textEnd = 0
    this.value = 0
    this.hasTimestamp = false
    this.timestampMs = 0
  }

  reset(bytes: Uint8Array, lengthBytes: number): void {
    this.bytes = bytes
    this.lengthBytes = lengthBytes
    this.pos = 0
    this.line = 1
  }

  /** Goes to the next line that says something. hot: once per line. No allocation. */
  next(): Entry {
    const { bytes, lengthBytes } = this
    let pos = this.pos
    for (;;) {
      pos = skipBlanks(bytes, pos, lengthBytes)
      if (pos >= lengthBytes) {
        this.pos = pos
        return Entry.end
      }
      const byte = bytes[pos]!
      if (byte === NEWLINE) {
        pos++
        this.line++
        continue
      }
      if (byte !== HASH) {
        this.seriesStart = pos
        this.pos = pos
        return Entry.series
      }
      this.pos = pos
      const entry = this.#readComment()
      if (entry !== Entry.end) return entry
      pos = this.pos
    }
  }

  /** Finds the end of the series' text and checks its form. Needed for series that are not known yet only. */
  readSeries(): void {
    const { bytes, lengthBytes } = this
    let pos = this.seriesStart
    let hasName = false
    if (CLASS[bytes[pos]!]! & METRIC_START) {
      hasName = true
      pos = skipMetricName(bytes, pos, lengthBytes)
      this.seriesEnd = pos
      const brace = skipBlanks(bytes, pos, lengthBytes)
      if (brace >= lengthBytes || bytes[brace] !== OPEN) {
        this.pos = pos
        return
      }
      pos = brace
    } else if (bytes[pos] !== OPEN) {
      throw this.error(`expected a valid start token, got ${this.#shown(pos)}`)
    }
    pos = this.#readLabels(pos + 1, hasName)
    this.seriesEnd = pos
    this.pos = pos
  }

  /**
   * Takes over the series' end from a comparison with known text, instead of `readSeries`.
   *
   * @returns false when the line goes on in a way that makes it another series (`up {…}` after `up`).
   */
  acceptSeries(end: number): boolean {
    const { bytes, lengthBytes } = this
    if (end >= lengthBytes) return false
    const byte = bytes[end]!
    if (byte !== SPACE && byte !== TAB) return false
    const pos = skipBlanks(bytes, end, lengthBytes)
    if (pos < lengthBytes && bytes[pos] === OPEN) return false
    this.seriesEnd = end
    this.pos = pos
    return true
  }

  /** Reads value, optional timestamp and the end of the line. hot: once per sample. No allocation on short numbers. */
  readValue(): void {
    const { bytes, lengthBytes } = this
    const start = skipBlanks(bytes, this.pos, lengthBytes)
    let pos = start
    while (pos < lengthBytes && bytes[pos]! > SPACE) pos++
    if (pos === start) throw this.error(`expected value after metric, got ${this.#shown(start)}`)
    this.value = parseNumber(bytes, start, pos)
    if (this.value !== this.value && lastNumberFailed()) throw this.error(`invalid value ${this.#quoted(start, pos)}`)
    pos = skipBlanks(bytes, pos, lengthBytes)
    this.hasTimestamp = false
    if (pos < lengthBytes && bytes[pos] !== NEWLINE) pos = this.#readTimestamp(pos)
    if (pos < lengthBytes) {
      if (bytes[pos] !== NEWLINE) throw this.error(`expected next entry after timestamp, got ${this.#shown(pos)}`)
      pos++
      this.line++
    }
    this.pos = pos
  }

  /** Text of the HELP or TYPE line just read, unescaped. */
  metaText(): { readonly name: string; readonly text: string } {
    let name = decode(this.bytes, this.nameStart, this.nameEnd)
    if (name.startsWith('"')) name = unescape(name.slice(1, -1))
    return { name, text: unescape(decode(this.bytes, this.textStart, this.textEnd), true) }
  }

  error(message: string): TextFormatError {
    return new TextFormatError(this.line, message)
  }

  #readTimestamp(start: number): number {
    const { bytes, lengthBytes } = this
    let pos = start
    let value = 0
    while (pos < lengthBytes && CLASS[bytes[pos]!]! & DIGIT) value = value * 10 + (bytes[pos++]! - 48)
    if (pos === start) throw this.error(`expected timestamp or new record, got ${this.#shown(start)}`)
    if (!Number.isSafeInteger(value)) throw this.error(`timestamp ${this.#quoted(start, pos)} is out of range`)
    this.hasTimestamp = true
    this.timestampMs = value
    return skipBlanks(bytes, pos, lengthBytes)
  }

  /** At `#`: reads a HELP or TYPE line, or passes over a comment (then `Entry.end`). Leaves `pos` on the next line. */
  #readComment(): Entry {
    const { bytes, lengthBytes } = this
    const newline = bytes.indexOf(NEWLINE, this.pos)
    const end = newline < 0 || newline > lengthBytes ? lengthBytes : newline
    const keyword = skipBlanks(bytes, this.pos + 1, end)
    const isMeta = keyword > this.pos + 1
    const entry =
      isMeta && isWord(bytes, keyword, end, HELP)
        ? Entry.help
        : isMeta && isWord(bytes, keyword, end, TYPE)
          ? Entry.type
          : Entry.end
    if (entry !== Entry.end) this.#readMeta(keyword + 4, end, entry)
    this.pos = end + 1
    this.line++
    return entry
  }

  #readMeta(from: number, end: number, entry: Entry): void {
    const { bytes } = this
    const start = skipBlanks(bytes, from, end)
    let pos = start
    if (bytes[pos] === QUOTE && pos < end) pos = this.#skipQuoted(pos, end)
    else if (pos < end && CLASS[bytes[pos]!]! & METRIC_START) pos = skipMetricName(bytes, pos, end)
    else
      throw this.error(`expected metric name after ${entry === Entry.help ? 'HELP' : 'TYPE'}, got ${this.#shown(pos)}`)
    this.nameStart = start
    this.nameEnd = pos
    // One character separates name and text; a second blank belongs to the text, as in Prometheus.
    this.textStart = Math.min(pos + 1, end)
    this.textEnd = end
    if (entry === Entry.type) {
      const type = decode(bytes, this.textStart, end)
      if (!METRIC_TYPES.has(type)) throw this.error(`invalid metric type ${JSON.stringify(type)}`)
    } else if (!isUtf8(bytes.subarray(this.textStart, end))) {
      throw this.error('help text is not valid UTF-8')
    }
  }

  /** After `{`: checks the labels. @returns the position after `}`. */
  #readLabels(from: number, hasNameBefore: boolean): number {
    const { bytes, lengthBytes } = this
    let hasName = hasNameBefore
    let pos = skipBlanks(bytes, from, lengthBytes)
    while (pos >= lengthBytes || bytes[pos] !== CLOSE) {
      const isQuoted = pos < lengthBytes && bytes[pos] === QUOTE
      if (isQuoted) pos = this.#skipQuoted(pos, lengthBytes)
      else if (pos < lengthBytes && CLASS[bytes[pos]!]! & LABEL_START) pos = skipLabelName(bytes, pos, lengthBytes)
      else throw this.error(`expected label name, got ${this.#shown(pos)}`)
      pos = skipBlanks(bytes, pos, lengthBytes)
      const separator = pos < lengthBytes ? bytes[pos] : NEWLINE
      if (isQuoted && (separator === COMMA || separator === CLOSE)) {
        if (hasName) throw this.error('metric name already set')
        hasName = true
      } else {
        if (separator !== EQUAL) throw this.error(`expected equal, got ${this.#shown(pos)}`)
        pos = skipBlanks(bytes, pos + 1, lengthBytes)
        if (pos >= lengthBytes || bytes[pos] !== QUOTE)
          throw this.error(`expected label value, got ${this.#shown(pos)}`)
        pos = skipBlanks(bytes, this.#skipQuoted(pos, lengthBytes), lengthBytes)
      }
      // A comma may be left out, and one may follow the last label.
      if (pos < lengthBytes && bytes[pos] === COMMA) pos = skipBlanks(bytes, pos + 1, lengthBytes)
    }
    if (!hasName) throw this.error('metric name not set')
    return pos + 1
  }

  #skipQuoted(start: number, end: number): number {
    const { bytes } = this
    for (let pos = start + 1; pos < end; pos++) {
      const byte = bytes[pos]
      if (byte === QUOTE) return pos + 1
      if (byte === BACKSLASH) pos++
      if (bytes[pos] === NEWLINE) this.line++
    }
    throw this.error('quoted text without an end')
  }

  #shown(pos: number): string {
    if (pos >= this.lengthBytes) return 'the end of the body'
    if (this.bytes[pos] === NEWLINE) return 'the end of the line'
    let end = pos
    while (end < this.lengthBytes && end < pos + 20 && this.bytes[end] !== NEWLINE) end++
    return this.#quoted(pos, end)
  }

  #quoted(start: number, end: number): string {
    return JSON.stringify(decode(this.bytes, start, Math.min(end, start + 60)))
  }
}

const HELP = Uint8Array.from('HELP', char => char.charCodeAt(0))
const TYPE = Uint8Array.from('TYPE', char => char.charCodeAt(0))

const METRIC_TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])

/** Whether the four bytes at `pos` are `word` and a blank follows. */
function isWord(bytes: Uint8Array, pos: number, end: number, word: Uint8Array): boolean {
  if (pos + 4 >= end || (bytes[pos + 4] !== SPACE && bytes[pos + 4] !== TAB)) return false
  return (
    bytes[pos] === word[0] && bytes[pos + 1] === word[1] && bytes[pos + 2] === word[2] && bytes[pos + 3] === word[3]
  )
}

// hot: several times per line.
function skipBlanks(bytes: Uint8Array, from: number, end: number): number {
  let pos = from
  while (pos < end && (bytes[pos] === SPACE || bytes[pos] === TAB)) pos++
  return pos
}

function skipMetricName(bytes: Uint8Array, from: number, end: number): number {
  let pos = from
  while (pos < end && CLASS[bytes[pos]!]! & (METRIC_START | DIGIT)) pos++
  return pos
}

function skipLabelName(bytes: Uint8Array, from: number, end: number): number {
  let pos = from
  while (pos < end && CLASS[bytes[pos]!]! & (LABEL_START | DIGIT)) pos++
  return pos
}

const decoder = new TextDecoder('utf-8')

function decode(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end))
}

/** Undoes `\\`, `\n` and, outside HELP texts, `\"`; any other backslash stays. */
function unescape(text: string, isHelp = false): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\([\\n"])/g, (whole, char: string) => {
    if (char === 'n') return '\n'
    return char === '"' && isHelp ? whole : char
  })
}
