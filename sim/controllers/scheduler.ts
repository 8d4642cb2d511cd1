import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { extended, type Prng, type Timer } from '../../base/index.ts'
import { Nodes, Pods, type Stored, type StoreEvent } from '../cluster/index.ts'
import { withCondition, stampOf } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'
import { compareNodes, type NodeInfo, NodeTable } from './scheduling/node-table.ts'
import { isPlaced, PodCounts } from './scheduling/pod-counts.ts'
import { type Fault, PodFilter } from './scheduling/pod-filter.ts'
import { podRequests } from './scheduling/pod-requests.ts'
import { podScore } from './scheduling/pod-score.ts'

export const SCHEDULER_NAME = 'default-scheduler'
const SOURCE = { component: SCHEDULER_NAME }
/** A pod that fits nowhere is tried again when something changed, but not sooner than this; doubles up to the second. */
const BACKOFF_MS = [1000, 10_000] as const

interface Waiting {
  readonly namespace: string
  readonly name: string
  timer: Timer | undefined
  attempts: number
}

/** The scheduler scores no fewer feasible nodes than this, and of large clusters a share that falls from 50 to 5 %. */
const SAMPLE_MIN = 100
const SAMPLE_PERCENT = { most: 50, least: 5, nodesPerPercent: 125 }

/**
 * Binds pods to nodes, each after a delay of its own, as many schedulers with one view would: the node with most to give
 * among those that the pod fits on; where a pod has preferences, the one that suits it best among the first such nodes.
 *
 * ```
 *   created ──scheduleMs──▶ try ──fits──▶ bound
 *                            ▲ │ fits nowhere: PodScheduled=False, Unschedulable
 *              back-off over └─┘ and a node or its room changed
 * ```
 *
 * Filters and scores are those of Kubernetes' default profile, see `PodFilter` and `podScore`. Nodes are looked at in the
 * order of `NodeTable` and equals are taken in turn, where Kubernetes draws. Priority decides nothing: there is no queue, and
 * no pod is ever preempted.
 */
export class Scheduler {
  readonly #env: ControllerEnvironment
  readonly #prng: Prng
  readonly #table = new NodeTable()
  readonly #counts: PodCounts
  /** Pods without a node, by uid. */
  readonly #waiting = new Map<string, Waiting>()
  /** Those of them that fit nowhere when last tried, and wait for a change; the second for pods that come, too. */
  readonly #unschedulable = new Set<string>()
  readonly #wantPods = new Set<string>()

  constructor(env: ControllerEnvironment, prng: Prng) {
    this.#env = env
    this.#prng = prng
    this.#counts = new PodCounts(env.store, env.pods, this.#table)
    env.router.on<Node>(Nodes, event => this.#onNode(event))
    env.router.on<Pod>(Pods, event => this.#onPod(event))
  }

  #onNode({ type, object, previous }: StoreEvent<Node>): void {
    const { name, labels } = object.metadata
    const isRelabelled = type === 'DELETED' || previous?.metadata.labels !== labels
    if (isRelabelled) this.#recount(name, -1)
    if (type === 'DELETED') this.#table.removeNode(name)
    else this.#table.setNode(object)
    if (isRelabelled) this.#recount(name, 1)
    if (type === 'DELETED') return
    const isSame = previous?.spec === object.spec && previous?.status?.allocatable === object.status?.allocatable
    if (!isSame || isRelabelled) this.#retry(this.#unschedulable)
  }

  /** Counts the pods of a node under its labels, or takes them out. */
  #recount(node: string, by: 1 | -1): void {
    const { labels } = this.#table.get(node) ?? {}
    if (labels === undefined) return
    for (const { pod } of this.#env.pods.onNode(node).entries.values()) {
      if (isPlaced(pod)) this.#counts.change(pod, labels, by)
    }
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const { uid } = object.metadata
    if (type === 'DELETED') this.#forget(uid)
    const before = previous !== undefined && isPlaced(previous) ? previous : undefined
    const after = type !== 'DELETED' && isPlaced(object) ? object : undefined
    if (before !== undefined || after !== undefined) this.#move(before, after)
    if (object.spec?.nodeName !== undefined) this.#forget(uid)
    else if (type === 'ADDED' || isUngated(object, previous)) this.#admit(object)
  }

  #move(before: Stored<Pod> | undefined, after: Stored<Pod> | undefined): void {
    const from = before?.spec?.nodeName
    const to = after?.spec?.nodeName
    if (from !== to || before?.spec !== after?.spec) {
      if (from !== undefined) this.#table.change(from, podRequests(before!), -1)
      if (to !== undefined) this.#table.change(to, podRequests(after!), 1)
      if (from !== undefined) this.#retry(this.#unschedulable)
    }
    const isCountedSame =
      from === to &&
      before?.metadata.labels === after?.metadata.labels &&
      before?.metadata.deletionTimestamp === after?.metadata.deletionTimestamp
    if (isCountedSame) return
    if (before !== undefined) this.#counts.change(before, this.#table.get(from!)?.labels ?? {}, -1)
    if (after !== undefined) this.#counts.change(after, this.#table.get(to!)?.labels ?? {}, 1)
    this.#retry(this.#wantPods)
  }

  #admit(pod: Stored<Pod>): void {
    const { spec } = pod
    if ((spec?.schedulerName ?? SCHEDULER_NAME) !== SCHEDULER_NAME) return
    if ((spec?.schedulingGates?.length ?? 0) > 0) return
    const { uid, namespace = '', name } = pod.metadata
    const { base, jitter } = this.#env.timings.scheduleMs
    const delayMs = jitter === 0 ? base : base + this.#prng.fork(`pod/${namespace}/${name}`).below(jitter + 1)
    const waiting: Waiting = { namespace, name, timer: undefined, attempts: 0 }
    waiting.timer = this.#env.clock.schedule(delayMs, () => this.#try(uid))
    this.#waiting.set(uid, waiting)
  }

  #try(uid: string): void {
    const waiting = this.#waiting.get(uid)
    const pod = this.#env.pods.get(uid)?.pod
    if (waiting === undefined || pod === undefined) return
    waiting.timer = undefined
    const filter = new PodFilter(pod, this.#table, this.#counts)
    const score = podScore(pod, this.#table, this.#counts)
    const fitting = this.#fitting(filter, score === undefined ? 1 : this.#sampleSize)
    if (fitting.length === 0) this.#reject(uid, waiting, pod, filter)
    else this.#bind(pod, score === undefined ? fitting[0]!.name : best(fitting, score(fitting)).name)
  }

  /** Feasible nodes that are scored, as the scheduler's percentageOfNodesToScore has it by default. */
  get #sampleSize(): number {
    const { size } = this.#table
    const percent = Math.max(
      SAMPLE_PERCENT.least,
      SAMPLE_PERCENT.most - Math.floor(size / SAMPLE_PERCENT.nodesPerPercent),
    )
    return Math.max(SAMPLE_MIN, Math.floor((size * percent) / 100))
  }

  /** The first nodes in order that a pod fits on, at most `max`. Where a pod says which nodes may be, only these are looked at. */
  #fitting(filter: PodFilter, max: number): NodeInfo[] {
    const chosen = this.#chosen(filter)
    if (chosen !== undefined && max === 1) {
      // The least of a few: cheaper than to sort them.
      let first: NodeInfo | undefined
      for (const info of chosen) {
        if (first !== undefined && compareNodes(first, info) < 0) continue
        if (filter.faultOf(info) === undefined) first = info
      }
      return first === undefined ? [] : [first]
    }
    const fitting: NodeInfo[] = []
    for (const info of chosen?.toSorted(compareNodes) ?? this.#table.inOrder()) {
      if (filter.faultOf(info) !== undefined) continue
      fitting.push(info)
      if (fitting.length >= max) break
    }
    return fitting
  }

  /** The nodes that a pod names, or those with the rarest of its labels; `undefined` when that would not save anything. */
  #chosen({ choice }: PodFilter): NodeInfo[] | undefined {
    if (choice === undefined) return undefined
    if (choice.names !== undefined) return choice.names.flatMap(name => this.#table.get(name) ?? [])
    let chosen: ReadonlySet<NodeInfo>[] | undefined
    let fewest = this.#table.size / 2
    for (const [label, values] of choice.labels) {
      const sets = [...new Set(values)].map(value => this.#table.withLabel(label, value))
      const count = sets.reduce((sum, set) => sum + set.size, 0)
      if (count >= fewest) continue
      fewest = count
      chosen = sets
    }
    return chosen?.flatMap(set => [...set])
  }

  #bind(pod: Stored<Pod>, node: string): void {
    const { store, events, clock } = this.#env
    const { uid, namespace, name } = pod.metadata
    const now = stampOf(clock)
    this.#forget(uid)
    store.modify<Pod>(Pods, namespace, name, current => ({
      ...current,
      spec: extended(current.spec, { nodeName: node }),
      status: extended(current.status, {
        conditions: withCondition(current.status?.conditions, { type: 'PodScheduled', status: 'True' }, now),
      }),
    }))
    events.normal(SOURCE, Pods, pod, 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`)
  }

  #reject(uid: string, waiting: Waiting, pod: Stored<Pod>, filter: PodFilter): void {
    const { store, events, clock } = this.#env
    waiting.attempts++
    this.#unschedulable.add(uid)
    if (filter.looksAtPods) this.#wantPods.add(uid)
    const message = this.#whyNowhere(filter)
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }
    store.modify<Pod>(Pods, waiting.namespace, waiting.name, current => {
      const conditions = withCondition(current.status?.conditions, condition, stampOf(clock))
      if (conditions === current.status?.conditions) return undefined
      return { ...current, status: { ...current.status, conditions } }
    })
    events.warning(SOURCE, Pods, pod, 'FailedScheduling', message)
  }

  /** As the scheduler and its preemption plugin say it. */
  #whyNowhere(filter: PodFilter): string {
    const total = this.#table.size
    if (total === 0) return 'no nodes available to schedule pods'
    const faults = new Map<Fault, number>()
    for (const info of this.#table.inOrder()) {
      const fault = filter.faultOf(info)
      if (fault !== undefined) faults.set(fault, (faults.get(fault) ?? 0) + 1)
    }
    const reasons = new Map<string, number>()
    let lasting = 0
    for (const [fault, count] of faults) {
      if (fault.lasting) lasting += count
      for (const reason of fault.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count)
    }
    const told = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort()
    const victims = [
      ...(total > lasting ? [`${total - lasting} No preemption victims found for incoming pod`] : []),
      ...(lasting > 0 ? [`${lasting} Preemption is not helpful for scheduling`] : []),
    ].sort()
    const nowhere = `0/${total} nodes are available:`
    return `${nowhere} ${told.join(', ')}. preemption: ${nowhere} ${victims.join(', ')}.`
  }

  /** Something changed that may let pods fit that did not: they are tried again when their back-off is over. */
  #retry(uids: ReadonlySet<string>): void {
    for (const uid of uids) {
      this.#unschedulable.delete(uid)
      this.#wantPods.delete(uid)
      const waiting = this.#waiting.get(uid)!
      const delayMs = Math.min(BACKOFF_MS[0] * 2 ** (waiting.attempts - 1), BACKOFF_MS[1])
      waiting.timer = this.#env.clock.schedule(delayMs, () => this.#try(uid))
    }
  }

  #forget(uid: string): void {
    this.#waiting.get(uid)?.timer?.cancel()
    this.#waiting.delete(uid)
    this.#unschedulable.delete(uid)
    this.#wantPods.delete(uid)
  }
}

/** The last gate was taken away. */
function isUngated(pod: Pod, previous: Pod | undefined): boolean {
  return (previous?.spec?.schedulingGates?.length ?? 0) > 0 && (pod.spec?.schedulingGates?.length ?? 0) === 0
}

/** The first of the nodes with the highest score. */
function best(nodes: readonly NodeInfo[], scores: readonly number[]): NodeInfo {
  let first = 0
  for (let i = 1; i < nodes.length; i++) if (scores[i]! > scores[first]!) first = i
  return nodes[first]!
}
