/** A sample's value as Prometheus writes it: a decimal, `NaN`, `+Inf`, `-Inf`. */
export function parseSampleValue(text: string): number {
  const value = Number(text)
  if (value === value) return value
  if (text === '+Inf' || text === 'Inf') return Infinity
  return text === '-Inf' ? -Infinity : NaN
}
