import type { Labels } from '../model/index.ts'
import type { SeriesRef } from '../storage/interfaces.ts'

/**
 * Labels of series that were removed a short time ago: a query that found them before may still name them.
 *
 * Two generations; `turn` forgets the older one. A label set is kept for at least one and at most two turns.
 */
export class RemovedLabels {
  #young = new Map<SeriesRef, Labels>()
  #old = new Map<SeriesRef, Labels>()

  add(ref: SeriesRef, labels: Labels): void {
    this.#young.set(ref, labels)
  }

  get(ref: SeriesRef): Labels | undefined {
    return this.#young.get(ref) ?? this.#old.get(ref)
  }

  turn(): void {
    this.#old = this.#young
    this.#young = new Map()
  }
}
