import type { Pod, Taint } from 'kubernetes-types/core/v1.js'
import { isTolerated, repellingTaint } from '../taints.ts'
import { type NodeChoice, nodeChoice } from './node-affinity.ts'
import type { NodeInfo, NodeTable } from './node-table.ts'
import { antiAffinityKinds, type PodCount, type PodCounts, termKind, withPodLabels } from './pod-counts.ts'
import { type PodRequests, podRequests } from './pod-requests.ts'

/** Why a node is refused, in the scheduler's words; those of `lasting` would hold if all pods there were gone. */
export interface Fault {
  readonly reasons: readonly string[]
  readonly lasting: boolean
}

interface Spread {
  readonly count: PodCount
  /** Pods that a value may have before this one comes. */
  readonly most: number
}

const UNSCHEDULABLE = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
const CHOICE = lasting("node(s) didn't match Pod's node affinity/selector")
const NOT_NAMED = lasting("node(s) didn't satisfy plugin(s) [NodeAffinity]")
const CORDONED = lasting('node(s) were unschedulable')
const AFFINITY = lasting("node(s) didn't match pod affinity rules")
const PORTS = passing(["node(s) didn't have free ports for the requested pod ports"])
const ANTI_AFFINITY = passing(["node(s) didn't match pod anti-affinity rules"])
const FORBIDDEN = passing(["node(s) didn't satisfy existing pods anti-affinity rules"])
const SPREAD = passing(["node(s) didn't match pod topology spread constraints"])
const SPREAD_LABEL = lasting("node(s) didn't match pod topology spread constraints (missing required label)")

/**
 * What a pod needs of a node, worked out once for one attempt: the filters of the scheduler in its order, of which the first
 * that refuses a node says why.
 *
 * Of spread constraints, `nodeTaintsPolicy` is not looked at (Kubernetes ignores taints by default, too). Several affinity
 * terms are counted each by itself, not as pods that fit all of them. Volumes are no obstacle.
 */
export class PodFilter {
  readonly requests: PodRequests
  readonly choice: NodeChoice | undefined
  readonly #pod: Pod
  readonly #spreads: readonly Spread[]
  readonly #affinity: readonly PodCount[]
  /** The first of a group that wants to be beside its like may go anywhere. */
  readonly #isFirst: boolean
  readonly #antiAffinity: readonly PodCount[]
  readonly #forbidding: readonly PodCount[]
  /** By what is missing: bit 0 for the number of pods, then CPU, memory and the others in order. */
  #tooFull: Map<number, Fault> | undefined
  #tooLarge: Map<number, Fault> | undefined

  constructor(pod: Pod, table: NodeTable, counts: PodCounts) {
    this.#pod = pod
    this.requests = podRequests(pod)
    this.choice = nodeChoice(pod.spec)
    this.#spreads = this.#spreadsOf(table, counts)
    const affinity = pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    this.#affinity = affinity.map(term => counts.of(termKind(term, pod)))
    this.#isFirst = this.#affinity.every(count => count.byValue.size === 0 && count.counts(pod))
    this.#antiAffinity = antiAffinityKinds(pod).map(kind => counts.of(kind))
    this.#forbidding = counts.forbiddenTo(pod)
  }

  /** Whether pods elsewhere decide where this one may go. */
  get looksAtPods(): boolean {
    return this.#spreads.length > 0 || this.#affinity.length > 0 || this.#antiAffinity.length > 0
  }

  // hot: once for each node that is looked at, some for each pod.
  faultOf(info: NodeInfo): Fault | undefined {
    const node = info.node!
    const tolerations = this.#pod.spec?.tolerations
    if (this.choice?.names?.includes(info.name) === false) return NOT_NAMED
    if (node.spec?.unschedulable === true && !isTolerated(UNSCHEDULABLE, tolerations)) return CORDONED
    if (node.spec?.taints !== undefined) {
      const taint = repellingTaint(node, tolerations)
      if (taint !== undefined) return taintFault(taint)
    }
    if (this.choice !== undefined && !this.choice.allows(info)) return CHOICE
    for (const port of this.requests.hostPorts) if (info.hostPorts.has(port)) return PORTS
    return this.#roomFault(info) ?? this.#spreadFault(info) ?? this.#neighbourFault(info)
  }

  #roomFault(info: NodeInfo): Fault | undefined {
    const { cpuMilli, memoryBytes, others } = this.requests
    let missing = info.pods < info.podsMax ? 0 : 1
    if (cpuMilli > 0 && info.cpuMilli + cpuMilli > info.cpuMilliMax) missing |= 2
    if (memoryBytes > 0 && info.memoryBytes + memoryBytes > info.memoryBytesMax) missing |= 4
    let bit = 8
    for (const [name, amount] of others) {
      if (amount > (info.othersMax[name] ?? 0) - (info.others.get(name) ?? 0)) missing |= bit
      bit <<= 1
    }
    if (missing === 0) return undefined
    // On an empty node it would not fit either.
    const isTooLarge =
      cpuMilli > info.cpuMilliMax ||
      memoryBytes > info.memoryBytesMax ||
      others.some(([name, amount]) => amount > (info.othersMax[name] ?? 0))
    const faults = isTooLarge ? (this.#tooLarge ??= new Map()) : (this.#tooFull ??= new Map())
    let fault = faults.get(missing)
    if (fault === undefined) {
      const names = ['cpu', 'memory', ...others.map(([name]) => name)]
      const insufficient = names.filter((_, i) => (missing & (2 << i)) !== 0).map(name => `Insufficient ${name}`)
      const reasons = (missing & 1) === 0 ? insufficient : ['Too many pods', ...insufficient]
      fault = { reasons, lasting: isTooLarge }
      faults.set(missing, fault)
    }
    return fault
  }

  #spreadFault({ labels }: NodeInfo): Fault | undefined {
    for (const { count, most } of this.#spreads) {
      const value = labels[count.topologyKey]
      if (value === undefined) return SPREAD_LABEL
      if ((count.byValue.get(value) ?? 0) > most) return SPREAD
    }
    return undefined
  }

  #neighbourFault({ labels }: NodeInfo): Fault | undefined {
    for (const count of this.#affinity) {
      const value = labels[count.topologyKey]
      if (value === undefined || (!this.#isFirst && !count.byValue.has(value))) return AFFINITY
    }
    for (const count of this.#antiAffinity) {
      const value = labels[count.topologyKey]
      if (value !== undefined && count.byValue.has(value)) return ANTI_AFFINITY
    }
    for (const { topologyKey, forbidden } of this.#forbidding) {
      const value = labels[topologyKey]
      if (value !== undefined && forbidden.has(value)) return FORBIDDEN
    }
    return undefined
  }

  #spreadsOf(table: NodeTable, counts: PodCounts): Spread[] {
    const pod = this.#pod
    const constraints = pod.spec?.topologySpreadConstraints ?? []
    return constraints.flatMap(constraint => {
      const { topologyKey, maxSkew, minDomains = 1, whenUnsatisfiable, nodeAffinityPolicy } = constraint
      if (whenUnsatisfiable !== 'DoNotSchedule') return []
      const count = counts.of(spreadKind(constraint, pod))
      const isChosen = this.choice !== undefined && nodeAffinityPolicy !== 'Ignore'
      const domains = isChosen ? this.#chosenValues(table, topologyKey) : undefined
      const domainCount = domains?.size ?? table.valueCount(topologyKey)
      let least = 0
      if (domainCount >= minDomains && domainCount > 0) {
        least =
          domains === undefined
            ? count.least(domainCount)
            : Math.min(...[...domains].map(value => count.byValue.get(value) ?? 0))
      }
      return [{ count, most: least + maxSkew - Number(count.counts(pod)) }]
    })
  }

  /** Values of a label among the nodes that the pod may run on. A look at all nodes: only for pods that choose. */
  #chosenValues(table: NodeTable, topologyKey: string): Set<string> {
    const values = new Set<string>()
    for (const info of table.inOrder()) {
      const value = info.labels[topologyKey]
      if (value !== undefined && this.choice!.allows(info)) values.add(value)
    }
    return values
  }
}

type Constraint = NonNullable<NonNullable<Pod['spec']>['topologySpreadConstraints']>[number]

/** The pods that a spread constraint counts. */
export function spreadKind(
  { topologyKey, labelSelector, matchLabelKeys }: Constraint,
  pod: Pod,
): Parameters<PodCounts['of']>[0] {
  return {
    selector: withPodLabels(labelSelector, matchLabelKeys, pod),
    namespaces: [pod.metadata?.namespace ?? ''],
    namespaceSelector: undefined,
    topologyKey,
    living: true,
  }
}

const TAINT_FAULTS = new WeakMap<Taint, Fault>()

function taintFault(taint: Taint): Fault {
  let fault = TAINT_FAULTS.get(taint)
  if (fault === undefined) {
    fault = lasting(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`)
    TAINT_FAULTS.set(taint, fault)
  }
  return fault
}

function lasting(reason: string): Fault {
  return { reasons: [reason], lasting: true }
}

function passing(reasons: readonly string[]): Fault {
  return { reasons, lasting: false }
}
