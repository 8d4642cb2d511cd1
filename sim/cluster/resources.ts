/**
 * The kinds that the simulated API server keeps, as its discovery documents describe them.
 *
 * A `ResourceType` is an identity: code passes these constants around, never names.
 */
export interface ResourceType {
  /** API group; '' is the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  /** Subresources served besides the object itself. */
  readonly subresources: readonly Subresource[]
  readonly verbs: readonly string[]
  /** A PUT to an unused name creates the object. */
  readonly updateCreates: boolean
  /** Declared by a CustomResourceDefinition. */
  readonly isCustom: boolean
}

export type Subresource = 'binding' | 'eviction' | 'finalize' | 'log' | 'scale' | 'status' | 'token'

type Options = Partial<
  Pick<
    ResourceType,
    'version' | 'namespaced' | 'shortNames' | 'categories' | 'subresources' | 'singular' | 'updateCreates' | 'verbs'
  >
>

const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const

/** A kind of `v1` in a namespace, unless told otherwise. */
function resource(group: string, plural: string, kind: string, options: Options = {}): ResourceType {
  return {
    group,
    version: options.version ?? 'v1',
    plural,
    singular: options.singular ?? kind.toLowerCase(),
    kind,
    namespaced: options.namespaced ?? true,
    shortNames: options.shortNames ?? [],
    categories: options.categories ?? [],
    subresources: options.subresources ?? [],
    verbs: options.verbs ?? ALL_VERBS,
    updateCreates: options.updateCreates ?? false,
    isCustom: false,
  }
}

/** The type of a custom resource, as its definition declares it. */
export function customResource(
  names: Pick<ResourceType, 'group' | 'version' | 'plural' | 'kind'> & Options,
): ResourceType {
  return { ...resource(names.group, names.plural, names.kind, names), isCustom: true }
}

const CLUSTER = { namespaced: false } as const

export const Namespaces = resource('', 'namespaces', 'Namespace', {
  ...CLUSTER,
  shortNames: ['ns'],
  subresources: ['status', 'finalize'],
  verbs: ALL_VERBS.filter(verb => verb !== 'deletecollection'),
})
export const Nodes = resource('', 'nodes', 'Node', { ...CLUSTER, shortNames: ['no'], subresources: ['status'] })
export const Pods = resource('', 'pods', 'Pod', {
  shortNames: ['po'],
  categories: ['all'],
  subresources: ['binding', 'eviction', 'log', 'status'],
})
export const Services = resource('', 'services', 'Service', {
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['status'],
})
export const Endpoints = resource('', 'endpoints', 'Endpoints', { shortNames: ['ep'], updateCreates: true })
export const ConfigMaps = resource('', 'configmaps', 'ConfigMap', { shortNames: ['cm'] })
export const Secrets = resource('', 'secrets', 'Secret')
export const ServiceAccounts = resource('', 'serviceaccounts', 'ServiceAccount', {
  shortNames: ['sa'],
  subresources: ['token'],
})
export const Events = resource('', 'events', 'Event', { shortNames: ['ev'], updateCreates: true })
export const PersistentVolumes = resource('', 'persistentvolumes', 'PersistentVolume', {
  ...CLUSTER,
  shortNames: ['pv'],
  subresources: ['status'],
})
export const PersistentVolumeClaims = resource('', 'persistentvolumeclaims', 'PersistentVolumeClaim', {
  shortNames: ['pvc'],
  subresources: ['status'],
})
export const ResourceQuotas = resource('', 'resourcequotas', 'ResourceQuota', {
  shortNames: ['quota'],
  subresources: ['status'],
})
export const LimitRanges = resource('', 'limitranges', 'LimitRange', { shortNames: ['limits'], updateCreates: true })

export const EndpointSlices = resource('discovery.k8s.io', 'endpointslices', 'EndpointSlice')
export const Leases = resource('coordination.k8s.io', 'leases', 'Lease', { updateCreates: true })

export const Deployments = resource('apps', 'deployments', 'Deployment', {
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: ['scale', 'status'],
})
export const ReplicaSets = resource('apps', 'replicasets', 'ReplicaSet', {
  shortNames: ['rs'],
  categories: ['all'],
  subresources: ['scale', 'status'],
})
export const StatefulSets = resource('apps', 'statefulsets', 'StatefulSet', {
  shortNames: ['sts'],
  categories: ['all'],
  subresources: ['scale', 'status'],
})
export const DaemonSets = resource('apps', 'daemonsets', 'DaemonSet', {
  shortNames: ['ds'],
  categories: ['all'],
  subresources: ['status'],
})
/** What `kubectl rollout history|undo` reads of StatefulSets and DaemonSets. */
export const ControllerRevisions = resource('apps', 'controllerrevisions', 'ControllerRevision')

export const Jobs = resource('batch', 'jobs', 'Job', { categories: ['all'], subresources: ['status'] })
export const CronJobs = resource('batch', 'cronjobs', 'CronJob', {
  shortNames: ['cj'],
  categories: ['all'],
  subresources: ['status'],
})

export const HorizontalPodAutoscalers = resource('autoscaling', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
  version: 'v2',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: ['status'],
})
export const PodDisruptionBudgets = resource('policy', 'poddisruptionbudgets', 'PodDisruptionBudget', {
  shortNames: ['pdb'],
  subresources: ['status'],
})

export const Ingresses = resource('networking.k8s.io', 'ingresses', 'Ingress', {
  shortNames: ['ing'],
  subresources: ['status'],
})
export const IngressClasses = resource('networking.k8s.io', 'ingressclasses', 'IngressClass', CLUSTER)
export const NetworkPolicies = resource('networking.k8s.io', 'networkpolicies', 'NetworkPolicy', {
  shortNames: ['netpol'],
})

const RBAC = 'rbac.authorization.k8s.io'
export const Roles = resource(RBAC, 'roles', 'Role')
export const RoleBindings = resource(RBAC, 'rolebindings', 'RoleBinding')
export const ClusterRoles = resource(RBAC, 'clusterroles', 'ClusterRole', CLUSTER)
export const ClusterRoleBindings = resource(RBAC, 'clusterrolebindings', 'ClusterRoleBinding', CLUSTER)

export const PriorityClasses = resource('scheduling.k8s.io', 'priorityclasses', 'PriorityClass', {
  ...CLUSTER,
  shortNames: ['pc'],
})
export const StorageClasses = resource('storage.k8s.io', 'storageclasses', 'StorageClass', {
  ...CLUSTER,
  shortNames: ['sc'],
})

export const CustomResourceDefinitions = resource(
  'apiextensions.k8s.io',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  { ...CLUSTER, shortNames: ['crd', 'crds'], categories: ['api-extensions'], subresources: ['status'] },
)

/**
 * Kinds that are always there; definitions of custom resources add to them (`ObjectStore.resources`).
 *
 * Some of them nobody here acts upon (roles, quotas, classes): they are kept, so that manifests and charts can be applied
 * as they are.
 */
export const BUILT_IN_RESOURCES: readonly ResourceType[] = [
  Namespaces,
  Nodes,
  Pods,
  Services,
  Endpoints,
  ConfigMaps,
  Secrets,
  ServiceAccounts,
  Events,
  PersistentVolumes,
  PersistentVolumeClaims,
  ResourceQuotas,
  LimitRanges,
  EndpointSlices,
  Leases,
  Deployments,
  ReplicaSets,
  StatefulSets,
  DaemonSets,
  ControllerRevisions,
  Jobs,
  CronJobs,
  HorizontalPodAutoscalers,
  PodDisruptionBudgets,
  Ingresses,
  IngressClasses,
  NetworkPolicies,
  Roles,
  RoleBindings,
  ClusterRoles,
  ClusterRoleBindings,
  PriorityClasses,
  StorageClasses,
  CustomResourceDefinitions,
]

const apiVersions = new WeakMap<ResourceType, string>()

/**
 * `apiVersion` as objects of this type carry it.
 *
 * hot: once for each write; the same string each time, so that versions of an object share it.
 */
export function apiVersionOf(type: ResourceType): string {
  if (type.group === '') return type.version
  let version = apiVersions.get(type)
  if (version === undefined) {
    version = `${type.group}/${type.version}`
    apiVersions.set(type, version)
  }
  return version
}

/** Kinds whose changes Kubernetes does not count: their objects have no `metadata.generation`. */
const WITHOUT_GENERATION: ReadonlySet<ResourceType> = new Set([
  Namespaces,
  Nodes,
  Services,
  Endpoints,
  ConfigMaps,
  Secrets,
  ServiceAccounts,
  Events,
  PersistentVolumes,
  PersistentVolumeClaims,
  ResourceQuotas,
  LimitRanges,
  Leases,
  ControllerRevisions,
  HorizontalPodAutoscalers,
  Roles,
  RoleBindings,
  ClusterRoles,
  ClusterRoleBindings,
  StorageClasses,
])

export function hasGeneration(type: ResourceType): boolean {
  return !WITHOUT_GENERATION.has(type)
}
