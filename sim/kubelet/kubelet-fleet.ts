import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import { Nodes, notFound, Pods, type Stored, type StoreEvent } from '../cluster/index.ts'
import type { AddressPolicy } from './address-policy.ts'
import type { KubeletEnvironment } from './environment.ts'
import { Kubelet } from './kubelet.ts'
import { PodNetwork } from './pod-network.ts'
import { isStatic, mirrorAgain } from './static-pod.ts'
import { REGION, zoneName } from './zone-name.ts'

export interface FleetOptions {
  readonly nodes: number
  readonly zones: number
  /** Lowest address of the pod network. */
  readonly podNetworkFirst?: string
  /** Which address a new pod gets. Default `fresh`. */
  readonly addresses?: AddressPolicy
}

/** From the end of a static pod's object to the next one: the kubelet looks at its static pods every second. */
const MIRROR_MS = 1000

/** All kubelets of the cluster, by the names of their nodes. A Node that somebody creates through the API gets one too. */
export class KubeletFleet {
  readonly #env: KubeletEnvironment
  readonly #prng: Prng
  readonly #options: FleetOptions
  readonly #network: PodNetwork
  readonly #kubelets = new Map<string, Kubelet>()

  constructor(env: KubeletEnvironment, prng: Prng, options: FleetOptions) {
    this.#env = env
    this.#prng = prng
    this.#options = options
    const { podNetworkFirst: first, addresses = 'fresh' } = options
    this.#network = new PodNetwork(env.podsPerNodeMax, { ...(first === undefined ? {} : { first }), addresses })
    // Programs do what they do in real time: the plan takes note of it when it can.
    env.runtime.watchProcesses?.((target, event) => {
      env.clock.schedule(0, () => this.#kubelets.get(target.node)?.onProcess(target, event))
    })
  }

  /** Registers the cluster's own nodes. */
  start(): void {
    const { nodes } = this.#options
    for (let i = 0; i < nodes; i++) this.#add(`node-${i}`, i).start()
  }

  names(): string[] {
    return [...this.#kubelets.keys()]
  }

  /** Returns whether the node fell silent now. @throws ApiError NotFound */
  fail(name: string): boolean {
    return this.#get(name).fail()
  }

  /** Returns whether the kubelet fell silent now. @throws ApiError NotFound */
  failAlone(name: string): boolean {
    return this.#get(name).failAlone()
  }

  /** Returns whether its pods can be reached again. @throws ApiError NotFound */
  reboot(name: string): boolean {
    return this.#get(name).reboot()
  }

  /** @throws ApiError NotFound */
  slowLease(name: string, everyMs: number | undefined): void {
    this.#get(name).slowLease(everyMs)
  }

  /** Returns whether that was new. @throws ApiError NotFound */
  partition(name: string, partitioned: boolean): boolean {
    return this.#get(name).partition(partitioned)
  }

  /** Returns the names of the pods that the kubelet evicts. @throws ApiError NotFound */
  evict(name: string, count: number, resource: string): string[] {
    return this.#get(name).evict(count, resource)
  }

  /** @throws ApiError NotFound */
  isSilent(name: string): boolean {
    return this.#get(name).isSilent
  }

  /** Whether there is such a kubelet and it is not silent. */
  answers(name: string): boolean {
    return this.#kubelets.get(name)?.isSilent === false
  }

  /** Whether there is such a node and it answers to those outside of the cluster. */
  isReachable(name: string): boolean {
    return this.#kubelets.get(name)?.isReachable === true
  }

  /** Loopback address of a node that has a kubelet. */
  addressOf(name: string): string | undefined {
    return this.#kubelets.get(name)?.address
  }

  namesOfZone(zone: string): string[] {
    return [...this.#kubelets].filter(([, kubelet]) => kubelet.zone === zone).map(([name]) => name)
  }

  /** Returns whether its pods can be reached again. @throws ApiError NotFound */
  recover(name: string): boolean {
    return this.#get(name).recover()
  }

  onPod({ type, object }: StoreEvent<Pod>): void {
    const node = object.spec?.nodeName
    if (node === undefined) return
    const kubelet = this.#kubelets.get(node)
    if (kubelet === undefined) return
    if (type !== 'DELETED') {
      kubelet.sync(object)
      return
    }
    kubelet.orphan(object.metadata.uid)
    if (isStatic(object)) this.#env.clock.schedule(MIRROR_MS, () => this.#mirror(object, node))
  }

  /**
   * A kubelet goes on with its static pods whatever happens to their objects, and creates these anew. Here the containers
   * start anew with them, whereas real ones would not have stopped.
   */
  #mirror(gone: Stored<Pod>, node: string): void {
    const { store } = this.#env
    const { namespace, name } = gone.metadata
    if (this.isSilent(node) || store.get(Nodes, undefined, node) === undefined) return
    if (store.get(Pods, namespace, name) === undefined) store.create<Pod>(Pods, mirrorAgain(gone))
  }

  onNode({ type, object }: StoreEvent<Node>): void {
    const { name } = object.metadata
    if (type !== 'ADDED') return
    const known = this.#kubelets.get(name)
    if (known === undefined) {
      const kubelet = this.#add(name, this.#kubelets.size)
      this.#env.clock.schedule(0, () => kubelet.start())
    } else if (!known.recognises(object)) {
      this.#env.clock.schedule(0, () => known.recover())
    }
  }

  #add(name: string, index: number): Kubelet {
    const zone = zoneName(index % this.#options.zones)
    const place = { name, zone, region: REGION }
    const kubelet = new Kubelet(this.#env, this.#prng, place, this.#network.nextSlice())
    this.#kubelets.set(name, kubelet)
    return kubelet
  }

  #get(name: string): Kubelet {
    const kubelet = this.#kubelets.get(name)
    if (kubelet === undefined) throw notFound(Nodes, name)
    return kubelet
  }
}
