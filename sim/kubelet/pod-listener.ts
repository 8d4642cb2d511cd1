import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import type { KubeletEnvironment } from './environment.ts'
import type { NodeSlice } from './pod-network.ts'
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
  /** A listener was asked for: the pod serves something. */
  #exists = false
  #closing = false
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
    return this.#exists && !this.#closing
  }

  /** Takes an address and begins to listen there. Does nothing the second time. */
  open(pod: Stored<Pod>, startedUnixMs: number): void {
    if (this.#address !== undefined) return
    const { runtime, seed, nextSlot, onTargetOpened } = this.#env
    this.#address = this.#node.slice.take()
    const place = { slot: -1, address: this.#address, node: this.#node.name, seed, startedUnixMs }
    const target = targetSpec(pod, place)
    if (target.ports.length === 0) return
    this.#exists = true
    const numbered = { ...target, slot: nextSlot() }
    this.#track(runtime.open(numbered))
    if (this.#node.isPartitioned()) runtime.setPartitioned([this.#uid], true)
    onTargetOpened?.(numbered)
  }

  /** Lets the address refuse connections. Does nothing when it does already. */
  close(): void {
    if (!this.isOpen) return
    this.#closing = true
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
