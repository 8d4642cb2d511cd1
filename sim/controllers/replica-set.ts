import type { ReplicaSet, ReplicaSetStatus } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import { keyOf, Pods, ReplicaSets, type Stored, type StoreEvent } from '../cluster/index.ts'
import {
  controllerOf,
  controllerReference,
  isActive,
  type PodEntry,
  type PodGroup,
  splitKey,
  WorkQueue,
} from '../informers/index.ts'
import { adoptPod, releasePod, selects } from './adoption.ts'
import type { ControllerEnvironment } from './environment.ts'
import { KeyedSets } from './keyed-sets.ts'
import { PodPrototypes } from './pod-prototypes.ts'
import { firstToDelete } from './deletion-order.ts'
import { SUFFIX_ALPHABET } from './template-hash.ts'

/** Kubernetes picks at most this many pods in one go. */
const BURST = 500
/**
 * Creations and deletions go out in batches, each followed by a pause of `WRITE_MS` for each of its pods: a client that is
 * allowed some 300 writes a second. Creations start slowly, 1, 2, 4, as in Kubernetes. Batches are small, so that none of
 * them keeps the thread for more than a millisecond or two.
 */
const BATCH_MAX = 4
const WRITE_MS = 3
/** A status write in flight; what happens meanwhile goes into the next one. */
const KEY_SPACING_MS = 5
const SOURCE = { component: 'replicaset-controller' }

interface Progress {
  /** Size of the next batch of creations. */
  batch: number
  /** Chosen for deletion, in order; chosen once and then worked off. */
  doomed: PodEntry[]
  readonly names: Prng
}

/**
 * Keeps as many pods as each ReplicaSet wants; adopts orphans that its selector matches and lets go of pods that it no
 * longer does.
 */
export class ReplicaSetController {
  readonly #env: ControllerEnvironment
  readonly #prng: Prng
  readonly #queue: WorkQueue
  readonly #progress = new Map<string, Progress>()
  readonly #prototypes: PodPrototypes
  /** Live sets by namespace, for pods that look for an owner. */
  readonly #byNamespace = new KeyedSets()

  constructor(env: ControllerEnvironment, prng: Prng) {
    this.#env = env
    this.#prng = prng
    this.#prototypes = new PodPrototypes(env.admission)
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key), { keySpacingMs: KEY_SPACING_MS })
    env.router.on<ReplicaSet>(ReplicaSets, event => this.#onReplicaSet(event))
    env.router.on<Pod>(Pods, event => this.#onPod(event))
  }

  #onReplicaSet({ type, object }: StoreEvent<ReplicaSet>): void {
    const key = keyOf(object)
    const namespace = object.metadata.namespace ?? ''
    if (type === 'DELETED') {
      this.#queue.drop(key)
      this.#progress.delete(object.metadata.uid)
      this.#byNamespace.drop(namespace, key)
      return
    }
    if (type === 'ADDED') {
      this.#byNamespace.add(namespace, key)
      this.#adoptAll(object)
    }
    this.#queue.add(key)
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const owner = controllerOf(object)
    const namespace = object.metadata.namespace ?? ''
    if (owner?.kind === 'ReplicaSet') {
      this.#queue.add(`${namespace}/${owner.name}`)
      const relabelled = type === 'MODIFIED' && previous?.metadata.labels !== object.metadata.labels
      if (relabelled) this.#release(object, owner.name)
    } else if (owner === undefined && type !== 'DELETED' && isActive(object)) {
      for (const key of this.#byNamespace.of(namespace)) {
        const set = this.#get(key)
        if (set !== undefined && this.#adopt(set, object)) break
      }
    }
  }

  #reconcile(key: string): void {
    const set = this.#get(key)
    if (set === undefined) return
    const owned = this.#env.pods.ownedBy(set.metadata.uid)
    if (set.metadata.deletionTimestamp === undefined) this.#manage(key, set, owned)
    this.#writeStatus(key, set, this.#env.pods.ownedBy(set.metadata.uid))
  }

  #manage(key: string, set: Stored<ReplicaSet>, owned: PodGroup): void {
    const missing = (set.spec?.replicas ?? 1) - owned.active
    const progress = this.#progressOf(set)
    if (missing >= 0) progress.doomed = []
    if (missing <= 0) progress.batch = 1
    if (missing > 0) {
      const count = Math.min(missing, progress.batch)
      for (let i = 0; i < count; i++) this.#createPod(set, progress)
      progress.batch = Math.min(progress.batch * 2, BATCH_MAX)
      if (count < missing) this.#queue.add(key, count * WRITE_MS)
    } else if (missing < 0) {
      const count = Math.min(-missing, BATCH_MAX)
      const deleted = this.#deletePods(set, owned, progress, count, -missing)
      if (deleted < -missing) this.#queue.add(key, count * WRITE_MS)
    }
  }

  #createPod(set: Stored<ReplicaSet>, { names }: Progress): void {
    const { store, events } = this.#env
    const namespace = set.metadata.namespace!
    const generateName = `${set.metadata.name}-`
    // Named here rather than by the store, so that a pod's name depends on its own set only; a taken name is drawn again.
    let name: string
    do name = generateName + names.word(5, SUFFIX_ALPHABET)
    while (store.get(Pods, namespace, name) !== undefined)
    const { metadata, ...rest } = this.#prototypes.of(set.spec!.template!)
    const ownerReferences = [controllerReference(ReplicaSets, set)]
    store.create<Pod>(Pods, { metadata: { ...metadata, namespace, generateName, name, ownerReferences }, ...rest })
    events.normal(SOURCE, ReplicaSets, set, 'SuccessfulCreate', `Created pod: ${name}`)
  }

  /** Deletes up to `count` pods, from the list of those chosen earlier or a new one. Returns how many. */
  #deletePods(set: Stored<ReplicaSet>, owned: PodGroup, progress: Progress, count: number, surplus: number): number {
    const { store, events } = this.#env
    let deleted = 0
    while (deleted < count) {
      if (progress.doomed.length === 0) progress.doomed = this.#choose(set, owned, Math.min(surplus - deleted, BURST))
      const chosen = progress.doomed.shift()
      if (chosen === undefined) break
      const { namespace, name, uid } = chosen.pod.metadata
      const current = this.#env.pods.get(uid)
      if (current === undefined || !isActive(current.pod)) continue
      store.delete(Pods, namespace, name, { uid })
      events.normal(SOURCE, ReplicaSets, set, 'SuccessfulDelete', `Deleted pod: ${name}`)
      deleted++
    }
    return deleted
  }

  #choose(set: Stored<ReplicaSet>, owned: PodGroup, count: number): PodEntry[] {
    const active = [...owned.entries.values()].filter(({ pod }) => isActive(pod))
    if (active.length <= count) return active
    const related = this.#relatedSets(set)
    const podsOnNode = (node: string): number =>
      related.reduce((sum, group) => sum + (group.activeOn.get(node) ?? 0), 0)
    return firstToDelete(active, count, podsOnNode, this.#env.clock.elapsedMs)
  }

  /** Pods of all sets that share this one's owner: two of one Deployment on a node are one too many. */
  #relatedSets(set: Stored<ReplicaSet>): PodGroup[] {
    const deployment = controllerOf(set)?.uid
    const related = [this.#env.pods.ownedBy(set.metadata.uid)]
    if (deployment === undefined) return related
    for (const key of this.#byNamespace.of(set.metadata.namespace ?? '')) {
      const other = this.#get(key)
      if (other === undefined || other.metadata.uid === set.metadata.uid) continue
      if (controllerOf(other)?.uid === deployment) related.push(this.#env.pods.ownedBy(other.metadata.uid))
    }
    return related
  }

  #writeStatus(key: string, set: Stored<ReplicaSet>, owned: PodGroup): void {
    const available = this.#available(key, set, owned)
    const { conditions } = set.status ?? {}
    const status: ReplicaSetStatus = {
      replicas: owned.active,
      ...(owned.active > 0 ? { fullyLabeledReplicas: owned.active } : {}),
      ...(owned.ready > 0 ? { readyReplicas: owned.ready } : {}),
      ...(available > 0 ? { availableReplicas: available } : {}),
      observedGeneration: set.metadata.generation ?? 1,
      ...(conditions === undefined ? {} : { conditions }),
    }
    this.#env.store.modify<ReplicaSet>(ReplicaSets, set.metadata.namespace, set.metadata.name, current =>
      current.metadata.uid === set.metadata.uid ? { ...current, status } : undefined,
    )
  }

  /** Ready for `minReadySeconds`; plans another look for when the next pod will be. */
  #available(key: string, set: Stored<ReplicaSet>, owned: PodGroup): number {
    const minReadyMs = (set.spec?.minReadySeconds ?? 0) * 1000
    if (minReadyMs === 0) return owned.ready
    const nowMs = this.#env.clock.elapsedMs
    let available = 0
    let nextMs = Infinity
    for (const { pod, readySinceMs } of owned.entries.values()) {
      if (readySinceMs === undefined || !isActive(pod)) continue
      const waitMs = readySinceMs + minReadyMs - nowMs
      if (waitMs <= 0) available++
      else nextMs = Math.min(nextMs, waitMs)
    }
    if (nextMs < Infinity) this.#queue.add(key, nextMs)
    return available
  }

  #adoptAll(set: Stored<ReplicaSet>): void {
    for (const pod of this.#env.pods.unowned(set.metadata.namespace ?? '')) this.#adopt(set, pod)
  }

  #adopt(set: Stored<ReplicaSet>, pod: Stored<Pod>): boolean {
    if (
      set.metadata.deletionTimestamp !== undefined ||
      !isActive(pod) ||
      !selects(set.spec?.selector, pod.metadata.labels)
    )
      return false
    adoptPod(this.#env.store, pod, controllerReference(ReplicaSets, set))
    return true
  }

  #release(pod: Stored<Pod>, owner: string): void {
    const set = this.#get(`${pod.metadata.namespace}/${owner}`)
    if (set === undefined || selects(set.spec?.selector, pod.metadata.labels)) return
    releasePod(this.#env.store, pod, set.metadata.uid)
  }

  #progressOf(set: Stored<ReplicaSet>): Progress {
    let progress = this.#progress.get(set.metadata.uid)
    if (progress === undefined) {
      const names = this.#prng.fork(`replicaset/${keyOf(set)}`)
      progress = { batch: 1, doomed: [], names }
      this.#progress.set(set.metadata.uid, progress)
    }
    return progress
  }

  #get(key: string): Stored<ReplicaSet> | undefined {
    const { namespace, name } = splitKey(key)
    return this.#env.store.get<ReplicaSet>(ReplicaSets, namespace, name)
  }
}
