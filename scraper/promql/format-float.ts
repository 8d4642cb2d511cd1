/**
 * A sample's value as Prometheus' API prints it: Go's shortest decimal, with an exponent below 1e-6 and from 1e21 on.
 *
 * JavaScript prints the same digits; only the names of the infinities, -0 and one-digit exponents differ.
 */
export function formatFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  if (value !== value) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  const text = String(value)
  const e = text.indexOf('e')
  if (e === -1 || text.length - e > 3) return text
  return `${text.slice(0, e + 2)}0${text.slice(e + 2)}`
}

/** Go's `FormatFloat(v, 'f', -1, 64)`: never an exponent. Values of `count_values` labels are written so. */
export function formatFloatPlain(value: number): string {
  const text = formatFloat(value)
  const e = text.indexOf('e')
  if (e === -1) return text
  const exponent = Number(text.slice(e + 1))
  const sign = text.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = text.slice(sign.length, e).split('.')
  return exponent < 0
    ? `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
    : `${sign}${whole}${fraction.padEnd(exponent, '0')}`
}

/** Go's `%g`, as annotations print numbers: shortest digits, exponent below 1e-4 and from 1e21 on. */
export function formatGeneral(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e-6 && size < 1e-4) {
    const [digits = '', exponent = ''] = value.toExponential().split('e')
    return `${digits}e-0${exponent.slice(1)}`
  }
  return formatFloat(value)
}

/** Go's `%.2g`: two significant digits, exponent below 1e-4 and from 100 on. */
export function formatTwoDigits(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatFloat(value)
  const [digits = '', exponent = ''] = value.toExponential(1).split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 2) return String(Number(value.toPrecision(2)))
  const size = String(Math.abs(power)).padStart(2, '0')
  return `${digits.replace('.0', '')}e${power < 0 ? '-' : '+'}${size}`
}
