import type { ObjectStore, StoreEvent } from '../cluster/index.ts'
import { canonicalLine, type ChurnEvent, type Transition } from './churn-event.ts'
import { LineHash } from './line-hash.ts'
import { transitionsOf } from './transitions.ts'

export interface ChurnRecorderOptions {
  /** The trace covers times in [0, durationMs]. */
  readonly durationMs: number
  /** What stands in the trace for a transition, where the run changed something for itself (addresses). Default: the same. */
  readonly translated?: (transition: Transition) => Transition
  /** Gets every event of the trace and its canonical line. */
  readonly onEvent?: (event: ChurnEvent, line: string) => void
}

/** What is used of a clock that runs on planned time. */
export interface PlannedTime {
  /** Milliseconds of planned time since the start. */
  readonly elapsedMs: number
}

/**
 * The churn of a run, as canonical lines and their running SHA-256. Nothing of it is kept: memory does not grow.
 *
 * Nothing in a line depends on the machine or on when it was run: no Unix times, no resource versions (writes of clients
 * count there), of annotations only those that say what is scraped. Two runs with the same seed have the same digest.
 */
export class ChurnRecorder {
  readonly #clock: PlannedTime
  readonly #options: ChurnRecorderOptions
  readonly #hash = new LineHash()
  readonly #unsubscribe: () => void
  /** Whether somebody answers on each node that there is. */
  readonly #nodes = new Map<string, 'failed' | 'recovered'>()
  #events = 0
  #stopped = false

  /** Records from now on. */
  constructor(clock: PlannedTime, store: Pick<ObjectStore, 'subscribe'>, options: ChurnRecorderOptions) {
    this.#clock = clock
    this.#options = options
    this.#unsubscribe = store.subscribe(event => this.#onCommit(event))
  }

  /** Something that the scenario did. */
  action(name: string, args: Readonly<Record<string, string | number | boolean>>): void {
    this.#write({ kind: 'action', op: name, args })
  }

  /**
   * Nobody on a machine answers any more, or somebody does again; the API does not know. Of a machine without its Node object
   * a trace knows nothing.
   */
  node(name: string, op: 'failed' | 'recovered', reason?: string): void {
    const before = this.#nodes.get(name)
    if (before === undefined || before === op) return
    this.#nodes.set(name, op)
    this.#write({ kind: 'node', op, name, ...(reason === undefined ? {} : { reason }) })
  }

  /** The trace so far; recording goes on. `sha256` is over all lines, each ended by a line feed. */
  digest(): { readonly sha256: string; readonly events: number } {
    return { sha256: this.#hash.digest(), events: this.#events }
  }

  stop(): void {
    this.#stopped = true
    this.#unsubscribe()
  }

  #onCommit({ type, resource, object, previous }: StoreEvent): void {
    for (const transition of transitionsOf({ type, kind: resource.kind, object, previous })) this.#write(transition)
  }

  #write(transition: Transition): void {
    if (transition.kind === 'node') this.#remember(transition)
    const t = this.#now()
    if (this.#stopped || t > this.#options.durationMs) return
    const { translated } = this.#options
    const event = { t, ...(translated === undefined ? transition : translated(transition)) }
    const line = canonicalLine(event)
    this.#hash.add(line)
    this.#events++
    this.#options.onEvent?.(event, line)
  }

  #remember({ op, name }: Extract<Transition, { kind: 'node' }>): void {
    if (op === 'added') this.#nodes.set(name, 'recovered')
    else if (op === 'removed') this.#nodes.delete(name)
  }

  /** Planned calls happen at whole milliseconds; what comes from outside the plan (kubectl) falls in between. */
  #now(): number {
    return Math.floor(this.#clock.elapsedMs)
  }
}

/**
 * Gives transitions the addresses that they have in a trace. Runs side by side have networks of their own; in their traces all
 * begin at 10.0.0.0: `127.34.1.9` in a network that begins at `127.34.0.0` is `10.0.1.9`.
 */
export function relativeAddresses(podNetworkFirst: string): (transition: Transition) => Transition {
  const base = Number(podNetworkFirst.split('.')[1])
  return transition => {
    if (!('address' in transition) || transition.address === undefined) return transition
    const [, second, ...rest] = transition.address.split('.')
    return { ...transition, address: ['10', Number(second) - base, ...rest].join('.') }
  }
}

/** Time in milliseconds of a replayed trace: whole again, whatever its speed divided it into. */
export function traceTime(planned: PlannedTime, speed: number | undefined): PlannedTime {
  if (speed === undefined) return planned
  return {
    get elapsedMs() {
      return Math.round(planned.elapsedMs * speed)
    },
  }
}
