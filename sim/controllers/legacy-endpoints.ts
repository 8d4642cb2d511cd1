import type { EndpointAddress, Endpoints, EndpointSubset } from 'kubernetes-types/core/v1.js'
import type { Backend } from './service-pods.ts'

/** Addresses that one Endpoints object holds at most; it is cut there, as Kubernetes does. */
export const ADDRESSES_MAX = 1000

/** The subsets of the legacy Endpoints object: one for each set of ports, ready and not ready apart. */
export function endpointSubsets(backends: Iterable<Backend>): {
  readonly subsets: EndpointSubset[]
  readonly isTruncated: boolean
} {
  const groups = new Map<string, { backend: Backend; ready: EndpointAddress[]; notReady: EndpointAddress[] }>()
  let count = 0
  let isTruncated = false
  // Ready ones first: when the object has to be cut, it is those that are kept.
  const all = [...backends].filter(({ address }) => address !== undefined)
  for (const wantReady of [true, false]) {
    for (const backend of all) {
      if (backend.isReady !== wantReady) continue
      if (count === ADDRESSES_MAX) {
        isTruncated = true
        break
      }
      count++
      let group = groups.get(backend.portsId)
      if (group === undefined) {
        group = { backend, ready: [], notReady: [] }
        groups.set(backend.portsId, group)
      }
      ;(wantReady ? group.ready : group.notReady).push(backend.address!)
    }
  }
  const subsets = [...groups.values()].map(
    ({ backend, ready, notReady }): EndpointSubset => ({
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
      ports: backend.ports.map(({ name, port, protocol, appProtocol }) => ({
        ...(name === undefined || name === '' ? {} : { name }),
        port: port!,
        ...(protocol === undefined ? {} : { protocol }),
        ...(appProtocol === undefined ? {} : { appProtocol }),
      })),
    }),
  )
  return { subsets, isTruncated }
}

/** Whether two objects hold the same addresses; compared by identity, since unchanged ones are shared. */
export function hasSubsets({ subsets = [] }: Endpoints, next: readonly EndpointSubset[]): boolean {
  if (subsets.length !== next.length) return false
  return subsets.every((subset, i) => {
    const other = next[i]!
    return (
      sameList(subset.addresses, other.addresses) &&
      sameList(subset.notReadyAddresses, other.notReadyAddresses) &&
      JSON.stringify(subset.ports) === JSON.stringify(other.ports)
    )
  })
}

function sameList<T>(a: readonly T[] = [], b: readonly T[] = []): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
