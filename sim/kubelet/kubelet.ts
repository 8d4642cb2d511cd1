import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import { Nodes, Pods, type Stored } from '../cluster/index.ts'
import { isActive, stampOf } from '../informers/index.ts'
import type { KubeletEnvironment } from './environment.ts'
import { NodeHeartbeat } from './node-heartbeat.ts'
import { NodeImages } from './node-images.ts'
import { nodeObject } from './node-object.ts'
import type { NodeSlice } from './pod-network.ts'
import { podUidOf, type ProcessEvent, type TargetSpec } from './pod-runtime.ts'
import { PodWorker, type WorkerPlace } from './pod-worker.ts'
import { rebootedStatus } from './reboot.ts'
import { isStatic } from './static-pod.ts'

export interface NodePlace {
  readonly name: string
  readonly zone: string
  readonly region: string
}

/**
 * The agent of one fake machine: registers its Node, keeps its lease and runs the pods that are bound to it.
 *
 * ```
 *   registered ──fail──▶ silent: no lease, no status; its pods accept connections and never answer
 *     │  ▲ ▲                 │ ▲
 *     │  │ └──────recover────┘ └─ fail ─┐ reaches its pods, takes up what was bound, deleted or removed meanwhile
 *     │  └────────recover───────────────┤ or reboot: the same with a new boot id, and every container started anew
 *     └──failAlone──▶ cut off: no lease, no status; its pods answer on
 * ```
 *
 * Beside that it may be partitioned: its pods cannot be reached, those that come meanwhile included, and all else goes on,
 * as when the network between a monitor and a node is broken and the one to the control plane is not.
 */
export class Kubelet {
  readonly #env: KubeletEnvironment
  readonly #prng: Prng
  readonly #place: NodePlace
  readonly #slice: NodeSlice
  readonly #heartbeat: NodeHeartbeat
  readonly #images: NodeImages
  /** What the pods' workers see of the node. */
  readonly #workerPlace: WorkerPlace
  /** By uid of the pod. */
  readonly #workers = new Map<string, PodWorker>()
  #isSilent = false
  /** Silent, and its pods answer all the same. */
  #isAlone = false
  #isPartitioned = false
  #boots = 0

  constructor(env: KubeletEnvironment, prng: Prng, place: NodePlace, slice: NodeSlice) {
    this.#env = env
    this.#prng = prng
    this.#place = place
    this.#slice = slice
    this.#images = new NodeImages(prng, place.name, env.timings.pullMs)
    this.#workerPlace = { name: place.name, slice, images: this.#images, isPartitioned: () => this.#isPartitioned }
    this.#heartbeat = new NodeHeartbeat(
      env.clock,
      prng.fork(`node/${place.name}`),
      env.store,
      place.name,
      env.timings.leaseRenewMs,
    )
  }

  get isSilent(): boolean {
    return this.#isSilent
  }

  /** Whether the node and its pods answer to those outside of the cluster. */
  get isReachable(): boolean {
    return !this.#isSilent && !this.#isPartitioned
  }

  get address(): string {
    return this.#slice.nodeAddress
  }

  get zone(): string {
    return this.#place.zone
  }

  /** Registers the node, or takes over one that somebody else created, and begins to keep its lease. */
  start(): void {
    this.#register()
    this.#heartbeat.start()
  }

  /** A pod is bound to this node, or changed there. */
  sync(pod: Stored<Pod>): void {
    if (this.#isSilent) return
    const { uid, namespace, name } = pod.metadata
    let worker = this.#workers.get(uid)
    if (worker === undefined) {
      const prng = this.#prng.fork(`pod/${namespace}/${name}`)
      worker = new PodWorker(this.#env, prng, this.#workerPlace, pod, () => this.#workers.delete(uid))
      this.#workers.set(uid, worker)
    }
    worker.sync(pod)
  }

  /** A program of a pod did something by itself. */
  onProcess(target: TargetSpec, event: ProcessEvent): void {
    this.#workers.get(podUidOf(target))?.onProcess(target, event)
  }

  /** A Pod object of this node is gone. */
  orphan(uid: string): void {
    if (!this.#isSilent) this.#workers.get(uid)?.orphan()
  }

  /** Falls silent, and its pods with it. False when they are already. */
  fail(): boolean {
    if (this.#isSilent && !this.#isAlone) return false
    this.#fallSilent()
    this.#isAlone = false
    if (!this.#isPartitioned) this.#setReachable(false)
    return true
  }

  /** Falls silent alone: its pods answer on. False when it is silent already. */
  failAlone(): boolean {
    if (this.#isSilent) return false
    this.#fallSilent()
    this.#isAlone = true
    return true
  }

  /** Renews its lease only so often, or as ever when `undefined`. */
  slowLease(everyMs: number | undefined): void {
    this.#heartbeat.slow(everyMs, !this.#isSilent)
  }

  /** Cuts its pods off, or reaches them again. False when that is so already. */
  partition(partitioned: boolean): boolean {
    if (this.#isPartitioned === partitioned) return false
    this.#isPartitioned = partitioned
    if (!this.#isSilent || this.#isAlone) this.#setReachable(!partitioned)
    return true
  }

  /**
   * Evicts pods because the node runs short of something, as many as there are up to `count`, in the order in which a kubelet
   * would: those that asked for nothing first, of these the least important and then the youngest; never static ones. Returns
   * their names; none of a node that is silent.
   */
  evict(count: number, resource: string): string[] {
    if (this.#isSilent) return []
    const ranked: { readonly pod: Stored<Pod>; readonly worker: PodWorker }[] = []
    for (const { pod } of this.#env.pods.onNode(this.#place.name).entries.values()) {
      const worker = this.#workers.get(pod.metadata.uid)
      if (worker !== undefined && isActive(pod) && !isStatic(pod)) ranked.push({ pod, worker })
    }
    // In order of creation before; the youngest of equals goes first.
    const inOrder = ranked
      .toReversed()
      .sort((a, b) => evictionRank(a.pod) - evictionRank(b.pod) || priorityOf(a.pod) - priorityOf(b.pod))
    const chosen = inOrder.slice(0, count)
    for (const { worker } of chosen) worker.evict(`The node was low on resource: ${resource}. `)
    return chosen.map(({ pod }) => pod.metadata.name)
  }

  /** A silent one comes back as a machine that was started anew. Returns whether its pods can be reached again. */
  reboot(): boolean {
    if (!this.#isSilent) return false
    const isReachable = this.recover()
    const { store, clock, events, pods } = this.#env
    const { name } = this.#place
    const prng = this.#prng.fork(`node/${name}`).fork(`boot/${++this.#boots}`)
    const bootID = prng.uuid()
    const node = store.modify<Node>(Nodes, undefined, name, current => ({
      ...current,
      status: { ...current.status, nodeInfo: { ...current.status!.nodeInfo!, bootID } },
    }))
    const source = { component: 'kubelet', host: name }
    if (node !== undefined) {
      const message = `Node ${name} has been rebooted, boot id: ${bootID}`
      events.warning(source, Nodes, node, 'Rebooted', message)
    }
    for (const { pod } of pods.onNode(name).entries.values()) {
      const status = rebootedStatus(pod, prng, stampOf(clock))
      if (status === undefined) continue
      this.#workers.get(pod.metadata.uid)?.restart(pod)
      store.update<Pod>(Pods, { ...pod, status })
    }
    return isReachable
  }

  #fallSilent(): void {
    if (this.#isSilent) return
    this.#isSilent = true
    this.#heartbeat.stop()
    for (const worker of this.#workers.values()) worker.suspend()
  }

  /** Whether a Node object is the one that this kubelet registered or took over. */
  recognises(node: Node): boolean {
    return node.spec?.podCIDR === this.#slice.cidr
  }

  /**
   * Comes back, and returns whether its pods, which could not be reached, can be again. One that never went only makes sure
   * that its Node object is there, as a restarted kubelet does.
   */
  recover(): boolean {
    if (!this.#isSilent) {
      this.#register()
      return false
    }
    this.#isSilent = false
    const isReachable = !this.#isPartitioned && !this.#isAlone
    this.#isAlone = false
    if (isReachable) this.#setReachable(true)
    this.start()
    for (const [uid, worker] of this.#workers) if (this.#env.pods.get(uid) === undefined) worker.orphan()
    for (const { pod } of this.#env.pods.onNode(this.#place.name).entries.values()) this.sync(pod)
    return isReachable
  }

  #setReachable(reachable: boolean): void {
    const uids: string[] = []
    for (const worker of this.#workers.values()) uids.push(...worker.openUids)
    if (uids.length > 0) this.#env.runtime.setPartitioned(uids, !reachable)
  }

  #register(): void {
    const { store, clock, events, podsPerNodeMax, kubeletVersion } = this.#env
    const { name } = this.#place
    const fresh = nodeObject(
      {
        ...this.#place,
        address: this.#slice.nodeAddress,
        podCidr: this.#slice.cidr,
        podsMax: podsPerNodeMax,
        kubeletVersion,
      },
      this.#prng.fork(`node/${name}`),
      stampOf(clock),
    )
    const source = { component: 'kubelet', host: name }
    const current = store.get<Node>(Nodes, undefined, name)
    if (current === undefined) {
      events.normal(source, Nodes, store.create<Node>(Nodes, fresh), 'Starting', 'Starting kubelet.')
    } else if (!this.recognises(current)) {
      const { metadata, spec, status } = current
      const adopted = store.update<Node>(Nodes, {
        ...current,
        metadata: { ...metadata, labels: { ...fresh.metadata?.labels, ...metadata.labels } },
        spec: { ...fresh.spec, ...spec, podCIDR: this.#slice.cidr, podCIDRs: [this.#slice.cidr] },
        // What its creator said of its size holds; what only the machine can say comes from the machine.
        status: { ...fresh.status, ...(status?.capacity === undefined ? {} : sizeOf(status)) },
      })
      events.normal(source, Nodes, adopted, 'Starting', 'Starting kubelet.')
    }
  }
}

const QOS_RANKS: Readonly<Record<string, number>> = { BestEffort: 0, Burstable: 1, Guaranteed: 2 }

function evictionRank({ status }: Pod): number {
  return QOS_RANKS[status?.qosClass ?? 'Burstable'] ?? 1
}

function priorityOf({ spec }: Pod): number {
  return spec?.priority ?? 0
}

function sizeOf(status: NonNullable<Node['status']>): Pick<NonNullable<Node['status']>, 'capacity' | 'allocatable'> {
  const { capacity, allocatable = capacity } = status
  return { ...(capacity === undefined ? {} : { capacity }), ...(allocatable === undefined ? {} : { allocatable }) }
}
