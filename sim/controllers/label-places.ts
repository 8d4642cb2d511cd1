/**
 * Keys that are filed under a namespace and one pair of a label and its value. Who has labels asks once for each of them,
 * however many keys there are; where there are none in the namespace, once.
 */
export class LabelPlaces {
  /** By namespace, label and value. */
  readonly #places = new Map<string, Map<string, Map<string, Set<string>>>>()

  add(namespace: string, label: string, value: string, key: string): void {
    const byLabel = made(this.#places, namespace, () => new Map<string, Map<string, Set<string>>>())
    const byValue = made(byLabel, label, () => new Map<string, Set<string>>())
    made(byValue, value, () => new Set<string>()).add(key)
  }

  remove(namespace: string, label: string, value: string, key: string): void {
    const byLabel = this.#places.get(namespace)
    const byValue = byLabel?.get(label)
    const keys = byValue?.get(value)
    if (keys === undefined) return
    keys.delete(key)
    if (keys.size === 0) byValue!.delete(value)
    if (byValue!.size === 0) byLabel!.delete(label)
    if (byLabel!.size === 0) this.#places.delete(namespace)
  }

  /** Keys under the pairs of `labels`, in the order of these. */
  // hot: several times for each change of a pod. Allocates only where something is found.
  of(namespace: string, labels: Readonly<Record<string, string>> | undefined): readonly string[] {
    const byLabel = this.#places.get(namespace)
    if (byLabel === undefined) return NONE
    let found = NONE
    for (const label in labels) {
      const keys = byLabel.get(label)?.get(labels[label]!)
      if (keys === undefined) continue
      if (found === NONE) found = []
      for (const key of keys) found.push(key)
    }
    return found
  }
}

const NONE: string[] = []

function made<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
