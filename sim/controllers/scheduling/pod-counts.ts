import type { Namespace, Pod, PodAffinityTerm } from 'kubernetes-types/core/v1.js'
import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import {
  ApiError,
  compileLabelSelector,
  type LabelMatcher,
  Namespaces,
  type ObjectStore,
  type Stored,
} from '../../cluster/index.ts'
import type { PodIndex } from '../../informers/index.ts'
import type { NodeTable } from './node-table.ts'

const SWEEP_MIN = 256

/** Which pods are counted, and by what: part of an affinity term or of a spread constraint. */
export interface CountedPods {
  readonly selector: LabelSelector | undefined
  /** Their namespaces: named, or by labels. */
  readonly namespaces: readonly string[]
  readonly namespaceSelector: LabelSelector | undefined
  readonly topologyKey: string
  /** Pods that are to go do not count. */
  readonly living: boolean
}

/** Pods of one kind that are bound to nodes, by the value of a label of the node. */
export class PodCount {
  readonly topologyKey: string
  readonly #selects: LabelMatcher
  readonly #inNamespace: (namespace: string) => boolean
  readonly #living: boolean
  /** Values that have none are absent. */
  readonly byValue = new Map<string, number>()
  /** Pods that forbid others, of the kind that is counted, to be where they are. */
  readonly forbidden = new Map<string, number>()
  /** How many values have that many pods. */
  readonly #values = new Map<number, number>()

  constructor(kind: CountedPods, inNamespace: (namespace: string) => boolean) {
    this.topologyKey = kind.topologyKey
    this.#selects = matcherOf(kind.selector)
    this.#inNamespace = inNamespace
    this.#living = kind.living
  }

  get isIdle(): boolean {
    return this.byValue.size === 0 && this.forbidden.size === 0
  }

  counts({ metadata }: Pod): boolean {
    if (this.#living && metadata?.deletionTimestamp !== undefined) return false
    return this.#selects(metadata?.labels) && this.#inNamespace(metadata?.namespace ?? '')
  }

  add(value: string, by: 1 | -1): void {
    const before = this.byValue.get(value) ?? 0
    const after = before + by
    change(this.byValue, value, by)
    if (before > 0) change(this.#values, before, -1)
    if (after > 0) change(this.#values, after, 1)
  }

  forbid(value: string, by: 1 | -1): void {
    change(this.forbidden, value, by)
  }

  /** The fewest pods that one of `valueCount` values has. */
  least(valueCount: number): number {
    return this.byValue.size < valueCount ? 0 : Math.min(...this.#values.keys())
  }
}

/** No selector selects nothing, and so does one that cannot be understood. */
function matcherOf(selector: LabelSelector | undefined): LabelMatcher {
  if (selector === undefined) return () => false
  try {
    return compileLabelSelector(selector)
  } catch (error) {
    if (error instanceof ApiError) return () => false
    throw error
  }
}

function change<K>(counts: Map<K, number>, key: K, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

/**
 * How many pods of each kind there are in each zone, on each node and so on, for the kinds that pods ask about: counted once
 * when a kind is first asked about, kept from then on.
 *
 * A pod that comes to a node or goes costs one comparison with each kind of its namespace, and of those that span namespaces.
 * Labels of namespaces are looked at when a pod is counted.
 */
export class PodCounts {
  readonly #store: ObjectStore
  readonly #pods: PodIndex
  readonly #table: NodeTable
  readonly #counts = new Map<string, PodCount>()
  /** Kinds by the only namespace that they are in; under '' those that span namespaces. */
  readonly #byNamespace = new Map<string, PodCount[]>()
  /** Kinds that some pod forbids where it is. */
  readonly #forbidding = new Set<PodCount>()
  #sweepAt = SWEEP_MIN

  constructor(store: ObjectStore, pods: PodIndex, table: NodeTable) {
    this.#store = store
    this.#pods = pods
    this.#table = table
  }

  /** The count of a kind, from now on kept. */
  of(kind: CountedPods): PodCount {
    const key = JSON.stringify(kind)
    let count = this.#counts.get(key)
    if (count === undefined) {
      if (this.#counts.size >= this.#sweepAt) this.#sweep()
      count = new PodCount(kind, this.#namespaceTest(kind))
      this.#counts.set(key, count)
      const home = kind.namespaceSelector === undefined && kind.namespaces.length === 1 ? kind.namespaces[0]! : ''
      const others = this.#byNamespace.get(home)
      if (others === undefined) this.#byNamespace.set(home, [count])
      else others.push(count)
      for (const { pod } of this.#pods.all()) if (isPlaced(pod)) this.#count([count], pod, this.#labelsOf(pod), 1)
    }
    return count
  }

  /** Kinds that are forbidden somewhere and that a pod is of. */
  forbiddenTo(pod: Pod): PodCount[] {
    return [...this.#forbidding].filter(count => count.counts(pod))
  }

  /** A pod came to its node or left it; `labels` are the node's. */
  change(pod: Stored<Pod>, labels: Readonly<Record<string, string>>, by: 1 | -1): void {
    this.#count(this.#byNamespace.get(pod.metadata.namespace ?? '') ?? [], pod, labels, by)
    this.#count(this.#byNamespace.get('') ?? [], pod, labels, by)
    // After the counts that there are: one that is new has counted this pod already.
    for (const kind of antiAffinityKinds(pod)) {
      const value = labels[kind.topologyKey]
      if (value === undefined) continue
      const count = this.of(kind)
      count.forbid(value, by)
      if (count.forbidden.size > 0) this.#forbidding.add(count)
      else this.#forbidding.delete(count)
    }
  }

  #count(counts: readonly PodCount[], pod: Pod, labels: Readonly<Record<string, string>>, by: 1 | -1): void {
    for (const count of counts) {
      const value = labels[count.topologyKey]
      if (value !== undefined && count.counts(pod)) count.add(value, by)
    }
  }

  /** Forgets kinds of which there are no pods: who asks again counts again. */
  #sweep(): void {
    for (const [key, { isIdle }] of this.#counts) if (isIdle) this.#counts.delete(key)
    const kept = new Set(this.#counts.values())
    for (const [home, counts] of this.#byNamespace) {
      const left = counts.filter(count => kept.has(count))
      if (left.length > 0) this.#byNamespace.set(home, left)
      else this.#byNamespace.delete(home)
    }
    this.#sweepAt = Math.max(SWEEP_MIN, this.#counts.size * 2)
  }

  #labelsOf({ spec }: Pod): Readonly<Record<string, string>> {
    return this.#table.get(spec?.nodeName ?? '')?.labels ?? {}
  }

  #namespaceTest({ namespaces, namespaceSelector }: CountedPods): (namespace: string) => boolean {
    if (namespaceSelector === undefined) return namespace => namespaces.includes(namespace)
    const selects = matcherOf(namespaceSelector)
    return namespace =>
      namespaces.includes(namespace) ||
      selects(this.#store.get<Namespace>(Namespaces, undefined, namespace)?.metadata.labels)
  }
}

/** Bound to a node, and not at its end. */
export function isPlaced({ spec, status }: Pod): boolean {
  return spec?.nodeName !== undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}

/** The pods that a pod does not want beside it, at any price. */
export function antiAffinityKinds(pod: Pod): CountedPods[] {
  const terms = pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return terms?.map(term => termKind(term, pod)) ?? []
}

/** The pods that a term of an affinity speaks of. */
export function termKind(term: PodAffinityTerm, pod: Pod): CountedPods {
  const { namespaces = [], namespaceSelector, topologyKey, matchLabelKeys } = term
  const own = namespaces.length === 0 && namespaceSelector === undefined
  return {
    selector: withPodLabels(term.labelSelector, matchLabelKeys, pod),
    namespaces: own ? [pod.metadata?.namespace ?? ''] : namespaces.toSorted(),
    namespaceSelector,
    topologyKey,
    living: false,
  }
}

/** A selector that also asks for the pod's own values of some labels. */
export function withPodLabels(
  selector: LabelSelector | undefined,
  keys: readonly string[] | undefined,
  { metadata }: Pod,
): LabelSelector | undefined {
  if (selector === undefined || keys === undefined || keys.length === 0) return selector
  const own = keys.flatMap(key => (metadata?.labels?.[key] === undefined ? [] : [[key, metadata.labels[key]]]))
  return {
    ...selector,
    matchLabels: { ...selector.matchLabels, ...(Object.fromEntries(own) as Record<string, string>) },
  }
}
