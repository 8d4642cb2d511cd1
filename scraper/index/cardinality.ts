import { METRIC_NAME } from '../model/index.ts'
import type { CardinalityStats, NamedCount } from '../storage/interfaces.ts'
import type { PairTable } from './pair-table.ts'

/** What has how many series, values and bytes: Prometheus' head statistics, the `limit` largest of each. */
export function cardinality(pairs: PairTable, limit: number): CardinalityStats {
  const metricNames = new Top(limit)
  const valuesByName = new Top(limit)
  const bytesByName = new Top(limit)
  const seriesByPair = new Top(limit)
  for (const [name, owner] of pairs.names) {
    valuesByName.offer(name, '', owner.values.size)
    let bytes = 0
    for (const [value, pair] of owner.values) {
      const count = pair.live
      if (name === METRIC_NAME) metricNames.offer(value, '', count)
      seriesByPair.offer(name, value, count)
      bytes += value.length * count
    }
    bytesByName.offer(name, '', bytes)
  }
  return {
    seriesCountByMetricName: metricNames.list(text => text),
    labelValueCountByLabelName: valuesByName.list(text => text),
    memoryInBytesByLabelName: bytesByName.list(text => text),
    seriesCountByLabelValuePair: seriesByPair.list((name, value) => `${name}=${value}`),
  }
}

/** The largest `limit` of what is offered; equals in the order offered. */
class Top {
  readonly #limit: number
  readonly #entries: { readonly name: string; readonly value: string; readonly count: number }[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  offer(name: string, value: string, count: number): void {
    const entries = this.#entries
    if (this.#limit <= 0 || (entries.length === this.#limit && count <= entries.at(-1)!.count)) return
    let at = entries.length
    while (at > 0 && entries[at - 1]!.count < count) at--
    entries.splice(at, 0, { name, value, count })
    if (entries.length > this.#limit) entries.pop()
  }

  list(text: (name: string, value: string) => string): NamedCount[] {
    return this.#entries.map(({ name, value, count }) => ({ name: text(name, value), value: count }))
  }
}
