import type { ControllerRevision, StatefulSet, StatefulSetStatus } from 'kubernetes-types/apps/v1.js'
import type { PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.js'
import {
  ControllerRevisions,
  keyOf,
  PersistentVolumeClaims,
  Pods,
  StatefulSets,
  type Stored,
  type StoreEvent,
} from '../cluster/index.ts'
import { controllerOf, controllerReference, isActive, type PodEntry, splitKey, WorkQueue } from '../informers/index.ts'
import { adoptPod, releasePod, selects } from './adoption.ts'
import type { ControllerEnvironment } from './environment.ts'
import { PodPrototypes } from './pod-prototypes.ts'
import { isRevisionOf, RevisionBook, templateOf } from './revision-book.ts'
import { StatefulClaims } from './stateful-claims.ts'
import { hasIdentity, identityLabels, ordinalOf, partsOf, volumesOf } from './stateful-identity.ts'
import { planStatefulSet, type StatefulStep } from './stateful-plan.ts'
import { REVISION_LABEL, revisionOfPod, templateHash } from './template-hash.ts'

/** A write in flight; what happens meanwhile is seen by the next look. */
const KEY_SPACING_MS = 5
/** Of `Parallel` sets: creations and deletions go out in batches, as those of ReplicaSets do. */
const BATCH_MAX = 4
const WRITE_MS = 3
const SOURCE = { component: 'statefulset-controller' }
const HASH_LABEL = 'controller.kubernetes.io/hash'

interface Revisions {
  readonly all: readonly Stored<ControllerRevision>[]
  readonly current: Stored<ControllerRevision>
  readonly update: Stored<ControllerRevision>
  readonly collisionCount: number
}

/**
 * Keeps the pods of StatefulSets: each with a name, an ordinal and claims of its own that outlive it.
 *
 * Each look writes in this order: adoption, the revision of the template, claims and pods (`stateful-plan.ts` says which),
 * the status, and last the deletion of revisions beyond the limit. A failed pod is deleted and comes back under its name;
 * that is a `SuccessfulDelete` like any other, as in newer releases, which have no `RecreatingFailedPod` any more.
 *
 * `rollingUpdate.maxUnavailable` is honoured, which Kubernetes does behind a feature gate.
 */
export class StatefulSetController {
  readonly #env: ControllerEnvironment
  readonly #queue: WorkQueue
  readonly #history: RevisionBook
  readonly #claims: StatefulClaims
  readonly #prototypes: PodPrototypes

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key), { keySpacingMs: KEY_SPACING_MS })
    this.#claims = new StatefulClaims(env)
    this.#prototypes = new PodPrototypes(env.admission)
    env.router.on<StatefulSet>(StatefulSets, event => this.#onSet(event))
    env.router.on<Pod>(Pods, event => this.#onPod(event))
    env.router.on<PersistentVolumeClaim>(PersistentVolumeClaims, event => this.#onClaim(event))
    this.#history = new RevisionBook(env.store, env.router, ({ metadata }, owner) => {
      if (owner?.kind === 'StatefulSet') this.#queue.add(`${metadata.namespace}/${owner.name}`)
    })
  }

  #onSet({ type, object }: StoreEvent<StatefulSet>): void {
    const key = keyOf(object)
    if (type === 'DELETED') {
      this.#queue.drop(key)
      return
    }
    if (type === 'ADDED') {
      for (const pod of this.#env.pods.unowned(object.metadata.namespace ?? '')) this.#adopt(object, pod)
    }
    this.#queue.add(key)
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const namespace = object.metadata.namespace ?? ''
    const owner = controllerOf(object)
    const before = previous && controllerOf(previous)
    if (before?.kind === 'StatefulSet' && before.uid !== owner?.uid) this.#queue.add(`${namespace}/${before.name}`)
    if (owner?.kind === 'StatefulSet') {
      this.#queue.add(`${namespace}/${owner.name}`)
      if (type === 'MODIFIED' && previous?.metadata.labels !== object.metadata.labels) this.#release(object, owner.name)
      return
    }
    // Another's pod, which is most of them, matters only when it makes room.
    if (owner !== undefined && type !== 'DELETED') return
    const name = partsOf(object.metadata.name)?.set
    const set = name === undefined ? undefined : this.#get(`${namespace}/${name}`)
    if (set === undefined) return
    // One that held a name which the set needs is gone; or it looks for an owner.
    if (type === 'DELETED') this.#queue.add(keyOf(set))
    else this.#adopt(set, object)
  }

  /** A claim that went may have kept a pod from being made, or a pending one may miss it. */
  #onClaim({ type, object }: StoreEvent<PersistentVolumeClaim>): void {
    if (type !== 'DELETED') return
    const { namespace, name } = object.metadata
    for (const set of this.#env.store.list<StatefulSet>(StatefulSets, namespace)) {
      const isOurs = set.spec?.volumeClaimTemplates?.some(({ metadata }) =>
        name.startsWith(`${metadata?.name}-${set.metadata.name}-`),
      )
      if (isOurs) this.#queue.add(keyOf(set))
    }
  }

  #reconcile(key: string): void {
    const set = this.#get(key)
    if (set?.spec?.selector === undefined) return
    const members = this.#members(set)
    const nowMs = this.#env.clock.elapsedMs
    if (set.metadata.deletionTimestamp !== undefined) {
      // Its revisions may be gone before it is: they are named, and no longer needed.
      const { currentRevision: current = '', updateRevision: update = '', collisionCount = 0 } = set.status ?? {}
      this.#writeStatus(set, planStatefulSet({ set, members, current, update, collisionCount, nowMs }).status)
      return
    }
    this.#history.adopt(StatefulSets, set, labels => selects(set.spec?.selector, labels))
    const revisions = this.#revisions(set)
    const { steps, status, nextLookMs } = planStatefulSet({
      set,
      members,
      current: revisions.current.metadata.name,
      update: revisions.update.metadata.name,
      collisionCount: revisions.collisionCount,
      nowMs,
    })
    this.#perform(key, set, revisions, steps)
    this.#writeStatus(set, status)
    this.#truncate(set, members, revisions)
    if (nextLookMs < Infinity) this.#queue.add(key, nextLookMs)
  }

  #writeStatus({ metadata }: Stored<StatefulSet>, status: StatefulSetStatus): void {
    this.#env.store.modify<StatefulSet>(StatefulSets, metadata.namespace, metadata.name, current =>
      current.metadata.uid === metadata.uid ? { ...current, status } : undefined,
    )
  }

  #perform(key: string, set: Stored<StatefulSet>, revisions: Revisions, steps: readonly StatefulStep[]): void {
    let writes = 0
    for (const step of steps) {
      if (step.do === 'keep') {
        this.#keep(set, step.pod, step.isWanted)
        continue
      }
      if (writes === BATCH_MAX) {
        this.#queue.add(key, writes * WRITE_MS)
        return
      }
      if (step.do === 'delete') this.#delete(set, step.pod)
      else if (!this.#create(set, step.ordinal, step.revision, revisions)) continue
      writes++
    }
  }

  /** Makes a pod with its claims. False when its name or one of its claims is not free yet; its going brings the next look. */
  #create(set: Stored<StatefulSet>, ordinal: number, revision: string, { current, update }: Revisions): boolean {
    const { store, events } = this.#env
    const { namespace, name: setName } = set.metadata
    const name = `${setName}-${ordinal}`
    if (store.get(Pods, namespace, name) !== undefined || this.#claims.isBlocked(set, name, ordinal)) return false
    this.#claims.create(set, name, ordinal)
    const template = templateOf(revision === update.metadata.name ? update : current)
    const { metadata, spec, ...rest } = this.#prototypes.of(template)
    const subdomain = set.spec?.serviceName ?? ''
    const pod = store.create<Pod>(Pods, {
      ...rest,
      metadata: {
        ...metadata,
        ...(namespace === undefined ? {} : { namespace }),
        generateName: `${setName}-`,
        name,
        labels: { ...identityLabels(metadata?.labels, name, ordinal), [REVISION_LABEL]: revision },
        ownerReferences: [controllerReference(StatefulSets, set)],
      },
      spec: {
        ...spec!,
        hostname: name,
        ...(subdomain === '' ? {} : { subdomain }),
        ...this.#volumes(set, ordinal, spec?.volumes),
      },
    })
    this.#claims.own(set, pod, ordinal, true)
    const message = `Create Pod ${name} in StatefulSet ${setName} successful`
    events.normal(SOURCE, StatefulSets, set, 'SuccessfulCreate', message)
    return true
  }

  #delete(set: Stored<StatefulSet>, { metadata: { namespace, name, uid } }: Stored<Pod>): void {
    const { store, events } = this.#env
    if (store.get(Pods, namespace, name)?.metadata.uid !== uid) return
    store.delete(Pods, namespace, name, { uid })
    const message = `Delete Pod ${name} in StatefulSet ${set.metadata.name} successful`
    events.normal(SOURCE, StatefulSets, set, 'SuccessfulDelete', message)
  }

  #keep(set: Stored<StatefulSet>, pod: Stored<Pod>, isWanted: boolean): void {
    const { store, events } = this.#env
    const { namespace, name } = pod.metadata
    const ordinal = ordinalOf(pod)
    if (isWanted && pod.status?.phase === 'Pending') this.#claims.create(set, name, ordinal)
    this.#claims.own(set, pod, ordinal, isWanted)
    if (!isWanted || hasIdentity(pod)) return
    store.modify<Pod>(Pods, namespace, name, current => ({
      ...current,
      metadata: { ...current.metadata, labels: identityLabels(current.metadata.labels, name, ordinal) },
    }))
    const message = `Update Pod ${name} in StatefulSet ${set.metadata.name} successful`
    events.normal(SOURCE, StatefulSets, set, 'SuccessfulUpdate', message)
  }

  #volumes(
    set: Stored<StatefulSet>,
    ordinal: number,
    volumes: NonNullable<Pod['spec']>['volumes'],
  ): Partial<NonNullable<Pod['spec']>> {
    const all = volumesOf(set, ordinal, volumes)
    return all.length === 0 ? {} : { volumes: all }
  }

  /**
   * The revision of the set's template, made when there is none, and the one that its pods were of before. A template that
   * was there before gets a new number instead of a new revision: that is what undoing a rollout does.
   */
  #revisions(set: Stored<StatefulSet>): Revisions {
    const { template } = set.spec!
    const all = this.#history.of(set.metadata.uid)
    const newest = all.at(-1)
    const number = (newest?.revision ?? 0) + 1
    let collisionCount = set.status?.collisionCount ?? 0
    const equal = all.findLast(revision => isRevisionOf(revision, template))
    let update: Stored<ControllerRevision> | undefined
    if (equal !== undefined) update = equal === newest ? equal : this.#history.renumber(equal, number)
    while (update === undefined) {
      const hash = templateHash(template, collisionCount)
      const recorded = { type: StatefulSets, owner: set, template }
      update = this.#history.record(recorded, hash, HASH_LABEL, number)
      if (update === undefined) collisionCount++
    }
    const current = all.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
    return { all, current, update, collisionCount }
  }

  /** Deletes the oldest revisions beyond the limit that no pod is of. */
  #truncate(set: Stored<StatefulSet>, members: readonly PodEntry[], { all, current, update }: Revisions): void {
    const live = new Set([current.metadata.name, update.metadata.name, ...members.map(({ pod }) => revisionOfPod(pod))])
    const past = all.filter(({ metadata }) => !live.has(metadata.name))
    const surplus = past.length - (set.spec?.revisionHistoryLimit ?? 10)
    for (const { metadata } of past.slice(0, Math.max(0, surplus))) {
      this.#env.store.delete(ControllerRevisions, metadata.namespace, metadata.name)
    }
  }

  #members(set: Stored<StatefulSet>): PodEntry[] {
    return [...this.#env.pods.ownedBy(set.metadata.uid).entries.values()].filter(({ pod }) => isMember(set, pod))
  }

  #adopt(set: Stored<StatefulSet>, pod: Stored<Pod>): void {
    if (set.metadata.deletionTimestamp !== undefined || !isActive(pod) || !isMember(set, pod)) return
    if (selects(set.spec?.selector, pod.metadata.labels)) {
      adoptPod(this.#env.store, pod, controllerReference(StatefulSets, set))
    }
  }

  #release(pod: Stored<Pod>, owner: string): void {
    const set = this.#get(`${pod.metadata.namespace}/${owner}`)
    if (set === undefined || (isMember(set, pod) && selects(set.spec?.selector, pod.metadata.labels))) return
    releasePod(this.#env.store, pod, set.metadata.uid)
  }

  #get(key: string): Stored<StatefulSet> | undefined {
    const { namespace, name } = splitKey(key)
    return this.#env.store.get<StatefulSet>(StatefulSets, namespace, name)
  }
}

function isMember(set: Stored<StatefulSet>, pod: Stored<Pod>): boolean {
  return partsOf(pod.metadata.name)?.set === set.metadata.name
}
