import { assert, type Prng } from '../../../../base/index.ts'

/**
 * Events that are dealt over and over: each card is one, with a number in each column.
 *
 * The sum of a column over the first n cards is that of whole decks and one prefix. All that is counted from the same
 * cards agrees at every instant, and none of it ever falls.
 */
export class Deck {
  readonly cards: number
  readonly columns: number
  /** Row 0 zeros, row 1 card 0, row 2 cards 0–1, …; a row has `columns` cells. */
  readonly #prefix: Float64Array

  constructor(cards: readonly (readonly number[])[]) {
    assert(cards.length > 0, 'a deck has cards')
    this.cards = cards.length
    this.columns = cards[0]!.length
    this.#prefix = new Float64Array((cards.length + 1) * this.columns)
    cards.forEach((card, row) => {
      card.forEach((value, column) => {
        const at = (row + 1) * this.columns + column
        this.#prefix[at] = this.#prefix[at - this.columns]! + value
      })
    })
  }

  /** hot. Sum of `column` over `count` cards dealt from position `start` on. */
  dealt(column: number, start: number, count: number): number {
    const { cards, columns } = this
    const prefix = this.#prefix
    const end = start + count
    const decks = Math.floor(end / cards)
    const rest = end - decks * cards
    return (
      decks * prefix[cards * columns + column]! + prefix[rest * columns + column]! - prefix[start * columns + column]!
    )
  }
}

/** What is observed: durations, sizes. Bounds and values are mantissas. */
export interface ObservedShape {
  /** Ascending, without `+Inf`. */
  readonly bounds: readonly number[]
  /** Bucket that most observations fall into; they halve with each bucket above and fall by a quarter below. */
  readonly usual: number
  /** Longer ones do not happen. */
  readonly max: number
}

const CARDS = 128

/** A deck of observations: a column for each bound (1 where the observation is no greater), and last the observation. */
export function observedDeck(prng: Prng, { bounds, usual, max }: ObservedShape): Deck {
  const weights = Array.from({ length: bounds.length + 1 }, (_, bucket) =>
    bucket < usual ? 256 >> (2 * (usual - bucket)) : 256 >> (bucket - usual),
  )
  const total = weights.reduce((a, b) => a + b, 0)
  const cards = Array.from({ length: CARDS }, () => {
    let draw = prng.below(total)
    let bucket = 0
    while (draw >= weights[bucket]!) draw -= weights[bucket++]!
    const low = bucket === 0 ? Math.ceil(bounds[0]! / 4) : Math.floor(bounds[bucket - 1]!) + 1
    const value = prng.between(low, Math.max(low, bounds[bucket] ?? max))
    return [...bounds.map(bound => (value <= bound ? 1 : 0)), value]
  })
  return new Deck(cards)
}

/** A deck of kinds: a column for each, as many cards as its share. */
export function kindsDeck(prng: Prng, shares: readonly number[]): Deck {
  const kinds = shares.flatMap((share, kind) => Array.from({ length: share }, () => kind))
  return new Deck(prng.shuffle(kinds).map(kind => shares.map((_, column) => (column === kind ? 1 : 0))))
}
