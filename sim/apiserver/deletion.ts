import type { OwnerReference } from 'kubernetes-types/meta/v1.js'
import {
  ApiError,
  type KubeObject,
  notFound,
  type ObjectStore,
  type ResourceType,
  type Stored,
  timestamp,
} from '../cluster/index.ts'
import { isObject, type JsonObject } from './json.ts'
import { isTrue } from './request-info.ts'
import type { Address } from './writes.ts'

export interface DeleteRequest {
  readonly gracePeriodSeconds: number | undefined
  readonly propagation: 'Background' | 'Foreground' | 'Orphan'
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
  readonly dryRun: boolean
}

const POLICIES = ['Background', 'Foreground', 'Orphan']
const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

/**
 * Reads what a DELETE asks for: a DeleteOptions body, or the same fields as query parameters.
 *
 * @throws ApiError BadRequest
 */
export function parseDeleteRequest(body: unknown, query: URLSearchParams): DeleteRequest {
  if (body !== undefined && !isObject(body)) throw new ApiError('BadRequest', 'the request body is not a DeleteOptions')
  const options: JsonObject = body ?? {}
  const preconditions = isObject(options.preconditions) ? options.preconditions : {}
  const propagation = options.propagationPolicy ?? query.get('propagationPolicy') ?? undefined
  const orphans =
    options.orphanDependents ?? (query.has('orphanDependents') ? isTrue(query.get('orphanDependents')) : undefined)
  if (propagation !== undefined && !POLICIES.includes(propagation as string)) {
    const choices = POLICIES.map(policy => `"${policy}"`).join(', ')
    throw new ApiError(
      'Invalid',
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: ${JSON.stringify(propagation)}: supported values: ${choices}, "nil"`,
    )
  }
  return {
    gracePeriodSeconds: graceOf(options.gracePeriodSeconds ?? query.get('gracePeriodSeconds') ?? undefined),
    propagation:
      (propagation as DeleteRequest['propagation'] | undefined) ?? (orphans === true ? 'Orphan' : 'Background'),
    uid: stringOf(preconditions.uid),
    resourceVersion: stringOf(preconditions.resourceVersion),
    dryRun: isDryRun(options.dryRun, query),
  }
}

/** `dryRun=All` in the query or `dryRun: [All]` in a body. */
export function isDryRun(inBody: unknown, query: URLSearchParams): boolean {
  const values = [...(Array.isArray(inBody) ? (inBody as unknown[]) : []), ...query.getAll('dryRun')]
  for (const value of values) {
    if (value === 'All' || value === '') continue
    throw new ApiError('BadRequest', `invalid dryRun directive: "${String(value)}": supported values: "All"`)
  }
  return values.includes('All')
}

/**
 * Deletes one object.
 *
 * `Background` leaves dependents to the garbage collector; `Orphan` marks the object, takes it out of their references and
 * then removes it; `Foreground` marks the object and leaves it to the collector to remove it after its dependents.
 *
 * @returns the last version, and whether the object is gone.
 * @throws ApiError NotFound, Conflict
 */
export function deleteObject(
  store: ObjectStore,
  address: Address,
  request: DeleteRequest,
): { object: Stored; isGone: boolean } {
  const { type, namespace, name } = address
  const current = store.get(type, namespace, name)
  if (current === undefined) throw notFound(type, name)
  if (request.dryRun) return { object: current, isGone: false }
  const { uid, resourceVersion, gracePeriodSeconds } = request
  const isMeant = (uid ?? current.metadata.uid) === current.metadata.uid
  if (request.propagation === 'Foreground' && isMeant) {
    if ((current.metadata.finalizers ?? []).includes(FOREGROUND)) return { object: current, isGone: false }
    if (hasDependents(store, current))
      return { object: mark(store, type, current, FOREGROUND, resourceVersion), isGone: false }
  }
  if (request.propagation === 'Orphan' && isMeant && hasDependents(store, current)) {
    // Marked first: its controller must not adopt again what it is about to lose.
    const marked = mark(store, type, current, ORPHAN, resourceVersion)
    orphanDependents(store, current)
    const object = lift(store, type, marked, ORPHAN)
    return { object, isGone: store.get(type, namespace, name) === undefined }
  }
  const object = store.delete(type, namespace, name, { gracePeriodSeconds, uid, resourceVersion })
  return { object, isGone: store.get(type, namespace, name) === undefined }
}

function mark(
  store: ObjectStore,
  type: ResourceType,
  current: Stored,
  finalizer: string,
  resourceVersion: string | undefined,
): Stored {
  return store.update<KubeObject>(type, {
    ...current,
    metadata: {
      ...current.metadata,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      finalizers: [...(current.metadata.finalizers ?? []).filter(name => name !== finalizer), finalizer],
      deletionTimestamp: current.metadata.deletionTimestamp ?? timestamp(store.unixMs),
      deletionGracePeriodSeconds: current.metadata.deletionGracePeriodSeconds ?? 0,
    },
  })
}

function lift(store: ObjectStore, type: ResourceType, marked: Stored, finalizer: string): Stored {
  const { namespace, name } = marked.metadata
  const lifted = store.modify(type, namespace, name, current => {
    const { finalizers = [], ...rest } = current.metadata
    const left = finalizers.filter(other => other !== finalizer)
    return { ...current, metadata: left.length === 0 ? rest : { ...rest, finalizers: left } }
  })
  // Somebody who saw the mark may have been faster.
  return lifted ?? marked
}

function hasDependents(store: ObjectStore, owner: Stored): boolean {
  return store.resources.stored().some(type => store.list(type).some(object => isOwnedBy(object, owner)))
}

function orphanDependents(store: ObjectStore, owner: Stored): void {
  for (const type of store.resources.stored()) {
    for (const object of store.list(type)) {
      if (!isOwnedBy(object, owner)) continue
      const { ownerReferences = [], ...rest } = object.metadata
      const others = ownerReferences.filter(({ uid }) => uid !== owner.metadata.uid)
      store.update<KubeObject>(type, {
        ...object,
        metadata: { ...rest, ...(others.length === 0 ? {} : { ownerReferences: others }) },
      })
    }
  }
}

function isOwnedBy(object: Stored, owner: Stored): boolean {
  return (object.metadata.ownerReferences ?? []).some(({ uid }: OwnerReference) => uid === owner.metadata.uid)
}

function graceOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (value === '' || !Number.isSafeInteger(seconds)) {
    throw new ApiError('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
  }
  // Kubernetes takes negative periods for "at once".
  return seconds < 0 ? 1 : seconds
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
