import { escapeLabelValue } from '../exposition-escapes.ts'

/** Labels of a sample, in the order in which they are written: by name, as Go's library has it. */
export type MetricLabels = Readonly<Record<string, string>>

/** Metric families as text of the exposition format 0.0.4, in the order in which they are begun. */
export class MetricText {
  readonly #lines: string[] = []
  #name = ''

  /** Begins a family. */
  family(name: string, type: 'counter' | 'gauge', help: string): this {
    this.#name = name
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    return this
  }

  /** @param unixMs when the value was true, where that is not the time of the scrape. */
  sample(value: number, labels: MetricLabels = {}, unixMs?: number): this {
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escapeLabelValue(text)}"`)
    const at = unixMs === undefined ? '' : ` ${Math.floor(unixMs)}`
    this.#lines.push(`${this.#name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}${at}`)
    return this
  }

  toString(): string {
    return this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`
  }
}
