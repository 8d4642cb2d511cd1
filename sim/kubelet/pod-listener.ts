import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import type { KubeletEnvironment } from './environment.ts'
import type { NodeSlice } from './pod-network.ts'
import type { TargetSpec } from './pod-runtime.ts'
import { targetSpec } from './target-spec.ts'

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

/**
 * A pod's address and the listener behind it.
 *
 * ```
 *   none ──open──▶ opening ──acknowledged──▶ open ──close──▶ closing ──acknowledged──▶ closed
 *    └─takeAddress─▶ addressed ──open──▶ …                                              │
 *                                 ▲──────────── open: the container runs again ─────────┘
 * ```
 *
 * Acknowledgements come in real time and therefore decide nothing: whoever needs one calls `await…`, which at most holds
 * planned time, and goes on at the planned instant.
 */
export class PodListener {
  readonly #env: ListenerEnvironment
  readonly #node: PodPlace
  readonly #uid: string
  #address: string | undefined
  /** Once a listener was asked for: what the pod serves. The same for all its runs. */
  #target: TargetSpec | undefined
  #isOpen = false
  #pending: Promise<void> | undefined

  constructor(env: ListenerEnvironment, node: PodPlace, uid: string) {
    this.#env = env
    this.#node = node
    this.#uid = uid
  }

  /** The pod's address from `open` to `releaseAddress`. */
  get address(): string | undefined {
    return this.#address
  }

  /** Somebody may be able to connect. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Does nothing when the pod has one. */
  takeAddress(): void {
    this.#address ??= this.#node.slice.take()
  }

  /**
   * Begins to listen, on an address that it takes where there is none. Does nothing while it is open.
   *
   * What is opened again goes on where it stopped: its counters do not begin anew, for who checks the stored samples knows
   * one start for each pod.
   */
  open(pod: Stored<Pod>, startedUnixMs: number): void {
    if (this.#isOpen) return
    const { runtime, nextSlot, onTargetOpened } = this.#env
    this.takeAddress()
    const known = this.#target
    if (known === undefined) {
      const target = this.#targetOf(pod, startedUnixMs)
      if (target.ports.length === 0) return
      this.#target = { ...target, slot: nextSlot() }
    }
    this.#isOpen = true
    this.#track(runtime.open(this.#target!))
    if (this.#node.isPartitioned()) runtime.setPartitioned([this.#uid], true)
    if (known === undefined) onTargetOpened?.(this.#target!)
  }

  /** Whether the pod's listener is that of the container: it is there while the container runs. */
  isOf(container: string, pod: Stored<Pod>): boolean {
    const target = this.#target ?? this.#targetOf(pod, 0)
    return target.ports.length > 0 && target.container === container
  }

  /** Lets the address refuse connections. Does nothing when it does already. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#track(this.#env.runtime.close(this.#uid))
  }

  /** Holds planned time until what was last asked for is so. */
  awaitRuntime(): void {
    if (this.#pending !== undefined) this.#env.hold?.(this.#pending)
  }

  releaseAddress(): void {
    if (this.#address !== undefined) this.#node.slice.release(this.#address)
    this.#address = undefined
  }

  #targetOf(pod: Stored<Pod>, startedUnixMs: number): TargetSpec {
    const place = { slot: -1, address: this.#address ?? '', node: this.#node.name, seed: this.#env.seed, startedUnixMs }
    return targetSpec(pod, place)
  }

  #track(promise: Promise<void>): void {
    const pending: Promise<void> = promise
      .catch((error: unknown) => {
        this.#env.onFailure(error)
        // Never settles: what waits for it must not be written. The owner ends the run.
        return new Promise<void>(() => {})
      })
      .then(() => {
        if (this.#pending === pending) this.#pending = undefined
      })
    this.#pending = pending
  }
}
