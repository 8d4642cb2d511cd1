import { isDeepStrictEqual } from 'node:util'
import type { DaemonSet } from 'kubernetes-types/apps/v1.js'
import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Namespace, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { ManagedFieldsEntry, ObjectMeta } from 'kubernetes-types/meta/v1.js'
import {
  type AdmissionOptions,
  admitJob,
  admitPod,
  allocateServiceAddresses,
  ApiError,
  apiVersionOf,
  applyDefaults,
  conflict,
  CustomResourceDefinitions,
  DaemonSets,
  Jobs,
  type KubeObject,
  Namespaces,
  Nodes,
  notFound,
  numberTemplate,
  type ObjectStore,
  Pods,
  type ResourceType,
  Services,
  type Stored,
  type StoredMeta,
  timestamp,
  validate,
  validateMetadata,
  validateUpdate,
} from '../cluster/index.ts'
import {
  type Applied,
  afterUpdate,
  apply,
  ConflictError,
  type TrackOptions,
  type Workflow,
} from '../managed-fields/index.ts'
import { completeCustom } from './custom/custom-rules.ts'
import { defaultDefinition, validateDefinition } from './custom/validate-definition.ts'
import { decodeObject, type DecodeOptions } from './decode-object.ts'
import { applyConflict } from './field-managers.ts'
import { isObject } from './json.ts'
import type { Patch } from './patch.ts'
import { schemaOf } from './schemas.ts'

/** The object that a write is about. */
export interface Address {
  readonly type: ResourceType
  readonly namespace: string | undefined
  readonly name: string
}

export interface WriteOptions extends DecodeOptions {
  /** `dryRun=All`: everything is judged, nothing is stored. */
  readonly dryRun: boolean
  /** Who writes, for `managedFields`. */
  readonly manager: string
}

/** The object itself, or its `/status`. */
export type Part = 'object' | 'status'

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

  create(type: ResourceType, namespace: string | undefined, body: unknown, options: WriteOptions): Stored {
    const object = decodeObject(type, namespace, body, options)
    const meta = object.metadata
    if (meta.resourceVersion !== undefined && meta.resourceVersion !== '') {
      throw new ApiError('BadRequest', 'resourceVersion should not be set on objects to be created')
    }
    object.metadata = clientMeta(meta)
    // A status is for controllers to write; only nodes register with theirs.
    if (type !== Nodes && type.subresources.includes('status')) delete (object as { status?: unknown }).status
    if (namespace !== undefined) this.#requireNamespace(type, namespace, meta.name ?? meta.generateName ?? '')
    this.#identifyJob(type, object)
    this.#default(type, object)
    const managed = this.#afterUpdate(type, undefined, object, 'object', options, meta.managedFields)
    return this.#add(type, withManagedFields(object, managed), options)
  }

  /** Stores a new object that has its defaults, or says what would be stored. */
  #add(type: ResourceType, object: KubeObject, { dryRun }: WriteOptions): Stored {
    this.#allocate(type, object)
    if (type === Pods) admitPod(object as Pod, this.#admission)
    if (type === DaemonSets) numberTemplate(object as DaemonSet)
    this.#validate(type, object)
    const { uid } = object.metadata ?? {}
    const identity = uid === undefined ? {} : { uid }
    return dryRun ? this.#store.rehearseCreate(type, object, identity) : this.#store.create(type, object, identity)
  }

  /** PUT. `part` keeps the rest as it is: what is asked of `/status` is its status only. */
  update(address: Address, body: unknown, part: Part, options: WriteOptions): Stored {
    const { type, namespace, name } = address
    const object = decodeObject(type, namespace, body, options)
    const meta = object.metadata
    if (meta.name === undefined || meta.name === '') {
      throw new ApiError('BadRequest', 'name must be provided')
    }
    requireName(meta, name)
    const current = this.#store.get(type, namespace, name)
    if (current === undefined) {
      if (!type.updateCreates || part === 'status') throw notFound(type, name)
      const { resourceVersion: _, ...metadata } = meta
      return this.create(type, namespace, { ...object, metadata }, options)
    }
    return this.#replace(type, current, object, part, options)
  }

  patch(address: Address, patch: Patch, part: Part, options: WriteOptions): Stored {
    const { type, namespace, name } = address
    const current = this.#store.get(type, namespace, name)
    if (current === undefined) throw notFound(type, name)
    // Patches share structure with what they were applied to, and the stored object must not change.
    const next = structuredClone(patch.apply(current))
    const refuse = (faults: string): ApiError =>
      new ApiError('Invalid', ` "" is invalid: patch: Invalid value: ${JSON.stringify(patch.text)}: ${faults}`, {
        causes: [{ reason: 'FieldValueInvalid', message: `Invalid value: ${faults}`, field: 'patch' }],
      })
    const object = decodeObject(type, namespace, next, options, faults => refuse(`strict decoding error: ${faults}`))
    requireName(object.metadata, name)
    return this.#replace(type, current, object, part, options)
  }

  /**
   * Server-side apply. Creates the object where there is none.
   *
   * @throws ApiError Conflict when others own what would change, unless `force`; BadRequest
   */
  apply(
    address: Address,
    body: unknown,
    part: Part,
    options: WriteOptions & { readonly force: boolean },
  ): { readonly object: Stored; readonly isCreated: boolean } {
    const { type, namespace, name } = address
    const config = this.#configuration(address, body, part, options)
    const current = this.#store.get(type, namespace, name)
    if (current === undefined && part === 'status') throw notFound(type, name)
    if (current !== undefined) checkUid(config, current)
    const live = current === undefined ? undefined : partOf(type, current, part)
    const workflow = this.#workflow(type, part, 'Apply', options)
    let applied: Applied<KubeObject>
    try {
      const how = { ...this.#tracking(type), force: options.force }
      applied = apply<KubeObject>(schemaOf(type), live, config, workflow, how)
    } catch (error) {
      if (error instanceof ConflictError) throw applyConflict(error.conflicts)
      throw error
    }
    const { managedFields } = applied
    const next = structuredClone(withManagedFields(applied.object, managedFields))
    if (current !== undefined) {
      return { object: this.#replace(type, current, next, part, options, managedFields), isCreated: false }
    }
    if (namespace !== undefined) this.#requireNamespace(type, namespace, name)
    this.#identifyJob(type, next)
    this.#default(type, next)
    return { object: this.#add(type, next, options), isCreated: true }
  }

  /** By `/scale`: `next` is the current version with other replicas. */
  scale(type: ResourceType, current: Stored, next: Stored, options: WriteOptions): Stored {
    const workflow: Workflow = { ...this.#workflow(type, 'object', 'Update', options), subresource: 'scale' }
    const live = partOf(type, current, 'object')
    const managed = afterUpdate(schemaOf(type), live, partOf(type, next, 'object'), workflow, this.#tracking(type))
    const written = withManagedFields(next, managed)
    return options.dryRun ? this.#store.rehearseUpdate(type, written) : this.#store.update(type, written)
  }

  /** What is applied, as far as it is this part of the object. */
  #configuration(address: Address, body: unknown, part: Part, options: WriteOptions): KubeObject {
    const { type, namespace, name } = address
    if (!isObject(body) || body.apiVersion !== apiVersionOf(type)) {
      const version = isObject(body) && typeof body.apiVersion === 'string' ? body.apiVersion : ''
      throw new ApiError(
        'BadRequest',
        `Incorrect version specified in apply patch. Specified patch version: ${version}, expected: ${apiVersionOf(type)}`,
      )
    }
    if (isObject(body.metadata) && body.metadata.managedFields !== undefined) {
      throw new ApiError('BadRequest', 'metadata.managedFields must be nil')
    }
    const undeclared = (faults: string): ApiError =>
      new ApiError('BadRequest', `failed to create typed patch object (${namespace ?? ''}/${name}): ${faults}`)
    // An apply never drops a field in silence: what it says is what its manager owns.
    const strict: DecodeOptions = { ...options, fieldValidation: 'Strict' }
    const config = decodeObject(type, namespace, body, strict, undeclared)
    config.metadata.name ??= name
    requireName(config.metadata, name)
    return partOf(type, config, part)
  }

  /** @param applied who manages what, where that has been found out already */
  #replace(
    type: ResourceType,
    current: Stored,
    next: KubeObject,
    part: Part,
    options: WriteOptions,
    applied?: ManagedFieldsEntry[],
  ): Stored {
    checkUid(next, current)
    const wanted = next.metadata?.resourceVersion ?? ''
    if (wanted !== '' && wanted !== current.metadata.resourceVersion) throw conflict(type, current.metadata.name)
    const merged = part === 'status' ? withStatusOf(current, next) : withSpecOf(current, next)
    if (part === 'object') this.#judge(type, merged, current)
    const managed = applied ?? this.#afterUpdate(type, current, merged, part, options, next.metadata?.managedFields)
    const written = withManagedFields(merged, managed)
    return options.dryRun ? this.#store.rehearseUpdate(type, written) : this.#store.update(type, written)
  }

  #afterUpdate(
    type: ResourceType,
    current: Stored | undefined,
    next: KubeObject,
    part: Part,
    options: WriteOptions,
    sent?: readonly ManagedFieldsEntry[],
  ): ManagedFieldsEntry[] | undefined {
    const live = current === undefined ? undefined : partOf(type, current, part)
    const workflow = this.#workflow(type, part, 'Update', options)
    // A subresource changes nothing but its part: what it says of who manages what is not heard.
    const how = { ...this.#tracking(type), sent: part === 'object' ? sent : undefined }
    return afterUpdate(schemaOf(type), live, partOf(type, next, part), workflow, how)
  }

  #tracking(type: ResourceType): TrackOptions {
    return { now: timestamp(this.#store.unixMs), isBuiltIn: !type.isCustom }
  }

  #workflow(type: ResourceType, part: Part, operation: Workflow['operation'], { manager }: WriteOptions): Workflow {
    return { manager, operation, apiVersion: apiVersionOf(type), subresource: part === 'status' ? 'status' : '' }
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
    this.#default(type, next)
    this.#allocate(type, next, current)
    if (type === DaemonSets) numberTemplate(next as DaemonSet, before as DaemonSet)
    if (type === CustomResourceDefinitions) validateDefinition(next)
    validateUpdate(type, next, before)
  }

  #default(type: ResourceType, object: KubeObject): void {
    if (type.isCustom) completeCustom(type, object)
    else if (type === CustomResourceDefinitions) defaultDefinition(object)
    else applyDefaults(type, object)
  }

  #validate(type: ResourceType, object: KubeObject): void {
    if (type === CustomResourceDefinitions) validateDefinition(object)
    validate(type, object)
  }

  #allocate(type: ResourceType, object: KubeObject, previous?: Stored): void {
    if (type === Services) allocateServiceAddresses(this.#store, object as Service, previous as Service | undefined)
  }

  /** A job holds its own name and uid, and so has them before it is stored. */
  #identifyJob(type: ResourceType, object: KubeObject): void {
    if (type !== Jobs) return
    object.metadata = { ...object.metadata, ...this.#store.identify(object.metadata ?? {}) }
    admitJob(object as Job)
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

/** As far as a write to this part of an object sees it: the object without its status, or with nothing else. */
function partOf(type: ResourceType, object: KubeObject, part: Part): KubeObject {
  const { apiVersion, kind, metadata, status } = object as KubeObject & { status?: unknown }
  if (part === 'status') {
    return {
      ...(apiVersion === undefined ? {} : { apiVersion }),
      ...(kind === undefined ? {} : { kind }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(status === undefined ? {} : { status }),
    }
  }
  if (!type.subresources.includes('status')) return object
  const { status: _, ...rest } = object as KubeObject & { status?: unknown }
  return rest
}

function withManagedFields<T extends KubeObject>(object: T, managedFields: ManagedFieldsEntry[] | undefined): T {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } }
}

function requireName({ name = '' }: ObjectMeta, wanted: string): void {
  if (name === wanted) return
  throw new ApiError('BadRequest', `the name of the object (${name}) does not match the name on the URL (${wanted})`)
}

function checkUid({ metadata }: KubeObject, current: Stored): void {
  const uid = metadata?.uid
  if (uid === undefined || uid === '' || uid === current.metadata.uid) return
  throw new ApiError(
    'Conflict',
    `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
  )
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
