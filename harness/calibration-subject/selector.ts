import { parseDuration } from '../../base/index.ts'

/** A series selector, with a range or without: all of PromQL that this subject understands. */
export interface Selector {
  readonly matches: (labels: Readonly<Record<string, string>>) => boolean
  readonly rangeMs: number | undefined
}

const SELECTOR = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{(.*)\})?\s*(?:\[([^\]]+)\])?\s*$/s
const MATCHER = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")\s*(,|$)/y

/** `name{label="value", other=~"a|b"}[5m]`; `undefined` for anything else. */
export function parseSelector(text: string): Selector | undefined {
  const match = SELECTOR.exec(text)
  if (match === null || (match[1] === undefined && match[2] === undefined)) return undefined
  const tests: ((labels: Readonly<Record<string, string>>) => boolean)[] = []
  const [, name, inner = '', range] = match
  if (name !== undefined) tests.push(labels => labels.__name__ === name)
  MATCHER.lastIndex = 0
  for (let at = 0; at < inner.trimEnd().length; at = MATCHER.lastIndex) {
    const matcher = MATCHER.exec(inner)
    if (matcher === null) return undefined
    const [, label, operator, quoted] = matcher
    tests.push(matcherOf(label!, operator!, JSON.parse(quoted!) as string))
  }
  return {
    matches: labels => tests.every(test => test(labels)),
    rangeMs: range === undefined ? undefined : parseDuration(range),
  }
}

function matcherOf(
  label: string,
  operator: string,
  value: string,
): (labels: Readonly<Record<string, string>>) => boolean {
  const wanted = !operator.startsWith('!')
  if (!operator.includes('~')) return labels => ((labels[label] ?? '') === value) === wanted
  // A list of plain words is what the harness asks with; a set is quicker than an expression of many thousand letters.
  const words = new Set(value.split('|'))
  if (/^[\w|-]*$/.test(value)) return labels => words.has(labels[label] ?? '') === wanted
  const pattern = new RegExp(`^(?:${value})$`, 's')
  return labels => pattern.test(labels[label] ?? '') === wanted
}
