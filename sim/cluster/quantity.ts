/**
 * Kubernetes' quantities: `100m`, `1.5Gi`, `2e3`. Exact, in billionths; what is finer is rounded up, as there.
 */
export interface Quantity {
  readonly nanos: bigint
  /** How it was written, which is how it is written back as far as possible. */
  readonly form: 'decimal' | 'binary' | 'exponent'
}

const PATTERN = /^([+-]?)(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const NANOS = 1_000_000_000n
/** Larger exponents are nobody's, and would take memory without end. */
const EXPONENT_MAX = 30

/** @returns `undefined` for what is no quantity. */
export function parseQuantity(value: unknown): Quantity | undefined {
  const match = typeof value === 'number' || typeof value === 'string' ? PATTERN.exec(String(value)) : null
  if (match === null) return undefined
  const [, sign, digits, suffix = ''] = match
  const [whole, fraction = ''] = digits!.split('.')
  const mantissa = BigInt(`${whole!}${fraction}`)
  let exponent = 9 - fraction.length
  let form: Quantity['form'] = 'decimal'
  let factor = 1n
  if (suffix.endsWith('i')) {
    form = 'binary'
    factor = 1024n ** BigInt(BINARY_SUFFIXES.indexOf(suffix))
  } else if (suffix.length > 1) {
    form = 'exponent'
    exponent += Number(suffix.slice(1))
    if (Math.abs(Number(suffix.slice(1))) > EXPONENT_MAX) return undefined
  } else {
    exponent += (DECIMAL_SUFFIXES.indexOf(suffix) - 3) * 3
  }
  const scaled = mantissa * factor
  const size = exponent >= 0 ? scaled * 10n ** BigInt(exponent) : dividedUp(scaled, 10n ** BigInt(-exponent))
  return { nanos: sign === '-' ? -size : size, form }
}

/** The one way in which Kubernetes writes a quantity: without fractions, with the largest suffix that loses nothing. */
export function formatQuantity({ nanos, form }: Quantity): string {
  if (nanos === 0n) return '0'
  const size = nanos < 0n ? -nanos : nanos
  const sign = nanos < 0n ? '-' : ''
  if (form === 'binary' && size >= 1024n * NANOS && size % NANOS === 0n) {
    let value = size / NANOS
    let power = 0
    while (value % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
      value /= 1024n
      power++
    }
    return `${sign}${value}${BINARY_SUFFIXES[power]!}`
  }
  let value = size
  let power = 0
  while (value % 1000n === 0n && power < DECIMAL_SUFFIXES.length - 1) {
    value /= 1000n
    power++
  }
  if (form === 'exponent') return `${sign}${value}${power === 3 ? '' : `e${(power - 3) * 3}`}`
  return `${sign}${value}${DECIMAL_SUFFIXES[power]!}`
}

/** Negative, zero or positive, as for sorting. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
}

/** A quantity as Kubernetes writes it; what is none is left as it is. */
export function canonicalQuantity(value: string): string {
  const quantity = parseQuantity(value)
  return quantity === undefined ? value : formatQuantity(quantity)
}

function dividedUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor
}
