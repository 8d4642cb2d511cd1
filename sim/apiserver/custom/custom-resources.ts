import {
  CustomResourceDefinitions,
  customResource,
  type ObjectStore,
  type ResourceType,
  type Stored,
  type StoreEvent,
  timestamp,
} from '../../cluster/index.ts'
import { definition, type OpenApiNode, resolveReference, Schema } from '../../schema/index.ts'
import { declareSchema } from '../schemas.ts'
import { declareRules } from './custom-rules.ts'
import { declareColumns } from './custom-table.ts'
import { type CustomResourceDefinition, type DefinitionVersion, storageVersion, subresourcesOf } from './definition.ts'

const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/**
 * Serves what CustomResourceDefinitions declare.
 *
 * ```
 *   created ──▶ names accepted, served: Established ──changed──▶ served anew
 *                      │ DELETE: marked, finalizer customresourcecleanup…
 *                      ▼
 *               Terminating: objects are deleted ──last one gone──▶ finalizer lifted, no longer served
 * ```
 *
 * Reacts to store events only. `onGone` is called with each type that is no longer served. Returns a function that ends it.
 */
export function startCustomResources(store: ObjectStore, onGone: (type: ResourceType) => void): () => void {
  const served = new Map<string, ResourceType[]>()
  const endings = new Map<ResourceType, string>()
  const retire = (uid: string): void => {
    for (const type of served.get(uid)?.toReversed() ?? []) {
      onGone(type)
      if (store.resources.storedAs(type) === type) {
        endings.delete(type)
        store.forget(type)
      } else store.resources.remove(type)
    }
    served.delete(uid)
  }
  return store.subscribe(event => {
    const ending = endings.get(event.resource)
    if (event.type === 'DELETED' && ending !== undefined && store.count(event.resource) === 0) lift(store, ending)
    if (event.resource !== CustomResourceDefinitions) return
    const { type, object, previous } = event as StoreEvent<CustomResourceDefinition>
    const { uid, name, deletionTimestamp } = object.metadata
    if (type === 'DELETED') {
      retire(uid)
    } else if (deletionTimestamp !== undefined) {
      const [stored] = served.get(uid) ?? []
      if (stored === undefined || store.count(stored) === 0) lift(store, name)
      else if (!endings.has(stored)) {
        endings.set(stored, name)
        for (const { metadata } of store.list(stored)) store.delete(stored, metadata.namespace, metadata.name)
      }
    } else if (previous?.spec !== object.spec) {
      serve(store, object, served)
      establish(store, object)
    }
  })
}

/** The version that is stored comes first. */
function serve(
  store: ObjectStore,
  object: Stored<CustomResourceDefinition>,
  served: Map<string, ResourceType[]>,
): void {
  const { spec, metadata } = object
  const known = served.get(metadata.uid) ?? []
  const storage = storageVersion(object)
  const versions = [storage, ...spec.versions.filter(version => version !== storage && version.served)]
  const types: ResourceType[] = []
  for (const version of versions) {
    // A type is an identity: watches and objects of one that goes on keep it.
    const before = known.find(type => type.version === version.name)
    const type = before === undefined ? typeOf(object, version) : Object.assign(before, typeOf(object, version))
    declareSchema(type, schemaOfVersion(version))
    declareRules(type, version)
    declareColumns(type, version)
    store.resources.add(type, types[0])
    types.push(type)
  }
  for (const type of known) if (!types.includes(type)) store.resources.remove(type)
  served.set(metadata.uid, types)
}

function typeOf({ spec }: Stored<CustomResourceDefinition>, version: DefinitionVersion): ResourceType {
  const { plural, kind, singular, shortNames, categories } = spec.names
  return customResource({
    group: spec.group,
    version: version.name,
    plural,
    kind,
    namespaced: spec.scope === 'Namespaced',
    subresources: subresourcesOf(version),
    ...(singular === undefined ? {} : { singular }),
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
  })
}

/** What the definition says, with the meta data that every object has. */
function schemaOfVersion({ schema }: DefinitionVersion): Schema {
  const declared: OpenApiNode = schema?.openAPIV3Schema ?? {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  }
  const properties = {
    ...declared.properties,
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: definition(META)!,
  }
  return new Schema({ ...declared, properties }, resolveReference)
}

/** What the names and establishing controllers write. */
function establish(store: ObjectStore, { metadata, spec }: Stored<CustomResourceDefinition>): void {
  store.modify<CustomResourceDefinition>(CustomResourceDefinitions, undefined, metadata.name, current => {
    const lastTransitionTime = timestamp(store.unixMs)
    const conditions = [
      {
        type: 'NamesAccepted',
        status: 'True',
        lastTransitionTime,
        reason: 'NoConflicts',
        message: 'no conflicts found',
      },
      {
        type: 'Established',
        status: 'True',
        lastTransitionTime,
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ]
    const { finalizers = [] } = current.metadata
    const before = current.status?.storedVersions ?? []
    const storage = storageVersion(current).name
    return {
      ...current,
      metadata: {
        ...current.metadata,
        finalizers: finalizers.includes(CLEANUP) ? finalizers : [...finalizers, CLEANUP],
      },
      status: {
        conditions: current.status?.conditions ?? conditions,
        acceptedNames: spec.names,
        storedVersions: before.includes(storage) ? before : [...before, storage],
      },
    }
  })
}

function lift(store: ObjectStore, name: string): void {
  store.modify<CustomResourceDefinition>(CustomResourceDefinitions, undefined, name, current => {
    const { finalizers = [], ...metadata } = current.metadata
    const left = finalizers.filter(finalizer => finalizer !== CLEANUP)
    return { ...current, metadata: left.length === 0 ? metadata : { ...metadata, finalizers: left } }
  })
}
