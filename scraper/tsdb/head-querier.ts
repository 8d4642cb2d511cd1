import type { Labels, Matcher } from '../model/index.ts'
import type { Querier, SampleColumns, SelectHints, SeriesSet } from '../storage/interfaces.ts'
import type { Head } from './head.ts'

/** Reads a time range of the head. */
export class HeadQuerier implements Querier {
  readonly #head: Head
  readonly #minMs: number
  readonly #maxMs: number

  constructor(head: Head, minMs: number, maxMs: number) {
    this.#head = head
    this.#minMs = minMs
    this.#maxMs = maxMs
  }

  select(matchers: readonly Matcher[], hints: SelectHints = {}): Promise<SeriesSet> {
    const refs = this.#isOutside() ? new Uint32Array(0) : this.#head.select(matchers, this.#minMs, this.#maxMs)
    const set = new HeadSeriesSet(this.#head, refs, this.#minMs, this.#maxMs)
    if (hints.sort === true) set.sort()
    return Promise.resolve(set)
  }

  /** As in Prometheus, the time range only decides whether the head as a whole is asked. */
  labelNames(matchers: readonly Matcher[]): Promise<string[]> {
    return Promise.resolve(this.#isOutside() ? [] : this.#head.index.labelNames(matchers))
  }

  labelValues(name: string, matchers: readonly Matcher[]): Promise<string[]> {
    return Promise.resolve(this.#isOutside() ? [] : this.#head.index.labelValues(name, matchers))
  }

  #isOutside(): boolean {
    return this.#minMs > this.#head.maxMs || this.#maxMs < this.#head.minMs
  }
}

/**
 * The refs that a select found. Labels and samples are looked up when they are asked for.
 *
 * A series that goes meanwhile is empty; its labels can still be asked for some minutes (`RemovedLabels`).
 */
class HeadSeriesSet implements SeriesSet {
  readonly #head: Head
  readonly #refs: Uint32Array
  readonly #minMs: number
  readonly #maxMs: number
  #labels: Labels[] | undefined

  constructor(head: Head, refs: Uint32Array, minMs: number, maxMs: number) {
    this.#head = head
    this.#refs = refs
    this.#minMs = minMs
    this.#maxMs = maxMs
  }

  get length(): number {
    return this.#refs.length
  }

  labelsAt(index: number): Labels {
    return this.#labels?.[index] ?? this.#head.labelsOf(this.#refs[index]!)
  }

  samplesAt(index: number, out: SampleColumns): void {
    this.#head.read(this.#refs[index]!, this.#minMs, this.#maxMs, out)
  }

  sort(): void {
    const entries = Array.from(this.#refs, ref => ({ ref, labels: this.#head.labelsOf(ref) }))
    entries.sort((a, b) => a.labels.compare(b.labels))
    this.#labels = entries.map(entry => entry.labels)
    for (let i = 0; i < entries.length; i++) this.#refs[i] = entries[i]!.ref
  }
}
