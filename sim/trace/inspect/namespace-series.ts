import type { CountSeries, Timeline } from './timeline.ts'

/** Namespaces that are told apart while the trace is read. */
const KEPT_MAX = 64
/** And in the figures. */
const SHOWN_MAX = 5

interface Counted {
  readonly series: CountSeries
  events: number
}

/** Something counted over time by namespace: exact for up to 64 of them; beyond that the smallest are summed. */
export class NamespaceSeries {
  readonly #timeline: Timeline
  readonly #byNamespace = new Map<string, Counted>()
  readonly #rest: Counted

  constructor(timeline: Timeline) {
    this.#timeline = timeline
    this.#rest = { series: timeline.counts(), events: 0 }
  }

  add(t: number, namespace: string): void {
    let counted = this.#byNamespace.get(namespace)
    if (counted === undefined) {
      if (this.#byNamespace.size === KEPT_MAX) this.#giveUpSmallest()
      counted = { series: this.#timeline.counts(), events: 0 }
      this.#byNamespace.set(namespace, counted)
    }
    counted.events++
    counted.series.add(t)
  }

  /** The largest, and the rest under `null` where there is one. */
  finish(bins: number): { readonly namespace: string | null; readonly values: readonly number[] }[] {
    const largest = [...this.#byNamespace].sort(([, a], [, b]) => b.events - a.events)
    for (const [, counted] of largest.slice(SHOWN_MAX)) this.#intoRest(counted)
    const shown = largest
      .slice(0, SHOWN_MAX)
      .map(([namespace, { series }]) => ({ namespace, values: series.values(bins) }))
    return this.#rest.events === 0 ? shown : [...shown, { namespace: null, values: this.#rest.series.values(bins) }]
  }

  /** Half of them at once: namespaces may come and go with their pods. */
  #giveUpSmallest(): void {
    const smallest = [...this.#byNamespace].sort(([, a], [, b]) => a.events - b.events).slice(0, KEPT_MAX / 2)
    for (const [namespace, counted] of smallest) {
      this.#byNamespace.delete(namespace)
      this.#intoRest(counted)
      this.#timeline.drop(counted.series)
    }
  }

  #intoRest({ series, events }: Counted): void {
    this.#rest.series.addAll(series)
    this.#rest.events += events
  }
}
