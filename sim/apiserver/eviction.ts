import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Status } from 'kubernetes-types/meta/v1.js'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1.js'
import {
  ApiError,
  compileLabelSelector,
  notFound,
  type ObjectStore,
  PodDisruptionBudgets,
  Pods,
  type Stored,
  timestamp,
} from '../cluster/index.ts'
import { isFinished, isReady, withCondition, withDisruptionAllowed } from '../informers/index.ts'
import { deleteObject, type DeleteRequest, isDryRun, parseDeleteRequest } from './deletion.ts'
import { isObject } from './json.ts'
import type { Address } from './writes.ts'

const GRANTED: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
const SEVERAL_BUDGETS: Status = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  code: 500,
}
/** Evictions granted and not seen by the disruption controller, at most. */
const DISRUPTED_MAX = 2000
/** What a client shall wait while a budget has not been looked at. */
const RETRY_AFTER_S = 10

/**
 * `pods/eviction`: a deletion that asks politely.
 *
 * ```
 *   finished, pending or being deleted ───────────────────────────────┐
 *   no budget ────────────────────────────────────────────────────────┤
 *   one budget ─┬─ not ready, and the budget allows that ─────────────┼──▶ DisruptionTarget ──▶ deleted
 *               └─ allows a disruption ──▶ one less, pod written down ┘
 *                        └─ none left ──▶ 429               several budgets ──▶ 500
 * ```
 *
 * @returns the Status to send, with its code.
 * @throws ApiError BadRequest; NotFound; Conflict when a precondition fails; TooManyRequests with the cause
 * `DisruptionBudget`. The store is unchanged then.
 */
export function evictPod(store: ObjectStore, address: Address, body: unknown, query: URLSearchParams): Status {
  const { namespace, name } = address
  const { request, dryRun } = parseEviction(name, body, query)
  const pod = store.get<Pod>(Pods, namespace, name)
  if (pod === undefined) throw notFound(Pods, name)
  checkPreconditions(pod, request)
  if (!isBeyondBudgets(pod)) {
    const budgets = budgetsOf(store, pod)
    if (budgets.length > 1) return SEVERAL_BUDGETS
    const [budget] = budgets
    if (budget !== undefined && !mayGoUnhealthy(pod, budget)) takeDisruption(store, pod, budget, dryRun)
  }
  if (dryRun) return GRANTED
  const marked = markTarget(store, pod)
  const resourceVersion = request.resourceVersion === undefined ? undefined : marked.metadata.resourceVersion
  deleteObject(store, address, { ...request, resourceVersion })
  return GRANTED
}

function parseEviction(
  name: string,
  body: unknown,
  query: URLSearchParams,
): { readonly request: DeleteRequest; readonly dryRun: boolean } {
  const eviction = isObject(body) ? body : {}
  const metadata = isObject(eviction.metadata) ? eviction.metadata : {}
  if (metadata.name !== name) {
    throw new ApiError('BadRequest', 'name in URL does not match name in Eviction object')
  }
  const options = isObject(eviction.deleteOptions) ? eviction.deleteOptions : {}
  // The query is that of the eviction: only its dry run is meant for the deletion, too.
  const request = parseDeleteRequest(options, new URLSearchParams())
  return { request, dryRun: request.dryRun || isDryRun(undefined, query) }
}

function checkPreconditions({ metadata }: Stored<Pod>, { uid, resourceVersion }: DeleteRequest): void {
  if (uid !== undefined && uid !== metadata.uid) {
    throw preconditionFailed(
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw preconditionFailed(
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
  }
}

function preconditionFailed(name: string, why: string): ApiError {
  return new ApiError('Conflict', `Operation cannot be fulfilled on Pod "${name}": ${why}`, { name, kind: 'Pod' })
}

/** Its disruption has happened, or was none. */
function isBeyondBudgets(pod: Stored<Pod>): boolean {
  return isFinished(pod) || pod.status?.phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined
}

/** O(budgets of the namespace). */
function budgetsOf(store: ObjectStore, pod: Stored<Pod>): Stored<PodDisruptionBudget>[] {
  return store.list<PodDisruptionBudget>(PodDisruptionBudgets, pod.metadata.namespace).filter(({ spec }) => {
    return spec?.selector !== undefined && compileLabelSelector(spec.selector)(pod.metadata.labels)
  })
}

/** A pod that is not ready counts for nothing; its budget says whether that is enough, or whether the others must be well. */
function mayGoUnhealthy(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (isReady(pod)) return false
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function takeDisruption(
  store: ObjectStore,
  pod: Stored<Pod>,
  budget: Stored<PodDisruptionBudget>,
  dryRun: boolean,
): void {
  const { namespace, name, generation = 1 } = budget.metadata
  const status: PodDisruptionBudgetStatus = budget.status ?? {
    currentHealthy: 0,
    desiredHealthy: 0,
    disruptionsAllowed: 0,
    expectedPods: 0,
  }
  if ((status.observedGeneration ?? 0) < generation) {
    throw refused(`The disruption budget ${name} is still being processed by the server.`, RETRY_AFTER_S)
  }
  if (status.disruptionsAllowed < 0) throw forbidden(name, 'pdb disruptions allowed is negative')
  if (Object.keys(status.disruptedPods ?? {}).length > DISRUPTED_MAX) {
    throw forbidden(name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  }
  if (status.disruptionsAllowed === 0) throw refused(whyNot(name, status))
  if (dryRun) return
  const now = timestamp(store.unixMs)
  const disruptionsAllowed = status.disruptionsAllowed - 1
  const next = {
    ...status,
    disruptionsAllowed,
    disruptedPods: { ...status.disruptedPods, [pod.metadata.name]: now },
  }
  store.modify<PodDisruptionBudget>(PodDisruptionBudgets, namespace, name, current => ({
    ...current,
    status: disruptionsAllowed === 0 ? withDisruptionAllowed(next, now) : next,
  }))
}

function whyNot(name: string, { conditions, currentHealthy, desiredHealthy }: PodDisruptionBudgetStatus): string {
  const condition = conditions?.find(({ type }) => type === 'DisruptionAllowed')
  const said = condition?.status === 'False' ? condition.message : ''
  if (said !== '' && condition?.reason === 'SyncFailed') {
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${said}`
  }
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
  }
  const reason = said === '' ? '' : ` (${condition?.reason}): ${said}`
  return `The disruption budget ${name} does not allow evicting pods currently${reason}`
}

function refused(message: string, retryAfterSeconds?: number): ApiError {
  return new ApiError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
}

function forbidden(name: string, why: string): ApiError {
  return new ApiError('Forbidden', `poddisruptionbudget.policy "${name}" is forbidden: ${why}`, {
    name,
    group: 'policy',
    kind: 'poddisruptionbudget',
  })
}

function markTarget(store: ObjectStore, pod: Stored<Pod>): Stored<Pod> {
  const target = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  }
  const conditions = withCondition(pod.status?.conditions, target, timestamp(store.unixMs))
  return store.update<Pod>(Pods, { ...pod, status: { ...pod.status, conditions } })
}
