import { isIPv4, isIPv6 } from 'node:net'
import type { Pseudonyms } from './pseudonyms.ts'
import type { ScrubLedger } from './scrub-ledger.ts'

const FIELD = 'addresses'
const ROUNDS = 8
const HALF = 4096
const NET_10 = 10 * 2 ** 24

/**
 * Pseudonyms of addresses: IPv4 in 10.0.0.0/8, IPv6 and whatever else in fd00::/8. Neighbours do not stay neighbours: what is
 * kept of a prefix tells subnets, and a subnet tells whose it is.
 *
 * ```
 *   10.x.y.z → a keyed permutation of the 24 bits (a Feistel network on 12 + 12): no two can clash
 *   others   → 24 bits of their HMAC; those that are taken go on to the next attempt
 * ```
 *
 * Which are taken is held in 64 MiB, which the system hands out page by page.
 */
export class AddressPseudonyms {
  readonly #pseudonyms: Pseudonyms
  readonly #ledger: ScrubLedger
  readonly #rounds: readonly Uint16Array[]
  /** By pseudonym: the original; 0 is free. */
  #takenBy: Uint32Array | undefined

  constructor(pseudonyms: Pseudonyms, ledger: ScrubLedger) {
    this.#pseudonyms = pseudonyms
    this.#ledger = ledger
    this.#rounds = Array.from({ length: ROUNDS }, (_, round) => roundTable(pseudonyms, round))
  }

  of(address: string): string {
    // Nowhere, in both families: says nothing, and 0 marks a free place.
    if (address === '0.0.0.0' || address === '::') return this.#ledger.keep('unspecified addresses', address)
    this.#ledger.replace(FIELD, address)
    return isIPv4(address) ? this.#ipv4(address) : this.#ipv6(address)
  }

  /** Whether an address is one of the pseudonyms in 10.0.0.0/8. */
  isIssuedIpv4(address: string): boolean {
    if (!isIPv4(address)) return false
    const number = ipv4Number(address)
    return Math.floor(number / 2 ** 24) === 10 && (this.#takenBy?.[number - NET_10] ?? 0) !== 0
  }

  #ipv4(address: string): string {
    const original = ipv4Number(address)
    this.#takenBy ??= new Uint32Array(2 ** 24)
    const isIn10 = Math.floor(original / 2 ** 24) === 10
    for (let attempt = 0; ; attempt++) {
      const place =
        isIn10 && attempt === 0
          ? this.#permuted(original - NET_10)
          : this.#pseudonyms.derive(`ipv4 ${address}`, attempt).readUInt32BE(0) >>> 8
      const holder = this.#takenBy[place]!
      if (holder !== 0 && holder !== original) continue
      this.#takenBy[place] = original
      return `10.${place >>> 16}.${(place >>> 8) & 255}.${place & 255}`
    }
  }

  #permuted(place: number): number {
    let left = place >>> 12
    let right = place & 4095
    for (const table of this.#rounds) {
      const next = left ^ table[right]!
      left = right
      right = next
    }
    return (left << 12) | right
  }

  #ipv6(address: string): string {
    const same = isIPv6(address) ? new URL(`http://[${address}]/`).hostname : address.toLowerCase()
    const hex = this.#pseudonyms.derive(`ipv6 ${same}`).toString('hex', 0, 15)
    const groups = `fd${hex}`.match(/.{4}/g)!
    return this.#pseudonyms.composed('ipv6', same, groups.join(':'))
  }
}

/** A keyed function from 12 bits to 12. */
function roundTable(pseudonyms: Pseudonyms, round: number): Uint16Array {
  const table = new Uint16Array(HALF)
  for (let i = 0; i < HALF; i += 16) {
    const digest = pseudonyms.derive(`ipv4 round ${round}`, i)
    for (let j = 0; j < 16; j++) table[i + j] = digest.readUInt16BE(2 * j) & 4095
  }
  return table
}

function ipv4Number(address: string): number {
  return address.split('.').reduce((number, part) => 256 * number + Number(part), 0)
}
