import type { ChurnEvent } from '../churn-event.ts'

/** How many events of one kind and operation there were. */
export class OpCount {
  readonly kind: ChurnEvent['kind']
  /** `pod created`; of actions `action scale`. */
  readonly name: string
  events = 0
  /** Of the burst finder: the window for which `inWindow` counts. */
  window = -1
  inWindow = 0

  constructor(kind: ChurnEvent['kind'], name: string) {
    this.kind = kind
    this.name = name
  }
}

/** Names of actions that are told apart; a trace may hold any. */
const ACTIONS_MAX = 1000
const OTHER = '(other actions)'

/** Counts by kind and operation. */
export class OpCounts {
  readonly #byKind: Readonly<Record<ChurnEvent['kind'], Map<string, OpCount>>> = {
    node: new Map(),
    workload: new Map(),
    service: new Map(),
    pod: new Map(),
    action: new Map(),
  }

  /** The count that the event belongs to, with it. */
  add({ kind, op }: ChurnEvent): OpCount {
    const counts = this.#byKind[kind]
    const count = counts.get(op) ?? this.#make(counts, kind, op)
    count.events++
    return count
  }

  /** By name: `pod created`. */
  finish(): Record<string, number> {
    const all = Object.values(this.#byKind).flatMap(counts => [...counts.values()])
    return Object.fromEntries(all.map(({ name, events }) => [name, events]))
  }

  #make(counts: Map<string, OpCount>, kind: ChurnEvent['kind'], op: string): OpCount {
    const known = counts.size < ACTIONS_MAX ? op : OTHER
    let count = counts.get(known)
    if (count === undefined) {
      count = new OpCount(kind, `${kind} ${known}`)
      counts.set(known, count)
    }
    return count
  }
}
