import { type NodeSlice, PodNetwork } from '../../kubelet/index.ts'

interface Place {
  readonly address: string
  readonly home: Home
  /** As the trace has it. */
  traced: string | undefined
  live: boolean
}

/** What belongs to a node. */
interface Home {
  readonly slice: NodeSlice
  /** Places that are free, those that have rested longest first. */
  resting: Place[]
  /** Pods that have an address of this node. */
  live: number
}

/**
 * Addresses of the replay for those of a trace: the same for the same, so that an address that another pod takes over in
 * the trace is taken over in the replay.
 *
 * A pod's address is from the slice of its node. It stays reserved when the pod is gone, in case that the trace comes back
 * to it, until its node has no other left; then the one that has rested longest is used.
 */
export class AddressBook {
  readonly #network: PodNetwork
  readonly #homes = new Map<string, Home>()
  /** Slices of removed nodes, for when the network has no others. */
  readonly #spare: Home[] = []
  readonly #byTraced = new Map<string, Place>()
  readonly #byAddress = new Map<string, Place>()
  #shared = 0

  /** @param podsPerNodeMax most pods that a node has at once; @param first lowest address of the network. */
  constructor(podsPerNodeMax: number, first: string) {
    this.#network = new PodNetwork(podsPerNodeMax, { first })
  }

  /** Pods whose address in the trace belonged to a living one. */
  get shared(): number {
    return this.#shared
  }

  /** The part of the network that a node has. @throws PodNetworkError CHURN_POD_NETWORK_FULL */
  sliceOf(node: string): NodeSlice {
    return this.#homeOf(node).slice
  }

  /** Lets another node have the slice of a removed one, when there are no others left. */
  removeNode(node: string): void {
    const home = this.#homes.get(node)
    if (home === undefined || home.live > 0) return
    this.#homes.delete(node)
    this.#spare.push(home)
  }

  /** An address for a pod of the node. @throws PodNetworkError CHURN_POD_ADDRESSES_USED_UP */
  take(node: string, traced: string | undefined): string {
    const known = traced === undefined ? undefined : this.#byTraced.get(traced)
    if (known !== undefined && !known.live) return occupied(known)
    if (known !== undefined) this.#shared++
    const place = this.#fresh(node, traced)
    if (traced !== undefined && known === undefined) this.#byTraced.set(traced, place)
    return place.address
  }

  /** Whether a living pod has the address. */
  isTaken(traced: string): boolean {
    return this.#byTraced.get(traced)?.live === true
  }

  release(address: string): void {
    const place = this.#byAddress.get(address)
    if (place === undefined || !place.live) return
    place.live = false
    place.home.live--
    place.home.resting.push(place)
  }

  /** The address in the trace; `undefined` where the trace has none. */
  tracedOf(address: string): string | undefined {
    return this.#byAddress.get(address)?.traced
  }

  #fresh(node: string, traced: string | undefined): Place {
    const home = this.#homeOf(node)
    let address: string
    try {
      address = home.slice.take()
    } catch (error) {
      const rested = this.#longestRested(home)
      if (rested === undefined) throw error
      if (rested.traced !== undefined && this.#byTraced.get(rested.traced) === rested) {
        this.#byTraced.delete(rested.traced)
      }
      rested.traced = traced
      occupied(rested)
      return rested
    }
    const place = { address, home, traced, live: false }
    occupied(place)
    this.#byAddress.set(address, place)
    return place
  }

  #longestRested({ resting }: Home): Place | undefined {
    for (let place = resting.shift(); place !== undefined; place = resting.shift()) if (!place.live) return place
    return undefined
  }

  #homeOf(node: string): Home {
    let home = this.#homes.get(node)
    if (home === undefined) {
      home = this.#newHome()
      this.#homes.set(node, home)
    }
    return home
  }

  #newHome(): Home {
    try {
      return { slice: this.#network.nextSlice(), resting: [], live: 0 }
    } catch (error) {
      const spare = this.#spare.shift()
      if (spare === undefined) throw error
      return spare
    }
  }
}

function occupied(place: Place): string {
  place.live = true
  place.home.live++
  return place.address
}
