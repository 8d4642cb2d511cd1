import type { KubernetesDiscoveryConfig, KubernetesRole } from '../../config/index.ts'
import type { LogSink } from '../../log-sink.ts'
import type { Discoverer } from '../discoverer.ts'
import type { DiscoveryMetrics } from '../discovery-metrics.ts'
import type { TargetGroup } from '../target-group.ts'
import type { Informer } from './informer.ts'
import type { InformerHold, InformerPool, InformerSource } from './informer-pool.ts'
import type { KubeResource } from './kube-types.ts'
import type { Role } from './role.ts'
import { endpointsRole } from './role-endpoints.ts'
import { endpointSliceRole } from './role-endpointslice.ts'
import { ingressRole } from './role-ingress.ts'
import { nodeRole } from './role-node.ts'
import { podRole } from './role-pod.ts'
import { serviceRole } from './role-service.ts'
import { RoleWatcher } from './role-watcher.ts'

const ROLES: Readonly<Record<KubernetesRole, Role>> = {
  pod: podRole,
  service: serviceRole,
  endpoints: endpointsRole,
  endpointslice: endpointSliceRole,
  node: nodeRole,
  ingress: ingressRole,
}

/** The role whose selector applies to a resource. */
const SELECTOR_ROLE: Readonly<Partial<Record<KubeResource, KubernetesRole>>> = {
  pods: 'pod',
  services: 'service',
  endpoints: 'endpoints',
  endpointslices: 'endpointslice',
  nodes: 'node',
  ingresses: 'ingress',
}

const ATTACHES_NODE: ReadonlySet<KubernetesRole> = new Set(['pod', 'endpoints', 'endpointslice'])
const CLUSTER_SCOPED: ReadonlySet<KubeResource> = new Set(['nodes', 'namespaces'])

/** One `kubernetes_sd_configs` entry at work: a watcher for each namespace, on informers that others may share. */
export class KubernetesDiscovery implements Discoverer {
  readonly #config: KubernetesDiscoveryConfig
  readonly #source: InformerSource
  readonly #metrics: DiscoveryMetrics
  readonly #log: LogSink
  readonly #holds: InformerHold[] = []
  readonly #watchers: RoleWatcher[] = []

  /** @throws DiscoveryConfigError, CredentialError */
  constructor(config: KubernetesDiscoveryConfig, informers: InformerPool, metrics: DiscoveryMetrics, log: LogSink) {
    this.#config = config
    this.#source = informers.connect(config)
    this.#metrics = metrics
    this.#log = log
  }

  start(emit: (groups: readonly TargetGroup[]) => void): void {
    const role = ROLES[this.#config.role]
    for (const namespace of this.#namespaces(role)) {
      const stores = new Map<KubeResource, Informer>()
      for (const resource of this.#resources(role)) stores.set(resource, this.#acquire(resource, namespace))
      const count = (event: string): void => this.#metrics.kubernetesEvents.cell(this.#config.role, event).inc()
      const watcher = new RoleWatcher(role, stores, emit, count, this.#log)
      this.#watchers.push(watcher)
      watcher.start()
    }
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.stop()
    for (const hold of this.#holds) hold.release()
    this.#source.close()
  }

  /** '' stands for all. */
  #namespaces(role: Role): readonly string[] {
    const { namespaces, ownNamespace } = this.#config
    const own = ownNamespace && this.#source.ownNamespace !== '' ? [this.#source.ownNamespace] : []
    const named = [...new Set([...namespaces, ...own])]
    return named.length === 0 || CLUSTER_SCOPED.has(role.resource) ? [''] : named
  }

  #resources(role: Role): KubeResource[] {
    const { role: name, attachNode, attachNamespace } = this.#config
    const resources: KubeResource[] = [role.resource, ...role.needs]
    if (attachNode && ATTACHES_NODE.has(name)) resources.push('nodes')
    if (attachNamespace && name !== 'node') resources.push('namespaces')
    return resources
  }

  #acquire(resource: KubeResource, namespace: string): Informer {
    const selector = this.#config.selectors.find(candidate => candidate.role === SELECTOR_ROLE[resource])
    const hold = this.#source.acquire({
      resource,
      namespace: CLUSTER_SCOPED.has(resource) ? '' : namespace,
      labelSelector: selector?.label ?? '',
      fieldSelector: selector?.field ?? '',
    })
    this.#holds.push(hold)
    return hold.informer
  }
}
