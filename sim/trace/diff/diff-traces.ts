import { canonicalLine } from '../churn-event.ts'
import { TraceError } from '../errors.ts'
import { OpCounts } from '../inspect/index.ts'
import type { TraceReader } from '../trace-reader.ts'
import { EventCursor } from './event-cursor.ts'
import { ObjectLedger, objectOf } from './object-ledger.ts'
import { differingFields, type OwnedEvent, type SameOptions } from './same-event.ts'
import { type Side, TimeMatches } from './time-matches.ts'
import type { Both, DiffSide, Ignored, Parting, PlacedEvent, TraceDiff } from './trace-diff.ts'

export interface DiffOptions {
  readonly ignored: readonly Ignored[]
  /** Times that are no further apart are the same, in milliseconds. */
  readonly toleranceMs: number
  /** Pods are compared one by one, by name; otherwise all pods of an owner together. */
  readonly byPod: boolean
}

const CONTEXT = 3

/**
 * Compares two traces, read side by side. What is remembered beside the objects alive is a summary for each object, or each
 * owner of pods, and the times of events that wait for theirs on the other side.
 *
 * @throws TraceError as the readers do; CHURN_TRACE_OPTIONS
 */
export async function diffTraces(a: TraceReader, b: TraceReader, options: DiffOptions): Promise<TraceDiff> {
  const { ignored, toleranceMs, byPod } = options
  if (byPod && ignored.includes('names')) {
    throw new TraceError(
      'CHURN_TRACE_OPTIONS',
      'pods are compared one by one by their names: leave out --pods, or --ignore names',
    )
  }
  const sides = { a: new DiffSideReader(a), b: new DiffSideReader(b) }
  const ledger = new ObjectLedger(byPod)
  const times = new TimeMatches()
  const order = new OrderDiff({ ignored: new Set(ignored), toleranceMs })
  const take = (side: Side, owned: OwnedEvent | undefined): void => {
    if (owned === undefined) return
    const { event, owner } = owned
    const op = event.kind === 'action' ? 'action' : `${event.kind} ${event.op}`
    sides[side].counts.add(event)
    ledger.add(side, owned)
    times.add(side, objectOf(event, owner, byPod), op, event.t)
  }
  const [x, y] = [sides.a.cursor, sides.b.cursor]
  try {
    for (;;) {
      await x.fill()
      await y.fill()
      if (x.isOver && y.isOver) break
      const steps = x.isOver ? y.ready : y.isOver ? x.ready : Math.min(x.ready, y.ready)
      for (let i = 0; i < steps; i++) {
        const [left, right] = [x.next(), y.next()]
        order.add(left, right)
        take('a', left)
        take('b', right)
      }
    }
  } finally {
    await x.close()
    await y.close()
  }
  const told = { a: sideOf(a), b: sideOf(b) }
  const { parting } = order
  const lengthsDiffer = Math.abs(told.a.durationMs - told.b.durationMs) > toleranceMs
  return {
    schema: 'churnbench/trace-diff/v1',
    a: told.a,
    b: told.b,
    ignored,
    toleranceMs,
    same: parting === undefined && (ignored.includes('times') || !lengthsDiffer),
    header: headerDiff(a, b),
    counts: countsOf(sides.a.counts, sides.b.counts),
    states: statesOf(a, b),
    ...(parting === undefined ? {} : { parting }),
    objects: ledger.finish(),
    times: times.finish(),
    timesForgotten: times.forgotten,
  }
}

class DiffSideReader {
  readonly cursor: EventCursor
  readonly counts = new OpCounts()

  constructor(reader: TraceReader) {
    this.cursor = new EventCursor(reader)
  }
}

/** Holds the n-th event of one against the n-th of the other, until they part. */
class OrderDiff {
  readonly #options: SameOptions
  readonly #before: OwnedEvent[] = []
  readonly #afterA: PlacedEvent[] = []
  readonly #afterB: PlacedEvent[] = []
  #index = 0
  #parting: Omit<Parting, 'before' | 'afterA' | 'afterB'> | undefined

  constructor(options: SameOptions) {
    this.#options = options
  }

  get parting(): Parting | undefined {
    if (this.#parting === undefined) return undefined
    return { ...this.#parting, before: this.#before.map(placed), afterA: this.#afterA, afterB: this.#afterB }
  }

  add(a: OwnedEvent | undefined, b: OwnedEvent | undefined): void {
    if (this.#parting !== undefined) {
      if (a !== undefined && this.#afterA.length < CONTEXT) this.#afterA.push(placed(a))
      if (b !== undefined && this.#afterB.length < CONTEXT) this.#afterB.push(placed(b))
      return
    }
    const fields = a === undefined || b === undefined ? [] : differingFields(a, b, this.#options)
    if (a !== undefined && b !== undefined && fields.length === 0) {
      this.#index++
      this.#before.push(a)
      if (this.#before.length > CONTEXT) this.#before.shift()
      return
    }
    this.#parting = {
      index: this.#index,
      ...(a === undefined ? {} : { a: placed(a) }),
      ...(b === undefined ? {} : { b: placed(b) }),
      // Of two different things that happened, everything differs: that says nothing.
      fields: fields.includes('kind') || fields.includes('op') ? [] : fields,
    }
  }
}

function placed({ event, line }: OwnedEvent): PlacedEvent {
  return { line, text: canonicalLine(event) }
}

function sideOf(reader: TraceReader): DiffSide {
  return {
    path: reader.path,
    events: reader.events,
    durationMs: Math.max(reader.header.durationMs ?? 0, reader.state.lastMs),
    complete: reader.isComplete,
    faults: reader.faults.count,
  }
}

function headerDiff({ header: a }: TraceReader, { header: b }: TraceReader): TraceDiff['header'] {
  const flat = (header: typeof a): Record<string, unknown> => {
    const { source, scale: _scale, counts: _counts, sha256: _sha256, ...rest } = header
    const details = Object.entries(source.details ?? {}).map(([name, value]) => [`source.${name}`, value])
    return { ...rest, source: source.kind, 'source tool': source.tool, ...Object.fromEntries(details) }
  }
  const text = (value: unknown): string | null =>
    value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)
  const [left, right] = [flat(a), flat(b)]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])]
    .map(field => ({ field, a: text(left[field]), b: text(right[field]) }))
    .filter(row => row.a !== row.b)
}

function countsOf(a: OpCounts, b: OpCounts): Both[] {
  const [left, right] = [a.finish(), b.finish()]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].map(what => ({
    what,
    a: left[what] ?? 0,
    b: right[what] ?? 0,
  }))
}

function statesOf(a: TraceReader, b: TraceReader): Both[] {
  const of = ({ state }: TraceReader): Record<string, number> => {
    const { nodes, workloads, services, pods, podsPerNode } = state.scale
    const count = <T>(values: Iterable<T>, holds: (value: T) => boolean): number => {
      let found = 0
      for (const value of values) if (holds(value)) found++
      return found
    }
    return {
      'most nodes': nodes,
      'most workloads': workloads,
      'most services': services,
      'most pods': pods,
      'most pods on a node': podsPerNode,
      'nodes at the end': state.nodes.size,
      'ready nodes at the end': count(state.nodes.values(), node => node.ready),
      'workloads at the end': state.workloads.size,
      'services at the end': state.services.size,
      'pods at the end': state.pods.size,
      'ready pods at the end': count(state.pods.values(), pod => pod.ready),
    }
  }
  const [left, right] = [of(a), of(b)]
  return Object.keys(left).map(what => ({ what, a: left[what]!, b: right[what]! }))
}
