import type { Pod, Service } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import { LabelPlaces } from './label-places.ts'

interface Entry {
  readonly selector: readonly (readonly [label: string, value: string])[]
  readonly namespace: string
}

/**
 * Finds the Services that select a pod: each is filed under its namespace and the first pair of its selector, so a pod
 * asks once for each of its labels, however many Services there are.
 */
export class ServiceIndex {
  readonly #entries = new Map<string, Entry>()
  readonly #places = new LabelPlaces()

  /** Adds or replaces a Service; one without a selector is not filed. */
  set(key: string, { metadata, spec }: Stored<Service>): void {
    this.remove(key)
    const selector = Object.entries(spec?.selector ?? {})
    const first = selector[0]
    if (first === undefined) return
    const { namespace = '' } = metadata
    this.#entries.set(key, { selector, namespace })
    this.#places.add(namespace, first[0], first[1], key)
  }

  remove(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    const [label, value] = entry.selector[0]!
    this.#places.remove(entry.namespace, label, value, key)
  }

  // hot: once or twice for each change of a pod.
  selecting(pod: Pod): readonly string[] {
    const { namespace = '', labels } = pod.metadata ?? {}
    const keys = this.#places.of(namespace, labels)
    for (const key of keys) if (!this.selects(key, pod)) return keys.filter(one => this.selects(one, pod))
    return keys
  }

  /** Whether the Service selects the pod; both in one namespace. */
  selects(key: string, pod: Pod): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.namespace !== (pod.metadata?.namespace ?? '')) return false
    const labels = pod.metadata?.labels
    for (const [label, value] of entry.selector) if (labels?.[label] !== value) return false
    return true
  }
}
