import type { Deployment, DeploymentCondition, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import {
  compileLabelSelector,
  Deployments,
  keyOf,
  Pods,
  ReplicaSets,
  type Stored,
  type StoreEvent,
} from '../cluster/index.ts'
import { controllerOf, controllerReference, splitKey, WorkQueue, stampOf } from '../informers/index.ts'
import {
  deploymentStatus,
  isComplete,
  isProgressing,
  progressReason,
  type ProgressReason,
  type Rollout,
  withProgress,
} from './deployment-status.ts'
import type { ControllerEnvironment } from './environment.ts'
import { KeyedSets } from './keyed-sets.ts'
import {
  currentReplicaSet,
  DESIRED,
  expiredSets,
  MAX,
  newReplicaSet,
  REVISION,
  revisionOf,
  sizeAnnotations,
} from './revisions.ts'
import { newSetReplicas, oldSetReplicas, proportionalReplicas, rollBounds, sizeOf } from './rolling-update.ts'
import { TEMPLATE_HASH_LABEL, templateHash } from './template-hash.ts'

/** A write in flight; what happens meanwhile is seen by the next look. */
const KEY_SPACING_MS = 5
const SOURCE = { component: 'deployment-controller' }

/**
 * Rolls Deployments: one ReplicaSet for each pod template, replicas moved between them within the strategy's bounds.
 *
 * Each look takes at most one step (a resize, a rollout step up, or one down) and writes the status; the step's own events
 * bring the next look:
 *
 * ```
 *   paused?  ──▶ resize only
 *   replicas changed since the sets were last sized? ──▶ resize, in proportion when several sets are active
 *   RollingUpdate ──▶ new set up within the surge, else old sets down within availability, else tidy up
 *   Recreate      ──▶ old sets to nothing, wait until their pods are gone, new set up
 * ```
 */
export class DeploymentController {
  readonly #env: ControllerEnvironment
  readonly #queue: WorkQueue
  /** Keys of the sets that a Deployment owns, by its uid. */
  readonly #sets = new KeyedSets()
  /** Keys of sets without a controller, by namespace. */
  readonly #orphans = new KeyedSets()
  /** Planned time at which a Deployment last got further, by uid. */
  readonly #progressMs = new Map<string, number>()

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key), { keySpacingMs: KEY_SPACING_MS })
    env.router.on<Deployment>(Deployments, event => this.#onDeployment(event))
    env.router.on<ReplicaSet>(ReplicaSets, event => this.#onReplicaSet(event))
    env.router.on<Pod>(Pods, event => this.#onPod(event))
  }

  #onDeployment({ type, object }: StoreEvent<Deployment>): void {
    const key = keyOf(object)
    if (type === 'DELETED') {
      this.#queue.drop(key)
      this.#progressMs.delete(object.metadata.uid)
    } else {
      this.#queue.add(key)
    }
  }

  #onReplicaSet({ type, object, previous }: StoreEvent<ReplicaSet>): void {
    const key = keyOf(object)
    const namespace = object.metadata.namespace ?? ''
    const before = previous && controllerOf(previous)?.uid
    const owner = controllerOf(object)
    if (before !== undefined && before !== owner?.uid) this.#sets.drop(before, key)
    if (type === 'DELETED') {
      if (owner !== undefined) this.#sets.drop(owner.uid, key)
      this.#orphans.drop(namespace, key)
    } else if (owner === undefined) {
      this.#orphans.add(namespace, key)
      for (const { metadata } of this.#env.store.list<Deployment>(Deployments, namespace)) {
        this.#queue.add(`${namespace}/${metadata.name}`)
      }
    } else {
      this.#sets.add(owner.uid, key)
      this.#orphans.drop(namespace, key)
    }
    if (owner?.kind === 'Deployment') this.#queue.add(`${namespace}/${owner.name}`)
  }

  /** Only Recreate waits for pods themselves: for those of its old sets to be gone. */
  #onPod({ type, object }: StoreEvent<Pod>): void {
    if (type !== 'DELETED') return
    const owner = controllerOf(object)
    if (owner?.kind !== 'ReplicaSet') return
    const { namespace } = object.metadata
    const set = this.#env.store.get<ReplicaSet>(ReplicaSets, namespace, owner.name)
    const deployment = set && controllerOf(set)
    if (deployment?.kind !== 'Deployment') return
    const found = this.#env.store.get<Deployment>(Deployments, namespace, deployment.name)
    if (found?.spec?.strategy?.type === 'Recreate') this.#queue.add(keyOf(found))
  }

  #reconcile(key: string): void {
    const { namespace, name } = splitKey(key)
    const deployment = this.#env.store.get<Deployment>(Deployments, namespace, name)
    if (deployment?.spec === undefined) return
    if (deployment.metadata.deletionTimestamp !== undefined) {
      this.#writeStatus(this.#rollout(deployment), undefined)
      return
    }
    this.#adopt(deployment)
    const rollout = this.#rollout(deployment)
    if (deployment.spec.paused) {
      this.#resize(rollout)
      this.#writeStatus(this.#rollout(deployment), 'DeploymentPaused')
    } else if (this.#isResized(rollout)) {
      this.#resize(rollout)
      this.#writeStatus(this.#rollout(deployment), undefined)
    } else if (deployment.spec.strategy?.type === 'Recreate') {
      this.#recreate(rollout)
    } else {
      this.#roll(rollout)
    }
  }

  #roll(rollout: Rollout): void {
    const { deployment, old } = rollout
    const replicas = deployment.spec?.replicas ?? 1
    const bounds = rollBounds(deployment)
    const oldSizes = old.map(sizeOf)
    const fresh = this.#currentSet(
      rollout,
      newSetReplicas(replicas, bounds, { wanted: 0, actual: 0, available: 0 }, oldSizes),
    )
    if (fresh === undefined) return
    const freshSize = sizeOf(fresh)
    // A set that is too large (its replicas were changed by hand, or it was resized in a rollout) is corrected first.
    const wanted = freshSize.wanted > replicas ? replicas : newSetReplicas(replicas, bounds, freshSize, oldSizes)
    let isMoving = this.#scale(deployment, fresh, wanted)
    if (!isMoving) {
      const next = oldSetReplicas(replicas, bounds, freshSize, oldSizes)
      for (const [i, set] of old.entries()) isMoving = this.#scale(deployment, set, next[i]!) || isMoving
    }
    this.#settle(deployment, isMoving)
  }

  #recreate(rollout: Rollout): void {
    const { deployment, old } = rollout
    let isMoving = false
    for (const set of old) isMoving = this.#scale(deployment, set, 0) || isMoving
    const isClear = old.every(({ metadata }) => this.#env.pods.ownedBy(metadata.uid).unfinished === 0)
    if (!isMoving && isClear) {
      const replicas = deployment.spec?.replicas ?? 1
      const fresh = this.#currentSet(rollout, replicas)
      if (fresh !== undefined) isMoving = this.#scale(deployment, fresh, replicas)
    }
    this.#settle(deployment, isMoving)
  }

  /** Writes what has become of it; drops old sets once all is done. */
  #settle(deployment: Stored<Deployment>, isMoving: boolean): void {
    const { store } = this.#env
    const { namespace, name } = deployment.metadata
    const current = store.get<Deployment>(Deployments, namespace, name)
    if (current === undefined) return
    const rollout = this.#rollout(current)
    const status = this.#writeStatus(rollout, undefined)
    if (isMoving || !isComplete(current, status)) return
    for (const { metadata } of expiredSets(current, rollout.old)) store.delete(ReplicaSets, namespace, metadata.name)
  }

  /**
   * The set of the current template, made when it is missing, with its revision brought up to date. `undefined` when its
   * name is taken by something else: then the collision count has been raised, and that brings the next look.
   */
  #currentSet({ deployment, fresh, old }: Rollout, replicas: number): Stored<ReplicaSet> | undefined {
    const { store, events } = this.#env
    const { namespace } = deployment.metadata
    const revision = old.reduce((highest, set) => Math.max(highest, revisionOf(set)), 0) + 1
    let set = fresh
    if (set === undefined) {
      const hash = templateHash(deployment.spec!.template, deployment.status?.collisionCount)
      const draft = newReplicaSet(deployment, hash, replicas, revision)
      const name = draft.metadata!.name!
      if (store.get(ReplicaSets, namespace, name) !== undefined) {
        this.#modify(deployment, current => ({
          ...current,
          status: { ...current.status, collisionCount: (current.status?.collisionCount ?? 0) + 1 },
        }))
        return undefined
      }
      set = store.create<ReplicaSet>(ReplicaSets, draft)
      this.#progress(deployment, 'NewReplicaSetCreated', name)
      if (replicas > 0) {
        events.normal(
          SOURCE,
          Deployments,
          deployment,
          'ScalingReplicaSet',
          `Scaled up replica set ${name} from 0 to ${replicas}`,
        )
      }
    } else {
      const next = currentReplicaSet(set, deployment, revision)
      if (next !== set) set = store.update<ReplicaSet>(ReplicaSets, next)
      if (progressReason(deployment) === undefined) this.#progress(deployment, 'FoundNewReplicaSet', set.metadata.name)
    }
    this.#markRevision(deployment, revisionOf(set))
    return set
  }

  /** Sets the replicas of a set; false when it has them already. */
  #scale(deployment: Stored<Deployment>, set: Stored<ReplicaSet>, replicas: number): boolean {
    const before = set.spec?.replicas ?? 1
    const sizes = sizeAnnotations(deployment)
    const isMarked =
      set.metadata.annotations?.[DESIRED] === sizes[DESIRED] && set.metadata.annotations?.[MAX] === sizes[MAX]
    if (before === replicas && isMarked) return false
    this.#env.store.modify<ReplicaSet>(ReplicaSets, set.metadata.namespace, set.metadata.name, current => ({
      ...current,
      metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, ...sizes } },
      spec: { ...current.spec!, replicas },
    }))
    if (before === replicas) return false
    const direction = before < replicas ? 'up' : 'down'
    this.#env.events.normal(
      SOURCE,
      Deployments,
      deployment,
      'ScalingReplicaSet',
      `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`,
    )
    return true
  }

  #isResized({ deployment, fresh, old }: Rollout): boolean {
    const replicas = String(deployment.spec?.replicas ?? 1)
    return [...old, ...(fresh === undefined ? [] : [fresh])].some(({ metadata, spec }) => {
      const sizedFor = metadata.annotations?.[DESIRED]
      return (spec?.replicas ?? 1) > 0 && sizedFor !== undefined && sizedFor !== replicas
    })
  }

  #resize({ deployment, fresh, old }: Rollout): void {
    const replicas = deployment.spec?.replicas ?? 1
    const all = [...old, ...(fresh === undefined ? [] : [fresh])]
    const active = all.filter(({ spec }) => (spec?.replicas ?? 1) > 0)
    if (active.length <= 1) {
      const only = active[0] ?? fresh ?? old.at(-1)
      if (only !== undefined) this.#scale(deployment, only, replicas)
      return
    }
    const isSaturated = fresh?.spec?.replicas === replicas && (fresh.status?.availableReplicas ?? 0) === replicas
    if (isSaturated) {
      for (const set of old) this.#scale(deployment, set, 0)
      return
    }
    const bounds = rollBounds(deployment)
    const isGrowing = replicas + bounds.maxSurge > active.reduce((sum, { spec }) => sum + (spec?.replicas ?? 1), 0)
    // Larger sets first; of equal ones the newer when growing, the older when shrinking.
    const ordered = (isGrowing ? active.toReversed() : [...active]).sort(
      (a, b) => (b.spec?.replicas ?? 1) - (a.spec?.replicas ?? 1),
    )
    const next = proportionalReplicas(
      replicas,
      bounds,
      ordered.map(({ metadata, spec }) => ({
        wanted: spec?.replicas ?? 1,
        maxBefore: Number(metadata.annotations?.[MAX]) || deployment.status?.replicas || 1,
      })),
    )
    for (const [i, set] of ordered.entries()) this.#scale(deployment, set, next[i]!)
  }

  #writeStatus(rollout: Rollout, forced: ProgressReason | undefined): NonNullable<Deployment['status']> {
    const { deployment, fresh } = rollout
    const now = stampOf(this.#env.clock)
    const status = deploymentStatus(rollout, now)
    const reason = forced ?? this.#nextProgress(deployment, status, fresh !== undefined)
    if (reason !== undefined) {
      status.conditions = withProgress(status.conditions, reason, fresh?.metadata.name ?? '', now)
    }
    this.#modify(deployment, current => ({ ...current, status }))
    return status
  }

  /** What `Progressing` should say from now on; `undefined` to leave it. Plans the look at which the deadline is judged. */
  #nextProgress(
    deployment: Stored<Deployment>,
    status: NonNullable<Deployment['status']>,
    hasSet: boolean,
  ): ProgressReason | undefined {
    const { uid } = deployment.metadata
    const before = progressReason(deployment)
    const deadlineS = deployment.spec?.progressDeadlineSeconds
    if (deadlineS === undefined || !hasSet) return undefined
    if (before === 'DeploymentPaused') {
      this.#progressMs.set(uid, this.#env.clock.elapsedMs)
      return 'DeploymentResumed'
    }
    const isAllNew = (status.replicas ?? 0) === (status.updatedReplicas ?? 0)
    if (before === 'NewReplicaSetAvailable' && isAllNew) return undefined
    if (isComplete(deployment, status)) return 'NewReplicaSetAvailable'
    const nowMs = this.#env.clock.elapsedMs
    if (isProgressing(deployment.status, status)) {
      this.#progressMs.set(uid, nowMs)
      this.#queue.add(keyOf(deployment), deadlineS * 1000)
      return 'ReplicaSetUpdated'
    }
    if (before === 'ProgressDeadlineExceeded') return undefined
    const sinceMs = this.#progressMs.get(uid)
    if (sinceMs === undefined) {
      this.#progressMs.set(uid, nowMs)
      return undefined
    }
    const leftMs = sinceMs + deadlineS * 1000 - nowMs
    if (leftMs <= 0) return 'ProgressDeadlineExceeded'
    this.#queue.add(keyOf(deployment), leftMs)
    return undefined
  }

  #progress(deployment: Stored<Deployment>, reason: ProgressReason, set: string): void {
    this.#progressMs.set(deployment.metadata.uid, this.#env.clock.elapsedMs)
    const now = stampOf(this.#env.clock)
    this.#modify(deployment, current => {
      const conditions: DeploymentCondition[] = withProgress(current.status?.conditions, reason, set, now)
      return { ...current, status: { ...current.status, conditions } }
    })
  }

  #markRevision(deployment: Stored<Deployment>, revision: number): void {
    this.#modify(deployment, current => {
      const { annotations } = current.metadata
      if (annotations?.[REVISION] === String(revision)) return undefined
      return {
        ...current,
        metadata: { ...current.metadata, annotations: { ...annotations, [REVISION]: String(revision) } },
      }
    })
  }

  #modify({ metadata }: Stored<Deployment>, change: (current: Stored<Deployment>) => Deployment | undefined): void {
    this.#env.store.modify<Deployment>(Deployments, metadata.namespace, metadata.name, current =>
      current.metadata.uid === metadata.uid ? change(current) : undefined,
    )
  }

  #rollout(deployment: Stored<Deployment>): Rollout {
    const hash = templateHash(deployment.spec!.template, deployment.status?.collisionCount)
    let fresh: Stored<ReplicaSet> | undefined
    const old: Stored<ReplicaSet>[] = []
    for (const key of this.#sets.of(deployment.metadata.uid)) {
      const { namespace, name } = splitKey(key)
      const set = this.#env.store.get<ReplicaSet>(ReplicaSets, namespace, name)
      if (set === undefined) continue
      if (set.metadata.labels?.[TEMPLATE_HASH_LABEL] === hash) fresh = set
      else old.push(set)
    }
    return { deployment, fresh, old }
  }

  /** Takes over sets that nobody owns and that its selector matches: what `delete --cascade=orphan` left behind. */
  #adopt(deployment: Stored<Deployment>): void {
    const { namespace = '' } = deployment.metadata
    const orphans = this.#orphans.of(namespace)
    if (orphans.size === 0) return
    const matches = compileLabelSelector(deployment.spec!.selector)
    for (const key of orphans) {
      this.#env.store.modify<ReplicaSet>(ReplicaSets, namespace, splitKey(key).name, set => {
        const { metadata } = set
        if (controllerOf(set) !== undefined || metadata.deletionTimestamp !== undefined || !matches(metadata.labels)) {
          return undefined
        }
        const ownerReferences = [...(metadata.ownerReferences ?? []), controllerReference(Deployments, deployment)]
        return { ...set, metadata: { ...metadata, ownerReferences } }
      })
    }
  }
}
