/** Longest value: a sign, 16 digits and a point, and what OpenMetrics adds to whole numbers. */
export const VALUE_BYTES_MAX = 20

const BILLION = 1_000_000_000
const ZERO = 48
const POINT = 46
const MINUS = 45

export const POWERS_OF_TEN = Float64Array.of(1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9)

/** hot. Writes `mantissa / 10^decimals` with all its decimals; `mantissa` is an integer in [0, 2^53). Returns the end. */
export function writeDecimal(out: Uint8Array, at: number, mantissa: number, decimals: number): number {
  if (decimals === 0) return writeInteger(out, at, mantissa)
  const scale = POWERS_OF_TEN[decimals]!
  const whole = Math.floor(mantissa / scale)
  at = writeInteger(out, at, whole)
  out[at++] = POINT
  return writePadded(out, at, mantissa - whole * scale, decimals)
}

/** As `writeDecimal`, for any mantissa: negative ones, NaN and infinities too. `dotZero` appends `.0` to whole numbers. */
export function writeAny(out: Uint8Array, at: number, mantissa: number, decimals: number, dotZero: boolean): number {
  if (!Number.isFinite(mantissa)) {
    return writeAscii(out, at, Number.isNaN(mantissa) ? 'NaN' : mantissa > 0 ? '+Inf' : '-Inf')
  }
  if (mantissa < 0) out[at++] = MINUS
  at = writeDecimal(out, at, Math.abs(mantissa), decimals)
  if (!dotZero) return at
  out[at++] = POINT
  out[at++] = ZERO
  return at
}

/**
 * hot. Changes the text of an integer in [0, 2^31) into that of another with as many digits, in place, from the right;
 * digits before the first that differs are mostly not touched. `last` is where the last digit is; the point stands before
 * the last `decimals` digits.
 */
export function patchDigits(out: Uint8Array, last: number, from: number, to: number, decimals: number): void {
  let rest = to | 0
  let old = from | 0
  let at = last
  if (decimals > 0) {
    // With few decimals it costs less to write all of them than to find out which differ.
    for (let i = decimals; i > 0; i--) {
      const next = (rest / 10) | 0
      out[at--] = ZERO + rest - next * 10
      rest = next
      old = (old / 10) | 0
    }
    at--
  }
  while (rest !== old) {
    const next = (rest / 10) | 0
    out[at--] = ZERO + rest - next * 10
    rest = next
    old = (old / 10) | 0
  }
}

/** `value` is an integer in [0, 2^64) below 2^53: 16 hexadecimal digits. */
export function writeHex16(out: Uint8Array, at: number, value: number): number {
  let high = Math.floor(value / 4_294_967_296)
  let low = value >>> 0
  for (let i = at + 15; i >= at + 8; i--) {
    out[i] = hexDigit(low & 15)
    low >>>= 4
  }
  for (let i = at + 7; i >= at; i--) {
    out[i] = hexDigit(high & 15)
    high >>>= 4
  }
  return at + 16
}

function hexDigit(value: number): number {
  return value < 10 ? ZERO + value : 87 + value
}

function writeAscii(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i)
  return at
}

/** hot. Doubles beyond 32 bits are split in two, so that the digit loops run on small integers. */
function writeInteger(out: Uint8Array, at: number, value: number): number {
  if (value < BILLION) return writePadded(out, at, value, digitCount(value))
  const high = Math.floor(value / BILLION)
  at = writePadded(out, at, high, digitCount(high))
  return writePadded(out, at, value - high * BILLION, 9)
}

/** hot. `value` < 10^9, in exactly `width` digits. */
function writePadded(out: Uint8Array, at: number, value: number, width: number): number {
  let rest = value | 0
  for (let i = at + width - 1; i >= at; i--) {
    const next = (rest / 10) | 0
    out[i] = ZERO + rest - next * 10
    rest = next
  }
  return at + width
}

function digitCount(value: number): number {
  let count = 1
  while (count < 9 && value >= POWERS_OF_TEN[count]!) count++
  return count
}
