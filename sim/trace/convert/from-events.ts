import type { Converter } from './converter.ts'
import { EventCluster } from './event-cluster.ts'
import { type EventFact, EventFacts } from './event-facts.ts'
import { jsonItems } from './json-items.ts'
import { TimeSorter } from './time-sorter.ts'

/** A probe's default period, and a pod's default time of grace. */
const READY_AFTER_MS = 10_000
const GRACE_MS = 30_000

/**
 * Events of Kubernetes as they were exported: `kubectl get events -A -o json`, a watch of them, or what an exporter wrote, one
 * a line. They come in any order and are sorted by time, in bounded memory.
 */
export const fromEvents: Converter = {
  options: ['readyAfterMs', 'graceMs'],
  async *events({ bytes, conversion, options, scratchDir }) {
    const facts = new EventFacts(conversion)
    const sorter = new TimeSorter<EventFact>(scratchDir)
    try {
      for await (const items of jsonItems(bytes, conversion)) {
        for (const { value, place } of items) for (const fact of facts.factsOf(value, place)) await sorter.add(fact)
      }
      const { readyAfterMs = READY_AFTER_MS, graceMs = GRACE_MS } = options
      const cluster = new EventCluster(conversion, { readyAfterMs, graceMs })
      for await (const batch of sorter.sorted()) {
        conversion.startUnixMs ??= batch[0]!.t
        for (const fact of batch) cluster.take(fact, fact.t - conversion.startUnixMs)
        yield cluster.drain()
      }
      cluster.end()
      yield cluster.drain()
    } finally {
      sorter.close()
    }
  },
}
