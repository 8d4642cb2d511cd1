import { keyOf, type Stored } from '../../cluster/index.ts'
import { controllerOf } from '../../informers/index.ts'
import type { Transition } from '../churn-event.ts'
import type { TraceState, WorkloadState } from '../trace-state.ts'
import { transitionsOf, WORKLOAD_KINDS } from '../transitions.ts'
import { knownNode, knownPod, knownService, knownWorkload } from './known-objects.ts'
import { comparable, remembered } from './reduced-object.ts'

/** How a watch says what happened to an object. What a list holds counts as `ADDED`. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

const WORKLOADS: ReadonlySet<string> = new Set(WORKLOAD_KINDS)

/**
 * Turns versions of objects into transitions, by what it remembers of the version before.
 *
 * A version that was seen before tells nothing, so lists and watches may overlap. An object that takes the name of another
 * (its uid is not the known one) ends the other first.
 */
export class ObjectTracker {
  /** By kind, then `namespace/name`. */
  readonly #kinds = new Map<string, Map<string, Stored>>()
  /** What a resumed trace says of workloads that have not been seen since, by `type/namespace/name`. */
  readonly #workloads = new Map<string, WorkloadState>()
  #unknownDeletions = 0

  /** Deletions of objects of which nothing had been heard; a trace has no event for them. */
  get unknownDeletions(): number {
    return this.#unknownDeletions
  }

  /** Objects that there are now. */
  count(kind: string): number {
    return this.#known(kind).size
  }

  /** Takes over what there was at the end of a trace that is continued. */
  resume(state: TraceState): void {
    for (const node of state.nodes.values()) this.#known('Node').set(node.name, knownNode(node))
    for (const [key, service] of state.services) this.#known('Service').set(key, knownService(service))
    for (const pod of state.pods.values()) this.#known('Pod').set(`${pod.namespace}/${pod.name}`, knownPod(pod))
    for (const [key, workload] of state.workloads) this.#workloads.set(key, { ...workload })
  }

  see(kind: string, type: ChangeType, object: Stored): Transition[] {
    const known = this.#known(kind)
    const key = keyOf(object)
    const out: Transition[] = []
    let last = known.get(key)
    if (last !== undefined && isAnother(last, object)) {
      // The end of an earlier object, told late: the one that is known goes on.
      if (type === 'DELETED') return out
      out.push(...this.#delete(kind, key, last))
      last = undefined
    }
    if (WORKLOADS.has(kind) && controllerOf(object) !== undefined) {
      // The cluster's own doing. One that somebody wrote and a controller took over is gone as such.
      if (last !== undefined) out.push(...this.#delete(kind, key, last))
      return out
    }
    const current = comparable(kind, object)
    const previous = last ?? this.#resumed(kind, key, current)
    if (type === 'DELETED') {
      if (previous === undefined) {
        this.#unknownDeletions++
        return out
      }
      known.delete(key)
    } else {
      known.set(key, remembered(kind, current))
    }
    out.push(...transitionsOf({ type, kind, object: current, previous }))
    return out
  }

  /**
   * After a list: what was known and is not in it has gone without a word.
   *
   * @param namespace of the list; `undefined` for all.
   */
  retain(kind: string, namespace: string | undefined, listed: ReadonlySet<string>): Transition[] {
    const isGone = (key: string): boolean =>
      !listed.has(key) && (namespace === undefined || key.startsWith(`${namespace}/`))
    const out: Transition[] = []
    for (const [key, last] of this.#known(kind)) if (isGone(key)) out.push(...this.#delete(kind, key, last))
    for (const [id, { type, namespace, name }] of this.#workloads) {
      if (type !== kind || !isGone(`${namespace}/${name}`)) continue
      this.#workloads.delete(id)
      out.push({ kind: 'workload', op: 'deleted', namespace, name, type })
    }
    return out
  }

  #known(kind: string): Map<string, Stored> {
    let known = this.#kinds.get(kind)
    if (known === undefined) this.#kinds.set(kind, (known = new Map()))
    return known
  }

  #delete(kind: string, key: string, last: Stored): Transition[] {
    this.#known(kind).delete(key)
    return transitionsOf({ type: 'DELETED', kind, object: last, previous: last })
  }

  #resumed(kind: string, key: string, current: Stored): Stored | undefined {
    const id = `${kind}/${key}`
    const state = this.#workloads.get(id)
    if (state === undefined) return undefined
    this.#workloads.delete(id)
    return knownWorkload(kind, state, current)
  }
}

/** A trace does not know the uids of all kinds; without one, the name counts. */
function isAnother(last: Stored, object: Stored): boolean {
  const { uid } = last.metadata
  return uid !== '' && (object.metadata.uid ?? '') !== '' && uid !== object.metadata.uid
}
