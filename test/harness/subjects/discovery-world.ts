import type { Endpoints, Node, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Ingress } from 'kubernetes-types/networking/v1.js'
import { Prng } from '../../../base/index.ts'
import {
  Endpoints as EndpointsType,
  EndpointSlices,
  Ingresses,
  Namespaces,
  Nodes,
  type ObjectStore,
  Pods,
  type ResourceType,
  Services,
  type Stored,
} from '../../../sim/cluster/index.ts'

export const ROLES = ['pod', 'node', 'service', 'endpoints', 'endpointslice', 'ingress'] as const
export type Role = (typeof ROLES)[number]

const NAMESPACE = 'shop'
const PORT = 8080
const LABEL = 'rev'

/** A scrape configuration with a job for each role, named after it. Nothing is scraped: the first scrape is hours away. */
export function discoveryConfig(roles: readonly Role[]): string {
  const jobs = roles.map(
    role => `  - job_name: ${role}
    kubernetes_sd_configs:
      - role: ${role}
    relabel_configs:
      # Targets whose labels are equal would be one, and one whose labels stay is told with what it was found by at first.
      - action: labelmap
        regex: __meta_kubernetes_(.+_name)
      - action: labelmap
        regex: __meta_kubernetes_(.+_label_${LABEL})
`,
  )
  return `global:\n  scrape_interval: 24h\nscrape_configs:\n${jobs.join('')}`
}

/**
 * A few objects of all kinds that are discovered, and changes to them. What a client must find is worked out from the store,
 * by the rules of Prometheus' documentation and none of its code.
 */
export class DiscoveryWorld {
  readonly #store: ObjectStore
  readonly #prng: Prng
  #made = 0

  constructor(store: ObjectStore, seed: string) {
    this.#store = store
    this.#prng = new Prng(seed)
    for (const name of ['default', NAMESPACE]) store.create(Namespaces, { metadata: { name } })
    for (let i = 0; i < 3; i++) {
      this.#addNode()
      this.#addPod()
      this.#addService()
      this.#addIngress()
    }
    this.#publish()
  }

  /** One change of each sort: something comes, something goes, something changes. */
  churn(): void {
    this.#addPod()
    this.#addNode()
    this.#addService()
    this.#addIngress()
    for (const type of [Pods, Nodes, Services, Ingresses]) {
      if (this.#store.count(type) > 4) this.#remove(this.#any(type), type)
      this.#touch(this.#any(type), type)
    }
    this.#publish()
  }

  /** One entry for each target of a role, in order. */
  targets(role: Role): string[] {
    return [...this.#targets(role)].sort()
  }

  /** What a client says it has discovered, in the words of `targets`. */
  static told(role: Role, discovered: Readonly<Record<string, string>>): string {
    const meta = (name: string): string => discovered[`__meta_kubernetes_${name}`] ?? ''
    const address = discovered.__address__ ?? ''
    switch (role) {
      case 'pod':
        return `${meta('pod_name')} ${address} ${meta(`pod_label_${LABEL}`)}`
      case 'node':
        return `${meta('node_name')} ${meta(`node_label_${LABEL}`)}`
      case 'service':
        return `${meta('service_name')} ${address} ${meta(`service_label_${LABEL}`)}`
      case 'endpoints':
        return `${meta('endpoints_name')} ${address}`
      case 'endpointslice':
        return `${meta('endpointslice_name')} ${address}`
      case 'ingress':
        return `${meta('ingress_name')} ${meta('ingress_host')}${meta('ingress_path')} ${meta(`ingress_label_${LABEL}`)}`
    }
  }

  *#targets(role: Role): Generator<string, void> {
    const revOf = (object: Stored): string => object.metadata.labels?.[LABEL] ?? ''
    switch (role) {
      case 'pod':
        for (const pod of this.#store.list<Pod>(Pods)) {
          yield `${pod.metadata.name} ${pod.status!.podIP}:${PORT} ${revOf(pod)}`
        }
        break
      case 'node':
        for (const node of this.#store.list<Node>(Nodes)) yield `${node.metadata.name} ${revOf(node)}`
        break
      case 'service':
        for (const service of this.#store.list<Service>(Services)) {
          const { name } = service.metadata
          yield `${name} ${name}.${NAMESPACE}.svc:80 ${revOf(service)}`
        }
        break
      case 'endpoints':
        for (const { metadata, subsets } of this.#store.list<Endpoints>(EndpointsType)) {
          for (const { ip } of subsets?.[0]?.addresses ?? []) yield `${metadata.name} ${ip}:${PORT}`
        }
        break
      case 'endpointslice':
        for (const { metadata, endpoints } of this.#store.list<EndpointSlice>(EndpointSlices)) {
          for (const { addresses } of endpoints) yield `${metadata.name} ${addresses[0]}:${PORT}`
        }
        break
      case 'ingress':
        for (const ingress of this.#store.list<Ingress>(Ingresses)) {
          const [rule] = ingress.spec!.rules!
          yield `${ingress.metadata.name} ${rule!.host}${rule!.http!.paths[0]!.path} ${revOf(ingress)}`
        }
        break
    }
  }

  #any(type: ResourceType): Stored {
    const all = this.#store.list(type)
    return all[this.#prng.below(all.length)]!
  }

  #touch({ metadata }: Stored, type: ResourceType): void {
    const labels = { [LABEL]: String(this.#made++) }
    this.#store.modify(type, metadata.namespace, metadata.name, current => ({
      ...current,
      metadata: { ...current.metadata, labels },
    }))
  }

  #remove({ metadata }: Stored, type: ResourceType): void {
    this.#store.delete(type, metadata.namespace, metadata.name, { gracePeriodSeconds: 0 })
  }

  #meta(prefix: string): {
    readonly name: string
    readonly labels: Record<string, string>
    readonly namespace: string
  } {
    const number = String(this.#made++)
    return { name: `${prefix}-${number}`, namespace: NAMESPACE, labels: { [LABEL]: number } }
  }

  #addPod(): void {
    const metadata = this.#meta('pod')
    this.#store.create<Pod>(Pods, {
      metadata,
      spec: {
        nodeName: this.#any(Nodes).metadata.name,
        containers: [{ name: 'app', image: 'web:1', ports: [{ name: 'http', containerPort: PORT, protocol: 'TCP' }] }],
      },
      status: {
        phase: 'Running',
        podIP: addressOf(this.#made++, 1),
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    })
  }

  #addNode(): void {
    const { name, labels } = this.#meta('node')
    this.#store.create<Node>(Nodes, {
      metadata: { name, labels },
      status: {
        addresses: [{ type: 'InternalIP', address: addressOf(this.#made++, 2) }],
        daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      },
    })
  }

  #addService(): void {
    this.#store.create<Service>(Services, {
      metadata: this.#meta('service'),
      spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
    })
  }

  #addIngress(): void {
    const metadata = this.#meta('ingress')
    this.#store.create<Ingress>(Ingresses, {
      metadata,
      spec: {
        rules: [
          {
            host: `${metadata.name}.example`,
            http: { paths: [{ path: '/shop', pathType: 'Prefix', backend: { service: { name: 'x' } } }] },
          },
        ],
      },
    })
  }

  /** Every Service has some of the pods, as Endpoints and as a slice of the same name. */
  #publish(): void {
    const pods = this.#store.list<Pod>(Pods)
    const names = new Set(this.#store.list(Services).map(({ metadata }) => metadata.name))
    for (const type of [EndpointsType, EndpointSlices]) {
      for (const object of this.#store.list(type)) if (!names.has(object.metadata.name)) this.#remove(object, type)
    }
    for (const name of names) {
      const chosen = pods.filter(() => this.#prng.chance(1, 2))
      const ref = ({ metadata }: Stored): object => ({ kind: 'Pod', namespace: NAMESPACE, name: metadata.name })
      const metadata = { name, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': name } }
      const addresses = chosen.map(pod => ({ ip: pod.status!.podIP!, targetRef: ref(pod) }))
      this.#put(EndpointsType, {
        metadata,
        subsets: chosen.length === 0 ? [] : [{ addresses, ports: [{ name: 'http', port: PORT, protocol: 'TCP' }] }],
      })
      this.#put(EndpointSlices, {
        metadata,
        addressType: 'IPv4',
        ports: [{ name: 'http', port: PORT, protocol: 'TCP' }],
        endpoints: chosen.map(pod => ({
          addresses: [pod.status!.podIP!],
          conditions: { ready: true },
          targetRef: ref(pod),
        })),
      })
    }
  }

  #put(type: ResourceType, draft: Endpoints | EndpointSlice): void {
    const { namespace, name } = draft.metadata!
    if (this.#store.get(type, namespace, name!) === undefined) this.#store.create(type, draft)
    else this.#store.modify(type, namespace, name!, current => ({ ...current, ...draft, metadata: current.metadata }))
  }
}

function addressOf(number: number, network: number): string {
  return `127.${100 + network}.${Math.floor(number / 250)}.${1 + (number % 250)}`
}
