import type { NodeEvent } from '../churn-event.ts'

/** Machines for a source that knows none: `node-0`, `node-1`, … , each in turn. */
export class MadeUpNodes {
  readonly count: number
  #next = 0

  constructor(count: number) {
    this.count = count
  }

  added(): NodeEvent[] {
    return Array.from({ length: this.count }, (_, i) => ({ t: 0, kind: 'node', op: 'added', name: `node-${i}` }))
  }

  /** The node whose turn it is, `undefined` when there is none. */
  next(): string | undefined {
    return this.count === 0 ? undefined : `node-${this.#next++ % this.count}`
  }
}
