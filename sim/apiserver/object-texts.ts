import type { Stored } from '../cluster/index.ts'

/**
 * Characters that are kept. A list of a very large cluster goes past it: to keep all of it would cost more, in collections of
 * garbage, than to make it again.
 */
const KEPT_MAX = 64 * 1024 * 1024

type Fields = Readonly<Record<string, unknown>>

/** An object's JSON, field by field. */
interface Text {
  /** Of the fields that are there, in their order. */
  readonly names: readonly string[]
  readonly values: readonly unknown[]
  /** `"name":value` of each. */
  readonly texts: readonly string[]
}

interface Kept extends Text {
  readonly object: Stored
  /** Characters. */
  readonly length: number
}

/**
 * Objects as their JSON, shared by all lists and watches, as long as it is among the last `KEPT_MAX` characters.
 *
 * Stored objects are immutable, and versions share what did not change: a new version costs its new parts only, e.g. of a pod
 * that becomes Ready its meta data and status, but not its spec. So do pods of one template, which have all but a few fields of
 * their spec and meta data in common.
 */
export class ObjectTexts {
  /** By uid; in order of making. */
  readonly #kept = new Map<string, Kept>()
  /** What was made last with these labels or containers. */
  readonly #siblings = new WeakMap<object, Text>()
  #length = 0

  /** Characters that are kept now. */
  get length(): number {
    return this.#length
  }

  /** @param isOneOfMany what is made is not kept. */
  of(object: Stored, isOneOfMany = false): string {
    const { uid } = object.metadata
    const kept = this.#kept.get(uid)
    if (kept?.object === object) return joined(kept)
    const text = this.#make(object as unknown as Fields, kept)
    if (!isOneOfMany) this.#keep(object, text, kept)
    return joined(text)
  }

  /** Nobody is going to ask for the object again. */
  forget(uid: string): void {
    const kept = this.#kept.get(uid)
    if (kept === undefined) return
    this.#kept.delete(uid)
    this.#length -= kept.length
  }

  #keep(object: Stored, text: Text, before: Kept | undefined): void {
    const { uid } = object.metadata
    const length = text.texts.reduce((sum, each) => sum + each.length, 0)
    if (before !== undefined) this.forget(uid)
    this.#kept.set(uid, { object, ...text, length })
    this.#length += length
    while (this.#length > KEPT_MAX) {
      const [oldest] = this.#kept.keys()
      this.forget(oldest!)
    }
  }

  #make(object: Fields, before: Text | undefined): Text {
    return madeFrom(object, before, (name, value) => {
      const family = familyOf(name, value)
      if (family === undefined) return JSON.stringify(value)
      const text = madeFrom(value as Fields, this.#siblings.get(family), (_, each) => JSON.stringify(each))
      this.#siblings.set(family, text)
      return joined(text)
    })
  }
}

/** What pods of one template share by reference, and by which their meta data and specs are therefore known as alike. */
function familyOf(name: string, value: unknown): object | undefined {
  if (name === 'metadata') return (value as { readonly labels?: object }).labels
  if (name === 'spec') return (value as { readonly containers?: object }).containers
  return undefined
}

// hot: once for each version that somebody watches, and for each object of a long list.
function madeFrom(object: Fields, before: Text | undefined, textOf: (name: string, value: unknown) => string): Text {
  const names: string[] = []
  const values: unknown[] = []
  const texts: string[] = []
  for (const name in object) {
    const value = object[name]
    if (value === undefined) continue
    const at = names.length
    const isKnown = before !== undefined && before.values[at] === value && before.names[at] === name
    texts.push(isKnown ? before.texts[at]! : `"${name}":${textOf(name, value)}`)
    names.push(name)
    values.push(value)
  }
  return { names, values, texts }
}

function joined({ texts }: Text): string {
  let text = '{'
  for (let i = 0; i < texts.length; i++) text += i === 0 ? texts[i]! : `,${texts[i]!}`
  return `${text}}`
}
