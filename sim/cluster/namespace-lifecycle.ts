import type { Namespace } from 'kubernetes-types/core/v1.js'
import type { Stored } from './objects.ts'
import { Namespaces, type ResourceType } from './resources.ts'
import type { ObjectStore } from './store.ts'
import type { StoreEvent } from './store-event.ts'

/**
 * Empties namespaces that are being deleted, then lets them go.
 *
 * ```
 *   Active ──DELETE──▶ Terminating: contents deleted ──last object gone──▶ finalizer lifted ──▶ removed
 * ```
 *
 * What somebody inside the simulation creates in it meanwhile, where Kubernetes would refuse it, is deleted again. A
 * namespace without the `kubernetes` finalizer is removed at once; its contents follow. Reacts to store events only, so it
 * needs no time of its own. Returns a function that ends it.
 */
export function startNamespaceLifecycle(store: ObjectStore): () => void {
  const ending = new Set<string>()
  return store.subscribe(event => {
    if (event.resource === Namespaces) onNamespace(store, ending, event as StoreEvent<Namespace>)
    else if (ending.size > 0) onContent(store, ending, event)
  })
}

function onContent(store: ObjectStore, ending: Set<string>, { type, resource, object }: StoreEvent): void {
  const { namespace, name, uid } = object.metadata
  if (namespace === undefined || !ending.has(namespace)) return
  if (type === 'DELETED') release(store, namespace)
  else if (type === 'ADDED' && store.get(resource, namespace, name)?.metadata.uid === uid) {
    store.delete(resource, namespace, name)
  }
}

function onNamespace(store: ObjectStore, ending: Set<string>, { type, object }: StoreEvent<Namespace>): void {
  const { name, deletionTimestamp } = object.metadata
  if (type === 'DELETED') {
    ending.delete(name)
    empty(store, name)
  } else if (deletionTimestamp !== undefined && !ending.has(name)) {
    ending.add(name)
    if (object.status?.phase !== 'Terminating') {
      store.modify<Namespace>(Namespaces, undefined, name, current => ({
        ...current,
        status: { phase: 'Terminating' },
      }))
    }
    empty(store, name)
    release(store, name)
  }
}

function empty(store: ObjectStore, namespace: string): void {
  for (const type of namespaced(store)) {
    for (const { metadata } of store.list(type, namespace)) {
      if (metadata.deletionTimestamp === undefined) store.delete(type, namespace, metadata.name)
    }
  }
}

function release(store: ObjectStore, name: string): void {
  if (namespaced(store).some(type => store.count(type, name) > 0)) return
  store.modify<Namespace>(Namespaces, undefined, name, (current: Stored<Namespace>) => ({
    ...current,
    spec: { ...current.spec, finalizers: [] },
  }))
}

function namespaced(store: ObjectStore): ResourceType[] {
  return store.resources.stored().filter(type => type.namespaced)
}
