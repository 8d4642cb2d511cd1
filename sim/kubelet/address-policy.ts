/**
 * Which address a new pod gets.
 *
 * - `fresh`: one of its node's that no pod has had yet; when there is none left, the one that has rested longest.
 * - `sequential`: the next of its node's after the one given last that is free, round and round, as CNI's host-local plugin
 *   does. How long it has rested does not matter.
 * - `reuse`: the one that was given back last by any pod of the cluster, at once. The pool is the cluster's, as with CNI plugins
 *   that allocate from one: a node's podCIDR says where addresses come from that nobody has had, and nothing else.
 */
export type AddressPolicy = 'fresh' | 'sequential' | 'reuse'

export const ADDRESS_POLICIES: readonly AddressPolicy[] = ['fresh', 'sequential', 'reuse']

/** Addresses as numbers. Whoever takes one gives it back once. */
export interface AddressSource {
  /** `undefined`: all are in use. */
  take(): number | undefined
  release(address: number): void
}

/** Those of a slice, from `first` up to `end` (exclusive), that were never given: `undefined` when all were. */
class Unused {
  readonly #end: number
  #next: number

  constructor(first: number, end: number) {
    this.#next = first
    this.#end = end
  }

  take(): number | undefined {
    return this.#next < this.#end ? this.#next++ : undefined
  }
}

/** Policy `fresh`. */
class RestingAddresses implements AddressSource {
  readonly #unused: Unused
  /** Given back, oldest first; `#head` is the next to be used again. */
  #returned: number[] = []
  #head = 0

  constructor(first: number, end: number) {
    this.#unused = new Unused(first, end)
  }

  take(): number | undefined {
    const unused = this.#unused.take()
    if (unused !== undefined) return unused
    const address = this.#returned[this.#head]
    if (address === undefined) return undefined
    this.#head++
    if (this.#head * 2 > this.#returned.length) {
      this.#returned = this.#returned.slice(this.#head)
      this.#head = 0
    }
    return address
  }

  release(address: number): void {
    this.#returned.push(address)
  }
}

/** Policy `sequential`. */
class RoundRobinAddresses implements AddressSource {
  readonly #first: number
  readonly #end: number
  readonly #taken = new Set<number>()
  #next: number

  constructor(first: number, end: number) {
    this.#first = first
    this.#end = end
    this.#next = first
  }

  take(): number | undefined {
    for (let tried = this.#first; tried < this.#end; tried++) {
      const address = this.#next
      this.#next = address + 1 === this.#end ? this.#first : address + 1
      if (this.#taken.has(address)) continue
      this.#taken.add(address)
      return address
    }
    return undefined
  }

  release(address: number): void {
    this.#taken.delete(address)
  }
}

/** Policy `reuse`: what all slices of a network share. */
class SharedAddresses {
  /** Given back, the last one last. */
  readonly #returned: number[] = []
  readonly #slices: Unused[] = []

  join(first: number, end: number): AddressSource {
    const own = new Unused(first, end)
    this.#slices.push(own)
    return {
      take: () => this.#returned.pop() ?? own.take() ?? this.#takeOfOthers(),
      release: address => void this.#returned.push(address),
    }
  }

  /** Its own addresses live on other nodes now. */
  #takeOfOthers(): number | undefined {
    for (const slice of this.#slices) {
      const address = slice.take()
      if (address !== undefined) return address
    }
    return undefined
  }
}

/** Makes the sources of a network's slices, each from `first` up to `end` (exclusive). */
export function addressSources(policy: AddressPolicy): (first: number, end: number) => AddressSource {
  if (policy === 'fresh') return (first, end) => new RestingAddresses(first, end)
  if (policy === 'sequential') return (first, end) => new RoundRobinAddresses(first, end)
  const shared = new SharedAddresses()
  return (first, end) => shared.join(first, end)
}
