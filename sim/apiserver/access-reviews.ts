import { ApiError, FieldErrors } from '../cluster/index.ts'
import type { Authentication, UserInfo } from './authentication.ts'
import type { Attributes, Authorization, Permission } from './authorization.ts'
import { isObject, type JsonObject } from './json.ts'
import { virtualType, type VirtualRequest, type VirtualResource } from './virtual-group.ts'

const AUTHENTICATION = 'authentication.k8s.io'
const AUTHORIZATION = 'authorization.k8s.io'

/** The questions "who am I", "who is this" and "may I": created, answered and forgotten. `kubectl auth` asks them. */
export function accessReviews(authentication: Authentication, authorization: Authorization): VirtualResource[] {
  const access = (kind: string, plural: string, userOf: UserOf, namespaced = false): VirtualResource =>
    review(AUTHORIZATION, kind, plural, namespaced, (spec, request) => {
      const attributes = attributesOf(kind, spec)
      return { allowed: authorization.may(userOf(spec, request), attributes) }
    })
  return [
    review(AUTHENTICATION, 'SelfSubjectReview', 'selfsubjectreviews', false, (_, { user }) => ({
      userInfo: told(user),
    })),
    review(AUTHENTICATION, 'TokenReview', 'tokenreviews', false, spec => {
      const user = typeof spec.token === 'string' ? authentication.byToken(spec.token) : undefined
      return user === undefined
        ? { authenticated: false, user: {}, error: 'invalid bearer token' }
        : { authenticated: true, user: told(user) }
    }),
    access('SelfSubjectAccessReview', 'selfsubjectaccessreviews', (_, { user }) => user),
    access('SubjectAccessReview', 'subjectaccessreviews', subject),
    access('LocalSubjectAccessReview', 'localsubjectaccessreviews', subject, true),
    review(AUTHORIZATION, 'SelfSubjectRulesReview', 'selfsubjectrulesreviews', false, (spec, { user }) =>
      rules(authorization.permissions(user), spec.namespace),
    ),
  ]
}

type UserOf = (spec: JsonObject, request: VirtualRequest) => UserInfo

function review(
  group: string,
  kind: string,
  plural: string,
  namespaced: boolean,
  judge: (spec: JsonObject, request: VirtualRequest) => object,
): VirtualResource {
  const type = virtualType({ group, version: 'v1', kind, plural, namespaced, verbs: ['create'] })
  const apiVersion = `${group}/v1`
  return {
    type,
    answer(request) {
      const body = request.body()
      if (!isObject(body) || (body.kind !== undefined && body.kind !== kind)) {
        throw new ApiError('BadRequest', `the object provided is unrecognized (must be of kind ${kind})`)
      }
      const spec = isObject(body.spec) ? body.spec : {}
      return {
        kind,
        apiVersion,
        metadata: { creationTimestamp: null },
        ...(body.spec === undefined ? {} : { spec }),
        status: judge(spec, request),
      }
    },
  }
}

function told({ username, uid, groups }: UserInfo): object {
  return { username, ...(uid === undefined ? {} : { uid }), groups }
}

function subject(spec: JsonObject): UserInfo {
  const groups = Array.isArray(spec.groups) ? spec.groups.map(String) : []
  return { username: text(spec.user), groups }
}

/** @throws ApiError Invalid */
function attributesOf(kind: string, { resourceAttributes, nonResourceAttributes }: JsonObject): Attributes {
  if (isObject(resourceAttributes) === isObject(nonResourceAttributes)) {
    const errors = new FieldErrors()
    errors.invalid(
      'spec.resourceAttributes',
      undefined,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    )
    errors.throwIfAny({ group: AUTHORIZATION, kind }, '')
  }
  if (isObject(nonResourceAttributes)) {
    return { verb: text(nonResourceAttributes.verb), path: text(nonResourceAttributes.path) }
  }
  const asked = isObject(resourceAttributes) ? resourceAttributes : {}
  const subresource = text(asked.subresource)
  return {
    verb: text(asked.verb),
    group: text(asked.group),
    resource: subresource === '' ? text(asked.resource) : `${text(asked.resource)}/${subresource}`,
    namespace: text(asked.namespace) || undefined,
    name: text(asked.name) || undefined,
  }
}

function rules(permissions: readonly Permission[], namespace: unknown): object {
  const here = permissions.filter(
    ({ namespaces }) => namespaces === undefined || namespaces.includes('*') || namespaces.includes(text(namespace)),
  )
  return {
    resourceRules: here
      .filter(({ resources = [] }) => resources.length > 0)
      .map(({ verbs, apiGroups = ['*'], resources }) => ({ verbs, apiGroups, resources })),
    nonResourceRules: here
      .filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
