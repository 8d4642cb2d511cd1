import { nearest } from '../base/index.ts'
import { actionByName, appliedAtMs, type ClusterSpec, type PlannedAction, zoneName } from '../sim/index.ts'

/** What a plan's actions find when they are performed one after the other, as far as names go. */
export interface WalkedWorkload {
  replicas: number
  /** Labels that cannot be changed; of a workload that the plan creates, only `app`. */
  readonly fixedLabels: readonly string[]
  /** Planned time from which it is there. */
  readonly sinceMs: number
}

/**
 * Follows a plan, in its order, without a cluster: which workloads there are, how many replicas they want, which nodes are
 * silent. Serves to judge names (a typing error would otherwise be a quiet cluster) and to know how many pods may live.
 */
export class PlanWalk {
  /** By `namespace/name`. */
  readonly workloads = new Map<string, WalkedWorkload>()
  readonly silent = new Set<string>()
  /** Nodes that fell silent without the plan saying which. */
  anonymous = 0
  readonly #services = new Set<string>()
  readonly #nodes: readonly string[]
  readonly #zones: readonly string[]
  readonly #zoneOf: (node: number) => string

  constructor(cluster: ClusterSpec) {
    this.#zoneOf = node => zoneName(node % Math.max(1, cluster.zones))
    this.#nodes = Array.from({ length: cluster.nodes }, (_, i) => `node-${i}`)
    this.#zones = [...new Set(this.#nodes.map((_, i) => this.#zoneOf(i)))]
    for (const [i, { namespace, name, replicas, selector, service }] of cluster.workloads.entries()) {
      const sinceMs = appliedAtMs(i)
      this.workloads.set(`${namespace}/${name}`, { replicas, fixedLabels: Object.keys(selector), sinceMs })
      this.#services.add(`${namespace}/${service}`)
    }
  }

  /** Wanted pods of all workloads. */
  get replicas(): number {
    let sum = 0
    for (const { replicas } of this.workloads.values()) sum += replicas
    return sum
  }

  /** Share of the nodes that are silent, at most 1. */
  get silentShare(): number {
    return Math.min(1, (this.silent.size + this.anonymous) / this.#nodes.length)
  }

  /** What an action names and does not find, each `argument: what is wrong`; empty when it can be performed. */
  faultsOf({ atMs, action, args }: PlannedAction): string[] {
    const faults: string[] = []
    for (const { name, means } of actionByName(action)?.args ?? []) {
      const value = args[name]
      if (typeof value !== 'string') continue
      const missing = (what: string, text: string, known: readonly string[], all: string): void => {
        if (known.includes(text)) return
        const near = nearest(text, known)
        faults.push(`${name}: there is no ${what} "${value}"; ${near === undefined ? all : `did you mean ${near}?`}`)
      }
      if (means === 'workload') {
        const known = [...this.workloads.keys()]
        missing('workload', qualified(value), known, `the cluster has ${known.join(', ')}`)
        const { sinceMs = 0 } = this.workloads.get(qualified(value)) ?? {}
        if (atMs < sinceMs) faults.push(`${name}: "${value}" is there from ${sinceMs} ms on, not yet at ${atMs} ms`)
      } else if (means === 'service') {
        const known = [...this.#services]
        missing('Service', qualified(value), known, `the cluster has ${known.join(', ')}`)
      } else if (means === 'node') {
        missing('node', value, this.#nodes, `nodes are node-0 to node-${this.#nodes.length - 1}`)
      } else if (means === 'zone') {
        missing('zone', value, this.#zones, `zones are ${this.#zones.join(', ')}`)
      } else if (means === 'new-workload' && this.workloads.has(qualified(value))) {
        faults.push(`${name}: there is a workload "${value}" already`)
      }
    }
    if (action === 'relabel') {
      const fixed = this.workloads.get(qualified(String(args.workload)))?.fixedLabels ?? []
      if (fixed.includes(String(args.label))) {
        faults.push(`label: "${args.label}" is one that the Deployment selects by, which cannot be changed`)
      }
    }
    return faults
  }

  /** Performs an action that has no faults. Returns how many pods it makes, at most. */
  perform({ atMs, action, args }: PlannedAction): number {
    const key = qualified(String(args.workload))
    const workload = this.workloads.get(key)
    switch (action) {
      case 'scale': {
        const wanted = Number(args.replicas)
        const more = Math.max(0, wanted - (workload?.replicas ?? 0))
        if (workload !== undefined) workload.replicas = wanted
        return more
      }
      case 'restart':
      case 'relabel':
        return workload?.replicas ?? 0
      case 'create-workload':
        this.workloads.set(key, { replicas: Number(args.replicas), fixedLabels: ['app'], sinceMs: atMs })
        this.#services.add(key)
        return Number(args.replicas)
      case 'delete-workload':
        this.workloads.delete(key)
        this.#services.delete(key)
        return 0
      case 'fail-node':
      case 'fail-kubelet':
      case 'flap-node':
      case 'slow-lease':
      case 'reboot-node':
      case 'drain-node':
      case 'reclaim-node':
      case 'delete-node':
        return this.#silence([String(args.node)])
      case 'fail-zone':
        return this.#silence(this.#ofZone(String(args.zone)))
      case 'fail-nodes': {
        const count =
          args.count === undefined ? Math.round(Number(args.share) * this.#nodes.length) : Number(args.count)
        this.anonymous += count
        return this.#podsOn(count)
      }
      case 'evict-pods':
        return Number(args.count ?? 1)
      case 'recover-node':
      case 'uncordon-node':
        this.silent.delete(String(args.node))
        return 0
      case 'recover-zone':
        for (const node of this.#ofZone(String(args.zone))) this.silent.delete(node)
        return 0
      case 'recover-nodes':
        this.silent.clear()
        this.anonymous = 0
        return 0
      default:
        return 0
    }
  }

  #silence(nodes: readonly string[]): number {
    const fresh = nodes.filter(node => !this.silent.has(node))
    for (const node of fresh) this.silent.add(node)
    return this.#podsOn(fresh.length)
  }

  /** Pods are spread evenly. */
  #podsOn(nodes: number): number {
    return Math.ceil((this.replicas * Math.min(nodes, this.#nodes.length)) / this.#nodes.length)
  }

  #ofZone(zone: string): string[] {
    return this.#nodes.filter((_, i) => this.#zoneOf(i) === zone)
  }
}

/** A name with its namespace, `default` when it has none. */
function qualified(name: string): string {
  return name.includes('/') ? name : `default/${name}`
}
