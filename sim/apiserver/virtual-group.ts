import { customResource, type ResourceType } from '../cluster/index.ts'
import type { UserInfo } from './authentication.ts'
import type { Verb } from './request-info.ts'

/** A request for a kind of which nothing is kept, as far as it matters to what answers it. */
export interface VirtualRequest {
  /** One of those of the type. */
  readonly verb: Verb
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly query: URLSearchParams
  /** Media types that the client would like. */
  readonly accept: string | undefined
  /** Read when it is asked for. @throws ApiError BadRequest, UnsupportedMediaType */
  readonly body: () => unknown
  readonly user: UserInfo
}

/**
 * A kind whose objects are worked out when asked for, and kept nowhere: reviews, metrics. It is discovered and requested
 * like any other.
 */
export interface VirtualResource {
  readonly type: ResourceType
  /** The whole answer, as JSON; 201 for `create`, 200 otherwise. @throws ApiError */
  answer(request: VirtualRequest): object | Promise<object>
}

type Names = Pick<ResourceType, 'group' | 'version' | 'plural' | 'kind' | 'namespaced' | 'verbs'>

export function virtualType(names: Names & Partial<Pick<ResourceType, 'singular' | 'shortNames'>>): ResourceType {
  return { ...customResource(names), isCustom: false }
}
