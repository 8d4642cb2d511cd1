/** Keys of objects by the name of a group, an owner or a namespace. A group without keys takes no room. */
export class KeyedSets {
  readonly #sets = new Map<string, Set<string>>()

  /** In order of their adding; empty for an unknown group. */
  of(group: string): ReadonlySet<string> {
    return this.#sets.get(group) ?? NONE
  }

  add(group: string, key: string): void {
    const keys = this.#sets.get(group)
    if (keys === undefined) this.#sets.set(group, new Set([key]))
    else keys.add(key)
  }

  drop(group: string, key: string): void {
    const keys = this.#sets.get(group)
    keys?.delete(key)
    if (keys?.size === 0) this.#sets.delete(group)
  }
}

const NONE: ReadonlySet<string> = new Set()
