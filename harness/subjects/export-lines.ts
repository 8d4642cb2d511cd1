import type { RawSeries } from './subject.ts'

/**
 * Reads VictoriaMetrics' `/api/v1/export`: one JSON object a line, `{"metric":{…},"values":[…],"timestamps":[…]}`.
 *
 * Three peculiarities (seen with 1.79.5): numbers that JSON does not know stand there bare (`NaN`, `+Inf`); stale markers
 * are `null`, or NaN in series that hold nothing else; and a series may be spread over several lines. Samples that are
 * NaN are therefore left out altogether: VictoriaMetrics does not keep ordinary NaNs.
 */
export class ExportLines {
  readonly #minUnixMs: number
  readonly #maxUnixMs: number
  readonly #series = new Map<string, Block[]>()
  #rest: Buffer[] = []

  /** Keeps samples in [minUnixMs, maxUnixMs]. */
  constructor(minUnixMs: number, maxUnixMs: number) {
    this.#minUnixMs = minUnixMs
    this.#maxUnixMs = maxUnixMs
  }

  push(chunk: Buffer): void {
    let from = 0
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      this.#rest.push(chunk.subarray(from, end))
      this.#line(Buffer.concat(this.#rest).toString('utf8'))
      this.#rest = []
      from = end + 1
    }
    if (from < chunk.length) this.#rest.push(chunk.subarray(from))
  }

  /** All series that have samples in the window, in the order of their first lines; call it once, at the end. */
  finish(): RawSeries[] {
    if (this.#rest.length > 0) this.#line(Buffer.concat(this.#rest).toString('utf8'))
    this.#rest = []
    return [...this.#series.values()].map(joined)
  }

  #line(line: string): void {
    if (line.trim() === '') return
    const parsed = JSON.parse(withJsonNumbers(line)) as Line
    const tMs = new Float64Array(parsed.values.length)
    const values = new Float64Array(parsed.values.length)
    let count = 0
    for (let i = 0; i < parsed.values.length; i++) {
      const value = parsed.values[i]!
      const atMs = parsed.timestamps[i]!
      if (value === null || atMs < this.#minUnixMs || atMs > this.#maxUnixMs) continue
      tMs[count] = atMs
      values[count++] = value
    }
    if (count === 0) return
    const block = { labels: parsed.metric, tMs: tMs.subarray(0, count), values: values.subarray(0, count) }
    const key = JSON.stringify(parsed.metric)
    const known = this.#series.get(key)
    if (known === undefined) this.#series.set(key, [block])
    else known.push(block)
  }
}

interface Line {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (number | null)[]
  readonly timestamps: readonly number[]
}

type Block = RawSeries

const VALUES_KEY = '"values":['

/** Within a JSON string a quote is escaped, so the key's text occurs once: where the values begin. */
function withJsonNumbers(line: string): string {
  const start = line.lastIndexOf(VALUES_KEY) + VALUES_KEY.length
  const end = line.indexOf(']', start)
  const values = line.slice(start, end)
  if (!/[IN]/.test(values)) return line
  const readable = values
    .replaceAll('NaN', 'null')
    .replaceAll(/"?([+-]?)Inf(?:inity)?"?/g, (_, sign: string) => (sign === '-' ? '-1e999' : '1e999'))
  return line.slice(0, start) + readable + line.slice(end)
}

function joined(blocks: readonly Block[]): RawSeries {
  if (blocks.length === 1) return blocks[0]!
  const rows = blocks.flatMap(block => Array.from(block.tMs, (atMs, i) => [atMs, block.values[i]!] as const))
  rows.sort((a, b) => a[0] - b[0])
  return {
    labels: blocks[0]!.labels,
    tMs: Float64Array.from(rows, row => row[0]),
    values: Float64Array.from(rows, row => row[1]),
  }
}
