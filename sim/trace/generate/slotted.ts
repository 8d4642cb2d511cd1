import { podName, templateHashOf } from './identity.ts'
import type { Machine } from './machine-pool.ts'
import type { PodLife } from './pod-life.ts'
import { baseReplicas, firstReplicas, scaledReplicas } from './replica-count.ts'
import { Workload, type WorkloadSite } from './workload.ts'

interface Slot {
  pod: PodLife
  readonly revision: number
}

/**
 * A workload with one pod for each of its places, which gives a place to a new pod only when the last one is gone; rollouts go
 * from place to place and wait for each to be ready.
 */
abstract class Slotted<Key> extends Workload {
  readonly #slots = new Map<Key, Slot>()
  #isBusy = false
  #isDue = false

  /** The places, in the order in which a rollout visits them. */
  protected abstract wanted(): readonly Key[]
  protected abstract createIn(key: Key, hash: string): PodLife
  protected abstract machineOf(key: Key): Machine | undefined
  protected abstract applyAll(): void

  start(): void {
    const { rollouts } = this.site.workloadClass
    this.applyAll()
    this.applyService()
    this.#isBusy = true
    for (const key of this.wanted().toReversed()) {
      const remainingMs = this.remainingMs()
      this.#fill(key).startRunning(remainingMs, this.machineOf(key))
    }
    this.#isBusy = false
    if (rollouts === undefined) return
    this.often('rollouts', rollouts.perHour, () => {
      this.nextRevision()
      this.applyAll()
      this.sync()
    })
  }

  onReady(): void {
    this.sync()
  }

  onLost(pod: PodLife): void {
    // A place is free only when its pod is gone.
    if (pod.ended) pod.terminate()
  }

  onGone(pod: PodLife): void {
    this.forget(pod)
    for (const [key, slot] of this.#slots) if (slot.pod === pod) this.#slots.delete(key)
    this.sync()
  }

  /** Fills places, clears those that are not wanted, and takes a rollout one place further, until nothing is left to do. */
  protected sync(): void {
    this.#isDue = true
    if (this.#isBusy) return
    this.#isBusy = true
    while (this.#isDue) {
      this.#isDue = false
      this.#syncOnce()
    }
    this.#isBusy = false
  }

  #syncOnce(): void {
    const wanted = this.wanted()
    const isWanted = new Set(wanted)
    for (const key of wanted.toReversed()) if (!this.#slots.has(key)) this.#fill(key).start(this.machineOf(key))
    for (const [key, { pod }] of this.#slots) if (!isWanted.has(key)) pod.terminate()
    const stale = wanted.find(key => this.#slots.get(key)!.revision !== this.revision)
    if (stale !== undefined && wanted.every(key => this.#isSettled(key))) this.#slots.get(stale)!.pod.terminate()
  }

  /** Of the present template and ready; what is not of it and not ready may be replaced all the same. */
  #isSettled(key: Key): boolean {
    const { pod, revision } = this.#slots.get(key)!
    return revision !== this.revision ? pod.isActive : pod.ready && pod.isActive
  }

  #fill(key: Key): PodLife {
    const pod = this.createIn(key, templateHashOf(this.site.prng, this.revision))
    this.#slots.set(key, { pod, revision: this.revision })
    return pod
  }
}

/** Places are ordinals; rollouts begin at the highest. */
export class StatefulSet extends Slotted<number> {
  readonly #baseReplicas: number
  #replicas: number

  constructor(site: WorkloadSite) {
    super(site)
    this.#baseReplicas = baseReplicas(site.workloadClass.replicas, site.prng)
    this.#replicas = firstReplicas(site.workloadClass, site.prng, site.world.dayOffsetMs)
  }

  override start(): void {
    super.start()
    const { world, namespace, name, workloadClass } = this.site
    const { scaling } = workloadClass
    if (scaling === undefined) return
    this.often('scaling', scaling.perHour, prng => {
      const replicas = scaledReplicas(scaling, this.#baseReplicas, world.dayOffsetMs + world.nowMs, prng)
      if (replicas === this.#replicas) return
      this.#replicas = replicas
      world.emit({ kind: 'workload', op: 'scaled', namespace, name, type: 'StatefulSet', replicas })
      this.sync()
    })
  }

  protected applyAll(): void {
    this.apply(this.#replicas)
  }

  protected wanted(): readonly number[] {
    return Array.from({ length: this.#replicas }, (_, i) => this.#replicas - 1 - i)
  }

  protected machineOf(): undefined {
    return undefined
  }

  protected createIn(ordinal: number, hash: string): PodLife {
    const { name } = this.site
    const podName = `${name}-${ordinal}`
    const labels = {
      ...this.labels,
      'apps.kubernetes.io/pod-index': String(ordinal),
      'controller-revision-hash': `${name}-${hash}`,
      'statefulset.kubernetes.io/pod-name': podName,
    }
    return this.createPod({ owner: `StatefulSet/${name}`, labels }, () => podName)
  }
}

/** Places are the machines. */
export class DaemonSet extends Slotted<Machine> {
  readonly staysOnLostNodes = true

  override start(): void {
    super.start()
    this.site.machines.onAdded(() => this.sync())
  }

  protected applyAll(): void {
    this.apply()
  }

  protected wanted(): readonly Machine[] {
    return [...this.site.machines.machines()]
  }

  protected machineOf(machine: Machine): Machine {
    return machine
  }

  protected createIn(_: Machine, hash: string): PodLife {
    const { name } = this.site
    const labels = { ...this.labels, 'controller-revision-hash': hash }
    return this.createPod({ owner: `DaemonSet/${name}`, labels }, (prng, isTaken) => podName(prng, name, isTaken))
  }
}
