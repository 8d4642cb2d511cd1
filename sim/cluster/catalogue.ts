import { BUILT_IN_RESOURCES, type ResourceType } from './resources.ts'

/**
 * The kinds that a store holds: those that are always there, and those that definitions of custom resources add.
 *
 * One kind may be served in several versions; each is a `ResourceType` of its own, and the first one added is the one
 * that objects are stored as (`stored`).
 */
export class Catalogue {
  readonly #byPath = new Map<string, ResourceType>()
  readonly #storedAs = new Map<ResourceType, ResourceType>()
  readonly #virtual = new Set<ResourceType>()

  constructor() {
    for (const type of BUILT_IN_RESOURCES) this.add(type)
  }

  /** In the order in which they were added. */
  all(): ResourceType[] {
    return [...this.#byPath.values()]
  }

  /** Those that have objects of their own: one for each kind, however many versions it is served in. */
  stored(): ResourceType[] {
    return this.all().filter(type => this.storedAs(type) === type && !this.#virtual.has(type))
  }

  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#byPath.get(pathOf(group, version, plural))
  }

  /** The type under which the objects of `type` are kept. */
  storedAs(type: ResourceType): ResourceType {
    return this.#storedAs.get(type) ?? type
  }

  /** Adds a kind, or another version of the kind `storedAs`. Replaces what had its path. */
  add(type: ResourceType, storedAs: ResourceType = type): void {
    this.#byPath.set(pathOf(type.group, type.version, type.plural), type)
    if (storedAs !== type) this.#storedAs.set(type, storedAs)
  }

  /** Adds a kind that is discovered like the others, and of which there are no objects. */
  addVirtual(type: ResourceType): void {
    this.add(type)
    this.#virtual.add(type)
  }

  remove(type: ResourceType): void {
    this.#byPath.delete(pathOf(type.group, type.version, type.plural))
    this.#storedAs.delete(type)
  }
}

function pathOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`
}
