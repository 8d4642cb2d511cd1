import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import type { Prng, Timer } from '../../base/index.ts'
import { Nodes, Pods, type Stored, type StoreEvent } from '../cluster/index.ts'
import { isFinished, withCondition, stampOf } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'
import { pinnedNode } from './node-affinity.ts'
import { NodeLoad } from './node-load.ts'
import { repellingTaint } from './taints.ts'

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

/**
 * Binds pods to nodes, each after a delay of its own, as many schedulers with one view would: the node with the fewest
 * pods among those that the pod fits on.
 *
 * ```
 *   created ──scheduleMs──▶ try ──fits──▶ bound
 *                            ▲ │ fits nowhere: PodScheduled=False, Unschedulable
 *              back-off over └─┘ and a node or its room changed
 * ```
 *
 * Looks at `unschedulable`, taints, `nodeSelector` and the number of pods that a node takes; equals are taken in turn.
 */
export class Scheduler {
  readonly #env: ControllerEnvironment
  readonly #prng: Prng
  readonly #load = new NodeLoad()
  /** Pods without a node, by uid. */
  readonly #waiting = new Map<string, Waiting>()
  /** Those of them that fit nowhere when last tried. */
  readonly #unschedulable = new Set<string>()

  constructor(env: ControllerEnvironment, prng: Prng) {
    this.#env = env
    this.#prng = prng
    env.router.on<Node>(Nodes, event => this.#onNode(event))
    env.router.on<Pod>(Pods, event => this.#onPod(event))
  }

  #onNode({ type, object, previous }: StoreEvent<Node>): void {
    const { name } = object.metadata
    if (type === 'DELETED') {
      this.#load.removeNode(name)
      return
    }
    if (type === 'ADDED') this.#load.addNode(name)
    const isSame = previous?.spec === object.spec && previous?.status?.allocatable === object.status?.allocatable
    if (!isSame || previous?.metadata.labels !== object.metadata.labels) this.#retry()
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const { uid } = object.metadata
    const before = previous !== undefined && takesRoom(previous) ? previous.spec?.nodeName : undefined
    const after = type !== 'DELETED' && takesRoom(object) ? object.spec?.nodeName : undefined
    if (type === 'DELETED') this.#forget(uid)
    if (before !== after || type === 'ADDED') {
      if (before !== undefined) this.#load.change(before, -1)
      if (after !== undefined) this.#load.change(after, 1)
      if (before !== undefined) this.#retry()
    }
    if (object.spec?.nodeName !== undefined) this.#forget(uid)
    else if (type === 'ADDED') this.#admit(object)
  }

  #admit(pod: Stored<Pod>): void {
    const { spec } = pod
    if ((spec?.schedulerName ?? SCHEDULER_NAME) !== SCHEDULER_NAME) return
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
    this.#unschedulable.delete(uid)
    const faults = new Map<string, number>()
    const node = this.#choose(pod, faults)
    if (node === undefined) this.#reject(uid, waiting, pod, faults)
    else this.#bind(pod, node)
  }

  /** A pod that is made for one node is tried there alone: a DaemonSet's pods must not cost the number of nodes each. */
  #choose(pod: Pod, faults: Map<string, number>): string | undefined {
    const pinned = pinnedNode(pod.spec)
    if (pinned === undefined) return this.#load.leastLoaded(name => this.#fits(name, pod, faults))
    const isKnown = this.#load.has(pinned)
    if (isKnown && this.#fits(pinned, pod, faults)) return pinned
    const others = this.#load.size - (isKnown ? 1 : 0)
    if (others > 0) faults.set("node(s) didn't satisfy plugin(s) [NodeAffinity]", others)
    return undefined
  }

  #fits(name: string, pod: Pod, faults: Map<string, number>): boolean {
    const node = this.#env.store.get<Node>(Nodes, undefined, name)
    const fault = node === undefined ? 'node(s) were gone' : faultOf(node, pod, this.#load.count(name))
    if (fault === undefined) return true
    faults.set(fault, (faults.get(fault) ?? 0) + 1)
    return false
  }

  #bind(pod: Stored<Pod>, node: string): void {
    const { store, events, clock } = this.#env
    const { uid, namespace, name } = pod.metadata
    const now = stampOf(clock)
    this.#forget(uid)
    store.modify<Pod>(Pods, namespace, name, current => ({
      ...current,
      spec: { ...current.spec!, nodeName: node },
      status: {
        ...current.status,
        conditions: withCondition(current.status?.conditions, { type: 'PodScheduled', status: 'True' }, now),
      },
    }))
    events.normal(SOURCE, Pods, pod, 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`)
  }

  #reject(uid: string, waiting: Waiting, pod: Stored<Pod>, faults: ReadonlyMap<string, number>): void {
    const { store, events, clock } = this.#env
    waiting.attempts++
    this.#unschedulable.add(uid)
    const reasons = [...faults].map(([fault, count]) => `${count} ${fault}`).sort()
    const total = this.#load.size
    const message =
      total === 0
        ? 'no nodes available to schedule pods'
        : `0/${total} nodes are available: ${reasons.join(', ')}. preemption: 0/${total} nodes are available: ${total} No preemption victims found for incoming pod.`
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }
    store.modify<Pod>(Pods, waiting.namespace, waiting.name, current => {
      const conditions = withCondition(current.status?.conditions, condition, stampOf(clock))
      if (conditions === current.status?.conditions) return undefined
      return { ...current, status: { ...current.status, conditions } }
    })
    events.warning(SOURCE, Pods, pod, 'FailedScheduling', message)
  }

  /** Something changed that may let pods fit that did not. */
  #retry(): void {
    for (const uid of this.#unschedulable) {
      const waiting = this.#waiting.get(uid)
      if (waiting === undefined || waiting.timer !== undefined) continue
      const delayMs = Math.min(BACKOFF_MS[0] * 2 ** (waiting.attempts - 1), BACKOFF_MS[1])
      waiting.timer = this.#env.clock.schedule(delayMs, () => this.#try(uid))
    }
  }

  #forget(uid: string): void {
    this.#waiting.get(uid)?.timer?.cancel()
    this.#waiting.delete(uid)
    this.#unschedulable.delete(uid)
  }
}

function takesRoom(pod: Pod): boolean {
  return pod.spec?.nodeName !== undefined && !isFinished(pod)
}

/** Why a pod cannot run on a node, in the scheduler's words. */
function faultOf(node: Node, pod: Pod, podsThere: number): string | undefined {
  const taint = repellingTaint(node, pod.spec?.tolerations)
  if (node.spec?.unschedulable === true && taint?.key === 'node.kubernetes.io/unschedulable') {
    return 'node(s) were unschedulable'
  }
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) {
    if (node.metadata?.labels?.[key] !== value) return "node(s) didn't match Pod's node affinity/selector"
  }
  const room = Number(node.status?.allocatable?.pods ?? 0)
  return podsThere < room ? undefined : 'Too many pods'
}
