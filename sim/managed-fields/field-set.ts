import type { Schema } from '../schema/index.ts'

type FieldsV1 = Readonly<Record<string, unknown>>

/**
 * A set of paths into an object, as `metadata.managedFields[].fieldsV1` writes it: a tree whose edges are path elements.
 *
 * | element              | stands for                                              |
 * | -------------------- | ------------------------------------------------------- |
 * | `f:name`             | a field of an object, a key of a map                    |
 * | `k:{"name":"main"}`  | the item of a list whose keys have these values         |
 * | `v:"a"`              | a value in a set                                        |
 *
 * A path is a member by itself; that its children are does not make it one. Sets are not changed once they are shared:
 * the operations return new ones.
 */
export class FieldSet {
  readonly #members = new Set<string>()
  readonly #children = new Map<string, FieldSet>()

  /** Reads `fieldsV1`. What is not of its form is left out. */
  static parse(fields: unknown): FieldSet {
    const set = new FieldSet()
    if (typeof fields !== 'object' || fields === null) return set
    for (const [element, inner] of Object.entries(fields as FieldsV1)) {
      if (element === '.') continue
      const child = FieldSet.parse(inner)
      const isMember = child.isEmpty || (typeof inner === 'object' && inner !== null && '.' in inner)
      if (isMember) set.#members.add(element)
      if (!child.isEmpty) set.#children.set(element, child)
    }
    return set
  }

  get isEmpty(): boolean {
    if (this.#members.size > 0) return false
    for (const child of this.#children.values()) if (!child.isEmpty) return false
    return true
  }

  has(element: string): boolean {
    return this.#members.has(element)
  }

  /** What the set holds below an element; an empty set where that is nothing. */
  below(element: string): FieldSet {
    return this.#children.get(element) ?? EMPTY
  }

  insert(path: readonly string[]): void {
    const [element, ...rest] = path
    if (element === undefined) return
    if (rest.length === 0) {
      this.#members.add(element)
      return
    }
    let child = this.#children.get(element)
    if (child === undefined) {
      child = new FieldSet()
      this.#children.set(element, child)
    }
    child.insert(rest)
  }

  union(other: FieldSet): FieldSet {
    const out = new FieldSet()
    for (const element of [...this.#members, ...other.#members]) out.#members.add(element)
    for (const element of new Set([...this.#children.keys(), ...other.#children.keys()])) {
      out.#children.set(element, this.below(element).union(other.below(element)))
    }
    return out
  }

  difference(other: FieldSet): FieldSet {
    const out = new FieldSet()
    for (const element of this.#members) if (!other.#members.has(element)) out.#members.add(element)
    for (const [element, child] of this.#children) out.#adopt(element, child.difference(other.below(element)))
    return out
  }

  intersection(other: FieldSet): FieldSet {
    const out = new FieldSet()
    for (const element of this.#members) if (other.#members.has(element)) out.#members.add(element)
    for (const [element, child] of this.#children) out.#adopt(element, child.intersection(other.below(element)))
    return out
  }

  /** The same with every named field of an object that something is below of as a member too. */
  withNamedFields(schema: Schema | undefined): FieldSet {
    const out = new FieldSet()
    for (const element of this.#members) out.#members.add(element)
    for (const [element, child] of this.#children) {
      const name = element.startsWith('f:') ? element.slice(2) : undefined
      if (name !== undefined && schema?.kind === 'object' && schema.field(name) !== undefined) out.#members.add(element)
      const inner = name === undefined ? schema?.element : schema?.member(name)
      out.#children.set(element, child.withNamedFields(inner))
    }
    return out
  }

  /** All members, as paths in the words of conflicts: `.spec.containers[name="main"].image`. */
  paths(): string[] {
    const out: string[] = []
    this.#collect('', out)
    return out.sort()
  }

  /** As `fieldsV1`, in order. */
  toJson(): Record<string, unknown> {
    const out: Record<string, unknown> = {}
    for (const element of [...new Set([...this.#members, ...this.#children.keys()])].sort()) {
      const child = this.below(element)
      if (child.isEmpty && !this.#members.has(element)) continue
      out[element] = { ...(this.#members.has(element) && !child.isEmpty ? { '.': {} } : {}), ...child.toJson() }
    }
    return out
  }

  #adopt(element: string, child: FieldSet): void {
    if (!child.isEmpty) this.#children.set(element, child)
  }

  #collect(prefix: string, out: string[]): void {
    for (const element of this.#members) out.push(prefix + readable(element))
    for (const [element, child] of this.#children) child.#collect(prefix + readable(element), out)
  }
}

const EMPTY = new FieldSet()

function readable(element: string): string {
  const rest = element.slice(2)
  switch (element[0]) {
    case 'f':
      return `.${rest}`
    case 'k':
      return `[${Object.entries(JSON.parse(rest) as object)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(',')}]`
    case 'v':
      return `[=${rest}]`
    default:
      return `[${rest}]`
  }
}
