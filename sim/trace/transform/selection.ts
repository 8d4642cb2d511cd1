import type { ChurnEvent, Labels } from '../churn-event.ts'
import { TraceError } from '../errors.ts'

/** Parts of an event that may be asked for beside labels. */
const FIELDS = ['namespace', 'name', 'owner', 'type'] as const

type Field = (typeof FIELDS)[number]

interface Condition {
  readonly field: Field | undefined
  readonly label: string
  readonly values: Set<string>
}

/**
 * Leaves out the workloads, services and pods that are not asked for; nodes and actions stay.
 *
 * A selector is `key=value`: a field (`namespace`, `name`, `owner`, `type`) or else a label. Several values of one key are
 * alternatives, several keys must all hold. What an object does not have (a Service has no owner) decides nothing about it.
 */
export class Selection {
  readonly #conditions: readonly Condition[]
  /** Uids of the living pods that were asked for. */
  readonly #pods = new Set<string>()
  /** Workloads and services that were asked for, by kind and name. */
  readonly #others = new Set<string>()
  #leftOut = 0

  /** @throws TraceError CHURN_TRACE_OPTIONS */
  constructor(selectors: readonly string[]) {
    const conditions = new Map<string, Condition>()
    for (const selector of selectors) {
      const [, key, value] = /^([^=]+)=(.*)$/.exec(selector) ?? []
      if (key === undefined || value === undefined) {
        throw new TraceError(
          'CHURN_TRACE_OPTIONS',
          `--only ${selector}: write key=value, where the key is ${FIELDS.join(', ')} or a label`,
        )
      }
      const field = FIELDS.find(known => known === key)
      const known = conditions.get(key)
      if (known === undefined) conditions.set(key, { field, label: key, values: new Set([value]) })
      else known.values.add(value)
    }
    this.#conditions = [...conditions.values()]
  }

  /** Events that were not asked for, so far. */
  get leftOut(): number {
    return this.#leftOut
  }

  /** Whether the event stays. To be asked once for each event, in order. */
  takes(event: ChurnEvent): boolean {
    const taken = this.#takes(event)
    if (!taken) this.#leftOut++
    return taken
  }

  #takes(event: ChurnEvent): boolean {
    if (this.#conditions.length === 0 || event.kind === 'node' || event.kind === 'action') return true
    if (event.kind === 'pod') {
      if (event.op === 'created') {
        if (!this.#fits(event, event.labels)) return false
        this.#pods.add(event.uid)
        return true
      }
      const taken = this.#pods.has(event.uid)
      if (event.op === 'deleted') this.#pods.delete(event.uid)
      return taken
    }
    const key = `${event.kind}/${event.kind === 'workload' ? event.type : ''}/${event.namespace}/${event.name}`
    if (event.op === 'applied') {
      if (this.#fits(event, event.labels)) this.#others.add(key)
      else this.#others.delete(key)
    }
    const taken = this.#others.has(key)
    if (event.op === 'deleted') this.#others.delete(key)
    return taken
  }

  #fits(event: Extract<ChurnEvent, { readonly kind: 'pod' | 'workload' | 'service' }>, labels: Labels = {}): boolean {
    return this.#conditions.every(({ field, label, values }) => {
      if (field === undefined) return values.has(labels[label] ?? '')
      const value = (event as Partial<Record<Field, string>>)[field]
      return value === undefined ? field !== 'owner' || event.kind !== 'pod' : values.has(value)
    })
  }
}
