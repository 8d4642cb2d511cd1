import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import type { KubeletEnvironment } from './environment.ts'
import type { NodeSlice } from './pod-network.ts'
import { type ProcessEvent, servesMetrics, type TargetSpec } from './pod-runtime.ts'
import { targetSpecs } from './target-spec.ts'

/** What a listener needs of its surroundings. */
export type ListenerEnvironment = Pick<
  KubeletEnvironment,
  'runtime' | 'seed' | 'nextSlot' | 'hold' | 'onTargetOpened' | 'onFailure'
>

/** The node that a pod lives on, as its listener sees it. */
export interface PodPlace {
  readonly name: string
  readonly slice: Pick<NodeSlice, 'take' | 'release'>
  /** Whether the node's pods cannot be reached now. */
  isPartitioned(): boolean
}

/** What a container's process did in its present run, in planned milliseconds. */
export interface ProcessState {
  /** When it was seen to accept connections. */
  acceptsMs: number | undefined
  exit: { readonly code: number; readonly atMs: number } | undefined
}

/** One container that somebody can connect to, or that runs a program. */
interface Part {
  /** Of its present or last run. */
  target: TargetSpec
  isOpen: boolean
  hasRun: boolean
  /** Of a program. */
  process: ProcessState | undefined
}

/**
 * A pod's address and what is behind it: for each container that can be connected to, a listener or a program.
 *
 * ```
 *   none ──open──▶ opening ──acknowledged──▶ open ──close──▶ closing ──acknowledged──▶ closed
 *    └─takeAddress─▶ addressed ──open──▶ …                                              │
 *                                 ▲──────────── open: the container runs again ─────────┘
 * ```
 *
 * Every run of a container begins anew: its counters start from nothing, at a start of its own.
 *
 * Acknowledgements come in real time and therefore decide nothing: whoever needs one calls `await…`, which at most holds
 * planned time, and goes on at the planned instant. What programs do by themselves comes by `note`.
 */
export class PodListener {
  readonly #env: ListenerEnvironment
  readonly #node: PodPlace
  #address: string | undefined
  /** By container; once a listener was asked for. */
  #parts: ReadonlyMap<string, Part> | undefined
  readonly #pending = new Set<Promise<void>>()

  constructor(env: ListenerEnvironment, node: PodPlace) {
    this.#env = env
    this.#node = node
  }

  /** The pod's address from `open` to `releaseAddress`. */
  get address(): string | undefined {
    return this.#address
  }

  /** Somebody may be able to connect. */
  get isOpen(): boolean {
    return this.openUids.length > 0
  }

  /** The names by which the runtime knows the containers that may be connected to. */
  get openUids(): readonly string[] {
    const parts = this.#parts === undefined ? [] : [...this.#parts.values()]
    return parts.filter(({ isOpen }) => isOpen).map(({ target }) => target.uid)
  }

  /** Does nothing when the pod has one. */
  takeAddress(): void {
    this.#address ??= this.#node.slice.take()
  }

  /**
   * Begins to listen, on an address that it takes where there is none. Does nothing for containers that are open.
   *
   * @param container only for this one; default: for all.
   */
  open(pod: Stored<Pod>, startedUnixMs: number, container?: string): void {
    const { runtime, nextSlot, onTargetOpened } = this.#env
    this.takeAddress()
    this.#parts ??= new Map(
      this.#targetsOf(pod).map(target => [
        target.container,
        { target, isOpen: false, hasRun: false, process: undefined },
      ]),
    )
    for (const part of this.#parts.values()) {
      if (part.isOpen || (container !== undefined && part.target.container !== container)) continue
      const isMeasured = servesMetrics(part.target)
      const slot = isMeasured && !part.hasRun ? nextSlot() : part.target.slot
      const target = { ...part.target, slot, startedUnixMs }
      part.target = target
      part.isOpen = true
      part.process = target.runs === 'process' ? { acceptsMs: undefined, exit: undefined } : undefined
      this.#track(runtime.open(target))
      if (this.#node.isPartitioned()) runtime.setPartitioned([target.uid], true)
      if (isMeasured && !part.hasRun) onTargetOpened?.(target)
      part.hasRun = true
    }
  }

  /** Ends the runs of what is open and begins new ones at once, as when the machine was started anew. */
  restart(pod: Stored<Pod>, startedUnixMs: number): void {
    const open = [...(this.#parts?.values() ?? [])].filter(({ isOpen }) => isOpen)
    for (const { target } of open) {
      this.close(target.container)
      this.open(pod, startedUnixMs, target.container)
    }
  }

  /** Whether there is something behind the address that is the container's, and is there while it runs. */
  isOf(container: string, pod: Stored<Pod>): boolean {
    if (this.#parts !== undefined) return this.#parts.has(container)
    return this.#targetsOf(pod).some(target => target.container === container)
  }

  /** Lets the address refuse connections; programs are killed. Does nothing when it does already. */
  close(container?: string): void {
    for (const part of this.#parts?.values() ?? []) {
      if (!part.isOpen || (container !== undefined && part.target.container !== container)) continue
      part.isOpen = false
      const closed = this.#env.runtime.close(part.target.uid)
      // The next run of a program waits for the end of this one by itself; only who gives the address away must wait.
      if (part.process === undefined || container === undefined) this.#track(closed)
    }
  }

  /** Asks programs to end. */
  terminate(container?: string): void {
    for (const { target, isOpen } of this.#parts?.values() ?? []) {
      if (isOpen && (container === undefined || target.container === container)) {
        this.#env.runtime.terminate?.(target.uid)
      }
    }
  }

  /** Takes note of what a program did. False when that was in a run before this one. */
  note({ container, startedUnixMs }: TargetSpec, event: ProcessEvent, nowMs: number): boolean {
    const part = this.#parts?.get(container)
    if (part?.process === undefined || part.target.startedUnixMs !== startedUnixMs) return false
    if (event.type === 'accepts') part.process.acceptsMs ??= nowMs
    else part.process.exit ??= { code: event.code, atMs: nowMs }
    return true
  }

  /** Of a container that runs a program, from its first run on. */
  processOf(container: string): Readonly<ProcessState> | undefined {
    return this.#parts?.get(container)?.process
  }

  /** Holds planned time until what was last asked for is so. */
  awaitRuntime(): void {
    for (const pending of this.#pending) this.#env.hold?.(pending)
  }

  releaseAddress(): void {
    if (this.#address !== undefined) this.#node.slice.release(this.#address)
    this.#address = undefined
  }

  #targetsOf(pod: Stored<Pod>): TargetSpec[] {
    const place = { address: this.#address ?? '', node: this.#node.name, seed: this.#env.seed, startedUnixMs: 0 }
    return targetSpecs(pod, place)
  }

  #track(promise: Promise<void>): void {
    const pending: Promise<void> = promise
      .catch((error: unknown) => {
        this.#env.onFailure(error)
        // Never settles: what waits for it must not be written. The owner ends the run.
        return new Promise<void>(() => {})
      })
      .then(() => {
        this.#pending.delete(pending)
      })
    this.#pending.add(pending)
  }
}
