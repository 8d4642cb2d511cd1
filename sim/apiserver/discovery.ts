import { apiVersionOf, type Catalogue, type ResourceType, type Subresource } from '../cluster/index.ts'

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

/** Subresources that speak another kind than the object itself, or other verbs. */
const PARTS: Readonly<Partial<Record<Subresource, Omit<Part, 'name'>>>> = {
  binding: { verbs: ['create'], kind: 'Binding' },
  eviction: { verbs: ['create'], kind: 'Eviction', group: 'policy', version: 'v1' },
  log: { verbs: ['get'], kind: 'Pod' },
  scale: { verbs: PART_VERBS, kind: 'Scale', group: 'autoscaling', version: 'v1' },
  token: { verbs: ['create'], kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1' },
  finalize: { verbs: ['update'], kind: 'Namespace' },
}

function partsOf(type: ResourceType): Part[] {
  return type.subresources.map(name => ({ name, ...(PARTS[name] ?? { verbs: PART_VERBS, kind: type.kind }) }))
}

function groupNames(resources: Catalogue): string[] {
  return [...new Set(resources.all().map(type => type.group))].filter(group => group !== '')
}

/** Versions of a group, the preferred one first: that of the kinds that were there first. */
function versionsOf(resources: Catalogue, group: string): string[] {
  return [
    ...new Set(
      resources
        .all()
        .filter(type => type.group === group)
        .map(type => type.version),
    ),
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
export function groupList(resources: Catalogue): object {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupNames(resources).map(name => groupEntry(resources, name)),
  }
}

/** `/apis/{group}`, or `undefined` for one that we do not have. */
export function group(resources: Catalogue, name: string): object | undefined {
  return groupNames(resources).includes(name)
    ? { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(resources, name) }
    : undefined
}

function groupEntry(resources: Catalogue, name: string): object {
  const versions = versionsOf(resources, name).map(version => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

/** `/api/v1` and `/apis/{group}/{version}`, or `undefined` for one that we do not have. */
export function resourceList(resources: Catalogue, groupName: string, version: string): object | undefined {
  const types = resources.all().filter(type => type.group === groupName && type.version === version)
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
    verbs: type.verbs,
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
export function aggregated(resources: Catalogue, core: boolean): object {
  const groups = core ? [''] : groupNames(resources)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(name => ({
      metadata: { name, creationTimestamp: null },
      versions: versionsOf(resources, name).map(version => ({
        version,
        freshness: 'Current',
        resources: resources
          .all()
          .filter(type => type.group === name && type.version === version)
          .map(aggregatedResource),
      })),
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
    verbs: type.verbs,
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
    subresources: partsOf(type).map(part => ({
      subresource: part.name,
      responseKind: { group: part.group ?? type.group, version: part.version ?? type.version, kind: part.kind },
      verbs: part.verbs,
    })),
  }
}
