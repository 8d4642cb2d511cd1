// Not a static field: TypeScript 7.0.2 compiles a class that names itself in one to code that does not run.
let empty: Labels | undefined

/**
 * A set of label names and values, sorted by name (code unit order), without duplicates and without empty values.
 *
 * Immutable. Kept flat (`name0, value0, name1, value1, …`): sets are compared, hashed and walked far more often than
 * they are asked for one label. An empty value means "not there", as everywhere in Prometheus.
 */
export class Labels {
  /** `[name0, value0, name1, value1, …]`, ascending by name. Not to be changed. */
  readonly flat: readonly string[]
  #key: string | undefined

  private constructor(flat: readonly string[]) {
    this.flat = flat
  }

  /** The set without labels. */
  static get empty(): Labels {
    return (empty ??= new Labels([]))
  }

  /** @param flat sorted pairs without duplicates and empty values; ownership passes. */
  static fromSortedFlat(flat: readonly string[]): Labels {
    return flat.length === 0 ? Labels.empty : new Labels(flat)
  }

  static fromRecord(record: Readonly<Record<string, string>>): Labels {
    const flat: string[] = []
    for (const name of Object.keys(record).toSorted()) {
      const value = record[name]!
      if (value !== '') flat.push(name, value)
    }
    return Labels.fromSortedFlat(flat)
  }

  /** Number of labels. */
  get size(): number {
    return this.flat.length / 2
  }

  /** The value, or '' when the label is not there. */
  get(name: string): string {
    const { flat } = this
    for (let i = 0; i < flat.length; i += 2) if (flat[i] === name) return flat[i + 1]!
    return ''
  }

  has(name: string): boolean {
    return this.get(name) !== ''
  }

  /** A string that is equal for equal sets only; made once. For maps. */
  key(): string {
    return (this.#key ??= this.flat.join('\u{ff}'))
  }

  equals(other: Labels): boolean {
    if (this === other) return true
    if (this.flat.length !== other.flat.length) return false
    for (let i = 0; i < this.flat.length; i++) if (this.flat[i] !== other.flat[i]) return false
    return true
  }

  /** Prometheus' order: by name, then value, pair by pair; a prefix comes first. */
  compare(other: Labels): number {
    const n = Math.min(this.flat.length, other.flat.length)
    for (let i = 0; i < n; i++) {
      const a = this.flat[i]!
      const b = other.flat[i]!
      if (a !== b) return a < b ? -1 : 1
    }
    return this.flat.length - other.flat.length
  }

  /** Without the named labels. */
  without(names: ReadonlySet<string>): Labels {
    return this.#filter(name => !names.has(name))
  }

  /** Only the named labels. */
  only(names: ReadonlySet<string>): Labels {
    return this.#filter(name => names.has(name))
  }

  *[Symbol.iterator](): Generator<readonly [name: string, value: string]> {
    for (let i = 0; i < this.flat.length; i += 2) yield [this.flat[i]!, this.flat[i + 1]!]
  }

  toRecord(): Record<string, string> {
    const record: Record<string, string> = {}
    for (let i = 0; i < this.flat.length; i += 2) record[this.flat[i]!] = this.flat[i + 1]!
    return record
  }

  /** As Prometheus prints it: `{job="api", zone="a"}`, the name in front. */
  toString(): string {
    const pairs: string[] = []
    let metric = ''
    for (const [name, value] of this) {
      if (name === METRIC_NAME) metric = value
      else pairs.push(`${name}=${quote(value)}`)
    }
    return pairs.length === 0 && metric !== '' ? metric : `${metric}{${pairs.join(', ')}}`
  }

  #filter(keep: (name: string) => boolean): Labels {
    const flat: string[] = []
    for (let i = 0; i < this.flat.length; i += 2) if (keep(this.flat[i]!)) flat.push(this.flat[i]!, this.flat[i + 1]!)
    return Labels.fromSortedFlat(flat)
  }
}

export const METRIC_NAME = '__name__'

/** Collects changes to a set of labels; `build` sorts. Setting '' deletes. */
export class LabelsBuilder {
  readonly #map = new Map<string, string>()

  constructor(base: Labels = Labels.empty) {
    this.reset(base)
  }

  reset(base: Labels): this {
    this.#map.clear()
    for (let i = 0; i < base.flat.length; i += 2) this.#map.set(base.flat[i]!, base.flat[i + 1]!)
    return this
  }

  get(name: string): string {
    return this.#map.get(name) ?? ''
  }

  set(name: string, value: string): this {
    if (value === '') this.#map.delete(name)
    else this.#map.set(name, value)
    return this
  }

  delete(name: string): this {
    this.#map.delete(name)
    return this
  }

  /** Names now set; a copy, so that the builder may be changed while walking it. */
  names(): string[] {
    return [...this.#map.keys()]
  }

  build(): Labels {
    const names = [...this.#map.keys()].toSorted()
    const flat: string[] = []
    for (const name of names) flat.push(name, this.#map.get(name)!)
    return Labels.fromSortedFlat(flat)
  }
}

/** A Go-style quoted string, as Prometheus prints label values. */
export function quote(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
