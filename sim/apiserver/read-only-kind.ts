import { ApiError, keyOf, type KubeObject, type VirtualKind } from '../cluster/index.ts'
import { parseListOptions } from './list-options.ts'
import { negotiate } from './negotiation.ts'
import { Selection } from './selection.ts'
import type { VirtualRequest, VirtualResource } from './virtual-group.ts'

const META_VERSION = 'meta.k8s.io/v1'

/**
 * A kind whose objects are there to be read, and made when asked for. As from an aggregated API server that has neither
 * history nor pages: every answer is of now and whole, and has no resource version.
 */
export function readOnlyKind(kind: VirtualKind): VirtualResource {
  return { type: kind.type, answer: request => read(kind, request) }
}

/** @throws ApiError NotFound, BadRequest, NotAcceptable */
function read(kind: VirtualKind, { namespace, name, query, accept }: VirtualRequest): object {
  const { type } = kind
  const form = negotiate(accept, false)
  if (name !== undefined) {
    const object = kind.get(namespace, name)
    if (object === undefined) throw missing(kind, namespace, name)
    if (form === 'table') return table(kind, [object])
    return form === 'partial' ? partial(object) : object
  }
  const selection = new Selection(type, { ...parseListOptions(query, false), namespace, name: undefined })
  const objects = kind
    .list(namespace)
    .filter(object => selection.matches(object))
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  if (form === 'table') return table(kind, objects)
  const isPartial = form === 'partial'
  return {
    kind: isPartial ? 'PartialObjectMetadataList' : `${type.kind}List`,
    apiVersion: isPartial ? META_VERSION : `${type.group}/${type.version}`,
    metadata: {},
    items: isPartial ? objects.map(partial) : objects,
  }
}

function partial({ metadata }: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: META_VERSION, metadata }
}

function table(kind: VirtualKind, objects: readonly KubeObject[]): object {
  return {
    kind: 'Table',
    apiVersion: META_VERSION,
    metadata: {},
    columnDefinitions: ['Name', ...kind.columns].map(name => ({
      name,
      type: 'string',
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: 0,
    })),
    rows: objects.map(object => ({
      cells: [object.metadata?.name ?? '', ...kind.cells(object)],
      object: partial(object),
    })),
  }
}

/** metrics-server names the kind where others name the resource, and the namespace with it. */
function missing({ type }: VirtualKind, namespace: string | undefined, name: string): ApiError {
  const kind = type.kind.toLowerCase()
  const full = namespace === undefined ? name : `${namespace}/${name}`
  return new ApiError('NotFound', `${kind}.${type.group} "${full}" not found`, { name: full, group: type.group, kind })
}
