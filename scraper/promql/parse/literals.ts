const UNIT_SECONDS: Readonly<Record<string, number>> = {
  y: 31_536_000,
  w: 604_800,
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
}
/** Units in falling order, each at most once: what Prometheus takes for a duration. */
const DURATION = /^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/

/** Seconds of a duration such as `1h30m`; `undefined` when its units do not fall. */
export function durationSeconds(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined
  let ms = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) {
    ms += Math.round(Number(count) * UNIT_SECONDS[unit!]! * 1000)
  }
  return ms / 1000
}

/** A number as Go reads it with base 0: decimal, `0x` hexadecimal, leading-zero octal, `_` between digits, Inf, NaN. */
export function numberValue(text: string): number | undefined {
  const lower = text.toLowerCase()
  if (/^[+-]?inf(?:inity)?$/.test(lower)) return lower.startsWith('-') ? -Infinity : Infinity
  if (/^[+-]?nan$/.test(lower)) return NaN
  if (/_(?![0-9a-f])|(?<![0-9a-fx])_/.test(lower)) return undefined
  const plain = lower.replaceAll('_', '')
  if (/^0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8)
  if (!/^[+-]?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/.test(plain)) return undefined
  if (/^[+-]0x/.test(plain)) return (plain.startsWith('-') ? -1 : 1) * Number(plain.slice(1))
  return Number(plain)
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/** The content of a quoted string as Go reads it. A string in back-quotes is raw. @throws Error with a reason. */
export function unquote(literal: string): string {
  const quote = literal[0]!
  const body = literal.slice(1, -1)
  if (quote === '`') return body
  if (!body.includes('\\')) return body
  let out = ''
  let bytes: number[] = []
  // `\xff` and octal escapes give bytes, which may be parts of one UTF-8 character.
  const flush = (): void => {
    if (bytes.length > 0) out += Buffer.from(bytes).toString('utf8')
    bytes = []
  }
  for (let i = 0; i < body.length; i++) {
    const c = body[i]!
    if (c !== '\\') {
      flush()
      out += c
      continue
    }
    const escape = body[++i]
    if (escape === undefined) throw new Error('escape sequence not terminated')
    const simple = SIMPLE_ESCAPES[escape]
    if (simple !== undefined) {
      if ((escape === "'" || escape === '"') && escape !== quote) throw new Error('unknown escape sequence')
      flush()
      out += simple
    } else if (escape === 'x') {
      bytes.push(hex(body, i + 1, 2))
      i += 2
    } else if (escape === 'u' || escape === 'U') {
      const length = escape === 'u' ? 4 : 8
      const code = hex(body, i + 1, length)
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
        throw new Error('escape sequence is an invalid Unicode code point')
      }
      flush()
      out += String.fromCodePoint(code)
      i += length
    } else if (escape >= '0' && escape <= '7') {
      const digits = body.slice(i, i + 3)
      if (!/^[0-3][0-7]{2}$/.test(digits)) throw new Error('illegal character in escape sequence')
      bytes.push(Number.parseInt(digits, 8))
      i += 2
    } else {
      const code = escape.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
      throw new Error(`unknown escape sequence U+${code} '${escape}'`)
    }
  }
  flush()
  return out
}

function hex(body: string, start: number, length: number): number {
  const digits = body.slice(start, start + length)
  if (digits.length < length) throw new Error('escape sequence not terminated')
  if (!/^[0-9a-fA-F]+$/.test(digits)) throw new Error('illegal character in escape sequence')
  return Number.parseInt(digits, 16)
}
