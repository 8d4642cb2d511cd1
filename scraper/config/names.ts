/** Which metric and label names are allowed: Prometheus 2's ASCII set, or any UTF-8. */
export type NameScheme = 'legacy' | 'utf8'

const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const LEGACY_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

export function isValidLabelName(name: string, scheme: NameScheme): boolean {
  return scheme === 'legacy' ? LEGACY_LABEL.test(name) : name !== '' && isUnicode(name)
}

export function isValidMetricName(name: string, scheme: NameScheme): boolean {
  return scheme === 'legacy' ? LEGACY_METRIC.test(name) : name !== '' && isUnicode(name)
}

/** Whether the text can be written as UTF-8, i.e. has no lone surrogates. */
export function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
