/** A part of a query text: UTF-16 indices, `end` excluded. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** `line:column`, both counted from 1, as Prometheus prints positions. */
export function lineAndColumn(text: string, index: number): string {
  let line = 1
  let lastBreak = -1
  for (let i = text.indexOf('\n'); i !== -1 && i < index; i = text.indexOf('\n', i + 1)) {
    line++
    lastBreak = i
  }
  return `${line}:${index - lastBreak}`
}
