import type { Timer } from './clock.ts'

/** A planned call, and the handle that cancels it. */
class Entry implements Timer {
  readonly atMs: number
  readonly seq: number
  /** `null` once it was made or cancelled. */
  fn: (() => void) | null
  readonly #onCancel: () => void

  constructor(atMs: number, seq: number, fn: () => void, onCancel: () => void) {
    this.atMs = atMs
    this.seq = seq
    this.fn = fn
    this.#onCancel = onCancel
  }

  cancel(): void {
    if (this.fn === null) return
    this.fn = null
    this.#onCancel()
  }
}

/** Heaps up to here are not worth sweeping. */
const SWEEP_FROM = 1024

/**
 * Planned calls in order of (time, order of planning): a binary heap.
 *
 * Two calls planned for the same instant run in the order in which they were planned; that is what makes a simulated
 * run a function of its seed alone. A cancelled entry stays in the heap, emptied, until its time comes or until most are such.
 */
export class EventQueue {
  #heap: Entry[] = []
  #seq = 0
  #live = 0
  readonly #onCancel = (): void => {
    this.#live--
    if (this.#heap.length > SWEEP_FROM && this.#live * 2 < this.#heap.length) this.#sweep()
  }

  /** Entries that are still to be called. */
  get size(): number {
    return this.#live
  }

  push(atMs: number, fn: () => void): Timer {
    const entry = new Entry(atMs, this.#seq++, fn, this.#onCancel)
    this.#live++
    this.#heap.push(entry)
    this.#siftUp(this.#heap.length - 1)
    return entry
  }

  /** Time of the next call, or `undefined` when there is none. */
  peekMs(): number | undefined {
    this.#dropCancelled()
    return this.#heap[0]?.atMs
  }

  /** Removes and returns the next call. */
  pop(): { readonly atMs: number; readonly fn: () => void } | undefined {
    this.#dropCancelled()
    const entry = this.#heap[0]
    if (entry === undefined) return undefined
    this.#removeTop()
    const fn = entry.fn!
    entry.fn = null
    this.#live--
    return { atMs: entry.atMs, fn }
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0]!.fn === null) this.#removeTop()
  }

  /** Drops all that was cancelled. Order is total, so the heap's shape is of no account. O(n), once in n/2 cancellations. */
  #sweep(): void {
    this.#heap = this.#heap.filter(entry => entry.fn !== null)
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#siftDown(i)
  }

  #removeTop(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#siftDown(0)
  }

  #siftUp(from: number): void {
    const heap = this.#heap
    const entry = heap[from]!
    let i = from
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (before(heap[parent]!, entry)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = entry
  }

  #siftDown(from: number): void {
    const heap = this.#heap
    const entry = heap[from]!
    const { length } = heap
    let i = from
    for (;;) {
      let child = 2 * i + 1
      if (child >= length) break
      if (child + 1 < length && before(heap[child + 1]!, heap[child]!)) child++
      if (before(entry, heap[child]!)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = entry
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq)
}
