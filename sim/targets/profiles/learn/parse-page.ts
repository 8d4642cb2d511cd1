import { targetError } from '../../errors.ts'

/** A family of a page, in the words of text format 0.0.4: a counter is named like its samples. */
export interface PageFamily {
  readonly name: string
  readonly help: string
  readonly type: PageType
  readonly samples: readonly PageSample[]
}

export type PageType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown'

export interface PageSample {
  /** Whole, with `_bucket`, `_sum`, `_count`, `_total`. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** As it is written: `1.5e+06`, `NaN`, `+Inf`. */
  readonly value: string
}

const TYPES: ReadonlySet<string> = new Set([
  'counter',
  'gauge',
  'histogram',
  'summary',
  'untyped',
  'unknown',
  'info',
  'stateset',
  'gaugehistogram',
])
/** What samples of a family may be called beside its own name. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count', '_created'],
  summary: ['_sum', '_count', '_created'],
  counter: ['_total', '_created'],
  info: ['_info'],
  gaugehistogram: ['_bucket', '_gsum', '_gcount'],
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/
/** As Go reads floats, without the rarer forms that nobody writes into a page. */
const VALUE = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]?Inf)$/

/**
 * Reads a page in text format 0.0.4 or OpenMetrics text. Strict: what no client library writes is an error.
 *
 * OpenMetrics' further types become what 0.0.4 has: info and stateset gauges, gaugehistograms unknown. Exemplars,
 * timestamps and `_created` are left out.
 *
 * @param where name of the file, for errors.
 * @throws CodedError CHURN_PROFILE_PAGE (exit 2) with the line's number.
 */
export function parsePage(text: string, where: string): PageFamily[] {
  const reader = new PageReader(where)
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines) reader.read(line.endsWith('\r') ? line.slice(0, -1) : line)
  return reader.end()
}

interface OpenFamily {
  readonly name: string
  help: string
  type: string
  readonly samples: PageSample[]
}

class PageReader {
  readonly #where: string
  readonly #families = new Map<string, OpenFamily>()
  readonly #seen = new Set<string>()
  #line = 0
  #ended = false

  constructor(where: string) {
    this.#where = where
  }

  read(line: string): void {
    this.#line++
    if (this.#ended) this.#fail('something follows "# EOF"')
    if (line.trim() === '') return
    if (line.startsWith('#')) this.#comment(line)
    else this.#sample(line)
  }

  end(): PageFamily[] {
    const families = [...this.#families.values()].filter(({ samples }) => samples.length > 0)
    if (families.length === 0) this.#fail('the page has no samples')
    return families.flatMap(asPlain)
  }

  #comment(line: string): void {
    if (line === '# EOF') this.#ended = true
    const match = /^#\s+(HELP|TYPE|UNIT)\s+(\S+)(?:[ \t]+(.*))?$/.exec(line)
    // Any other comment means nothing.
    if (match === null) return
    const [, keyword, name = '', rest = ''] = match
    if (NAME.exec(name)?.[0] !== name) this.#fail(`"${name}" is no name of a metric`)
    const family = this.#familyOf(name)
    if (keyword === 'HELP') family.help = rest.replaceAll(/\\([\\n"])/g, (_, c: string) => (c === 'n' ? '\n' : c))
    if (keyword === 'TYPE') {
      if (!TYPES.has(rest.trim())) this.#fail(`"${rest}" is no type`)
      if (family.samples.length > 0) this.#fail(`the type of ${name} comes after its samples`)
      family.type = rest.trim()
    }
  }

  #sample(line: string): void {
    const name = NAME.exec(line)?.[0]
    if (name === undefined) return this.#fail('a line begins with the name of a metric, or with #')
    let at = name.length
    const labels: Record<string, string> = {}
    if (line[at] === '{') at = this.#labels(line, at + 1, labels)
    const words = line
      .slice(at)
      .split(' # ')[0]!
      .trim()
      .split(/[ \t]+/)
    const [value = '', timestamp] = words
    if (!VALUE.test(value)) this.#fail(value === '' ? `${name} has no value` : `"${value}" is no value`)
    if (words.length > 2 || (timestamp !== undefined && !/^-?\d+(?:\.\d+)?$/.test(timestamp))) {
      this.#fail(`"${words.slice(1).join(' ')}" is no timestamp`)
    }
    const key = JSON.stringify([name, ...Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])
    if (this.#seen.has(key)) this.#fail(`${name} is there twice with the same labels`)
    this.#seen.add(key)
    this.#ownerOf(name).samples.push({ name, labels, value })
  }

  /** From behind `{`; returns where it goes on behind `}`. */
  #labels(line: string, from: number, into: Record<string, string>): number {
    let at = from
    const skipSpace = (): void => {
      while (line[at] === ' ') at++
    }
    for (;;) {
      skipSpace()
      if (line[at] === '}') return at + 1
      const label = LABEL.exec(line.slice(at))?.[0]
      if (label === undefined) return this.#fail('a name of a label is missing or quoted; quoted names are not read')
      at += label.length
      skipSpace()
      if (line[at] !== '=') this.#fail(`= is missing behind ${label}`)
      at++
      skipSpace()
      if (line[at] !== '"') this.#fail(`the value of ${label} is not quoted`)
      let value = ''
      for (at++; line[at] !== '"'; at++) {
        if (at >= line.length) this.#fail(`the value of ${label} does not end`)
        if (line[at] !== '\\') {
          value += line[at]
          continue
        }
        at++
        value += line[at] === 'n' ? '\n' : (line[at] ?? '')
      }
      at++
      if (label in into) this.#fail(`${label} is there twice`)
      into[label] = value
      skipSpace()
      if (line[at] === ',') at++
      else if (line[at] !== '}') this.#fail('} or , is missing')
    }
  }

  #ownerOf(name: string): OpenFamily {
    const own = this.#families.get(name)
    if (own !== undefined) return own
    for (const [type, suffixes] of Object.entries(SUFFIXES)) {
      for (const suffix of suffixes) {
        const family = name.endsWith(suffix) ? this.#families.get(name.slice(0, -suffix.length)) : undefined
        if (family?.type === type) return family
      }
    }
    return this.#familyOf(name)
  }

  #familyOf(name: string): OpenFamily {
    let family = this.#families.get(name)
    if (family === undefined) this.#families.set(name, (family = { name, help: '', type: 'unknown', samples: [] }))
    return family
  }

  #fail(what: string): never {
    throw targetError('CHURN_PROFILE_PAGE', `${this.#where}:${this.#line}: ${what}`)
  }
}

/** OpenMetrics names a counter without `_total`, and has types that 0.0.4 lacks. */
function asPlain({ name, help, type, samples: all }: OpenFamily): PageFamily[] {
  const samples = all.filter(sample => sample.name === name || !sample.name.endsWith('_created'))
  switch (type) {
    case 'counter':
    case 'info':
    case 'gaugehistogram': {
      const plain: PageType = type === 'counter' ? 'counter' : type === 'info' ? 'gauge' : 'unknown'
      return [...new Set(samples.map(sample => sample.name))].map(each => ({
        name: each,
        help,
        type: plain,
        samples: samples.filter(sample => sample.name === each),
      }))
    }
    case 'gauge':
    case 'stateset':
      return [{ name, help, type: 'gauge', samples }]
    case 'histogram':
    case 'summary':
      return [{ name, help, type, samples }]
    default:
      return [{ name, help, type: 'unknown', samples }]
  }
}
