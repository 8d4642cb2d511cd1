import { formatSeconds } from '../../base/index.ts'

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** A value with its unit, for people: three significant digits, exact where it is a count. */
export function formatValue(value: number, unit: string): string {
  if (!Number.isFinite(value)) return String(value)
  switch (unit) {
    case 's':
      return formatSeconds(value)
    case 'ns':
      return formatSeconds(value / 1e9)
    case 'bytes':
      return formatBytes(value)
    case 'bytes/s':
      return `${formatBytes(value)}/s`
    case '1':
      return formatNumber(value)
    case '1/s':
      return `${formatNumber(Math.abs(value) >= 1000 ? Math.round(value) : value)}/s`
    default:
      return `${formatNumber(value)} ${oneLine(unit)}`
  }
}

/** IEC: `418 MiB`, `1.50 KiB`, `12 B`. */
export function formatBytes(bytes: number): string {
  let size = bytes
  let step = 0
  while (Math.abs(size) >= 1023.5 && step < BINARY.length - 1) {
    size /= 1024
    step++
  }
  return `${step === 0 && Number.isInteger(size) ? size : digits(size)} ${BINARY[step]}`
}

/** `1,234,567`; fractions keep three significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isInteger(value)) return Math.abs(value) >= 1000 ? grouped(Math.round(value)) : digits(value)
  return Math.abs(value) >= 1e15 ? value.toExponential(3) : grouped(value)
}

/** From ten times as much on, a factor says more than a percentage. */
const MANIFOLD = 9

/** A relative change: `+16.5%`, `-0.9%`, `+215%`, `0%`, `×25`. */
export function formatChange(change: number): string {
  if (change >= MANIFOLD) return `×${grouped(Math.round(1 + change))}`
  const text = formatShare(Math.abs(change))
  return text === '0%' ? text : `${change < 0 ? '-' : '+'}${text}`
}

/** A share in per cent: `16.5%`, `215%`, `0.4%`; what would be shown as zero and is not, `<0.1%`. */
export function formatShare(share: number): string {
  const percent = 100 * share
  if (percent === 0) return '0%'
  if (percent < 0.05) return '<0.1%'
  if (percent >= 99.95) return `${grouped(Math.round(percent))}%`
  return `${Number(percent.toFixed(1))}%`
}

/** `0.039`, `<0.001`, `1.000`. */
export function formatProbability(p: number): string {
  return p < 0.0005 ? '<0.001' : p.toFixed(3)
}

/** `3 pods`, `1 pod`. */
export function plural(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`
}

function grouped(integer: number): string {
  return String(integer).replace(/\B(?=(\d{3})+$)/g, ',')
}

function digits(value: number): string {
  if (value === 0) return '0'
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}

/** One line without control characters: names and messages come from outside and end up on terminals. */
export function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- that is what is to be removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim()
}
