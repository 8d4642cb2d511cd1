import { DurationHistogram } from '../../../base/index.ts'
import { canonicalLine, type ChurnEvent } from '../churn-event.ts'
import { LineHash } from '../line-hash.ts'
import { TraceState } from '../trace-state.ts'

/** Follows what is played: how late each event was, what they add up to, and what was not played. */
export class Fidelity {
  /** The events that were played, folded: what there should be. */
  readonly planned = new TraceState()
  readonly #hash = new LineHash()
  readonly #lateness = new Map<string, DurationHistogram>()
  readonly #skipped = new Map<string, number>()
  #played = 0
  #merged = 0
  #simulated = 0

  /** Events that were written together; `latenessNs` is their achieved minus their planned time, where they had one. */
  played(events: readonly ChurnEvent[], latenessNs: number | undefined): void {
    for (const event of events) {
      this.#hash.add(canonicalLine(withDefaults(event)))
      this.planned.apply(event)
      if (latenessNs === undefined) continue
      const key = event.kind === 'action' ? 'action' : `${event.kind} ${event.op}`
      let histogram = this.#lateness.get(key)
      if (histogram === undefined) {
        histogram = new DurationHistogram()
        this.#lateness.set(key, histogram)
      }
      histogram.record(Math.max(0, latenessNs))
    }
    this.#played += events.length
    this.#merged += events.length - 1
  }

  /** An event that is left to the simulated controllers. */
  simulated(): void {
    this.#simulated++
  }

  /** An event that could not be played. */
  skipped(reason: string): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1)
  }

  get counts(): {
    readonly planned: number
    readonly played: number
    readonly merged: number
    readonly simulated: number
    readonly skipped: Record<string, number>
  } {
    let skipped = 0
    for (const count of this.#skipped.values()) skipped += count
    return {
      planned: this.#played + this.#simulated + skipped,
      played: this.#played,
      merged: this.#merged,
      simulated: this.#simulated,
      skipped: Object.fromEntries(this.#skipped),
    }
  }

  get sha256(): string {
    return this.#hash.digest()
  }

  get latenessHdr(): Record<string, string> {
    return Object.fromEntries([...this.#lateness].map(([key, histogram]) => [key, histogram.encode()]))
  }
}

/** With what a trace may leave out and the API always shows. */
function withDefaults(event: ChurnEvent): ChurnEvent {
  if (event.kind === 'action') return event
  switch (event.op) {
    case 'added':
    case 'relabelled':
      return { labels: {}, ...event }
    case 'created':
      return { labels: {}, containers: [], ...event }
    case 'applied':
      return event.kind === 'workload'
        ? { labels: {}, containers: [], ...event }
        : { labels: {}, selector: {}, ports: [], ...event }
    default:
      return event
  }
}
