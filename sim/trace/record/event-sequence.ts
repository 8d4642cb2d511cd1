import { assert, type Clock, type Timer } from '../../../base/index.ts'
import type { ChurnEvent, Transition } from '../churn-event.ts'
import { eventFault } from '../trace-shape.ts'
import type { TraceWriter } from '../trace-writer.ts'

export interface EventSequenceOptions {
  /** How long a pod's binding waits for this node, in milliseconds of the clock since its arrival; 0 when it will not come. */
  readonly holdMs: (node: string) => number
  /** Nodes are not watched: one that was taken from its pods stays when they have gone. */
  readonly keepsInferredNodes?: boolean
}

/** What could not be written. */
export interface LeftOut {
  count: number
  /** The first of them, each a sentence. */
  readonly examples: string[]
}

type Bound = Extract<ChurnEvent, { kind: 'pod' }> & { readonly node: string }

const EXAMPLES_MAX = 10

/**
 * Brings transitions of kinds that are watched apart into one order in which each can have happened.
 *
 * ```
 *   push ──▶ [ event, event, … ] ──▶ trace
 *              ▲ waits while it binds a pod to a node that has not been seen
 *              └ for `holdMs` at most; then the node is taken from the pod, without labels
 * ```
 *
 * Everything behind a waiting event waits too, so the order within each kind and the times of arrival stay. The node itself
 * is let past, and is written with the time of the event that waited for it.
 */
export class EventSequence {
  readonly leftOut: LeftOut = { count: 0, examples: [] }
  readonly #clock: Clock
  readonly #writer: TraceWriter
  readonly #options: EventSequenceOptions
  /** A queue from `#head` on. */
  #waiting: { readonly event: ChurnEvent; readonly arrivedNs: bigint }[] = []
  #head = 0
  #timer: Timer | undefined
  /** Nodes that pods spoke of and no watch. */
  readonly #inferred = new Set<string>()
  #inferredCount = 0

  constructor(clock: Clock, writer: TraceWriter, options: EventSequenceOptions) {
    this.#clock = clock
    this.#writer = writer
    this.#options = options
  }

  /** Nodes that were taken from the pods bound to them. */
  get inferredNodes(): number {
    return this.#inferredCount
  }

  /** @param t milliseconds since the trace's start; not before that of the push before. */
  push(t: number, transition: Transition): void {
    const event = { t, ...transition }
    const fault = eventFault(event)
    if (fault !== undefined) {
      this.#leaveOut(fault)
      return
    }
    const first = this.#waiting[this.#head]?.event
    if (first !== undefined && event.kind === 'node' && event.op === 'added' && !this.#hasNode(event.name)) {
      this.#write({ ...event, t: first.t })
    } else {
      this.#waiting.push({ event, arrivedNs: this.#clock.monotonicNs() })
    }
    this.#drain(false)
  }

  /** `holdMs` may have changed. */
  review(): void {
    this.#drain(false)
  }

  /** Lets nothing wait any longer: what comes next is the end. */
  settle(): void {
    this.#drain(true)
    assert(this.#waiting.length === 0, 'nothing waits')
  }

  #drain(isOver: boolean): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (; this.#head < this.#waiting.length; this.#head++) {
      const { event, arrivedNs } = this.#waiting[this.#head]!
      const node = this.#nodeThatMisses(event)
      if (node !== undefined) {
        const leftMs = this.#options.holdMs(node) - Number(this.#clock.monotonicNs() - arrivedNs) / 1e6
        if (!isOver && leftMs > 0) {
          if (Number.isFinite(leftMs)) this.#timer = this.#clock.schedule(leftMs, () => this.#drain(false))
          break
        }
        this.#infer(event.t, node)
      }
      this.#write(event)
    }
    if (this.#head === this.#waiting.length) {
      this.#waiting = []
      this.#head = 0
    } else if (this.#head > 1024) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
  }

  #nodeThatMisses(event: ChurnEvent): string | undefined {
    if (event.kind !== 'pod' || event.op !== 'bound') return undefined
    const { node } = event as Bound
    return this.#hasNode(node) ? undefined : node
  }

  #hasNode(name: string): boolean {
    return this.#writer.state.nodes.has(name)
  }

  #infer(t: number, name: string): void {
    this.#inferred.add(name)
    this.#inferredCount++
    this.#put({ t, kind: 'node', op: 'added', name })
  }

  #write(event: ChurnEvent): void {
    if (event.kind === 'node') this.#writeNode(event)
    else if (event.kind === 'pod') this.#writePod(event)
    else this.#put(event)
  }

  #writeNode(event: Extract<ChurnEvent, { kind: 'node' }>): void {
    const { name, op } = event
    if (op === 'added' || op === 'removed') {
      const wasInferred = this.#inferred.delete(name)
      // It is in the trace already; its labels come too late.
      if (op === 'added' && wasInferred) return
    }
    this.#put(event)
  }

  #writePod(event: Extract<ChurnEvent, { kind: 'pod' }>): void {
    const { state } = this.#writer
    const pod = state.pods.get(event.uid)
    const { t, namespace, name, uid } = event
    // Some virtual nodes never tell an address of their pods.
    if (event.op === 'ready' && pod?.addressed === false && pod.node !== undefined) {
      this.#put({ t, kind: 'pod', op: 'addressed', namespace, name, uid })
    }
    this.#put(event)
    if (event.op !== 'deleted' || pod?.node === undefined || this.#options.keepsInferredNodes === true) return
    const node = pod.node
    if (this.#inferred.has(node) && state.nodes.get(node)?.pods === 0) {
      this.#inferred.delete(node)
      this.#put({ t, kind: 'node', op: 'removed', name: node })
    }
  }

  #put(event: ChurnEvent): void {
    const fault = this.#writer.write(event)
    if (fault !== undefined) this.#leaveOut(fault)
  }

  #leaveOut(fault: string): void {
    this.leftOut.count++
    if (this.leftOut.examples.length < EXAMPLES_MAX) this.leftOut.examples.push(fault)
  }
}
