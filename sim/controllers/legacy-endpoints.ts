import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from 'kubernetes-types/core/v1.js'
import type { Backend } from './service-pods.ts'

/** Addresses that one Endpoints object holds at most; it is cut there, as Kubernetes does. */
export const ADDRESSES_MAX = 1000

interface Group {
  readonly backend: Backend
  ready: EndpointAddress[]
  notReady: EndpointAddress[]
}

/**
 * The subsets of the legacy Endpoints object: one for each set of ports, ready and not ready apart. Of too many, the ready
 * ones are kept first.
 */
export function endpointSubsets(backends: ReadonlyMap<string, Backend>): {
  readonly subsets: EndpointSubset[]
  readonly isTruncated: boolean
} {
  const groups = new Map<string, Group>()
  let group: Group | undefined
  let count = 0
  // Not by an iterator, which makes an object for each of what may be a thousand.
  backends.forEach(backend => {
    const { address, portsId } = backend
    if (address === undefined) return
    count++
    if (group?.backend.portsId !== portsId) {
      group = groups.get(portsId)
      if (group === undefined) {
        group = { backend, ready: [], notReady: [] }
        groups.set(portsId, group)
      }
    }
    if (backend.isReady) group.ready.push(address)
    else group.notReady.push(address)
  })
  const isTruncated = count > ADDRESSES_MAX
  if (isTruncated) truncate([...groups.values()])
  const subsets: EndpointSubset[] = []
  for (const { backend, ready, notReady } of groups.values()) {
    if (ready.length + notReady.length === 0) continue
    const subset: EndpointSubset = {}
    if (ready.length > 0) subset.addresses = ready
    if (notReady.length > 0) subset.notReadyAddresses = notReady
    subset.ports = legacyPorts(backend.ports)
    subsets.push(subset)
  }
  return { subsets, isTruncated }
}

/** By the ports of the backends, which are shared: an Endpoints object is written often, and its ports hardly ever change. */
const portsOf = new WeakMap<Backend['ports'], EndpointPort[]>()

function legacyPorts(ports: Backend['ports']): EndpointPort[] {
  let legacy = portsOf.get(ports)
  if (legacy === undefined) {
    legacy = ports.map(({ name, port, protocol, appProtocol }) => ({
      ...(name === undefined || name === '' ? {} : { name }),
      port: port!,
      ...(protocol === undefined ? {} : { protocol }),
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }))
    portsOf.set(ports, legacy)
  }
  return legacy
}

function truncate(groups: readonly Group[]): void {
  let room = ADDRESSES_MAX
  for (const group of groups) {
    group.ready = group.ready.slice(0, room)
    room -= group.ready.length
  }
  for (const group of groups) {
    group.notReady = group.notReady.slice(0, room)
    room -= group.notReady.length
  }
}

/** Whether two objects hold the same addresses; compared by identity, since unchanged ones are shared. */
export function hasSubsets({ subsets = [] }: Endpoints, next: readonly EndpointSubset[]): boolean {
  if (subsets.length !== next.length) return false
  return subsets.every((subset, i) => {
    const other = next[i]!
    return (
      sameList(subset.addresses, other.addresses) &&
      sameList(subset.notReadyAddresses, other.notReadyAddresses) &&
      (subset.ports === other.ports || JSON.stringify(subset.ports) === JSON.stringify(other.ports))
    )
  })
}

function sameList<T>(a: readonly T[] = [], b: readonly T[] = []): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
