import { LabelName } from './label-name.ts'
import { Pair } from './pair.ts'

/**
 * All label pairs, by name and value and by number: label strings are kept here once, series know the numbers.
 */
export class PairTable {
  readonly names: Map<string, LabelName> = new Map<string, LabelName>()
  readonly #pairs: (Pair | undefined)[] = []
  readonly #freeIds: number[] = []
  #size = 0

  /** Number of pairs. */
  get size(): number {
    return this.#size
  }

  at(id: number): Pair {
    return this.#pairs[id]!
  }

  find(name: string, value: string): Pair | undefined {
    return this.names.get(name)?.values.get(value)
  }

  findOrAdd(name: string, value: string): Pair {
    let owner = this.names.get(name)
    if (owner === undefined) {
      owner = new LabelName(flat(name))
      this.names.set(owner.name, owner)
    }
    const known = owner.values.get(value)
    if (known !== undefined) return known
    const pair = new Pair(this.#freeIds.pop() ?? this.#pairs.length, owner, flat(value))
    this.#pairs[pair.id] = pair
    this.#size++
    owner.add(pair)
    return pair
  }

  /** @param pair one that no series carries any more. */
  remove(pair: Pair): void {
    const owner = pair.name
    owner.remove(pair)
    if (owner.values.size === 0) this.names.delete(owner.name)
    this.#pairs[pair.id] = undefined
    this.#freeIds.push(pair.id)
    this.#size--
  }
}

/** A copy that does not keep alive the text it was cut out of: labels are slices of whole scraped bodies. */
function flat(text: string): string {
  if (text.length < SLICED_LENGTH_MIN) return text
  const copy = Buffer.from(text, 'utf8').toString('utf8')
  return copy === text ? copy : text
}

/** V8 copies shorter substrings at once. */
const SLICED_LENGTH_MIN = 13
