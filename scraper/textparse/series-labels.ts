import { Labels, METRIC_NAME } from '../model/index.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Either the labels, or why the text has none. */
export type SeriesLabels =
  | {
      readonly labels: Labels
      /** Names that were written with an empty value: not labels, but `honor_labels` heeds them. */
      readonly emptyNames: readonly string[]
    }
  | { readonly problem: string }

/**
 * Reads the labels from the raw text of a series whose form `TextParser.readSeries` has checked.
 *
 * Done once per series and target, not per sample.
 */
export function parseSeriesLabels(bytes: Uint8Array, start: number, end: number): SeriesLabels {
  let text: string
  try {
    text = decoder.decode(bytes.subarray(start, end))
  } catch {
    return { problem: 'invalid UTF-8 label value' }
  }
  const names: string[] = []
  const values: string[] = []
  const brace = text.indexOf('{')
  const name = (brace < 0 ? text : text.slice(0, brace)).trim()
  if (name !== '') {
    names.push(METRIC_NAME)
    values.push(name)
  }
  if (brace >= 0) readPairs(text, brace + 1, names, values)
  return sorted(names, values)
}

function readPairs(text: string, from: number, names: string[], values: string[]): void {
  PART.lastIndex = from
  for (;;) {
    const match = PART.exec(text)
    if (match === null) return
    const [, quotedName, bareName, value] = match
    const name = bareName ?? unquote(quotedName!)
    // A quoted text that stands alone is the metric name.
    names.push(value === undefined ? METRIC_NAME : name)
    values.push(value === undefined ? name : unquote(value))
  }
}

/** One label, or the quoted metric name, with the comma after it. Sticky: `lastIndex` walks through the text. */
const PART = /[\s]*(?:"((?:\\.|[^\\"])*)"|([a-zA-Z_]\w*))[ \t]*(?:=[ \t]*"((?:\\.|[^\\"])*)")?[ \t]*,?/gsy

function unquote(text: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\([\\n"])/g, (_, char: string) => (char === 'n' ? '\n' : char))
}

function sorted(names: readonly string[], values: readonly string[]): SeriesLabels {
  const order = names
    .map((_, index) => index)
    .toSorted((a, b) => (names[a]! < names[b]! ? -1 : names[a] === names[b] ? 0 : 1))
  const flat: string[] = []
  const emptyNames: string[] = []
  let previous: string | undefined
  for (const index of order) {
    const name = names[index]!
    if (name === previous) return { problem: `label name ${JSON.stringify(name)} is not unique` }
    previous = name
    if (values[index] === '') emptyNames.push(name)
    else flat.push(name, values[index]!)
  }
  return { labels: Labels.fromSortedFlat(flat), emptyNames }
}
