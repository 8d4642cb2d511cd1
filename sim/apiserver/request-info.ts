import { ApiError, type Catalogue, type ResourceType } from '../cluster/index.ts'

/** What a request is about, in Kubernetes' terms: its verb and the thing its path names. */
export interface RequestInfo {
  readonly verb: Verb
  /** As whose objects are kept. */
  readonly type: ResourceType
  /** The version of the type that the path names. */
  readonly servedAs: ResourceType
  /** Absent for cluster-scoped kinds and for all namespaces. */
  readonly namespace: string | undefined
  /** Absent for collections. */
  readonly name: string | undefined
  readonly subresource: string | undefined
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

/**
 * Reads method and path.
 *
 * ```
 *   /api/v1/…                    core                namespaces/{ns}/{plural}[/{name}[/{subresource}]]
 *   /apis/{group}/{version}/…    named groups        {plural}[/{name}[/{subresource}]]
 * ```
 *
 * @throws ApiError NotFound for paths that name nothing; MethodNotAllowed
 */
export function parseRequest(resources: Catalogue, method: string, path: string, query: URLSearchParams): RequestInfo {
  const parts = path.split('/').slice(1).map(decode)
  if (parts.at(-1) === '') parts.pop()
  const [prefix] = parts
  const group = prefix === 'apis' ? (parts[1] ?? '') : ''
  const version = (prefix === 'apis' ? parts[2] : parts[1]) ?? ''
  let rest = parts.slice(prefix === 'apis' ? 3 : 2)
  let namespace: string | undefined
  // `namespaces/x` is the Namespace itself and `namespaces/x/status` its subresource; anything longer is inside of it.
  if (rest[0] === 'namespaces' && rest.length >= 3 && !(group === '' && NAMESPACE_SUBRESOURCES.has(rest[2]!))) {
    namespace = rest[1]
    rest = rest.slice(2)
  }
  const [plural, name, subresource] = rest
  const servedAs = resources.find(group, version, plural ?? '')
  // What is behind a proxy has a path of its own.
  if (servedAs === undefined || (rest.length > 3 && subresource !== 'proxy')) throw pathNotFound()
  const type = resources.storedAs(servedAs)
  if (!type.namespaced && namespace !== undefined) throw pathNotFound()
  if (type.namespaced && namespace === undefined && name !== undefined) throw pathNotFound()
  return { verb: verbOf(method, name, query), type, servedAs, namespace, name, subresource }
}

const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize'])

export function pathNotFound(): ApiError {
  return new ApiError('NotFound', 'the server could not find the requested resource', {})
}

export function methodNotAllowed(): ApiError {
  return new ApiError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb {
  switch (method) {
    case 'GET':
      if (isTrue(query.get('watch'))) return 'watch'
      return name === undefined ? 'list' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      if (name === undefined) throw methodNotAllowed()
      return 'update'
    case 'PATCH':
      if (name === undefined) throw methodNotAllowed()
      return 'patch'
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete'
    default:
      throw methodNotAllowed()
  }
}

/** Booleans of queries, as Kubernetes reads them: present and empty is true. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw pathNotFound()
  }
}
