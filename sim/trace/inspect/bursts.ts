import type { ChurnEvent } from '../churn-event.ts'
import type { ChurnRow } from './churn-table.ts'
import type { OpCount } from './op-counts.ts'

/** When much happened: one of the busiest windows, or several that follow each other. */
export interface Burst {
  readonly startMs: number
  readonly endMs: number
  readonly events: number
  /** Events of its busiest window, and when that began. */
  readonly peak: number
  readonly peakMs: number
  /** Most frequent kinds of events, the most first. */
  readonly ops: readonly { readonly op: string; readonly events: number }[]
  /** Whose pods they were, the most first. */
  readonly owners: readonly { readonly namespace: string; readonly owner: string; readonly events: number }[]
  /**
   * What may have set it off: actions, workloads applied, scaled or deleted, nodes lost, within its first window or the one
   * before. In order of time, the first of them.
   */
  readonly causes: readonly { readonly t: number; readonly what: string }[]
}

const TOP = 4
/** Of a single window: enough that sums over some windows are right in their first places. */
const TOP_OF_WINDOW = 16
const CAUSES_MAX = 6
/** Causes that are remembered. */
const RECENT_MAX = 64
/** Windows that are kept for each burst that is wanted. */
const WINDOWS_PER_BURST = 4

/**
 * Finds the busiest windows while the trace goes by: four times as many as bursts are wanted. Those that touch are one burst.
 */
export class BurstFinder {
  readonly #windowMs: number
  readonly #wanted: number
  /** The busiest so far, the busiest first. */
  readonly #found: Burst[] = []
  readonly #recent: { readonly t: number; readonly what: string }[] = []
  #window = 0
  #endMs: number
  #events = 0
  #rows: ChurnRow[] = []
  #ops: OpCount[] = []

  constructor(windowMs: number, wanted: number) {
    this.#windowMs = windowMs
    this.#endMs = windowMs
    this.#wanted = wanted
  }

  // hot: once per event. Counts of the window live in the rows themselves.
  add(event: ChurnEvent, op: OpCount, row: ChurnRow | undefined): void {
    if (event.t >= this.#endMs) this.#close(Math.floor(event.t / this.#windowMs))
    const window = this.#window
    this.#events++
    if (op.window !== window) {
      op.window = window
      op.inWindow = 0
      this.#ops.push(op)
    }
    op.inWindow++
    if (row !== undefined) {
      if (row.window !== window) {
        row.window = window
        row.inWindow = 0
        this.#rows.push(row)
      }
      row.inWindow++
    }
    if (event.kind !== 'pod') this.cause(event)
  }

  /** Remembers what may set off a burst. */
  cause(event: ChurnEvent): void {
    const what = causeOf(event)
    if (what === undefined) return
    this.#recent.push({ t: event.t, what })
    if (this.#recent.length > RECENT_MAX) this.#recent.shift()
  }

  /** The bursts, the one with the busiest window first. */
  finish(): readonly Burst[] {
    this.#close(this.#window + 1)
    const bursts: Burst[] = []
    for (const window of this.#found.toSorted((a, b) => a.startMs - b.startMs)) {
      const last = bursts.at(-1)
      if (last?.endMs === window.startMs) bursts[bursts.length - 1] = joined(last, window)
      else bursts.push(window)
    }
    return bursts
      .sort((a, b) => b.peak - a.peak || a.startMs - b.startMs)
      .slice(0, this.#wanted)
      .map(burst => ({ ...burst, ops: burst.ops.slice(0, TOP), owners: burst.owners.slice(0, TOP) }))
  }

  #close(next: number): void {
    const least = this.#found.length < this.#wanted * WINDOWS_PER_BURST ? 0 : this.#found.at(-1)!.events
    if (this.#events > least) this.#keep(this.#burst())
    this.#window = next
    this.#endMs = (next + 1) * this.#windowMs
    this.#events = 0
    this.#rows = []
    this.#ops = []
  }

  #keep(burst: Burst): void {
    const at = this.#found.findIndex(other => other.events < burst.events)
    this.#found.splice(at === -1 ? this.#found.length : at, 0, burst)
    this.#found.length = Math.min(this.#found.length, this.#wanted * WINDOWS_PER_BURST)
  }

  #burst(): Burst {
    const startMs = this.#window * this.#windowMs
    const most = <T extends { readonly inWindow: number }>(counted: readonly T[]): T[] =>
      counted.toSorted((a, b) => b.inWindow - a.inWindow).slice(0, TOP_OF_WINDOW)
    return {
      startMs,
      endMs: startMs + this.#windowMs,
      events: this.#events,
      peak: this.#events,
      peakMs: startMs,
      ops: most(this.#ops).map(({ name, inWindow }) => ({ op: name, events: inWindow })),
      owners: most(this.#rows).map(({ namespace, owner, inWindow }) => ({ namespace, owner, events: inWindow })),
      causes: this.#recent.filter(({ t }) => t >= startMs - this.#windowMs).slice(0, CAUSES_MAX),
    }
  }
}

function joined(a: Burst, b: Burst): Burst {
  const { peak, peakMs } = b.peak > a.peak ? b : a
  return {
    startMs: a.startMs,
    endMs: b.endMs,
    events: a.events + b.events,
    peak,
    peakMs,
    ops: summed(a.ops, b.ops, ({ op }) => op),
    owners: summed(a.owners, b.owners, ({ namespace, owner }) => `${namespace}/${owner}`),
    causes: a.causes,
  }
}

function summed<T extends { readonly events: number }>(
  a: readonly T[],
  b: readonly T[],
  keyOf: (counted: T) => string,
): readonly T[] {
  const sums = new Map<string, T>()
  for (const counted of [...a, ...b]) {
    const key = keyOf(counted)
    sums.set(key, { ...counted, events: counted.events + (sums.get(key)?.events ?? 0) })
  }
  return [...sums.values()].sort((x, y) => y.events - x.events)
}

function causeOf(event: ChurnEvent): string | undefined {
  switch (event.kind) {
    case 'action': {
      const args = Object.entries(event.args).map(([name, value]) => `${name}=${value}`)
      return ['action', event.op, ...args].join(' ')
    }
    case 'workload': {
      const to = event.op === 'scaled' ? ` to ${event.replicas}` : ''
      return `${event.type} ${event.namespace}/${event.name} ${event.op}${to}`
    }
    case 'node':
      return event.op === 'ready' || event.op === 'recovered' ? undefined : `node ${event.name} ${event.op}`
    default:
      return undefined
  }
}
