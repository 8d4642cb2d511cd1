import { addLabelsAndAnnotations, addObjectMeta, type MetaLabels } from './meta-labels.ts'
import { lookUp, type Stores } from './role.ts'

/** `attach_metadata.node`: nothing when it is off or the node is not known. */
export function attachNode(labels: MetaLabels, name: string | undefined, stores: Stores): void {
  if (name === undefined || name === '') return
  const node = lookUp(stores, 'nodes', name)
  if (node !== undefined) addObjectMeta(labels, node.metadata, 'node')
}

/** `attach_metadata.namespace`: nothing when it is off or the namespace is not known. */
export function attachNamespace(labels: MetaLabels, name: string | undefined, stores: Stores): void {
  if (name === undefined || name === '') return
  const namespace = lookUp(stores, 'namespaces', name)
  if (namespace !== undefined) addLabelsAndAnnotations(labels, namespace.metadata, 'namespace')
}
