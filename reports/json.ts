/** Compact JSON with sorted keys: equal values give equal texts. What hashes are taken of. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (isRecord(inner) ? sorted(inner) : inner))
}

/**
 * JSON for people and for `diff`: sorted keys, two blanks of indentation, and lists of plain values on one line, so that
 * a row of a time line is a line.
 */
export function prettyJson(value: unknown): string {
  return `${print(value, '')}\n`
}

function print(value: unknown, indent: string): string {
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (value.every(isPlain)) return `[${value.map(item => plain(item)).join(', ')}]`
    return `[\n${value.map(item => inner + print(item, inner)).join(',\n')}\n${indent}]`
  }
  if (!isRecord(value)) return plain(value)
  const fields = Object.entries(sorted(value)).filter(([, field]) => field !== undefined)
  if (fields.length === 0) return '{}'
  const lines = fields.map(([key, field]) => `${inner}${JSON.stringify(key)}: ${print(field, inner)}`)
  return `{\n${lines.join(',\n')}\n${indent}}`
}

function plain(value: unknown): string {
  return JSON.stringify(value) ?? 'null'
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
