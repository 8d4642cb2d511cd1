import type { Clock } from '../../base/index.ts'
import { ApiError, keyOf, type ObjectStore, type ResourceType, type Stored } from '../cluster/index.ts'
import { waitUntilFresh } from './freshness.ts'
import type { ListOptions } from './list-options.ts'
import type { ListMeta } from './representation.ts'
import type { Selection } from './selection.ts'

export interface Page {
  readonly meta: ListMeta
  readonly objects: readonly Stored[]
}

/**
 * Where a paged list goes on: behind `after`, in the state of `resourceVersion`. 0 stands for the present: the rest is then
 * complete in itself, but not consistent with the pages before.
 */
interface Continuation {
  readonly resourceVersion: number
  readonly after: string
}

/**
 * Answers a list by Kubernetes' rules:
 *
 * | resourceVersion | match        | limit | state that is shown             |
 * | --------------- | ------------ | ----- | ------------------------------- |
 * | unset           | -            | any   | the present                     |
 * | 0               | -            | any   | the present, never in pages     |
 * | N               | -            | none  | the present, at N or later      |
 * | N               | NotOlderThan | any   | the present, at N or later      |
 * | N               | -            | set   | exactly N                       |
 * | N               | Exact        | any   | exactly N                       |
 *
 * Later pages show the state of the first one. The past is reached through the watch history and ends where it ends.
 *
 * @throws ApiError Expired when the history does not reach back; Timeout when N lies in the future.
 */
export async function listPage(
  clock: Clock,
  store: ObjectStore,
  selection: Selection,
  options: ListOptions,
): Promise<Page> {
  const { resourceVersion = 0, resourceVersionMatch: match, continueToken } = options
  const continuation = continueToken === undefined ? undefined : decodeToken(continueToken)
  const limit = options.resourceVersion === 0 && continuation === undefined ? 0 : options.limit
  const isExact = match === 'Exact' || (match === undefined && limit > 0)
  await waitUntilFresh(clock, store, resourceVersion)
  const wanted = continuation?.resourceVersion ?? (isExact ? resourceVersion : 0)
  const state = stateAt(store, selection, wanted, continuation)
  const shownAt = wanted === 0 ? store.resourceVersion : wanted

  const matching = selection.isEverything ? state : state.filter(object => selection.matches(object))
  const start = continuation === undefined ? 0 : firstBehind(matching, continuation.after)
  const end = limit === 0 ? matching.length : Math.min(matching.length, start + limit)
  const objects = start === 0 && end === matching.length ? matching : matching.slice(start, end)
  const remaining = matching.length - end
  if (remaining === 0) return { meta: { resourceVersion: String(shownAt) }, objects }
  return {
    meta: {
      resourceVersion: String(shownAt),
      continue: encodeToken({ resourceVersion: shownAt, after: keyOf(objects.at(-1)!) }),
      // A selector makes the rest unknown to etcd; clients rely on the absence.
      ...(options.labelSelector || options.fieldSelector ? {} : { remainingItemCount: remaining }),
    },
    objects,
  }
}

/** In order. */
function stateAt(
  store: ObjectStore,
  { type, namespace }: Selection,
  resourceVersion: number,
  continuation: Continuation | undefined,
): Stored[] {
  if (resourceVersion === 0) return store.listInOrder(type, namespace)
  const state = store.listAt(type, resourceVersion)
  if (state !== undefined) return state.sort(byKey)
  if (continuation === undefined) throw expired(resourceVersion, store.resourceVersion)
  throw new ApiError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
      'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
      'deleted between the time the first chunk was returned and now may show up in the list.',
    undefined,
    { continue: encodeToken({ resourceVersion: 0, after: continuation.after }) },
  )
}

export function expired(resourceVersion: number, current: number): ApiError {
  return new ApiError('Expired', `too old resource version: ${resourceVersion} (${current})`)
}

/** The order of etcd: by namespace and name. */
function byKey(a: Stored, b: Stored): number {
  const left = a.metadata
  const right = b.metadata
  if (left.namespace !== right.namespace) return (left.namespace ?? '') < (right.namespace ?? '') ? -1 : 1
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0
}

function firstBehind(sorted: readonly Stored[], after: string): number {
  const slash = after.indexOf('/')
  const probe = {
    metadata: slash < 0 ? { name: after } : { namespace: after.slice(0, slash), name: after.slice(slash + 1) },
  } as Stored
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (byKey(sorted[middle]!, probe) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

function encodeToken({ resourceVersion, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: resourceVersion, start: after })).toString('base64url')
}

function decodeToken(token: string): Continuation {
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { rv: unknown; start: unknown }
    if (typeof rv === 'number' && typeof start === 'string') return { resourceVersion: rv, after: start }
  } catch {
    // Told below.
  }
  throw new ApiError('BadRequest', 'continue key is not valid: the token was not issued by this server')
}

/** A list of one kind in one answer, used by whoever wants all of it: `deletecollection`. */
export function listAll(store: ObjectStore, type: ResourceType, selection: Selection): Stored[] {
  return store.listInOrder(type, selection.namespace).filter(object => selection.matches(object))
}
