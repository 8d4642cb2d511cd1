import { createHash } from 'node:crypto'
import type { ObjectStore, StoreEvent } from '../cluster/index.ts'
import { canonicalLine } from './churn-event.ts'
import { type Transition, transitionsOf } from './transitions.ts'

export interface ChurnRecorderOptions {
  /** The trace covers planned times in [0, durationMs]. */
  readonly durationMs: number
  /** Lowest address of the run's pod network. Runs side by side have different ones; in the trace all begin at 10.0.0.0. */
  readonly podNetworkFirst?: string
  /** Gets every line of the trace, without the line's end. */
  readonly onLine?: (line: string) => void
}

/** What is used of a clock that runs on planned time. */
export interface PlannedTime {
  /** Milliseconds of planned time since the start. */
  readonly elapsedMs: number
}

/**
 * The churn of a run, as canonical lines and their running SHA-256. Nothing of it is kept: memory does not grow.
 *
 * Nothing in a line depends on the machine or on when it was run: no Unix times, no annotations (some hold times), no
 * resource versions (writes of clients count there). Two runs with the same seed have the same digest.
 */
export class ChurnRecorder {
  readonly #clock: PlannedTime
  readonly #options: ChurnRecorderOptions
  readonly #hash = createHash('sha256')
  readonly #unsubscribe: () => void
  #events = 0

  /** Records from now on. */
  constructor(clock: PlannedTime, store: Pick<ObjectStore, 'subscribe'>, options: ChurnRecorderOptions) {
    this.#clock = clock
    this.#options = options
    this.#unsubscribe = store.subscribe(event => this.#onCommit(event))
  }

  /** Something that the scenario did. */
  action(name: string, args: Readonly<Record<string, string | number | boolean>>): void {
    const t = this.#now()
    if (t <= this.#options.durationMs) this.#write(t, { kind: 'action', op: name, args })
  }

  /** The trace so far; recording goes on. `sha256` is over all lines, each ended by a line feed. */
  digest(): { readonly sha256: string; readonly events: number } {
    return { sha256: this.#hash.copy().digest('hex'), events: this.#events }
  }

  stop(): void {
    this.#unsubscribe()
  }

  #onCommit(event: StoreEvent): void {
    const t = this.#now()
    if (t > this.#options.durationMs) return
    for (const transition of transitionsOf(event)) this.#write(t, transition)
  }

  #write(t: number, transition: Transition): void {
    const line = canonicalLine({ t, ...this.#relative(transition) })
    this.#hash.update(line).update('\n')
    this.#events++
    this.#options.onLine?.(line)
  }

  #relative(transition: Transition): Transition {
    const first = this.#options.podNetworkFirst
    if (first === undefined || !('address' in transition) || transition.address === undefined) return transition
    return { ...transition, address: relativeAddress(transition.address, first) }
  }

  /** Planned calls happen at whole milliseconds; what comes from outside the plan (kubectl) falls in between. */
  #now(): number {
    return Math.floor(this.#clock.elapsedMs)
  }
}

/** `127.34.1.9` in a network that begins at `127.34.0.0` is `10.0.1.9`. */
function relativeAddress(address: string, first: string): string {
  const [, second, ...rest] = address.split('.')
  return ['10', Number(second) - Number(first.split('.')[1]), ...rest].join('.')
}
