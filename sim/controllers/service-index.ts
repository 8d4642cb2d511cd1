import type { Pod, Service } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'

interface Entry {
  readonly selector: readonly (readonly [label: string, value: string])[]
  /** Where the entry is filed. */
  readonly place: string
}

/**
 * Finds the Services that select a pod: each is filed under its namespace and the first pair of its selector, so a pod
 * asks once for each of its labels, however many Services there are.
 */
export class ServiceIndex {
  readonly #entries = new Map<string, Entry>()
  readonly #places = new Map<string, Set<string>>()

  /** Adds or replaces a Service; one without a selector is not filed. */
  set(key: string, { metadata, spec }: Stored<Service>): void {
    this.remove(key)
    const selector = Object.entries(spec?.selector ?? {})
    const first = selector[0]
    if (first === undefined) return
    const place = placeOf(metadata.namespace, first[0], first[1])
    this.#entries.set(key, { selector, place })
    const keys = this.#places.get(place)
    if (keys === undefined) this.#places.set(place, new Set([key]))
    else keys.add(key)
  }

  remove(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    const keys = this.#places.get(entry.place)
    keys?.delete(key)
    if (keys?.size === 0) this.#places.delete(entry.place)
  }

  selecting(pod: Pod): string[] {
    const { namespace, labels = {} } = pod.metadata ?? {}
    const found: string[] = []
    for (const label in labels) {
      const keys = this.#places.get(placeOf(namespace, label, labels[label]!))
      if (keys === undefined) continue
      for (const key of keys) if (this.selects(key, pod)) found.push(key)
    }
    return found
  }

  /** Whether the Service selects the pod; both in one namespace. */
  selects(key: string, pod: Pod): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined || !key.startsWith(`${pod.metadata?.namespace ?? ''}/`)) return false
    const labels = pod.metadata?.labels ?? {}
    return entry.selector.every(([label, value]) => labels[label] === value)
  }
}

function placeOf(namespace: string | undefined, label: string, value: string): string {
  return `${namespace ?? ''}/${label}=${value}`
}
