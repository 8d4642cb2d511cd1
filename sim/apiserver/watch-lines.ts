import type { Stored } from '../cluster/index.ts'
import type { Representation } from './representation.ts'
import type { WatchType } from './selection.ts'

const PREFIX: Readonly<Record<WatchType | 'BOOKMARK' | 'ERROR', string>> = {
  ADDED: '{"type":"ADDED","object":',
  MODIFIED: '{"type":"MODIFIED","object":',
  DELETED: '{"type":"DELETED","object":',
  BOOKMARK: '{"type":"BOOKMARK","object":',
  ERROR: '{"type":"ERROR","object":',
}

/** A line of a watch: an event with its object as JSON text. */
export function watchLine(type: keyof typeof PREFIX, object: string): string {
  return `${PREFIX[type]}${object}}\n`
}

/**
 * The lines of all watches. Watches of the same kind are told the same at the same time, one after the other: each line is made
 * for the first of them, and so are the bytes of the lines that go out together.
 */
export class WatchLines {
  #lastType: WatchType | undefined
  #lastObject: Stored | undefined
  #lastRepresentation: Representation | undefined
  #lastLine = ''
  #joined: readonly string[] = []
  #bytes: Buffer = Buffer.alloc(0)

  of(type: WatchType, object: Stored, representation: Representation): string {
    if (object !== this.#lastObject || type !== this.#lastType || representation !== this.#lastRepresentation) {
      this.#lastLine = watchLine(type, representation.watched(object))
      this.#lastType = type
      this.#lastObject = object
      this.#lastRepresentation = representation
    }
    return this.#lastLine
  }

  /** Nobody changes the bytes. */
  join(lines: readonly string[]): Buffer {
    if (!isSame(lines, this.#joined)) {
      this.#joined = lines
      this.#bytes = Buffer.from(lines.length === 1 ? lines[0]! : lines.join(''))
    }
    return this.#bytes
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
