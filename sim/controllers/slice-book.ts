import type { Endpoint, EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Stored } from '../cluster/index.ts'

/** The slices of one Service and where each pod is in them. Kept from store events. */
export class SliceBook {
  /** By name, in order of creation. */
  readonly slices = new Map<string, Stored<EndpointSlice>>()
  /**
   * Name of the slice that holds a pod, by its uid; the one written last, should there be two. A pod that moves is for a
   * moment in both, until its old slice is written or removed.
   */
  readonly placeOf = new Map<string, string>()

  // hot: once for each write of a slice; most endpoints are where they were.
  set(slice: Stored<EndpointSlice>): void {
    const { name } = slice.metadata
    const before = this.slices.get(name)?.endpoints ?? []
    const after = slice.endpoints
    let same = 0
    while (same < before.length && same < after.length && isOfOnePod(before[same]!, after[same]!)) same++
    this.slices.set(name, slice)
    this.#unplace(name, before, same)
    for (let i = same; i < after.length; i++) {
      const uid = uidOf(after[i]!)
      if (uid !== undefined) this.placeOf.set(uid, name)
    }
  }

  remove(name: string): void {
    this.#unplace(name, this.slices.get(name)?.endpoints ?? [], 0)
    this.slices.delete(name)
  }

  #unplace(name: string, endpoints: readonly Endpoint[], from: number): void {
    for (let i = from; i < endpoints.length; i++) {
      const uid = uidOf(endpoints[i]!)
      if (uid !== undefined && this.placeOf.get(uid) === name) this.placeOf.delete(uid)
    }
  }
}

function isOfOnePod(a: Endpoint, b: Endpoint): boolean {
  return a === b || uidOf(a) === uidOf(b)
}

function uidOf({ targetRef }: Endpoint): string | undefined {
  return targetRef?.uid
}
