const ZERO = 48
const NINE = 57
const DOT = 46
const MINUS = 45
const PLUS = 43

/** Powers of ten that a double holds exactly: up to 10^22. */
const POW10 = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INFINITY = /^([+-]?)inf(?:inity)?$/i
const NAN = /^nan$/i

/**
 * Reads the number in `bytes[start, end)`, correctly rounded.
 *
 * Up to fifteen digits fit a double exactly, and so does the power of ten; one division is then correctly rounded
 * (Clinger's fast path). Anything else takes the way over a string.
 *
 * hot: once per sample. No allocation on the fast path.
 *
 * @returns the value; `lastNumberFailed()` tells whether the bytes were a number at all, for NaN is one.
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  failed = false
  let i = start
  let negative = false
  const first = bytes[i]!
  if (first === MINUS || first === PLUS) {
    negative = first === MINUS
    i++
  }
  let mantissa = 0
  let digits = 0
  let fraction = -1
  for (; i < end; i++) {
    const byte = bytes[i]!
    if (byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + (byte - ZERO)
      // Leading zeros carry no weight, but those after the point still move it.
      if (mantissa !== 0) digits++
      if (fraction >= 0) fraction++
    } else if (byte === DOT && fraction < 0) {
      fraction = 0
    } else {
      return parseSlow(bytes, start, end)
    }
  }
  const written = end - start - (fraction >= 0 ? 1 : 0) - (first === MINUS || first === PLUS ? 1 : 0)
  if (written <= 0 || digits > 15 || fraction > 22) return parseSlow(bytes, start, end)
  const value = fraction > 0 ? mantissa / POW10[fraction]! : mantissa
  return negative ? -value : value
}

let failed = false

/** Whether the last `parseNumber` found something that is no number (it returned NaN then). */
export function lastNumberFailed(): boolean {
  return failed
}

function parseSlow(bytes: Uint8Array, start: number, end: number): number {
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  if (FLOAT.test(text)) {
    const value = Number(text)
    // Beyond what a double holds is no number, as Go has it, and so Prometheus; nearer to 0 than it holds is 0.
    failed = !Number.isFinite(value)
    return failed ? NaN : value
  }
  const infinity = INFINITY.exec(text)
  if (infinity !== null) return infinity[1] === '-' ? -Infinity : Infinity
  failed = !NAN.test(text)
  return NaN
}
