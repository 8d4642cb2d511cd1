import type { ConfigMap, Namespace } from 'kubernetes-types/core/v1.js'
import { Prng } from '../../base/index.ts'
import type { KubeObject, Stored } from './objects.ts'
import { ConfigMaps, Namespaces, type ResourceType, ServiceAccounts } from './resources.ts'
import type { ObjectStore } from './store.ts'
import type { StoreEvent } from './store-event.ts'

const ROOT_CA = 'kube-root-ca.crt'
const ROOT_CA_NOTE =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/**
 * Gives each namespace what Kubernetes' controllers give it: the service account `default` and the config map
 * `kube-root-ca.crt` with the certificate of the server's authority (`caPem`). Namespaces that are there already are
 * given both at once; either comes back when it is deleted while its namespace stays, and so does the certificate when
 * somebody writes another.
 *
 * Reacts to store events only, so it needs no time of its own. Returns a function that ends it.
 */
export function startNamespaceContents(store: ObjectStore, caPem: string): () => void {
  const fill = (namespace: Stored<Namespace>): void => {
    const { name, deletionTimestamp } = namespace.metadata
    if (deletionTimestamp !== undefined) return
    ensure(store, ServiceAccounts, { metadata: { name: 'default', namespace: name } })
    const metadata = { name: ROOT_CA, namespace: name, annotations: { 'kubernetes.io/description': ROOT_CA_NOTE } }
    const rootCa: ConfigMap = { metadata, data: { 'ca.crt': caPem } }
    ensure(store, ConfigMaps, rootCa)
    store.modify<ConfigMap>(ConfigMaps, name, ROOT_CA, current =>
      current.data?.['ca.crt'] === caPem ? undefined : { ...current, data: { 'ca.crt': caPem } },
    )
  }
  for (const namespace of store.list<Namespace>(Namespaces)) fill(namespace)
  return store.subscribe(event => {
    const namespace = namespaceOf(store, event)
    if (namespace !== undefined) fill(namespace)
  })
}

/** The namespace that may lack something after an event. */
function namespaceOf(store: ObjectStore, { type, resource, object }: StoreEvent): Stored<Namespace> | undefined {
  const { name, namespace } = object.metadata
  if (resource === Namespaces) return type === 'ADDED' ? (object as Stored<Namespace>) : undefined
  const isOurs =
    (resource === ServiceAccounts && name === 'default' && type === 'DELETED') ||
    (resource === ConfigMaps && name === ROOT_CA && type !== 'ADDED')
  return isOurs ? store.get<Namespace>(Namespaces, undefined, namespace!) : undefined
}

function ensure(store: ObjectStore, type: ResourceType, object: KubeObject): void {
  const { namespace, name } = object.metadata ?? {}
  if (store.get(type, namespace, name!) !== undefined) return
  // A draw of the store's own would change what all later objects are called.
  const uid = new Prng(`${type.plural}/${namespace}/${name}/${store.resourceVersion}`).uuid()
  store.create(type, object, { uid })
}
