import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Prng, Timer } from '../../base/index.ts'
import { Pods, type Stored } from '../cluster/index.ts'
import type { Jittered } from '../messages.ts'
import { applyStage, selectStage, type Stage, type StatusPatch } from '../stages/index.ts'
import { stampOf } from '../informers/index.ts'
import type { KubeletEnvironment } from './environment.ts'
import { PodListener, type PodPlace } from './pod-listener.ts'
import type { NodeSlice } from './pod-network.ts'

/** A pod that was deleted by force has its containers killed after this long at the latest, as the kubelet does. */
const ORPHAN_GRACE_MS = 1000
/** From the closing of an orphan's listener to its address being free; lets the closing be acknowledged. */
const ORPHAN_RELEASE_MS = 20

interface WorkerPlace extends PodPlace {
  readonly slice: NodeSlice
}

/**
 * Plays the stages of one pod on one node.
 *
 * ```
 *   idle ──sync: a stage fits──▶ waiting ──delay over──▶ [held until the runtime is there] ──▶ written ──▶ idle
 *              ▲                    │ another stage fits: that one instead
 *              └── suspend ◀────────┘ the node is silent: everything stands still; sync begins anew
 * ```
 *
 * Delays are drawn per pod and stage, so they depend on the seed and the pod's name alone.
 */
export class PodWorker {
  readonly #env: KubeletEnvironment
  readonly #prng: Prng
  readonly #node: WorkerPlace
  readonly #onGone: () => void
  readonly #listener: PodListener
  readonly #uid: string
  readonly #namespace: string
  readonly #name: string
  #stage: Stage | undefined
  #timer: Timer | undefined
  /** Planned time at which the stage was entered, and at which it ends. */
  #enteredMs = 0
  #dueMs = 0
  #killed = false
  #orphaned = false

  /** @param onGone called when nothing is left of the pod on this node: its address is free again. */
  constructor(env: KubeletEnvironment, prng: Prng, node: WorkerPlace, pod: Stored<Pod>, onGone: () => void) {
    const { uid, namespace, name } = pod.metadata
    this.#env = env
    this.#prng = prng
    this.#node = node
    this.#onGone = onGone
    this.#uid = uid
    this.#namespace = namespace ?? ''
    this.#name = name
    this.#listener = new PodListener(env, node, uid)
  }

  /** A listener of this pod may accept connections. */
  get isListening(): boolean {
    return this.#listener.isOpen
  }

  /** Looks at the pod as it is now and plans what comes next. */
  sync(pod: Stored<Pod>): void {
    const stage = selectStage(this.#env.stages, pod)
    if (stage !== undefined && stage === this.#stage) {
      if (stage.withinGrace) this.#shorten(stage, pod)
      return
    }
    this.suspend()
    if (stage !== undefined) this.#enter(stage, pod)
  }

  /** The Pod object is gone: ends what is still running. */
  orphan(): void {
    if (this.#orphaned) return
    this.suspend()
    this.#orphaned = true
    if (this.#listener.isOpen) {
      const delayMs = Math.min(this.#draw('pod-terminate', this.#env.timings.terminateMs), ORPHAN_GRACE_MS)
      this.#timer = this.#env.clock.schedule(delayMs, () => {
        this.#listener.close()
        this.#releaseLater()
      })
    } else {
      this.#releaseLater()
    }
  }

  /** Drops what is planned. */
  suspend(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#stage = undefined
    this.#orphaned = false
  }

  #enter(stage: Stage, pod: Stored<Pod>): void {
    const { clock, timings } = this.#env
    const drawnMs = this.#draw(stage.name, 'ms' in stage.delay ? stage.delay.ms : timings[stage.delay.timing])
    const graceMs = stage.withinGrace ? graceMsOf(pod) : Infinity
    const delayMs = Math.min(drawnMs, graceMs)
    this.#killed = drawnMs > graceMs
    this.#stage = stage
    this.#enteredMs = clock.elapsedMs
    this.#dueMs = this.#enteredMs + delayMs
    if (stage.onEnter === 'open-listener') this.#listener.open(pod, Math.round(clock.unixMs() + delayMs))
    this.#report(stage, 'enter', pod)
    this.#timer = clock.schedule(delayMs, () => this.#due(stage))
  }

  /** A second deletion may leave less time than the first. */
  #shorten(stage: Stage, pod: Stored<Pod>): void {
    const { clock } = this.#env
    const limitMs = clock.elapsedMs + graceMsOf(pod)
    if (limitMs >= this.#dueMs) return
    this.#dueMs = limitMs
    this.#killed = true
    this.#timer?.cancel()
    this.#timer = clock.schedule(limitMs - clock.elapsedMs, () => this.#due(stage))
  }

  #due(stage: Stage): void {
    if (stage.requires === undefined) {
      this.#finish(stage)
      return
    }
    // Always a call of its own at the same instant, whether the wait was needed or not: the order of calls must not
    // depend on how fast the runtime was.
    this.#listener.awaitRuntime()
    this.#timer = this.#env.clock.schedule(0, () => this.#finish(stage))
  }

  #finish(stage: Stage): void {
    const { store, stages } = this.#env
    this.#timer = undefined
    this.#stage = undefined
    const pod = store.get<Pod>(Pods, this.#namespace, this.#name)
    if (pod?.metadata.uid !== this.#uid) return
    if (selectStage(stages, pod) !== stage) {
      this.sync(pod)
      return
    }
    if (stage.onLeave === 'close-listener') this.#listener.close()
    this.#report(stage, 'leave', pod)
    if (stage.next === 'remove') {
      store.delete(Pods, this.#namespace, this.#name, { gracePeriodSeconds: 0, uid: this.#uid })
    } else {
      store.update<Pod>(Pods, { ...pod, status: this.#patched(stage.next, pod) })
    }
  }

  #patched(patch: StatusPatch, pod: Stored<Pod>): NonNullable<Pod['status']> {
    const containerIds: Record<string, string> = {}
    if (patch.containers === 'running') {
      const ids = this.#prng.fork('container-ids')
      for (const { name } of pod.spec?.containers ?? []) containerIds[name] = ids.word(64, '0123456789abcdef')
    }
    return applyStage(patch, pod, {
      now: stampOf(this.#env.clock),
      hostAddress: this.#node.slice.nodeAddress,
      podAddress: this.#listener.address ?? '',
      containerIds,
      killed: this.#killed,
    })
  }

  #report({ events = [] }: Stage, at: 'enter' | 'leave', pod: Stored<Pod>): void {
    const source = { component: 'kubelet', host: this.#node.name }
    for (const event of events) {
      if (event.at !== at) continue
      for (const { name, image } of pod.spec?.containers ?? []) {
        const message = event.message.replace('{container}', name).replace('{image}', image ?? '')
        this.#env.events.normal(source, Pods, pod, event.reason, message)
      }
    }
  }

  #releaseLater(): void {
    this.#timer = this.#env.clock.schedule(ORPHAN_RELEASE_MS, () => {
      this.#listener.awaitRuntime()
      this.#timer = this.#env.clock.schedule(0, () => {
        this.#listener.releaseAddress()
        this.#onGone()
      })
    })
  }

  #draw(stage: string, { base, jitter }: Jittered): number {
    return jitter === 0 ? base : base + this.#prng.fork(stage).below(jitter + 1)
  }
}

function graceMsOf(pod: Pod): number {
  return (pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000
}
