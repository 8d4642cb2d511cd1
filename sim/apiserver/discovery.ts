import { ALL_RESOURCES, apiVersionOf, Pods, type ResourceType } from '../cluster/index.ts'

const OBJECT_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const PART_VERBS = ['get', 'patch', 'update']

interface ApiResource {
  readonly name: string
  readonly singularName: string
  readonly namespaced: boolean
  readonly kind: string
  readonly verbs: readonly string[]
  readonly group?: string
  readonly version?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

/** A subresource, with the kind it speaks where that is another one. */
interface Part {
  readonly name: string
  readonly verbs: readonly string[]
  readonly kind: string
  readonly group?: string
  readonly version?: string
}

const GROUPS: readonly string[] = [...new Set(ALL_RESOURCES.map(type => type.group))].filter(group => group !== '')

function partsOf(type: ResourceType): Part[] {
  const parts: Part[] = type.subresources.map(name =>
    name === 'scale'
      ? { name, verbs: PART_VERBS, kind: 'Scale', group: 'autoscaling', version: 'v1' }
      : { name, verbs: PART_VERBS, kind: type.kind },
  )
  if (type !== Pods) return parts
  return [
    { name: 'binding', verbs: ['create'], kind: 'Binding' },
    { name: 'eviction', verbs: ['create'], kind: 'Eviction', group: 'policy', version: 'v1' },
    ...parts,
  ]
}

/** `/api` */
export function coreVersions(address: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  }
}

/** `/apis` */
export function groupList(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS.map(groupEntry) }
}

/** `/apis/{group}`, or `undefined` for one that we do not have. */
export function group(name: string): object | undefined {
  return GROUPS.includes(name) ? { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(name) } : undefined
}

function groupEntry(name: string): object {
  const version = { groupVersion: `${name}/v1`, version: 'v1' }
  return { name, versions: [version], preferredVersion: version }
}

/** `/api/v1` and `/apis/{group}/v1`, or `undefined` for one that we do not have. */
export function resourceList(groupName: string, version: string): object | undefined {
  const types = ALL_RESOURCES.filter(type => type.group === groupName && type.version === version)
  if (types.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(types[0]!),
    resources: types.flatMap(type => [objectResource(type), ...partsOf(type).map(part => partResource(type, part))]),
  }
}

function objectResource(type: ResourceType): ApiResource {
  return {
    name: type.plural,
    singularName: type.singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: OBJECT_VERBS,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
  }
}

function partResource(type: ResourceType, { name, verbs, kind, group: partGroup, version }: Part): ApiResource {
  return {
    name: `${type.plural}/${name}`,
    singularName: '',
    namespaced: type.namespaced,
    ...(partGroup === undefined ? {} : { group: partGroup, version: version! }),
    kind,
    verbs,
  }
}

/** Media type of discovery in one piece; clients that ask for it get all groups from `/api` and `/apis` in two requests. */
export const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

export function wantsAggregated(accept: string | undefined): boolean {
  const first = accept?.split(',')[0]?.replaceAll(' ', '') ?? ''
  return first.includes('g=apidiscovery.k8s.io') && first.split(';').includes('v=v2')
}

/** `/api` (`core`) or `/apis`, aggregated. */
export function aggregated(core: boolean): object {
  const groups = core ? [''] : GROUPS
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(name => ({
      metadata: { name, creationTimestamp: null },
      versions: [
        {
          version: 'v1',
          freshness: 'Current',
          resources: ALL_RESOURCES.filter(type => type.group === name).map(aggregatedResource),
        },
      ],
    })),
  }
}

function aggregatedResource(type: ResourceType): object {
  const { shortNames, categories } = objectResource(type)
  return {
    resource: type.plural,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: OBJECT_VERBS,
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
    subresources: partsOf(type).map(part => ({
      subresource: part.name,
      responseKind: { group: part.group ?? type.group, version: part.version ?? type.version, kind: part.kind },
      verbs: part.verbs,
    })),
  }
}
