import type { Namespace } from 'kubernetes-types/core/v1.js'
import { applyDefaults } from './defaults.ts'
import { Namespaces } from './resources.ts'
import type { ObjectStore } from './store.ts'

/** Creates a namespace that is not there. */
export function ensureNamespace(store: ObjectStore, name: string): void {
  if (store.get(Namespaces, undefined, name) !== undefined) return
  const namespace: Namespace = { metadata: { name } }
  applyDefaults(Namespaces, namespace)
  store.create<Namespace>(Namespaces, namespace)
}
