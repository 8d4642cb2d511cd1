import { ApiError } from '../cluster/index.ts'
import type { UserInfo } from './authentication.ts'
import { isTrue } from './request-info.ts'

/** What a user may, as a rule of a Role says it: every field must fit, and `*` fits all. */
export interface Permission {
  readonly verbs: readonly string[]
  /** '' is the core group. Default: all. */
  readonly apiGroups?: readonly string[]
  /** `pods`, or `pods/log` for a subresource. Default: none. */
  readonly resources?: readonly string[]
  /** Default: all, and what lies in none. */
  readonly namespaces?: readonly string[]
  /** Paths that name no resource, `/metrics`. Default: none. */
  readonly nonResourceURLs?: readonly string[]
}

/** What a request wants, before it is known whether there is such a thing. */
export type Attributes =
  | {
      readonly verb: string
      readonly group: string
      /** With its subresource: `pods/log`. */
      readonly resource: string
      readonly namespace: string | undefined
      readonly name: string | undefined
    }
  | { readonly verb: string; readonly path: string }

const ALL: readonly Permission[] = [{ verbs: ['*'], resources: ['*'], nonResourceURLs: ['*'] }]
/** What everybody may who is known: `system:discovery` and `system:basic-user`. */
const BASIC: readonly Permission[] = [
  {
    verbs: ['get'],
    nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi/*', '/readyz', '/version'],
  },
  {
    verbs: ['create'],
    apiGroups: ['authentication.k8s.io', 'authorization.k8s.io'],
    resources: ['selfsubjectreviews', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
]

/** Who may what: everybody everything, but for users that are limited. Members of `system:masters` cannot be. */
export class Authorization {
  readonly #limits: Readonly<Record<string, readonly Permission[]>>

  /** @param limits by user name: `jane`, `system:serviceaccount:default:scraper`. */
  constructor(limits: Readonly<Record<string, readonly Permission[]>> = {}) {
    this.#limits = limits
  }

  isLimited({ username, groups }: UserInfo): boolean {
    return Object.hasOwn(this.#limits, username) && !groups.includes('system:masters')
  }

  permissions(user: UserInfo): readonly Permission[] {
    return this.isLimited(user) ? [...BASIC, ...this.#limits[user.username]!] : ALL
  }

  may(user: UserInfo, attributes: Attributes): boolean {
    return this.permissions(user).some(permission => allows(permission, attributes))
  }

  /** @throws ApiError Forbidden */
  check(user: UserInfo, method: string, path: string, query: URLSearchParams): void {
    if (!this.isLimited(user)) return
    const attributes = attributesOf(method, path, query)
    if (!this.may(user, attributes)) throw forbidden(user, attributes)
  }
}

function allows(permission: Permission, attributes: Attributes): boolean {
  if (!fits(permission.verbs, attributes.verb)) return false
  if ('path' in attributes) {
    return (permission.nonResourceURLs ?? []).some(url =>
      url.endsWith('*') ? attributes.path.startsWith(url.slice(0, -1)) : attributes.path === url,
    )
  }
  const { apiGroups = ['*'], resources = [], namespaces } = permission
  return (
    fits(apiGroups, attributes.group) &&
    fits(resources, attributes.resource) &&
    (namespaces === undefined || (attributes.namespace !== undefined && fits(namespaces, attributes.namespace)))
  )
}

function fits(allowed: readonly string[], wanted: string): boolean {
  return allowed.includes('*') || allowed.includes(wanted)
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

/** Reads a request as Kubernetes' authorizers see it, whether or not there is such a resource. */
function attributesOf(method: string, path: string, query: URLSearchParams): Attributes {
  const parts = path.split('/').filter(part => part !== '')
  const [prefix] = parts
  const isCore = prefix === 'api'
  const rest = parts.slice(isCore ? 2 : 3)
  if ((!isCore && prefix !== 'apis') || rest.length === 0) return { verb: method.toLowerCase(), path }
  let namespace: string | undefined
  // A Namespace itself is judged as inside of itself.
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1]
    if (rest.length > 2 && !['status', 'finalize'].includes(rest[2]!)) rest.splice(0, 2)
  }
  const [resource, name, subresource] = rest
  return {
    verb: verbOf(method, name, query),
    group: isCore ? '' : parts[1]!,
    resource: subresource === undefined ? resource! : `${resource}/${subresource}`,
    namespace,
    name,
  }
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  if (method === 'GET' && isTrue(query.get('watch'))) return 'watch'
  if (method === 'GET') return name === undefined ? 'list' : 'get'
  if (method === 'DELETE' && name === undefined) return 'deletecollection'
  return VERBS[method] ?? method.toLowerCase()
}

function forbidden({ username }: UserInfo, attributes: Attributes): ApiError {
  const { verb } = attributes
  if ('path' in attributes) {
    return new ApiError('Forbidden', `forbidden: User "${username}" cannot ${verb} path "${attributes.path}"`, {})
  }
  const { group, resource, namespace, name } = attributes
  const [plural] = resource.split('/')
  const what = `${plural}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` "${name}"`}`
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  return new ApiError(
    'Forbidden',
    `${what} is forbidden: User "${username}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
    { ...(name === undefined ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural! },
  )
}
