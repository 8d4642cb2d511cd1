/**
 * How many pods each node has, with the nodes at hand in that order.
 *
 * Nodes of one load are in the order in which they came to it, so that equals are taken in turn. Finding the least loaded
 * costs the number of nodes that are refused before it.
 */
export class NodeLoad {
  readonly #counts = new Map<string, number>()
  /** Pods of nodes that are not (yet) known. */
  readonly #unknown = new Map<string, number>()
  /** Names of the nodes that have `index` pods. */
  readonly #buckets: Set<string>[] = []

  /** Nodes that are known. */
  get size(): number {
    return this.#counts.size
  }

  has(node: string): boolean {
    return this.#counts.has(node)
  }

  count(node: string): number {
    return this.#counts.get(node) ?? 0
  }

  addNode(node: string): void {
    if (this.#counts.has(node)) return
    const count = this.#unknown.get(node) ?? 0
    this.#unknown.delete(node)
    this.#counts.set(node, count)
    this.#bucket(count).add(node)
  }

  removeNode(node: string): void {
    const count = this.#counts.get(node)
    if (count === undefined) return
    this.#counts.delete(node)
    this.#bucket(count).delete(node)
    if (count > 0) this.#unknown.set(node, count)
  }

  change(node: string, by: 1 | -1): void {
    const count = this.#counts.get(node)
    if (count === undefined) {
      const left = (this.#unknown.get(node) ?? 0) + by
      if (left > 0) this.#unknown.set(node, left)
      else this.#unknown.delete(node)
      return
    }
    this.#bucket(count).delete(node)
    this.#counts.set(node, count + by)
    this.#bucket(count + by).add(node)
  }

  /** The node with the fewest pods for which `fits` is true. */
  leastLoaded(fits: (node: string) => boolean): string | undefined {
    for (const bucket of this.#buckets) {
      for (const node of bucket) if (fits(node)) return node
    }
    return undefined
  }

  #bucket(count: number): Set<string> {
    while (this.#buckets.length <= count) this.#buckets.push(new Set())
    return this.#buckets[count]!
  }
}
