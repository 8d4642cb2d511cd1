import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Namespace, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { KubeObject, Writable } from './objects.ts'
import { defaultPodSpec } from './pod-defaults.ts'
import { Deployments, EndpointSlices, Namespaces, Pods, ReplicaSets, type ResourceType, Services } from './resources.ts'

/**
 * Fills in what Kubernetes fills in for objects that come through its API. Changes `object`, which the caller owns; doing
 * it twice changes nothing more. Cluster addresses of services are allocated elsewhere (`cluster-ip.ts`).
 */
export function applyDefaults(type: ResourceType, object: KubeObject): void {
  switch (type) {
    case Namespaces:
      return defaultNamespace(object as Writable<Namespace>)
    case Pods:
      return defaultPod(object as Pod)
    case Services:
      return defaultService(object as Writable<Service>)
    case Deployments:
      return defaultDeployment(object as Writable<Deployment>)
    case ReplicaSets:
      return defaultReplicaSet(object as Writable<ReplicaSet>)
    case EndpointSlices:
      return defaultEndpointSlice(object as EndpointSlice)
    default:
  }
}

function defaultNamespace(namespace: Writable<Namespace>): void {
  const { name } = namespace.metadata ?? {}
  if (name !== undefined && namespace.metadata !== undefined) {
    namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': name }
  }
  namespace.spec = { finalizers: ['kubernetes'], ...namespace.spec }
  namespace.status = { phase: 'Active', ...namespace.status }
}

function defaultPod({ spec }: Pod): void {
  if (spec !== undefined) defaultPodSpec(spec)
}

function defaultService(service: Writable<Service>): void {
  const spec = (service.spec ??= {})
  spec.type ??= 'ClusterIP'
  spec.sessionAffinity ??= 'None'
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP'
    if (port.targetPort === undefined || port.targetPort === '' || port.targetPort === 0) port.targetPort = port.port
  }
  if (spec.type !== 'ExternalName') {
    spec.ipFamilies ??= ['IPv4']
    spec.ipFamilyPolicy ??= 'SingleStack'
    spec.internalTrafficPolicy ??= 'Cluster'
  }
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
    spec.externalTrafficPolicy ??= 'Cluster'
  }
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
  service.status ??= { loadBalancer: {} }
}

function defaultDeployment(deployment: Writable<Deployment>): void {
  const { spec } = deployment
  if (spec === undefined) return
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  const strategy = (spec.strategy ??= {})
  strategy.type ??= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...strategy.rollingUpdate }
  }
  if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec)
  deployment.status ??= {}
}

function defaultReplicaSet(set: Writable<ReplicaSet>): void {
  const { spec } = set
  if (spec === undefined) return
  spec.replicas ??= 1
  if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec)
  set.status ??= { replicas: 0 }
}

function defaultEndpointSlice(slice: EndpointSlice): void {
  for (const port of slice.ports ?? []) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  }
}
