import { keyOf, type Stored } from '../../cluster/index.ts'
import type { Transition } from '../churn-event.ts'
import { happenedAt } from './object-times.ts'

interface Dated {
  unixMs: number
  /** Of the one before it of the same name. */
  readonly floorMs: number
  readonly transition: Transition
}

/** Of events of the same second: pods need nodes. */
const RANK: Readonly<Record<string, number>> = { node: 0, workload: 1, service: 2, pod: 3 }

/**
 * Transitions in the order of what their objects say of themselves, rather than of their arrival.
 *
 * Those of one object stay in their order, and so do those of objects that bore the same name one after the other. All are
 * held until the end, some 300 bytes each: nothing but the last object says what came first. What an object does not date
 * (a scaling, the deletion of a Service) happened when the stream had come to it.
 */
export class ObjectTimeline {
  readonly #dated: Dated[] = []
  /** The last of each object, by kind and name. */
  readonly #last = new Map<string, Dated>()
  readonly #nodes = new Set<string>()
  /** How far each stream has come. */
  readonly #reachedMs = new Map<number, number>()

  /** @param stream its number: each has its own order of arrival. */
  add(stream: number, kind: string, object: Stored, transitions: readonly Transition[]): void {
    const key = `${kind}/${keyOf(object)}`
    for (const transition of transitions) {
      const last = this.#last.get(key)
      const isFirst = last === undefined || isEnd(last.transition)
      const unixMs = happenedAt(transition, object, isFirst)
      // The deletion of an earlier object of that name is reckoned by its grace, and was over by then.
      if (last !== undefined && isFirst && unixMs !== undefined && unixMs < last.unixMs) {
        last.unixMs = Math.max(unixMs, last.floorMs)
      }
      const reachedMs = this.#reachedMs.get(stream) ?? 0
      const floorMs = last?.unixMs ?? 0
      const dated = { unixMs: Math.max(unixMs ?? reachedMs, floorMs), floorMs, transition }
      if (dated.unixMs > reachedMs) this.#reachedMs.set(stream, dated.unixMs)
      this.#dated.push(dated)
      this.#last.set(key, dated)
      if (transition.kind === 'node' && transition.op === 'added') this.#nodes.add(transition.name)
    }
  }

  /** Whether the node is there at some time. */
  hasNode(name: string): boolean {
    return this.#nodes.has(name)
  }

  /** When the first of them happened; `undefined` when there is none. */
  get firstUnixMs(): number | undefined {
    let first: number | undefined
    for (const { unixMs } of this.#dated) if (first === undefined || unixMs < first) first = unixMs
    return first
  }

  /** In order. What happened before `startUnixMs` is told at it. */
  *events(startUnixMs: number): Generator<{ readonly t: number; readonly transition: Transition }> {
    const sorted = this.#dated
      .map((dated, index) => ({ ...dated, unixMs: Math.max(dated.unixMs, startUnixMs), index }))
      .sort((a, b) => a.unixMs - b.unixMs || RANK[a.transition.kind]! - RANK[b.transition.kind]! || a.index - b.index)
    for (const { unixMs, transition } of sorted) yield { t: unixMs - startUnixMs, transition }
  }
}

function isEnd({ op }: Transition): boolean {
  return op === 'deleted' || op === 'removed'
}
