import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Prng, Timer } from '../../base/index.ts'
import { Pods, type Stored, timestamp } from '../cluster/index.ts'
import type { Jittered } from '../messages.ts'
import {
  anyRuns,
  applyStage,
  type ContainerEnd,
  containersOf,
  containerStatus,
  isDetailed,
  type PodEnding,
  type PodTraits,
  selectStage,
  type Stage,
  type StatusPatch,
  type StoppedContainer,
} from '../stages/index.ts'
import { conditionStatus, isFinished, stampOf } from '../informers/index.ts'
import { ContainerLives } from './container-lives.ts'
import type { KubeletEnvironment } from './environment.ts'
import type { NodeImages } from './node-images.ts'
import { PodListener, type PodPlace } from './pod-listener.ts'
import type { NodeSlice } from './pod-network.ts'
import type { ProcessEvent, TargetSpec } from './pod-runtime.ts'
import { planPodStop } from './pod-stop.ts'

/** A pod that was deleted by force has its containers killed after this long at the latest, as the kubelet does. */
const ORPHAN_GRACE_MS = 1000
/** From the closing of an orphan's listener to its address being free; lets the closing be acknowledged. */
const ORPHAN_RELEASE_MS = 20
/** A pod of which no container runs has nothing to wait for but the kubelet itself. */
const NOTHING_RUNS: Jittered = { base: 20, jitter: 20 }
/** What a pod that is evicted has, and the least that a grace period may be. */
const EVICTION_GRACE_MS = 1000

interface KubeletEnding extends PodEnding {
  readonly graceMs: number
}

/** A node as the workers of its pods see it. */
export interface WorkerPlace extends PodPlace {
  readonly slice: NodeSlice
  readonly images: NodeImages
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
 * Delays are drawn per pod and stage, so they depend on the seed and the pod's name alone. The containers of a detailed pod
 * are played beside it by `ContainerLives`, from when it has a sandbox until it ends.
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
  /** The node is silent. */
  #suspended = false
  #isReleased = false
  #lives: ContainerLives | undefined
  /** Whether the pod is detailed follows from its spec and its annotations, which change seldom. */
  #judged: { readonly spec: unknown; readonly annotations: unknown; readonly detailed: boolean } | undefined
  /** Why the kubelet itself ends the pod, and how much time it gives. */
  #ending: KubeletEnding | undefined
  #deadline: { readonly atMs: number; timer: Timer | undefined } | undefined
  /** Of a detailed pod that is being ended: when each container stops, from `#enteredMs`. */
  #ends: ReadonlyMap<string, ContainerEnd> | undefined

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
    this.#listener = new PodListener(env, node)
  }

  /** The names by which the runtime knows the containers of this pod that may be connected to. */
  get openUids(): readonly string[] {
    return this.#listener.openUids
  }

  /** The machine was started anew, and the containers with it. */
  restart(pod: Stored<Pod>): void {
    this.#listener.restart(pod, Math.round(this.#env.clock.unixMs()))
  }

  /** A program of the pod did something by itself. What belongs to an earlier run is passed over. */
  onProcess(target: TargetSpec, event: ProcessEvent): void {
    const { clock, store } = this.#env
    if (!this.#listener.note(target, event, clock.elapsedMs)) return
    const pod = store.get<Pod>(Pods, this.#namespace, this.#name)
    // A silent node does nothing; it looks at everything when it comes back.
    if (pod?.metadata.uid === this.#uid && !this.#suspended) this.sync(pod)
  }

  /** Looks at the pod as it is now and plans what comes next. */
  sync(pod: Stored<Pod>): void {
    this.#suspended = false
    const traits = this.#traitsOf(pod)
    const stage = selectStage(this.#env.stages, pod, traits)
    if (stage !== undefined && stage === this.#stage) {
      if (stage.withinGrace ?? 'rule' in stage.delay) this.#shorten(stage, pod)
    } else {
      this.#drop()
      if (stage !== undefined) this.#enter(stage, pod)
    }
    if (traits.detailed) this.#syncContainers(pod)
    // One that others declare failed, as the pod garbage collector does, is about to be deleted by them.
    const isOwnEnd = (): boolean => traits.detailed || traits.ending || !anyRuns(pod.status)
    if (isFinished(pod) && pod.metadata.deletionTimestamp === undefined && isOwnEnd()) this.#releaseFinished()
  }

  /** The kubelet ends the pod, and says why; its object stays. Does nothing when it ends already. */
  evict(message: string): void {
    this.#end({ reason: 'Evicted', message, graceMs: EVICTION_GRACE_MS })
  }

  /** The Pod object is gone: ends what is still running. */
  orphan(): void {
    if (this.#orphaned) return
    this.suspend()
    this.#orphaned = true
    if (this.#listener.isOpen) {
      this.#listener.terminate()
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
    this.#suspended = true
    this.#drop()
    this.#lives?.suspend()
    this.#deadline?.timer?.cancel()
    if (this.#deadline !== undefined) this.#deadline.timer = undefined
  }

  #drop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#stage = undefined
    this.#orphaned = false
  }

  #traitsOf(pod: Stored<Pod>): PodTraits {
    const { spec, metadata } = pod
    if (this.#judged?.spec !== spec || this.#judged?.annotations !== metadata.annotations) {
      // Once its containers have lives of their own they keep them: one may be waiting for its next run.
      const isSo = this.#judged?.detailed ?? this.#env.timings.pullMs !== undefined
      const detailed = isSo || isDetailed(pod)
      this.#judged = { spec, annotations: metadata.annotations, detailed }
    }
    return { detailed: this.#judged?.detailed ?? false, ending: this.#ending !== undefined }
  }

  #syncContainers(pod: Stored<Pod>): void {
    const { metadata, status } = pod
    const isOver = metadata.deletionTimestamp !== undefined || isFinished(pod) || this.#ending !== undefined
    if (!isOver && status?.startTime !== undefined) this.#awaitDeadline(pod)
    if (isOver || conditionStatus(status?.conditions, 'PodReadyToStartContainers') !== 'True') {
      this.#lives?.suspend()
      return
    }
    this.#lives ??= new ContainerLives(this.#env, this.#prng, this.#node, this.#listener)
    this.#lives.sync(pod)
  }

  /** `activeDeadlineSeconds` counts from when the kubelet has accepted the pod. */
  #awaitDeadline(pod: Stored<Pod>): void {
    const seconds = pod.spec?.activeDeadlineSeconds
    if (seconds === undefined || this.#deadline?.timer !== undefined) return
    const { clock } = this.#env
    this.#deadline ??= { atMs: clock.elapsedMs + seconds * 1000, timer: undefined }
    const graceMs = (pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000
    const message = 'Pod was active on the node longer than the specified deadline'
    this.#deadline.timer = clock.schedule(Math.max(0, this.#deadline.atMs - clock.elapsedMs), () =>
      this.#end({ reason: 'DeadlineExceeded', message, graceMs }),
    )
  }

  #end(ending: KubeletEnding): void {
    const { store, events } = this.#env
    const pod = store.get<Pod>(Pods, this.#namespace, this.#name)
    if (pod?.metadata.uid !== this.#uid || this.#ending !== undefined || isFinished(pod)) return
    this.#ending = ending
    const source = { component: 'kubelet', host: this.#node.name }
    if (ending.reason === 'Evicted') events.warning(source, Pods, pod, ending.reason, ending.message)
    else events.normal(source, Pods, pod, ending.reason, ending.message)
    this.sync(pod)
  }

  #enter(stage: Stage, pod: Stored<Pod>): void {
    const { clock } = this.#env
    const drawnMs = this.#delayMs(stage, pod)
    const graceMs = stage.withinGrace ? graceMsOf(pod) : Infinity
    const delayMs = Math.min(drawnMs, graceMs)
    this.#killed = drawnMs > graceMs
    this.#stage = stage
    this.#enteredMs = clock.elapsedMs
    this.#dueMs = this.#enteredMs + delayMs
    if (stage.onEnter === 'open-listener') this.#listener.open(pod, Math.round(clock.unixMs() + delayMs))
    else if (stage.onEnter === 'take-address') this.#listener.takeAddress()
    else if ('rule' in stage.delay) this.#listener.terminate()
    this.#report(stage, 'enter', pod)
    this.#timer = clock.schedule(delayMs, () => this.#due(stage))
  }

  #delayMs({ name, delay }: Stage, pod: Stored<Pod>): number {
    const { timings } = this.#env
    if ('ms' in delay) return this.#draw(name, delay.ms)
    if ('timing' in delay) return this.#draw(delay.drawnAs ?? name, timings[delay.timing])
    if (!anyRuns(pod.status)) {
      this.#ends = undefined
      return this.#draw(name, NOTHING_RUNS)
    }
    const isDeleted = pod.metadata.deletionTimestamp !== undefined
    return this.#planEnds(pod, isDeleted ? graceMsOf(pod) : (this.#ending?.graceMs ?? 0))
  }

  /** Returns how long all of the pod's containers take to stop. */
  #planEnds(pod: Stored<Pod>, graceMs: number): number {
    // The same draw as for pods whose containers are as one.
    this.#ends = planPodStop(pod, graceMs, this.#draw('pod-terminate', this.#env.timings.terminateMs), name =>
      this.#processStopMs(name),
    )
    return Math.max(...[...this.#ends.values()].map(end => end.afterMs))
  }

  /** A program stops when it stops, which is known only then. */
  #processStopMs(container: string): number | undefined {
    const process = this.#listener.processOf(container)
    if (process === undefined) return undefined
    return process.exit === undefined ? Infinity : Math.max(0, process.exit.atMs - this.#enteredMs)
  }

  /** A second deletion may leave less time than the first; a program may have ended. */
  #shorten(stage: Stage, pod: Stored<Pod>): void {
    const { clock } = this.#env
    if ('rule' in stage.delay) {
      if (this.#ends === undefined) return
      const elapsedMs = clock.elapsedMs - this.#enteredMs
      const graceMs = this.#graceLeftMs(pod, elapsedMs)
      if (graceMs === undefined) return
      const dueMs = this.#enteredMs + Math.max(elapsedMs, this.#planEnds(pod, graceMs))
      if (dueMs >= this.#dueMs) return
      this.#dueMs = dueMs
      this.#timer?.cancel()
      this.#timer = clock.schedule(dueMs - clock.elapsedMs, () => this.#due(stage))
      return
    }
    const limitMs = clock.elapsedMs + graceMsOf(pod)
    if (limitMs >= this.#dueMs) return
    this.#dueMs = limitMs
    this.#killed = true
    this.#timer?.cancel()
    this.#timer = clock.schedule(limitMs - clock.elapsedMs, () => this.#due(stage))
  }

  /** Of the time since the pod's end began, all that its containers may take. */
  #graceLeftMs(pod: Stored<Pod>, elapsedMs: number): number | undefined {
    if (pod.metadata.deletionTimestamp === undefined) return this.#ending?.graceMs
    return elapsedMs + graceMsOf(pod)
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
    if (selectStage(stages, pod, this.#traitsOf(pod)) !== stage) {
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
    const hasEnded = patch.containers === 'ended'
    return applyStage(patch, pod, {
      now: stampOf(this.#env.clock),
      hostAddress: this.#node.slice.nodeAddress,
      podAddress: this.#listener.address ?? '',
      containerIds,
      killed: this.#killed,
      ends: hasEnded ? this.#stopped() : undefined,
      ending: hasEnded ? this.#ending : undefined,
    })
  }

  #stopped(): Record<string, StoppedContainer> {
    const { clock } = this.#env
    const enteredUnixMs = clock.unixMs() - (clock.elapsedMs - this.#enteredMs)
    const out: Record<string, StoppedContainer> = {}
    for (const [name, { afterMs, killed }] of this.#ends ?? []) {
      const exitCode = this.#listener.processOf(name)?.exit?.code
      out[name] = { killed, exitCode, finishedAt: timestamp(enteredUnixMs + afterMs) }
    }
    return out
  }

  #report({ events = [], delay }: Stage, at: 'enter' | 'leave', pod: Stored<Pod>): void {
    if (events.length === 0) return
    const source = { component: 'kubelet', host: this.#node.name }
    for (const event of events) {
      if (event.at !== at) continue
      for (const { name, image } of 'rule' in delay ? running(pod) : (pod.spec?.containers ?? [])) {
        const message = event.message.replace('{container}', name).replace('{image}', image ?? '')
        this.#env.events.normal(source, Pods, pod, event.reason, message)
      }
    }
  }

  /** A pod that has ended keeps its address in its status only, as its sandbox is gone: another pod may have it next. */
  #releaseFinished(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#listener.close()
    this.#env.clock.schedule(ORPHAN_RELEASE_MS, () => {
      this.#listener.awaitRuntime()
      this.#env.clock.schedule(0, () => this.#listener.releaseAddress())
    })
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

function running(pod: Pod): { readonly name: string; readonly image?: string }[] {
  return containersOf(pod)
    .filter(part => containerStatus(pod.status, part)?.state?.running !== undefined)
    .map(({ container }) => container)
}

function graceMsOf(pod: Pod): number {
  return (pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000
}
