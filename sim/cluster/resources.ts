/**
 * The kinds that the simulated API server keeps, as its discovery documents describe them.
 *
 * A `ResourceType` is an identity: code passes these constants around, never names.
 */
export interface ResourceType {
  /** API group; '' is the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  /** Subresources served besides the object itself. */
  readonly subresources: readonly ('status' | 'scale')[]
}

function resource(
  group: string,
  plural: string,
  kind: string,
  options: Partial<Pick<ResourceType, 'namespaced' | 'shortNames' | 'categories' | 'subresources' | 'singular'>> = {},
): ResourceType {
  return {
    group,
    version: 'v1',
    plural,
    singular: options.singular ?? kind.toLowerCase(),
    kind,
    namespaced: options.namespaced ?? true,
    shortNames: options.shortNames ?? [],
    categories: options.categories ?? [],
    subresources: options.subresources ?? [],
  }
}

export const Namespaces = resource('', 'namespaces', 'Namespace', {
  namespaced: false,
  shortNames: ['ns'],
  subresources: ['status'],
})
export const Nodes = resource('', 'nodes', 'Node', { namespaced: false, shortNames: ['no'], subresources: ['status'] })
export const Pods = resource('', 'pods', 'Pod', { shortNames: ['po'], categories: ['all'], subresources: ['status'] })
export const Services = resource('', 'services', 'Service', {
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['status'],
})
export const Endpoints = resource('', 'endpoints', 'Endpoints', { shortNames: ['ep'] })
export const Events = resource('', 'events', 'Event', { shortNames: ['ev'] })
export const EndpointSlices = resource('discovery.k8s.io', 'endpointslices', 'EndpointSlice')
export const Deployments = resource('apps', 'deployments', 'Deployment', {
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: ['status', 'scale'],
})
export const ReplicaSets = resource('apps', 'replicasets', 'ReplicaSet', {
  shortNames: ['rs'],
  categories: ['all'],
  subresources: ['status', 'scale'],
})
export const Leases = resource('coordination.k8s.io', 'leases', 'Lease')

export const ALL_RESOURCES: readonly ResourceType[] = [
  Namespaces,
  Nodes,
  Pods,
  Services,
  Endpoints,
  Events,
  EndpointSlices,
  Deployments,
  ReplicaSets,
  Leases,
]

/** `apiVersion` as objects of this type carry it. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`
}
