import { ApiError, Nodes, notFound, type ObjectStore, Pods, Services } from '../cluster/index.ts'
import type { Address } from './writes.ts'

const WHY: Readonly<Record<string, string>> = {
  attach: 'there is no process to attach to',
  ephemeralcontainers: 'there is no container that one could be debugged beside',
  exec: 'there is no process that could run a command',
  portforward: 'connect to the address of the pod instead, which is one of this machine',
  proxy: 'connect to its address instead, which is one of this machine',
}

/**
 * What leads into a pod (`kubectl exec`, `attach`, `cp`, `debug`, `port-forward`, `proxy`): refused in a sentence that says
 * why, since a 404 would make people look for a mistake of their own.
 *
 * @throws ApiError NotFound, BadRequest
 */
export function refuseConnection(store: ObjectStore, { type, namespace, name }: Address, subresource: string): void {
  const isIntoPod = type === Pods && subresource in WHY
  const isProxy = subresource === 'proxy' && (type === Nodes || type === Services)
  if (!isIntoPod && !isProxy) return
  // `name`, `name:port` or `scheme:name:port`.
  const parts = name.split(':')
  const object = subresource === 'proxy' ? (parts.length === 3 ? parts[1]! : parts[0]!) : name
  if (store.get(type, namespace, object) === undefined) throw notFound(type, object)
  throw new ApiError(
    'BadRequest',
    `${type.plural}/${subresource} is not supported: the pods of this cluster are simulated, ${WHY[subresource]}`,
  )
}
