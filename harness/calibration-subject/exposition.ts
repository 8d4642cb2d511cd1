/** One sample of an answer in text format 0.0.4. */
export interface ParsedSample {
  /** Name and labels as the target wrote them: the same text, the same series. */
  readonly series: string
  readonly value: number
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{.*\})?)[ \t]+(\S+)/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g

/** Samples in the order of the text. Time stamps are not looked at. */
export function parseExposition(text: string): ParsedSample[] {
  const out: ParsedSample[] = []
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const match = LINE.exec(line)
    if (match === null) throw new Error(`not a sample: ${line}`)
    out.push({ series: match[1]!, value: parseValue(match[2]!) })
  }
  return out
}

/** The labels of a series, its name among them as `__name__`. */
export function parseLabels(series: string): Record<string, string> {
  const brace = series.indexOf('{')
  const labels: Record<string, string> = { __name__: brace < 0 ? series : series.slice(0, brace) }
  if (brace < 0) return labels
  for (const [, name, value] of series.slice(brace).matchAll(LABEL)) labels[name!] = unescaped(value!)
  return labels
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}

function parseValue(text: string): number {
  if (text === '+Inf') return Infinity
  return text === '-Inf' ? -Infinity : Number(text)
}
