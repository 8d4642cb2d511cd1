import { DurationHistogram } from '../../base/index.ts'
import { podUidOf, type TargetSpec, type TruthEvent } from '../../sim/index.ts'
import type { EligibleFrom } from '../probes/index.ts'
import {
  type Headline,
  NODE_STATES,
  type NodeRow,
  type NodeState,
  POD_STATES,
  type PodIntro,
  type PodRow,
} from './wire.ts'

export interface NodePlace {
  readonly name: string
  readonly zone: string
}

/** What sockets and subject saw, in milliseconds of planned time; undefined while they have not. */
export interface Witness {
  scrapedMs(slot: number): number | undefined
  visibleMs(uid: string): number | undefined
}

/** What changed since it was last asked for. */
export interface ClusterChanges {
  readonly nodes: NodeRow[]
  readonly pods: PodIntro[]
  readonly states: PodRow[]
  readonly gone: number[]
}

interface NodeEntry extends NodePlace {
  isReady: boolean
  isReachable: boolean
  isDeleted: boolean
  readonly pods: Set<PodEntry>
}

interface PodEntry {
  readonly id: number
  readonly target: TargetSpec
  readonly openedMs: number
  readonly node: NodeEntry
  isReady: boolean
  isSilent: boolean
  eligibleMs: number | null
  readyMs: number | null
  scrapedMs: number | null
  visibleMs: number | null
  terminatingMs: number | null
}

/** Nodes that nobody announced: somebody made them through the API. */
const UNKNOWN_ZONE = 'other'

/**
 * The cluster as its watcher sees it: what each node and each live pod is doing now.
 *
 *   target-opened ─▶ starting ─ready─▶ waiting ─first scrape─▶ scraped ─queryable─▶ visible
 *                        └───────────────┴──────── marked for deletion ──────┴────────▶ terminating ─deleted─▶ gone
 *   while its node does not answer, a pod is silent instead of any of these
 *
 * Ground truth comes by `apply`; what has to be looked for (scrapes, visibility) by `observe`, which looks only at pods of
 * which it is not known yet. Memory is that of live pods. The same events in the same order give the same states.
 */
export class ClusterModel {
  readonly #from: EligibleFrom
  readonly #nodes = new Map<string, NodeEntry>()
  readonly #pods = new Map<string, PodEntry>()
  /** Live pods that have not been seen scraped, or visible. */
  readonly #unscraped = new Set<PodEntry>()
  readonly #invisible = new Set<PodEntry>()
  readonly #discovery = new DurationHistogram()
  readonly #visibility = new DurationHistogram()
  #nextId = 0
  #missed = 0
  #witness: Witness | undefined
  #isTracking = false
  readonly #changedNodes = new Set<NodeEntry>()
  readonly #newPods = new Set<PodEntry>()
  readonly #changedPods = new Set<PodEntry>()
  #gone: number[] = []

  constructor(places: readonly NodePlace[], from: EligibleFrom) {
    this.#from = from
    for (const place of places) this.#addNode(place)
  }

  /** From now on scrapes and visibility can be looked for. */
  witnessedBy(witness: Witness): void {
    this.#witness = witness
  }

  apply(event: TruthEvent): void {
    const atMs = event.plannedMs
    switch (event.type) {
      case 'target-opened':
        // The map shows pods: of one with several containers, the first that serves metrics stands for it.
        if (podUidOf(event.target) === event.target.uid) this.#open(event.target, atMs)
        return
      case 'pod-ready':
        this.#change(event.uid, pod => {
          pod.isReady = true
          pod.readyMs ??= atMs
        })
        return
      case 'pod-not-ready':
        this.#change(event.uid, pod => (pod.isReady = false))
        return
      case 'pod-addressed':
      case 'pod-in-slice':
        if (event.type === this.#from) this.#change(event.uid, pod => (pod.eligibleMs ??= atMs))
        return
      case 'pod-terminating':
        this.#change(event.uid, pod => (pod.terminatingMs ??= atMs))
        return
      case 'pod-deleted':
        this.#remove(event.uid)
        return
      case 'node-silent':
        this.#setReachable(event.node, false)
        return
      case 'node-answering':
        this.#setReachable(event.node, true)
        return
      case 'node-not-ready':
        this.#changeNode(event.node, node => (node.isReady = false))
        return
      case 'node-ready':
        this.#changeNode(event.node, node => {
          node.isReady = true
          node.isDeleted = false
        })
        // A lease that is kept again comes from a node that answers.
        this.#setReachable(event.node, true)
        return
      case 'node-deleted':
        this.#changeNode(event.node, node => (node.isDeleted = true))
        return
      case 'pods-misbehave':
      case 'action':
        return
    }
  }

  /** Looks whether pods that were waited for have been scraped, or can be queried. Costs as much as there are such pods. */
  observe(): void {
    const witness = this.#witness
    if (witness === undefined) return
    for (const pod of this.#unscraped) this.#lookForScrape(pod, witness)
    for (const pod of this.#invisible) {
      const visibleMs = witness.visibleMs(pod.target.uid)
      if (visibleMs === undefined) continue
      pod.visibleMs = visibleMs
      this.#invisible.delete(pod)
      if (pod.eligibleMs !== null) this.#visibility.record((visibleMs - pod.eligibleMs) * 1e6)
      this.#mark(pod)
    }
  }

  headline(): Headline {
    let ready = 0
    let scraped = 0
    let visible = 0
    for (const pod of this.#pods.values()) {
      if (!pod.isReady) continue
      ready++
      if (pod.scrapedMs !== null) scraped++
      if (pod.visibleMs !== null) visible++
    }
    let waiting = 0
    for (const pod of this.#unscraped) if (pod.eligibleMs !== null) waiting++
    return {
      pods: this.#pods.size,
      ready,
      scraped,
      visible,
      missed: this.#missed,
      waiting,
      ...this.latencies(),
    }
  }

  /** Of all pods so far that got that far, in seconds. */
  latencies(): Pick<Headline, 'discoveryP50S' | 'discoveryP99S' | 'visibilityP50S' | 'visibilityP99S'> {
    return {
      discoveryP50S: percentileS(this.#discovery, 50),
      discoveryP99S: percentileS(this.#discovery, 99),
      visibilityP50S: percentileS(this.#visibility, 50),
      visibilityP99S: percentileS(this.#visibility, 99),
    }
  }

  /** Slots of the live pods in the table of what happened at their sockets. */
  *slots(): Iterable<number> {
    for (const pod of this.#pods.values()) yield pod.target.slot
  }

  /** All there is. What changes from now on is kept track of, until `forget`. */
  everything(): ClusterChanges {
    this.forget()
    this.#isTracking = true
    const pods = [...this.#pods.values()]
    return {
      nodes: [...this.#nodes.values()].map(nodeRow),
      pods: pods.map(introOf),
      states: pods.map(podRow),
      gone: [],
    }
  }

  /** What changed since `everything`, or since it was last asked for. */
  changes(): ClusterChanges {
    const changes: ClusterChanges = {
      nodes: [...this.#changedNodes].map(nodeRow),
      pods: [...this.#newPods].map(introOf),
      states: [...this.#changedPods].map(podRow),
      gone: this.#gone,
    }
    this.#clearChanges()
    return changes
  }

  /** Nobody looks: what changes is not kept track of, and takes no memory. */
  forget(): void {
    this.#isTracking = false
    this.#clearChanges()
  }

  #open(target: TargetSpec, atMs: number): void {
    const node = this.#nodes.get(target.node) ?? this.#addNode({ name: target.node, zone: UNKNOWN_ZONE })
    const pod: PodEntry = {
      id: this.#nextId++,
      target,
      openedMs: atMs,
      node,
      isReady: false,
      isSilent: !node.isReachable,
      eligibleMs: null,
      readyMs: null,
      scrapedMs: null,
      visibleMs: null,
      terminatingMs: null,
    }
    // An address is published once per pod; a second opening (a kubelet that came back) is the same pod.
    const before = this.#pods.get(target.uid)
    if (before !== undefined) return
    this.#pods.set(target.uid, pod)
    node.pods.add(pod)
    // Without a port there is nothing to be scraped.
    if (target.ports.length > 0) {
      this.#unscraped.add(pod)
      this.#invisible.add(pod)
    }
    if (this.#isTracking) this.#newPods.add(pod)
    this.#mark(pod)
  }

  #remove(uid: string): void {
    const pod = this.#pods.get(uid)
    if (pod === undefined) return
    // A scrape between the last look and the end counts.
    if (this.#witness !== undefined && this.#unscraped.has(pod)) this.#lookForScrape(pod, this.#witness)
    if (this.#unscraped.has(pod) && pod.eligibleMs !== null) this.#missed++
    this.#pods.delete(uid)
    pod.node.pods.delete(pod)
    this.#unscraped.delete(pod)
    this.#invisible.delete(pod)
    this.#changedPods.delete(pod)
    // One that came and went since the last change was asked for was never told of.
    if (this.#isTracking && !this.#newPods.delete(pod)) this.#gone.push(pod.id)
  }

  #lookForScrape(pod: PodEntry, witness: Witness): void {
    const scrapedMs = witness.scrapedMs(pod.target.slot)
    if (scrapedMs === undefined) return
    pod.scrapedMs = scrapedMs
    this.#unscraped.delete(pod)
    if (pod.eligibleMs !== null) this.#discovery.record((scrapedMs - pod.eligibleMs) * 1e6)
    this.#mark(pod)
  }

  #change(uid: string, change: (pod: PodEntry) => void): void {
    const pod = this.#pods.get(uid)
    // A pod that never got a listener is no target, and not on the map.
    if (pod === undefined) return
    change(pod)
    this.#mark(pod)
  }

  #setReachable(name: string, isReachable: boolean): void {
    const node = this.#nodes.get(name)
    if (node === undefined || node.isReachable === isReachable) return
    node.isReachable = isReachable
    if (this.#isTracking) this.#changedNodes.add(node)
    for (const pod of node.pods) {
      pod.isSilent = !isReachable
      this.#mark(pod)
    }
  }

  #changeNode(name: string, change: (node: NodeEntry) => void): void {
    const node = this.#nodes.get(name)
    if (node === undefined) return
    change(node)
    if (this.#isTracking) this.#changedNodes.add(node)
  }

  #addNode({ name, zone }: NodePlace): NodeEntry {
    const node: NodeEntry = { name, zone, isReady: true, isReachable: true, isDeleted: false, pods: new Set() }
    this.#nodes.set(name, node)
    if (this.#isTracking) this.#changedNodes.add(node)
    return node
  }

  #mark(pod: PodEntry): void {
    if (this.#isTracking) this.#changedPods.add(pod)
  }

  #clearChanges(): void {
    this.#changedNodes.clear()
    this.#newPods.clear()
    this.#changedPods.clear()
    this.#gone = []
  }
}

function stateOf(pod: PodEntry): number {
  if (pod.isSilent) return POD_STATES.indexOf('silent')
  if (pod.terminatingMs !== null) return POD_STATES.indexOf('terminating')
  if (pod.visibleMs !== null) return POD_STATES.indexOf('visible')
  if (pod.scrapedMs !== null) return POD_STATES.indexOf('scraped')
  return POD_STATES.indexOf(pod.isReady ? 'waiting' : 'starting')
}

function nodeStateOf(node: NodeEntry): NodeState {
  if (node.isDeleted) return 'deleted'
  if (!node.isReachable) return 'silent'
  return node.isReady ? 'ready' : 'not-ready'
}

function nodeRow(node: NodeEntry): NodeRow {
  return [node.name, node.zone, NODE_STATES.indexOf(nodeStateOf(node))]
}

function introOf({ id, target, openedMs }: PodEntry): PodIntro {
  const { uid, namespace, pod, app, node, address, ports } = target
  const at = ports.length === 0 ? address : `${address}:${ports.join(',')}`
  return [id, uid, namespace, pod, app, node, at, tenth(openedMs)]
}

function podRow(pod: PodEntry): PodRow {
  return [
    pod.id,
    stateOf(pod),
    known(pod.eligibleMs),
    known(pod.readyMs),
    known(pod.scrapedMs),
    known(pod.visibleMs),
    known(pod.terminatingMs),
  ]
}

function known(ms: number | null): number | null {
  return ms === null ? null : tenth(ms)
}

function tenth(ms: number): number {
  return Math.round(ms * 10) / 10
}

function percentileS(histogram: DurationHistogram, percentile: number): number | null {
  return histogram.count === 0 ? null : histogram.atPercentile(percentile) / 1e9
}
