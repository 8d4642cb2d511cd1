import { isDeepStrictEqual } from 'node:util'
import type { Namespace, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js'
import {
  type AdmissionOptions,
  admitPod,
  allocateServiceAddresses,
  ApiError,
  apiVersionOf,
  applyDefaults,
  checkShape,
  conflict,
  type KubeObject,
  Namespaces,
  Nodes,
  notFound,
  type ObjectStore,
  Pods,
  type ResourceType,
  Services,
  type Stored,
  type StoredMeta,
  validate,
  validateMetadata,
  validateUpdate,
  type Writable,
} from '../cluster/index.ts'
import { dropNulls, isObject } from './json.ts'
import type { Patch } from './patch.ts'

/** The object that a write is about. */
export interface Address {
  readonly type: ResourceType
  readonly namespace: string | undefined
  readonly name: string
}

export interface WriteOptions {
  /** `dryRun=All`: everything is judged, nothing is stored. */
  readonly dryRun: boolean
}

/**
 * Writes as the API takes them: decoded, defaulted, validated, then handed to the store. Bodies are owned by the callee.
 *
 * All throw ApiError and leave the store unchanged then.
 */
export class Writes {
  readonly #store: ObjectStore
  readonly #admission: AdmissionOptions

  constructor(store: ObjectStore, admission: AdmissionOptions) {
    this.#store = store
    this.#admission = admission
  }

  create(type: ResourceType, namespace: string | undefined, body: unknown, { dryRun }: WriteOptions): Stored {
    const object = this.#decoded(type, namespace, body)
    const meta = object.metadata!
    if (meta.resourceVersion !== undefined && meta.resourceVersion !== '') {
      throw new ApiError('BadRequest', 'resourceVersion should not be set on objects to be created')
    }
    object.metadata = clientMeta(meta)
    // A status is for controllers to write; only nodes register with theirs.
    if (type !== Nodes && type.subresources.includes('status')) delete (object as { status?: unknown }).status
    if (namespace !== undefined) this.#requireNamespace(type, namespace, meta.name ?? meta.generateName ?? '')
    this.#complete(type, object)
    if (type === Pods) admitPod(object as Pod, this.#admission)
    validate(type, object)
    if (!dryRun) return this.#store.create(type, object)
    const { name, generateName } = object.metadata
    if (name !== undefined && this.#store.get(type, namespace, name) !== undefined) {
      // The store words the refusal, and refuses before it stores anything.
      return this.#store.create(type, object)
    }
    const dryMeta = { uid: '', resourceVersion: '', creationTimestamp: '', ...object.metadata }
    return { ...object, metadata: { ...dryMeta, name: name ?? `${generateName ?? ''}00000` } }
  }

  /** PUT. `part` keeps the rest as it is: what is asked of `/status` is its status only. */
  update(address: Address, body: unknown, part: 'object' | 'status', options: WriteOptions): Stored {
    const { type, namespace, name } = address
    const object = this.#decoded(type, namespace, body)
    const meta = object.metadata as Writable<ObjectMeta>
    if (meta.name === undefined || meta.name === '') {
      throw new ApiError('BadRequest', 'name must be provided')
    }
    if (meta.name !== name) {
      throw new ApiError(
        'BadRequest',
        `the name of the object (${meta.name}) does not match the name on the URL (${name})`,
      )
    }
    const current = this.#store.get(type, namespace, name)
    if (current === undefined) {
      if (!type.updateCreates || part === 'status') throw notFound(type, name)
      delete meta.resourceVersion
      return this.create(type, namespace, object, options)
    }
    return this.#replace(type, current, object, part, options)
  }

  patch(address: Address, patch: Patch, part: 'object' | 'status', options: WriteOptions): Stored {
    const { type, namespace, name } = address
    const current = this.#store.get(type, namespace, name)
    if (current === undefined) throw notFound(type, name)
    // Patches share structure with what they were applied to, and the stored object must not change.
    const object = this.#decoded(type, namespace, structuredClone(patch(current)))
    if (object.metadata?.name !== name) {
      throw new ApiError(
        'BadRequest',
        `the name of the object (${object.metadata?.name ?? ''}) does not match the name on the URL (${name})`,
      )
    }
    return this.#replace(type, current, object, part, options)
  }

  #replace(
    type: ResourceType,
    current: Stored,
    next: KubeObject,
    part: 'object' | 'status',
    { dryRun }: WriteOptions,
  ): Stored {
    const uid = next.metadata?.uid
    if (uid !== undefined && uid !== '' && uid !== current.metadata.uid) {
      throw new ApiError(
        'Conflict',
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
      )
    }
    const wanted = next.metadata?.resourceVersion ?? ''
    if (wanted !== '' && wanted !== current.metadata.resourceVersion) throw conflict(type, current.metadata.name)
    const merged = part === 'status' ? withStatusOf(current, next) : withSpecOf(current, next)
    if (part === 'object') this.#judge(type, merged, current)
    if (!dryRun) return this.#store.update(type, merged)
    return { ...merged, metadata: { ...merged.metadata, ...fixedMeta(current) } } as Stored
  }

  /**
   * A write of meta data only is judged by these, so that objects which never came through the API, and lack its defaults,
   * can be labelled all the same. Otherwise both versions are compared with their defaults applied.
   */
  #judge(type: ResourceType, next: KubeObject, current: Stored): void {
    if (isDeepStrictEqual(contentOf(next), contentOf(current))) {
      validateMetadata(type, next)
      return
    }
    const before = structuredClone(current)
    applyDefaults(type, before)
    this.#complete(type, next, current)
    validateUpdate(type, next, before)
  }

  #decoded(type: ResourceType, namespace: string | undefined, body: unknown): KubeObject {
    if (!isObject(body)) throw new ApiError('BadRequest', `the request body is not a ${type.kind}`)
    dropNulls(body)
    checkShape(type, body)
    const object = body as KubeObject
    const expected = apiVersionOf(type)
    if (object.kind !== undefined && object.kind !== '' && object.kind !== type.kind) {
      throw new ApiError(
        'BadRequest',
        `${object.kind} in version "${object.apiVersion ?? ''}" cannot be handled as a ${type.kind}: converting (v1.${object.kind}) to (v1.${type.kind}): unknown conversion`,
      )
    }
    if (object.apiVersion !== undefined && object.apiVersion !== '' && object.apiVersion !== expected) {
      throw new ApiError(
        'BadRequest',
        `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
      )
    }
    object.apiVersion = expected
    object.kind = type.kind
    const meta = (object.metadata ??= {})
    if (namespace === undefined) {
      delete meta.namespace
    } else if (meta.namespace === undefined || meta.namespace === '') {
      meta.namespace = namespace
    } else if (meta.namespace !== namespace) {
      throw new ApiError(
        'BadRequest',
        `the namespace of the provided object does not match the namespace sent on the request`,
      )
    }
    return object
  }

  #complete(type: ResourceType, object: KubeObject, previous?: Stored): void {
    applyDefaults(type, object)
    if (type === Services) allocateServiceAddresses(this.#store, object as Service, previous as Service | undefined)
  }

  #requireNamespace(type: ResourceType, namespace: string, name: string): void {
    const found = this.#store.get<Namespace>(Namespaces, undefined, namespace)
    if (found === undefined) throw notFound(Namespaces, namespace)
    if (found.metadata.deletionTimestamp === undefined) return
    const kind = type.group === '' ? type.plural : `${type.plural}.${type.group}`
    throw new ApiError(
      'Forbidden',
      `${kind} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
      {
        name,
        kind: type.plural,
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      },
    )
  }
}

/** Meta data of a new object: what only the server may set is dropped. */
function clientMeta(meta: ObjectMeta): ObjectMeta {
  const { name, generateName, namespace, labels, annotations, ownerReferences, finalizers } = meta
  const kept = { name, generateName, namespace, labels, annotations, ownerReferences, finalizers }
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined && value !== ''))
}

type Meta = StoredMeta

/** What no update changes. */
function fixedMeta({ metadata }: Stored): Partial<Meta> {
  const { uid, creationTimestamp, generation, generateName, deletionTimestamp, deletionGracePeriodSeconds } = metadata
  const fixed = { uid, creationTimestamp, generation, generateName, deletionTimestamp, deletionGracePeriodSeconds }
  return Object.fromEntries(Object.entries(fixed).filter(([, value]) => value !== undefined))
}

/** Everything but meta data and status. */
function contentOf(object: KubeObject): unknown {
  return { ...object, metadata: undefined, status: undefined }
}

/** The next version by the object's own path: `status` stays. */
function withSpecOf(current: Stored, next: KubeObject): KubeObject {
  const { deletionTimestamp: _at, deletionGracePeriodSeconds: _grace, ...meta } = next.metadata ?? {}
  const object: Record<string, unknown> = { ...next, metadata: { ...meta, ...fixedMeta(current) } }
  delete object.status
  const { status } = current as { status?: unknown }
  if (status !== undefined) object.status = status
  return object
}

/** The next version by its `/status`: only the status changes. */
function withStatusOf(current: Stored, next: KubeObject): KubeObject {
  const { status } = next as { status?: unknown }
  const { resourceVersion } = next.metadata ?? {}
  const metadata = { ...current.metadata, resourceVersion: resourceVersion ?? '' }
  return { ...current, metadata, ...(status === undefined ? {} : { status }) }
}
