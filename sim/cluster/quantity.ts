const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** The value of a quantity (`100m`, `1.5Gi`, `2e3`) in its base unit: cores, bytes. `undefined` for what is none. */
export function parseQuantity(text: unknown): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) ? text : undefined
  const match = typeof text === 'string' ? QUANTITY.exec(text) : null
  if (match === null) return undefined
  const [, digits, exponent, suffix] = match
  if (exponent !== undefined) return Number(`${digits}e${exponent}`)
  return Number(digits) * (suffix === undefined ? 1 : FACTORS[suffix]!)
}

/** Thousandths of a quantity, rounded up as Kubernetes does; `undefined` for what is none. */
export function parseMilli(text: unknown): number | undefined {
  const value = parseQuantity(text)
  // 0.1 is not what its binary digits say: 15 digits are what a double holds for certain.
  return value === undefined ? undefined : Math.ceil(Number((value * 1000).toPrecision(15)))
}

const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** An integer of so many nanos, as Kubernetes writes it: the largest decimal suffix without a fraction, `1500m`, `2`. */
export function formatNanos(nanos: number): string {
  return decimal(nanos, 0)
}

/** The same for thousandths. */
export function formatMilli(milli: number): string {
  return decimal(milli, 2)
}

function decimal(value: number, suffix: number): string {
  if (value === 0) return '0'
  let number = value
  let index = suffix
  while (number % 1000 === 0 && index < DECIMAL.length - 1) {
    number /= 1000
    index++
  }
  return `${number}${DECIMAL[index]!}`
}

/** Bytes with the largest binary suffix that leaves no fraction: `64Mi`, `1500Ki`. */
export function formatBytes(bytes: number): string {
  let number = bytes
  let index = 0
  // Below 1024 Kubernetes keeps to decimal suffixes, which for bytes means none.
  while (number !== 0 && number % 1024 === 0 && index < BINARY.length - 1) {
    number /= 1024
    index++
  }
  return `${number}${BINARY[index]!}`
}
