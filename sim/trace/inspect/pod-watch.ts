import type { PodEvent } from '../churn-event.ts'
import { AddressReuse, type AddressFigures } from './address-reuse.ts'
import { type ChurnRow, ChurnTable, type ChurnTableFigures } from './churn-table.ts'
import type { NodeWatch, WatchedNode } from './node-watch.ts'
import { Phase, type PhaseFigures } from './phase.ts'
import type { LevelSeries } from './timeline.ts'
import { workloadOf } from './workload-of.ts'

export interface PodFigures {
  readonly created: number
  /** Of these, at time 0. */
  readonly atStart: number
  readonly deleted: number
  /** By themselves, as those of a Job do; what a pod says when it is being deleted is its termination. */
  readonly succeeded: number
  readonly failed: number
  readonly restarts: number
  readonly aliveAtEnd: number
  /** Created → bound to a node. */
  readonly schedule: PhaseFigures
  /** Bound → given an address. */
  readonly start: PhaseFigures
  /** Given an address → ready for the first time. */
  readonly ready: PhaseFigures
  /** Created → succeeded or failed by itself, of pods that did. */
  readonly run: PhaseFigures
  /** Created → deleted. */
  readonly lifetime: PhaseFigures
  /** Terminating → deleted. */
  readonly termination: PhaseFigures
  readonly addresses: AddressFigures
}

const OWNERS_MAX = 10_000
const NAMESPACES_MAX = 10_000
const NEVER = -1

/** What is known of a pod that is there; times are `NEVER` until it happens. */
class WatchedPod {
  readonly owner: ChurnRow
  readonly namespace: ChurnRow
  readonly createdMs: number
  boundMs = NEVER
  addressedMs = NEVER
  readyMs = NEVER
  endedMs = NEVER
  terminatingMs = NEVER
  isReady = false
  restarts = 0
  node: WatchedNode | undefined
  address: string | undefined

  constructor(owner: ChurnRow, namespace: ChurnRow, createdMs: number) {
    this.owner = owner
    this.namespace = namespace
    this.createdMs = createdMs
  }
}

export interface PodWatchOptions {
  /** All that was created at time 0 had been there before: the source listed it. */
  readonly listedAtStart: boolean
}

/** What happened to the pods. Memory is that of those alive, and of the tables. */
export class PodWatch {
  readonly #alive: LevelSeries
  readonly #ready: LevelSeries
  readonly #nodes: NodeWatch
  readonly #options: PodWatchOptions
  readonly #pods = new Map<string, WatchedPod>()
  readonly #owners = new ChurnTable(OWNERS_MAX)
  readonly #namespaces = new ChurnTable(NAMESPACES_MAX)
  readonly #addresses = new AddressReuse()
  readonly #phases = {
    schedule: new Phase(),
    start: new Phase(),
    ready: new Phase(),
    run: new Phase(),
    lifetime: new Phase(),
    termination: new Phase(),
  }
  #created = 0
  #atStart = 0
  #deleted = 0
  #succeeded = 0
  #failed = 0
  #restarts = 0

  constructor(alive: LevelSeries, ready: LevelSeries, nodes: NodeWatch, options: PodWatchOptions) {
    this.#alive = alive
    this.#ready = ready
    this.#nodes = nodes
    this.#options = options
  }

  /** The row of its owner. */
  add(event: PodEvent): ChurnRow {
    const { t, uid, op } = event
    if (op === 'created') return this.#create(event)
    const pod = this.#pods.get(uid)!
    switch (op) {
      case 'bound':
        pod.boundMs = t
        pod.node = this.#nodes.nodes.get(event.node!)
        if (pod.node !== undefined) this.#nodes.bind(pod.node, t)
        break
      case 'addressed':
        if (pod.addressedMs === NEVER) pod.addressedMs = t
        this.#take(pod, t, event.address)
        break
      case 'ready':
      case 'not-ready':
        pod.isReady = op === 'ready'
        if (pod.isReady && pod.readyMs === NEVER) pod.readyMs = t
        this.#ready.change(t, pod.isReady ? 1 : -1)
        break
      case 'restarted':
        this.#restart(pod, event.restarts!)
        break
      case 'succeeded':
      case 'failed':
        this.#end(pod, t, op)
        break
      case 'terminating':
        pod.terminatingMs = t
        break
      case 'deleted':
        this.#delete(pod, t, uid)
        break
      case 'relabelled':
        break
    }
    return pod.owner
  }

  finish(endMs: number): {
    readonly pods: PodFigures
    readonly owners: ChurnTableFigures
    readonly namespaces: ChurnTableFigures
  } {
    for (const pod of this.#pods.values()) this.#settle(pod, undefined)
    const { schedule, start, ready, run, lifetime, termination } = this.#phases
    const pods = {
      created: this.#created,
      atStart: this.#atStart,
      deleted: this.#deleted,
      succeeded: this.#succeeded,
      failed: this.#failed,
      restarts: this.#restarts,
      aliveAtEnd: this.#pods.size,
      schedule: schedule.finish(),
      start: start.finish(),
      ready: ready.finish(),
      run: run.finish(),
      lifetime: lifetime.finish(),
      termination: termination.finish(),
      addresses: this.#addresses.finish(),
    }
    return { pods, owners: this.#owners.finish(endMs), namespaces: this.#namespaces.finish(endMs) }
  }

  #create({ t, uid, namespace, owner, labels }: PodEvent): ChurnRow {
    const ownerRow = this.#owners.row(namespace, workloadOf(owner, labels))
    const namespaceRow = this.#namespaces.row(namespace, '')
    this.#pods.set(uid, new WatchedPod(ownerRow, namespaceRow, t))
    this.#created++
    if (t === 0) this.#atStart++
    this.#alive.change(t, 1)
    for (const row of [ownerRow, namespaceRow]) {
      row.created++
      row.changeAlive(t, 1)
      if (t === 0) row.atStart++
    }
    return ownerRow
  }

  #restart(pod: WatchedPod, restarts: number): void {
    const more = restarts - pod.restarts
    pod.restarts = restarts
    this.#restarts += more
    pod.owner.restarts += more
    pod.namespace.restarts += more
  }

  #end(pod: WatchedPod, t: number, how: 'succeeded' | 'failed'): void {
    // Its network namespace is gone, although its status keeps the address.
    this.#leave(pod, t)
    if (pod.terminatingMs !== NEVER) return
    pod.endedMs = t
    if (how === 'succeeded') this.#succeeded++
    else this.#failed++
    pod.owner[how]++
    pod.namespace[how]++
  }

  #delete(pod: WatchedPod, t: number, uid: string): void {
    this.#pods.delete(uid)
    this.#deleted++
    this.#alive.change(t, -1)
    if (pod.isReady) this.#ready.change(t, -1)
    for (const row of [pod.owner, pod.namespace]) {
      row.deleted++
      row.changeAlive(t, -1)
    }
    if (pod.node !== undefined) pod.node.pods--
    this.#leave(pod, t)
    this.#settle(pod, t)
  }

  #take(pod: WatchedPod, t: number, address: string | undefined): void {
    if (address === pod.address) return
    this.#leave(pod, t)
    pod.address = address
    if (address !== undefined) this.#addresses.take(t, address)
  }

  #leave(pod: WatchedPod, t: number): void {
    if (pod.address !== undefined) this.#addresses.leave(t, pod.address)
    pod.address = undefined
  }

  /** Takes in how long its phases were, when no more can come of it. */
  #settle(pod: WatchedPod, deletedMs: number | undefined): void {
    const { createdMs, boundMs, addressedMs, readyMs, endedMs, terminatingMs } = pod
    const { schedule, start, ready, run, lifetime, termination } = this.#phases
    // What has an address at time 0 was not made at time 0.
    const atStart = createdMs === 0 && (this.#options.listedAtStart || addressedMs === 0)
    const over = deletedMs !== undefined
    const put = (phase: Phase, fromMs: number, toMs: number, isOver: boolean): void => {
      if (fromMs === NEVER) return
      if (atStart && fromMs === 0) phase.atStart++
      else if (toMs !== NEVER) phase.record(toMs - fromMs)
      else if (isOver) phase.never++
      else phase.open++
    }
    const ended = endedMs !== NEVER
    put(schedule, createdMs, boundMs, over || ended)
    put(start, boundMs, addressedMs, over || ended)
    put(ready, addressedMs, readyMs, over || ended)
    if (ended) put(run, createdMs, endedMs, true)
    put(lifetime, createdMs, deletedMs ?? NEVER, over)
    put(termination, terminatingMs, deletedMs ?? NEVER, over)
  }
}
