import { type AddressPolicy, type AddressSource, addressSources } from './address-policy.ts'
import { PodNetworkError } from './errors.ts'

/** 127.0/16 and 127.1/16 are left alone: resolvers, `localhost` and other people's tests live there. */
const FIRST = (127 << 24) | (2 << 16)
const END = 128 * 2 ** 24
/** Addresses that a node's slice has at least: a /24, as Kubernetes gives to each node by default. */
const SLICE_MIN = 256

export interface PodNetworkOptions {
  /** Lowest address to use, for several simulations on one machine. Default 127.2.0.0. */
  readonly first?: string
  /** Default `fresh`. */
  readonly addresses?: AddressPolicy
}

/**
 * The pod network: slices of 127.0.0.0/8, one for each node, numbered from 0 and never given twice.
 *
 * A slice is a power of two, large enough for twice the pods of a full node, so that an address rests before it is used again:
 *
 * ```
 *   127.2.3.0/24   .0 network   .1 the node itself   .2 … .254 pods   .255 broadcast
 * ```
 */
export class PodNetwork {
  readonly #sliceSize: number
  readonly #bits: number
  readonly #first: number
  readonly #sources: ReturnType<typeof addressSources>
  #slices = 0

  constructor(podsPerNodeMax: number, options: PodNetworkOptions = {}) {
    let size = SLICE_MIN
    while (size - 3 < podsPerNodeMax * 2) size *= 2
    this.#sliceSize = size
    this.#bits = 32 - Math.log2(size)
    this.#first = Math.ceil((options.first === undefined ? FIRST : parse(options.first)) / size) * size
    this.#sources = addressSources(options.addresses ?? 'fresh')
  }

  /** @throws PodNetworkError CHURN_POD_NETWORK_FULL */
  nextSlice(): NodeSlice {
    const base = this.#first + this.#slices * this.#sliceSize
    if (base + this.#sliceSize > END) {
      throw new PodNetworkError(
        'CHURN_POD_NETWORK_FULL',
        `127.0.0.0/8 has room for ${this.#slices} nodes of ${this.#sliceSize} addresses each; simulate fewer nodes or lower podsPerNodeMax`,
      )
    }
    this.#slices++
    return new NodeSlice(base, this.#sliceSize, `${format(base)}/${this.#bits}`, this.#sources)
  }
}

/** The part of the network that one node has. Its pods' addresses are from it, unless the policy has them from anywhere. */
export class NodeSlice {
  readonly cidr: string
  readonly nodeAddress: string
  readonly #size: number
  readonly #pods: AddressSource

  /** @param sources makes the source of its pods' addresses; default: those of `fresh`. */
  constructor(base: number, size: number, cidr: string, sources = addressSources('fresh')) {
    this.#size = size
    this.cidr = cidr
    this.nodeAddress = format(base + 1)
    this.#pods = sources(base + 2, base + size - 1)
  }

  /** @throws PodNetworkError CHURN_POD_ADDRESSES_USED_UP: more pods live on the node than it may hold. */
  take(): string {
    const address = this.#pods.take()
    if (address === undefined) {
      throw new PodNetworkError(
        'CHURN_POD_ADDRESSES_USED_UP',
        `all ${this.#size - 3} pod addresses of ${this.cidr} are in use; raise podsPerNodeMax`,
      )
    }
    return format(address)
  }

  release(address: string): void {
    this.#pods.release(parse(address))
  }
}

function format(address: number): string {
  return [24, 16, 8, 0].map(shift => (address >>> shift) & 255).join('.')
}

function parse(text: string): number {
  return text.split('.').reduce((address, part) => address * 256 + Number(part), 0)
}
