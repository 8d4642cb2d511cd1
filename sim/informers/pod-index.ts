import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored, StoreEvent } from '../cluster/index.ts'
import { controllerOf } from './owners.ts'
import type { PlannedClock } from './planned-clock.ts'
import { isActive, isFinished, isReady } from './pod-facts.ts'

/** What groups count of a version of a pod. */
interface Counted {
  readonly isUnfinished: boolean
  readonly isActive: boolean
  readonly isReady: boolean
  readonly node: string | undefined
  /** Uid of its controller. */
  readonly owner: string | undefined
}

/** A pod and what its stamps are too coarse to say. Replaced as a whole with every version of the pod. */
export interface PodEntry {
  readonly pod: Stored<Pod>
  /** Planned time at which the object was created. */
  readonly createdMs: number
  /** Planned time at which it became ready; `undefined` while it is not. */
  readonly readySinceMs: number | undefined
}

interface CountedEntry extends PodEntry {
  readonly counted: Counted
}

/** The pods that share an owner or a node, with counts that are kept rather than reckoned. */
export class PodGroup {
  /** By uid, in order of creation. */
  readonly entries = new Map<string, PodEntry>()
  /** Neither finished nor being deleted. */
  active = 0
  /** Active and ready. */
  ready = 0
  /** Not finished: what takes room on a node. */
  unfinished = 0
  /** Active pods by the name of their node. */
  readonly activeOn = new Map<string, number>()

  add(entry: CountedEntry): void {
    this.entries.set(entry.pod.metadata.uid, entry)
    this.#count(entry.counted, 1)
  }

  /** Replaces the entry of a pod, keeping its place in the order. */
  // hot: twice for each change of a pod; few of them change what is counted.
  replace(before: CountedEntry, entry: CountedEntry): void {
    this.entries.set(entry.pod.metadata.uid, entry)
    if (before.counted === entry.counted) return
    this.#count(before.counted, -1)
    this.#count(entry.counted, 1)
  }

  remove(entry: CountedEntry): void {
    if (this.entries.delete(entry.pod.metadata.uid)) this.#count(entry.counted, -1)
  }

  #count({ isUnfinished, isActive, isReady, node }: Counted, by: 1 | -1): void {
    if (!isUnfinished) return
    this.unfinished += by
    if (!isActive) return
    this.active += by
    if (isReady) this.ready += by
    if (node === undefined) return
    const count = (this.activeOn.get(node) ?? 0) + by
    if (count === 0) this.activeOn.delete(node)
    else this.activeOn.set(node, count)
  }
}

const EMPTY = new PodGroup()

/** All pods by uid, node and controlling owner. Kept from store events: O(1) per event, never a scan. */
export class PodIndex {
  readonly #clock: PlannedClock
  readonly #entries = new Map<string, CountedEntry>()
  readonly #byNode = new Map<string, PodGroup>()
  readonly #byOwner = new Map<string, PodGroup>()
  /** Pods that no controller owns, by namespace. */
  readonly #unowned = new Map<string, PodGroup>()

  constructor(clock: PlannedClock) {
    this.#clock = clock
  }

  get(uid: string): PodEntry | undefined {
    return this.#entries.get(uid)
  }

  all(): Iterable<PodEntry> {
    return this.#entries.values()
  }

  /** Pods bound to a node. Empty for an unknown one; not to be changed or kept. */
  onNode(name: string): PodGroup {
    return this.#byNode.get(name) ?? EMPTY
  }

  /** Pods whose controller has this uid. Empty for an unknown one; not to be changed or kept. */
  ownedBy(uid: string): PodGroup {
    return this.#byOwner.get(uid) ?? EMPTY
  }

  /** Names of the nodes that have pods, known or not. */
  nodes(): string[] {
    return [...this.#byNode.keys()]
  }

  /** Pods of a namespace that have no controller; a copy. */
  unowned(namespace: string): Stored<Pod>[] {
    return [...(this.#unowned.get(namespace)?.entries.values() ?? [])].map(({ pod }) => pod)
  }

  update({ type, object }: StoreEvent<Pod>): void {
    const { uid } = object.metadata
    const before = this.#entries.get(uid)
    if (type === 'DELETED') {
      if (before === undefined) return
      this.#entries.delete(uid)
      leave(this.#byNode, before.counted.node, before)
      leave(this.#byOwner, before.counted.owner, before)
      leave(this.#unowned, orphanage(before), before)
      return
    }
    const nowMs = this.#clock.elapsedMs
    const counted = countedOf(object, before?.counted)
    const entry: CountedEntry = {
      pod: object,
      createdMs: before?.createdMs ?? nowMs,
      readySinceMs: counted.isReady ? (before?.readySinceMs ?? nowMs) : undefined,
      counted,
    }
    this.#entries.set(uid, entry)
    move(this.#byNode, before?.counted.node, counted.node, before, entry)
    move(this.#byOwner, before?.counted.owner, counted.owner, before, entry)
    move(this.#unowned, before && orphanage(before), orphanage(entry), before, entry)
  }
}

/** What is counted of a pod: the same object as before where it is the same. */
function countedOf(pod: Stored<Pod>, before: Counted | undefined): Counted {
  const unfinished = !isFinished(pod)
  const active = isActive(pod)
  const ready = isReady(pod)
  const node = pod.spec?.nodeName
  const owner = controllerOf(pod)?.uid
  if (
    before !== undefined &&
    before.isUnfinished === unfinished &&
    before.isActive === active &&
    before.isReady === ready &&
    before.node === node &&
    before.owner === owner
  ) {
    return before
  }
  return { isUnfinished: unfinished, isActive: active, isReady: ready, node, owner }
}

/** Namespace of a pod that no controller owns. */
function orphanage({ pod, counted }: CountedEntry): string | undefined {
  return counted.owner === undefined ? (pod.metadata.namespace ?? '') : undefined
}

function move(
  groups: Map<string, PodGroup>,
  from: string | undefined,
  to: string | undefined,
  before: CountedEntry | undefined,
  entry: CountedEntry,
): void {
  if (from !== undefined && from === to && before !== undefined) {
    groups.get(to)?.replace(before, entry)
    return
  }
  if (before !== undefined) leave(groups, from, before)
  if (to === undefined) return
  let group = groups.get(to)
  if (group === undefined) {
    group = new PodGroup()
    groups.set(to, group)
  }
  group.add(entry)
}

function leave(groups: Map<string, PodGroup>, name: string | undefined, entry: CountedEntry): void {
  if (name === undefined) return
  const group = groups.get(name)
  group?.remove(entry)
  if (group?.entries.size === 0) groups.delete(name)
}
