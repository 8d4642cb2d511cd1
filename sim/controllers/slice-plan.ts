import type { Endpoint, EndpointPort, EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Stored } from '../cluster/index.ts'
import type { Backend } from './service-pods.ts'

/** Endpoints that a slice holds at most, as Kubernetes has it. */
export const SLICE_MAX = 100

export interface SliceContent {
  readonly ports: readonly EndpointPort[]
  readonly endpoints: Endpoint[]
}

export interface SliceUpdate {
  readonly slice: Stored<EndpointSlice>
  readonly content: SliceContent
}

export interface SlicePlan {
  readonly create: readonly SliceContent[]
  readonly update: readonly SliceUpdate[]
  readonly remove: readonly Stored<EndpointSlice>[]
}

/** What is there and what has changed. */
export interface SliceState {
  /** All slices of the Service, by name. */
  readonly slices: ReadonlyMap<string, Stored<EndpointSlice>>
  /** What each pod contributes, by its uid. */
  readonly backends: ReadonlyMap<string, Backend>
  /** Name of the slice that holds a pod, by its uid. */
  readonly placeOf: ReadonlyMap<string, string>
  /** Uids of the pods whose contribution came, changed or went since the slices were written. */
  readonly changed: ReadonlySet<string>
}

/**
 * How the slices of a Service have to change to hold its backends, by Kubernetes' rules:
 *
 * 1. what is gone is taken out and what changed is changed, in the slices where it is;
 * 2. new endpoints fill the slices that are written anyway;
 * 3. the rest goes into the fullest untouched slice that has room for all of it, else into new ones: rather one slice
 *    created than many changed. Slices are never rebalanced.
 *
 * One set of slices for each set of ports. Slices that become empty are used for another set or removed; a Service without
 * any endpoint keeps one.
 *
 * O(slices + endpoints of the slices that change); unchanged endpoints keep their identity.
 */
export function planSlices(state: SliceState): SlicePlan {
  const { slices, backends, placeOf, changed } = state
  const groups = new Map<string, Group>()
  const groupOf = (id: string, ports: readonly EndpointPort[]): Group => {
    let group = groups.get(id)
    if (group === undefined) {
      group = { ports, fresh: [], touched: [], untouched: [] }
      groups.set(id, group)
    }
    return group
  }
  const dirty = new Set<string>()
  for (const uid of changed) {
    const place = placeOf.get(uid)
    if (place !== undefined && slices.has(place)) dirty.add(place)
    const backend = backends.get(uid)
    if (backend === undefined) continue
    // A pod whose ports have changed leaves its slice for one of another set.
    const isNew = place === undefined || !slices.has(place) || portsIdOf(slices.get(place)!) !== backend.portsId
    if (isNew) groupOf(backend.portsId, backend.ports).fresh.push(backend.endpoint)
  }
  for (const [name, slice] of slices) {
    const id = portsIdOf(slice)
    const group = groupOf(id, slice.ports ?? [])
    const endpoints = dirty.has(name) ? kept(slice, name, id, state) : slice.endpoints
    if (isSame(slice.endpoints, endpoints)) group.untouched.push(slice)
    else group.touched.push({ slice, endpoints })
  }
  const create: SliceContent[] = []
  const update: SliceUpdate[] = []
  let empty: Stored<EndpointSlice>[] = []
  for (const group of groups.values()) planGroup(group, create, update, empty)
  const isBare = create.length === 0 && update.length === 0 && empty.length === slices.size
  if (isBare) {
    // A Service that has nobody behind it still has a slice, so that clients see it is looked after.
    const [placeholder, ...others] = empty
    empty = others
    if (placeholder === undefined) create.push({ ports: [], endpoints: [] })
    else if (placeholder.endpoints.length > 0 || (placeholder.ports ?? []).length > 0) {
      update.push({ slice: placeholder, content: { ports: [], endpoints: [] } })
    }
  }
  // A slice that would be removed serves in place of one that would be created.
  while (create.length > 0 && empty.length > 0) update.push({ slice: empty.shift()!, content: create.shift()! })
  return { create, update, remove: empty }
}

interface Group {
  readonly ports: readonly EndpointPort[]
  /** Endpoints that no slice holds yet. */
  readonly fresh: Endpoint[]
  readonly touched: { readonly slice: Stored<EndpointSlice>; readonly endpoints: Endpoint[] }[]
  readonly untouched: Stored<EndpointSlice>[]
}

/** The endpoints of a slice as they are now, without those that are gone or belong elsewhere. */
// hot: once for each endpoint of a slice that is written; one look-up for those that have not changed.
function kept(slice: Stored<EndpointSlice>, name: string, id: string, state: SliceState): Endpoint[] {
  const { backends, placeOf, changed } = state
  const endpoints: Endpoint[] = []
  for (const endpoint of slice.endpoints) {
    const uid = endpoint.targetRef?.uid ?? ''
    if (!changed.has(uid)) {
      endpoints.push(endpoint)
      continue
    }
    const backend = backends.get(uid)
    if (backend !== undefined && backend.portsId === id && placeOf.get(uid) === name) endpoints.push(backend.endpoint)
  }
  return endpoints
}

function planGroup(
  { ports, fresh, touched, untouched }: Group,
  create: SliceContent[],
  update: SliceUpdate[],
  empty: Stored<EndpointSlice>[],
): void {
  let next = 0
  for (const { endpoints } of touched) {
    while (next < fresh.length && endpoints.length < SLICE_MAX) endpoints.push(fresh[next++]!)
  }
  const left = fresh.length - next
  let filled: Stored<EndpointSlice> | undefined
  if (left > 0) {
    for (const slice of untouched) {
      const hasRoom = slice.endpoints.length + left <= SLICE_MAX
      if (hasRoom && slice.endpoints.length > (filled?.endpoints.length ?? -1)) filled = slice
    }
    if (filled !== undefined) {
      update.push({ slice: filled, content: { ports, endpoints: [...filled.endpoints, ...fresh.slice(next)] } })
    } else {
      for (; next < fresh.length; next += SLICE_MAX) {
        create.push({ ports, endpoints: fresh.slice(next, next + SLICE_MAX) })
      }
    }
  }
  for (const slice of untouched) if (slice !== filled && slice.endpoints.length === 0) empty.push(slice)
  for (const { slice, endpoints } of touched) {
    if (endpoints.length === 0) empty.push(slice)
    else update.push({ slice, content: { ports, endpoints } })
  }
}

function isSame(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  if (a === b) return true
  return a.length === b.length && a.every((endpoint, i) => endpoint === b[i])
}

const ids = new WeakMap<readonly EndpointPort[], string>()

/** The identity of a set of ports; remembered for as long as the (immutable) list lives. */
export function idOfPorts(ports: readonly EndpointPort[]): string {
  let id = ids.get(ports)
  if (id === undefined) {
    id = ports
      .map(port => `${port.name ?? ''}/${port.protocol ?? 'TCP'}/${port.port}/${port.appProtocol ?? ''}`)
      .join(' ')
    ids.set(ports, id)
  }
  return id
}

function portsIdOf({ ports }: EndpointSlice): string {
  return ports === undefined ? '' : idOfPorts(ports)
}
