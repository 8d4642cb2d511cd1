import type { Pod } from 'kubernetes-types/core/v1.js'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1.js'
import { keyOf, PodDisruptionBudgets, Pods, type Stored, type StoreEvent } from '../cluster/index.ts'
import {
  isFinished,
  splitKey,
  stampOf,
  withCondition,
  withDisruptionAllowed,
  withSyncFailed,
  WorkQueue,
} from '../informers/index.ts'
import { BudgetIndex, type BudgetMembers } from './budget-index.ts'
import { scaleOf } from './controller-scale.ts'
import type { ControllerEnvironment } from './environment.ts'

/** A pod whose eviction was granted and that is not deleted by then will not be. */
const DELETION_TIMEOUT_MS = 120_000
/** A pod that says so long that it is being disrupted, and is not deleted, is not. */
const STALE_MS = 120_000
const KEY_SPACING_MS = 5
const SOURCE = { component: 'controllermanager' }

interface Expected {
  readonly expectedPods: number
  readonly desiredHealthy: number
}

/**
 * Says of each PodDisruptionBudget how many of its pods may go: what `pods/eviction` decides by.
 *
 * ```
 *   pod ready / not ready / deleted ──▶ counts of the budgets that select it ──▶ status: disruptionsAllowed
 *   eviction: disruptionsAllowed - 1, pod in disruptedPods ──▶ pod deleted ──▶ taken out, counted anew
 *                                              └─ 2 min, still there ──▶ taken out, NotDeleted
 * ```
 *
 * A pod event costs O(budgets that select the pod); a budget's status O(controllers of its pods), never O(pods).
 */
export class DisruptionController {
  readonly #env: ControllerEnvironment
  readonly #queue: WorkQueue
  readonly #stale: WorkQueue
  readonly #budgets = new BudgetIndex()
  /** Planned time since which a pod is expected to be deleted, by key of the budget and name of the pod. */
  readonly #disruptedMs = new Map<string, Map<string, number>>()
  /** Planned time since which a pod says that it is being disrupted, by its uid. */
  readonly #targetedMs = new Map<string, number>()

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key), { keySpacingMs: KEY_SPACING_MS })
    this.#stale = new WorkQueue(env.clock, uid => this.#clearStale(uid))
    env.router.on<PodDisruptionBudget>(PodDisruptionBudgets, event => this.#onBudget(event))
    env.router.on<Pod>(Pods, event => this.#onPod(event))
  }

  #onBudget({ type, object }: StoreEvent<PodDisruptionBudget>): void {
    const key = keyOf(object)
    if (type === 'DELETED') {
      this.#budgets.delete(object)
      this.#disruptedMs.delete(key)
      this.#queue.drop(key)
      return
    }
    const fresh = this.#budgets.set(object)
    if (fresh !== undefined) {
      for (const pod of this.#env.store.list<Pod>(Pods, object.metadata.namespace)) {
        if (fresh.selects(pod.metadata.labels)) fresh.set(pod)
      }
    }
    this.#queue.add(key)
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const { uid } = object.metadata
    if (previous !== undefined && previous.metadata.labels !== object.metadata.labels) {
      const left = new Set(this.#budgets.selecting(previous))
      for (const key of this.#budgets.selecting(object)) left.delete(key)
      for (const key of left) this.#leave(key, uid)
    }
    for (const key of this.#budgets.selecting(object)) {
      if (type === 'DELETED') this.#leave(key, uid)
      else if (this.#budgets.get(key)!.set(object)) this.#queue.add(key)
    }
    this.#watchTarget(type, object)
  }

  #leave(key: string, uid: string): void {
    if (this.#budgets.get(key)?.delete(uid) === true) this.#queue.add(key)
  }

  #watchTarget(type: StoreEvent['type'], pod: Stored<Pod>): void {
    const { uid } = pod.metadata
    if (type === 'DELETED' || !isTargeted(pod)) {
      if (this.#targetedMs.delete(uid)) this.#stale.drop(uid)
    } else if (!this.#targetedMs.has(uid)) {
      this.#targetedMs.set(uid, this.#env.clock.elapsedMs)
      this.#stale.add(uid, STALE_MS)
    }
  }

  #clearStale(uid: string): void {
    const { store, pods, clock } = this.#env
    const pod = pods.get(uid)?.pod
    if (pod === undefined || !isTargeted(pod)) return
    store.modify<Pod>(Pods, pod.metadata.namespace, pod.metadata.name, current => {
      const condition = { type: 'DisruptionTarget', status: 'False' }
      const conditions = withCondition(current.status?.conditions, condition, stampOf(clock))
      return { ...current, status: { ...current.status, conditions } }
    })
  }

  #reconcile(key: string): void {
    const { store, clock, events } = this.#env
    const { namespace, name } = splitKey(key)
    const budget = store.get<PodDisruptionBudget>(PodDisruptionBudgets, namespace, name)
    const members = this.#budgets.get(key)
    if (budget === undefined || members === undefined) return
    if (members.count === 0) {
      events.normal(SOURCE, PodDisruptionBudgets, budget, 'NoPods', 'No matching pods found')
    }
    const expected = this.#expected(budget, members)
    if (typeof expected === 'string') {
      const message = `Failed to calculate the number of expected pods: ${expected}`
      events.warning(SOURCE, PodDisruptionBudgets, budget, 'CalculateExpectedPodCountFailed', message)
      this.#write(budget, withSyncFailed(budget.status ?? NO_STATUS, expected, stampOf(clock)))
      return
    }
    const disruptedPods = this.#disrupted(key, budget, members)
    const away = Object.keys(disruptedPods).filter(pod => members.named(pod)!.isHealthy).length
    const currentHealthy = members.healthy - away
    const { expectedPods, desiredHealthy } = expected
    const allowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy)
    const { conditions } = budget.status ?? {}
    const status: PodDisruptionBudgetStatus = {
      ...(conditions === undefined ? {} : { conditions }),
      currentHealthy,
      desiredHealthy,
      ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
      disruptionsAllowed: allowed,
      expectedPods,
      observedGeneration: budget.metadata.generation ?? 1,
    }
    this.#write(budget, withDisruptionAllowed(status, stampOf(clock)))
  }

  /** What the budget asks for, or why that cannot be told. */
  #expected(budget: Stored<PodDisruptionBudget>, members: BudgetMembers): Expected | string {
    const { maxUnavailable, minAvailable, selector } = budget.spec ?? {}
    if (maxUnavailable === undefined && typeof minAvailable === 'number') {
      return { expectedPods: members.count, desiredHealthy: minAvailable }
    }
    if (maxUnavailable === undefined && minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 }
    const scales = new Map<string, number>()
    for (const reference of members.owners) {
      const scale = scaleOf(this.#env.store, budget.metadata.namespace ?? '', reference)
      if (typeof scale === 'string') return scale
      if (scale === undefined) return `found no controllers for pod "${members.podOf(reference.uid)}"`
      scales.set(scale.uid, scale.replicas)
    }
    if (members.unmanaged > 0) this.#warnUnmanaged(budget, JSON.stringify(selector ?? {}))
    const expectedPods = [...scales.values()].reduce((sum, replicas) => sum + replicas, 0)
    if (maxUnavailable !== undefined) {
      return { expectedPods, desiredHealthy: Math.max(0, expectedPods - share(maxUnavailable, expectedPods)) }
    }
    return { expectedPods, desiredHealthy: share(minAvailable!, expectedPods) }
  }

  #warnUnmanaged(budget: Stored<PodDisruptionBudget>, selector: string): void {
    const message =
      `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status ` +
      'of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please ' +
      'set ".spec.minAvailable" field of the PDB to an integer value.'
    this.#env.events.warning(SOURCE, PodDisruptionBudgets, budget, 'UnmanagedPods', message)
  }

  /** Pods whose eviction was granted and whose deletion has not been seen, as the status writes them down. */
  #disrupted(key: string, budget: Stored<PodDisruptionBudget>, members: BudgetMembers): Record<string, string> {
    const { clock, events, pods } = this.#env
    const before = this.#disruptedMs.get(key)
    const sinceMs = new Map<string, number>()
    const left: Record<string, string> = {}
    for (const [name, time] of Object.entries(budget.status?.disruptedPods ?? {})) {
      const member = members.named(name)
      if (member === undefined || member.isDeleting) continue
      const fromMs = before?.get(name) ?? clock.elapsedMs
      const leftMs = fromMs + DELETION_TIMEOUT_MS - clock.elapsedMs
      if (leftMs > 0) {
        sinceMs.set(name, fromMs)
        left[name] = time
        this.#queue.add(key, leftMs)
        continue
      }
      const pod = pods.get(member.uid)?.pod
      const { namespace = '' } = budget.metadata
      // Kubernetes names the namespace twice, where it means the budget.
      const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`
      if (pod !== undefined) events.warning(SOURCE, Pods, pod, 'NotDeleted', message)
    }
    if (sinceMs.size === 0) this.#disruptedMs.delete(key)
    else this.#disruptedMs.set(key, sinceMs)
    return left
  }

  #write({ metadata }: Stored<PodDisruptionBudget>, status: PodDisruptionBudgetStatus): void {
    this.#env.store.modify<PodDisruptionBudget>(PodDisruptionBudgets, metadata.namespace, metadata.name, current =>
      current.metadata.uid === metadata.uid ? { ...current, status } : undefined,
    )
  }
}

const NO_STATUS: PodDisruptionBudgetStatus = {
  currentHealthy: 0,
  desiredHealthy: 0,
  disruptionsAllowed: 0,
  expectedPods: 0,
}

/** A number, or a percentage of the pods, rounded up as Kubernetes does for both fields. */
function share(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100)
}

/** Says that it is being disrupted, while nobody has deleted it. What the kubelet says may take as long as it likes. */
function isTargeted(pod: Stored<Pod>): boolean {
  if (pod.metadata.deletionTimestamp !== undefined || isFinished(pod)) return false
  const target = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  return target?.status === 'True' && target.reason !== 'TerminationByKubelet'
}
