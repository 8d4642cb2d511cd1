import type { Stored } from '../cluster/index.ts'
import type { Chunk, Representation } from './representation.ts'
import type { WatchType } from './selection.ts'

/**
 * The events of all watches. Watches of the same kind are told the same at the same time, one after the other: each event is made
 * for the first of them, and so are the bytes of those that go out together.
 */
export class WatchChunks {
  #lastType: WatchType | undefined
  #lastObject: Stored | undefined
  #lastRepresentation: Representation | undefined
  #last: Chunk = ''
  #joined: readonly Chunk[] = []
  #bytes: Buffer = Buffer.alloc(0)

  of(type: WatchType, object: Stored, representation: Representation): Chunk {
    if (object !== this.#lastObject || type !== this.#lastType || representation !== this.#lastRepresentation) {
      this.#last = representation.event(type, object)
      this.#lastType = type
      this.#lastObject = object
      this.#lastRepresentation = representation
    }
    return this.#last
  }

  /** Nobody changes the bytes. */
  join(chunks: readonly Chunk[]): Buffer {
    if (!isSame(chunks, this.#joined)) {
      this.#joined = chunks
      this.#bytes = joined(chunks)
    }
    return this.#bytes
  }
}

export function joined(chunks: readonly Chunk[]): Buffer {
  return typeof chunks[0] === 'string' ? Buffer.from(chunks.join('')) : Buffer.concat(chunks as readonly Buffer[])
}

function isSame(a: readonly Chunk[], b: readonly Chunk[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
