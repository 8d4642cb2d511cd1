import type { Pod, PodCondition } from 'kubernetes-types/core/v1.js'
import type { Status } from 'kubernetes-types/meta/v1.js'
import { ApiError, notFound, type ObjectStore, Pods, timestamp } from '../cluster/index.ts'
import { isObject } from './json.ts'
import type { Address } from './writes.ts'

const CREATED: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }

/**
 * `pods/binding`: what a scheduler posts.
 *
 * @throws ApiError NotFound, BadRequest, Conflict when the pod has a node already or is being deleted.
 */
export function bindPod(store: ObjectStore, { namespace, name }: Address, body: unknown, dryRun: boolean): Status {
  const target = isObject(body) && isObject(body.target) ? body.target : {}
  const node = target.name
  if (typeof node !== 'string' || node === '') {
    throw new ApiError('Invalid', `Binding "${name}" is invalid: target.name: Required value`)
  }
  const pod = store.get<Pod>(Pods, namespace, name)
  if (pod === undefined) throw notFound(Pods, name)
  const { deletionTimestamp } = pod.metadata
  const assigned = pod.spec?.nodeName ?? ''
  if (deletionTimestamp !== undefined || assigned !== '') {
    const why =
      assigned === ''
        ? `pod ${name} is being deleted, cannot be assigned to a host`
        : `pod ${name} is already assigned to node "${assigned}"`
    throw new ApiError('Conflict', `Operation cannot be fulfilled on pods/binding "${name}": ${why}`, {
      name,
      kind: 'pods/binding',
    })
  }
  if (dryRun) return CREATED
  const scheduled: PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(store.unixMs) }
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled')
  store.update<Pod>(Pods, {
    ...pod,
    spec: { ...pod.spec!, nodeName: node },
    status: { ...pod.status, conditions: [...others, scheduled] },
  })
  return CREATED
}
