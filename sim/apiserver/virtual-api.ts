import { ApiError, keyOf, type KubeObject, type VirtualKind } from '../cluster/index.ts'
import { parseListOptions } from './list-options.ts'
import type { Form } from './negotiation.ts'
import { methodNotAllowed, pathNotFound, type RequestInfo } from './request-info.ts'
import { Selection } from './selection.ts'

const META_VERSION = 'meta.k8s.io/v1'

/**
 * Answers a read of a kind that nobody stores. As from an aggregated API server that has neither history nor pages: every
 * answer is of now and whole, and has no resource version.
 *
 * @throws ApiError NotFound, MethodNotAllowed, BadRequest
 */
export function readVirtual(kind: VirtualKind, info: RequestInfo, query: URLSearchParams, form: Form): object {
  const { type } = kind
  const { verb, namespace, name, subresource } = info
  if (subresource !== undefined) throw pathNotFound()
  if (!type.verbs.includes(verb)) throw methodNotAllowed()
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
