const API_EXTENSIONS = 'apiextensions.k8s.io'
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
/** Kinds that belong to every group. */
const META_KINDS: ReadonlySet<string> = new Set([
  'DeleteOptions',
  'Status',
  'WatchEvent',
  'PartialObjectMetadata',
  'List',
])

/**
 * Name of the definition of one of Kubernetes' kinds, `io.k8s.api.core.v1.Pod`, in OpenAPI and in protobuf alike. It follows
 * from the group: its package is the first label of the group's name.
 */
export function definitionOfKind(group: string, version: string, kind: string): string {
  if (META_KINDS.has(kind)) return `${META}.${kind}`
  if (group === API_EXTENSIONS) return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.${kind}`
  return `io.k8s.api.${group === '' ? 'core' : group.split('.')[0]!}.${version}.${kind}`
}
