import type { StoreEvent } from './store-event.ts'

/** A ring of the last events of one kind. */
export class EventHistory {
  readonly #ring: StoreEvent[] = []
  readonly #capacity: number
  #start = 0
  /** Version of the newest event that was dropped: resuming from it or later is possible, from before is not. */
  #droppedVersion = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  push(event: StoreEvent): void {
    if (this.#ring.length < this.#capacity) {
      this.#ring.push(event)
      return
    }
    this.#droppedVersion = this.#ring[this.#start]!.resourceVersion
    this.#ring[this.#start] = event
    this.#start = (this.#start + 1) % this.#capacity
  }

  /** Drops everything up to `resourceVersion`, the version of the last write. */
  clear(resourceVersion: number): void {
    this.#ring.length = 0
    this.#start = 0
    this.#droppedVersion = resourceVersion
  }

  /** Those after a version, oldest first; `undefined` when the history does not reach back that far. */
  since(resourceVersion: number): readonly StoreEvent[] | undefined {
    if (resourceVersion < this.#droppedVersion) return undefined
    const length = this.#ring.length
    let low = 0
    let high = length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#at(middle).resourceVersion <= resourceVersion) low = middle + 1
      else high = middle
    }
    const out: StoreEvent[] = []
    for (let i = low; i < length; i++) out.push(this.#at(i))
    return out
  }

  #at(index: number): StoreEvent {
    return this.#ring[(this.#start + index) % this.#ring.length]!
  }
}
