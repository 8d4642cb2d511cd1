import type { Node } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../../base/index.ts'
import { Nodes, type ObjectStore } from '../../cluster/index.ts'
import { KUBELET_VERSION, withTaints } from '../../controllers/index.ts'
import { isNodeReady, type PlannedClock, stampOf, withCondition } from '../../informers/index.ts'
import { healthyConditions, NodeHeartbeat, nodeObject, type PodRuntime } from '../../kubelet/index.ts'
import type { Labels, NodeEvent } from '../churn-event.ts'
import type { AddressBook } from './address-book.ts'

export interface ExactNodesOptions {
  readonly leaseRenewMs: number
  readonly podsPerNodeMax: number
  /** The names by which the runtime knows the containers of a pod that may be connected to. */
  readonly openUidsOf: (uid: string) => readonly string[]
  readonly onNodeUnreachable?: ((node: string, reason?: string) => void) | undefined
  readonly onNodeAnswering?: ((node: string) => void) | undefined
}

interface LiveNode {
  readonly heartbeat: NodeHeartbeat
  failed: boolean
  /** Uids of the pods that were bound to it and are still there. */
  readonly pods: Set<string>
}

/**
 * The machines of a cluster in which everything follows a trace.
 *
 * ```
 *              API: ready ──not-ready──▶ not ready ──ready──▶ ready
 *   machine: answering ──failed──▶ silent, its pods too ──recovered──▶ answering
 * ```
 *
 * The two are independent, as the trace tells them. The lease is renewed while the node is ready and answers.
 */
export class ExactNodes {
  readonly #clock: PlannedClock
  readonly #prng: Prng
  readonly #store: ObjectStore
  readonly #runtime: PodRuntime
  readonly #book: AddressBook
  readonly #options: ExactNodesOptions
  readonly #nodes = new Map<string, LiveNode>()

  constructor(
    clock: PlannedClock,
    prng: Prng,
    store: ObjectStore,
    runtime: PodRuntime,
    book: AddressBook,
    options: ExactNodesOptions,
  ) {
    this.#clock = clock
    this.#prng = prng
    this.#store = store
    this.#runtime = runtime
    this.#book = book
    this.#options = options
  }

  /** Whether nobody on it answers. */
  isFailed(node: string): boolean {
    return this.#nodes.get(node)?.failed ?? false
  }

  bind(node: string, pod: string): void {
    this.#nodes.get(node)?.pods.add(pod)
  }

  unbind(node: string, pod: string): void {
    this.#nodes.get(node)?.pods.delete(pod)
  }

  play({ op, name, labels = {}, reason }: NodeEvent): void {
    if (op === 'added') {
      this.#add(name, labels)
      return
    }
    const node = this.#nodes.get(name)
    if (node === undefined) return
    node.heartbeat.stop()
    switch (op) {
      case 'failed':
        this.#setAnswering(node, false)
        this.#options.onNodeUnreachable?.(name, reason)
        break
      case 'recovered':
        this.#setAnswering(node, true)
        this.#options.onNodeAnswering?.(name)
        break
      case 'not-ready':
        this.#setReady(name, { status: 'Unknown', ...(reason === undefined ? {} : { reason }) })
        break
      case 'ready':
        this.#setReady(name, { status: 'True', reason: 'KubeletReady' })
        break
      case 'removed':
        this.#nodes.delete(name)
        this.#store.delete(Nodes, undefined, name)
        this.#book.removeNode(name)
        return
    }
    const current = this.#store.get<Node>(Nodes, undefined, name)
    if (!node.failed && current !== undefined && isNodeReady(current)) node.heartbeat.start()
  }

  #add(name: string, labels: Labels): void {
    const prng = this.#prng.fork(`node/${name}`)
    const slice = this.#book.sliceOf(name)
    const draft = nodeObject(
      {
        name,
        zone: labels['topology.kubernetes.io/zone'] ?? '',
        region: labels['topology.kubernetes.io/region'] ?? '',
        address: slice.nodeAddress,
        podCidr: slice.cidr,
        podsMax: this.#options.podsPerNodeMax,
        kubeletVersion: KUBELET_VERSION,
      },
      prng,
      stampOf(this.#clock),
    )
    this.#store.create<Node>(Nodes, { ...draft, metadata: { ...draft.metadata, labels: { ...labels } } })
    const heartbeat = new NodeHeartbeat(this.#clock, prng, this.#store, name, this.#options.leaseRenewMs)
    heartbeat.start()
    this.#nodes.set(name, { heartbeat, failed: false, pods: new Set() })
  }

  #setAnswering(node: LiveNode, answering: boolean): void {
    node.failed = !answering
    const uids = [...node.pods].flatMap(uid => this.#options.openUidsOf(uid))
    if (uids.length > 0) this.#runtime.setPartitioned(uids, !answering)
  }

  #setReady(name: string, wanted: { readonly status: string; readonly reason?: string }): void {
    const now = stampOf(this.#clock)
    this.#store.modify<Node>(Nodes, undefined, name, node => {
      const conditions =
        wanted.status === 'True' ? healthyConditions(node.status?.conditions ?? [], now) : node.status?.conditions
      return {
        ...node,
        status: { ...node.status, conditions: withCondition(conditions, { type: 'Ready', ...wanted }, now) },
      }
    })
    for (const effect of ['NoSchedule', 'NoExecute'] as const) {
      this.#store.modify<Node>(Nodes, undefined, name, node => withTaints(node, effect, now))
    }
  }
}
