import { assert } from '../base/index.ts'
import { quote } from './model/index.ts'

type MetricType = 'counter' | 'gauge'

/** The value of one metric with one set of label values. */
export class Cell {
  value = 0

  inc(by = 1): void {
    this.value += by
  }

  set(value: number): void {
    this.value = value
  }
}

/** A counter or gauge with fixed label names. `cell` is found once and kept; using it costs one addition. */
export class Metric {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly labelNames: readonly string[]
  readonly #cells = new Map<string, { readonly labelValues: readonly string[]; readonly cell: Cell }>()

  constructor(type: MetricType, name: string, help: string, labelNames: readonly string[]) {
    this.type = type
    this.name = name
    this.help = help
    this.labelNames = labelNames
    // Without labels there is one value, and it is there from the start.
    if (labelNames.length === 0) this.cell()
  }

  cell(...labelValues: string[]): Cell {
    assert(labelValues.length === this.labelNames.length, () => `${this.name} has labels ${this.labelNames.join(', ')}`)
    const key = labelValues.join('\u{ff}')
    let entry = this.#cells.get(key)
    if (entry === undefined) {
      entry = { labelValues, cell: new Cell() }
      this.#cells.set(key, entry)
    }
    return entry.cell
  }

  remove(...labelValues: string[]): void {
    this.#cells.delete(labelValues.join('\u{ff}'))
  }

  /** Lines of text format 0.0.4. */
  render(): string {
    let out = `# HELP ${this.name} ${this.help}\n# TYPE ${this.name} ${this.type}\n`
    for (const { labelValues, cell } of this.#cells.values()) {
      const pairs = this.labelNames.map((name, i) => `${name}=${quote(labelValues[i]!)}`).join(',')
      out += `${this.name}${pairs === '' ? '' : `{${pairs}}`} ${formatNumber(cell.value)}\n`
    }
    return out
  }
}

/** What the scraper tells about itself: `/metrics` is `render()`. */
export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>()
  readonly #collectors: (() => void)[] = []

  counter(name: string, help: string, labelNames: readonly string[] = []): Metric {
    return this.#add('counter', name, help, labelNames)
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []): Metric {
    return this.#add('gauge', name, help, labelNames)
  }

  /** Called before each rendering, to bring gauges up to date that are cheaper to ask for than to keep. */
  onCollect(collector: () => void): void {
    this.#collectors.push(collector)
  }

  /** Text format 0.0.4, ordered by name. */
  render(): string {
    for (const collector of this.#collectors) collector()
    const names = [...this.#metrics.keys()].toSorted()
    return names.map(name => this.#metrics.get(name)!.render()).join('')
  }

  /** The same name twice is the same metric. */
  #add(type: MetricType, name: string, help: string, labelNames: readonly string[]): Metric {
    let metric = this.#metrics.get(name)
    if (metric === undefined) {
      metric = new Metric(type, name, help, labelNames)
      this.#metrics.set(name, metric)
    }
    assert(metric.type === type, () => `${name} is already a ${metric.type}`)
    return metric
  }
}

function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
