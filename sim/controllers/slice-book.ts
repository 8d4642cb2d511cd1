import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Stored } from '../cluster/index.ts'

/** The slices of one Service and where each pod is in them. Kept from store events. */
export class SliceBook {
  /** By name, in order of creation. */
  readonly slices = new Map<string, Stored<EndpointSlice>>()
  /** Name of the slice that holds a pod, by its uid; the first one, should there be two. */
  readonly placeOf = new Map<string, string>()

  set(slice: Stored<EndpointSlice>): void {
    const { name } = slice.metadata
    this.#unplace(name)
    this.slices.set(name, slice)
    for (const { targetRef } of slice.endpoints) {
      const uid = targetRef?.uid
      if (uid !== undefined && !this.placeOf.has(uid)) this.placeOf.set(uid, name)
    }
  }

  remove(name: string): void {
    this.#unplace(name)
    this.slices.delete(name)
  }

  #unplace(name: string): void {
    for (const { targetRef } of this.slices.get(name)?.endpoints ?? []) {
      const uid = targetRef?.uid
      if (uid !== undefined && this.placeOf.get(uid) === name) this.placeOf.delete(uid)
    }
  }
}
