import type { ChurnEvent } from '../churn-event.ts'
import { workloadOf } from '../inspect/index.ts'
import type { TraceReader } from '../trace-reader.ts'
import type { OwnedEvent } from './same-event.ts'

/** One event after the other of a trace, each with the owner of its pod. */
export class EventCursor {
  readonly #reader: TraceReader
  readonly #batches: AsyncGenerator<readonly ChurnEvent[]>
  /** Of living pods. */
  readonly #owners = new Map<string, string>()
  #batch: readonly ChurnEvent[] = []
  #lines: readonly number[] = []
  #next = 0
  #over = false

  constructor(reader: TraceReader) {
    this.#reader = reader
    this.#batches = reader.batches()
  }

  /** Makes `next` answer: reads on when what was read is used up. */
  async fill(): Promise<void> {
    if (this.#over || this.#next < this.#batch.length) return
    const { done, value } = await this.#batches.next()
    this.#next = 0
    this.#over = done === true
    this.#batch = done === true ? [] : value
    this.#lines = this.#reader.lineNumbers
  }

  /** Events that can be had without `fill`. */
  get ready(): number {
    return this.#batch.length - this.#next
  }

  get isOver(): boolean {
    return this.#over
  }

  next(): OwnedEvent | undefined {
    const event = this.#batch[this.#next]
    if (event === undefined) return undefined
    const line = this.#lines[this.#next]!
    this.#next++
    return { event, line, owner: event.kind === 'pod' ? this.#ownerOf(event) : undefined }
  }

  #ownerOf(event: ChurnEvent & { readonly kind: 'pod' }): string {
    const { uid, op, namespace } = event
    if (op === 'created') {
      const owner = `${namespace}/${workloadOf(event.owner, event.labels)}`
      this.#owners.set(uid, owner)
      return owner
    }
    const owner = this.#owners.get(uid)!
    if (op === 'deleted') this.#owners.delete(uid)
    return owner
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined)
  }
}
