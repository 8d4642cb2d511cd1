import type { Deck } from './deck.ts'

/**
 * Where a sample's value comes from: a function of time and of draws that the pod makes once. Values are mantissas.
 *
 * Sources form a graph: two samples that are given the same object have the same value, and whatever is computed from it
 * agrees with it. Ratios and ranges are per pod: each draws its own within the bounds.
 */
export type Source =
  | { readonly op: 'constant'; readonly value: number }
  /** Drawn once. */
  | { readonly op: 'drawn'; readonly low: number; readonly high: number }
  /** Unix milliseconds: of the start, and now. */
  | { readonly op: 'started' }
  | { readonly op: 'clock' }
  /** Number of this scrape. */
  | { readonly op: 'scrapes' }
  /** Rises evenly. */
  | { readonly op: 'steady'; readonly lowPerSecond: number; readonly highPerSecond: number }
  /** Rises as fast as the load is high; the mean is drawn. */
  | { readonly op: 'events'; readonly lowPerSecond: number; readonly highPerSecond: number }
  /** Rises with what a steady source has beyond the given events: all together are the time that has gone by. */
  | { readonly op: 'rest'; readonly of: readonly [Source]; readonly perSecond: number }
  /** Goes with the load between two bounds. */
  | { readonly op: 'level'; readonly low: number; readonly high: number }
  /** Goes up and down by itself between two bounds, in a period that is drawn. */
  | { readonly op: 'wobble'; readonly low: number; readonly high: number }
  /** Another one each second. */
  | { readonly op: 'noise'; readonly low: number; readonly high: number }
  | { readonly op: 'sum'; readonly of: readonly Source[] }
  /** Never below 0. */
  | { readonly op: 'difference'; readonly of: readonly [Source, Source] }
  | { readonly op: 'product'; readonly of: readonly [Source, Source] }
  /** Of a by b, times `times`, rounded down; 0 where b is. */
  | { readonly op: 'quotient'; readonly of: readonly [Source, Source]; readonly times: number }
  | { readonly op: 'least'; readonly of: readonly [Source, Source] }
  /** What is left over by a divisor. */
  | { readonly op: 'remainder'; readonly of: readonly [Source]; readonly by: number }
  /** Sum of a column over as many cards as there were events, from a card on that is drawn once for each deck. */
  | { readonly op: 'dealt'; readonly of: readonly [Source]; readonly deck: Deck; readonly column: number }

export const constant = (value: number): Source => ({ op: 'constant', value })
export const drawn = (low: number, high: number): Source => ({ op: 'drawn', low, high })
export const steady = (lowPerSecond: number, highPerSecond = lowPerSecond): Source => ({
  op: 'steady',
  lowPerSecond,
  highPerSecond,
})
export const events = (lowPerSecond: number, highPerSecond = lowPerSecond): Source => ({
  op: 'events',
  lowPerSecond,
  highPerSecond,
})
/** `taken` must be `events`, and slower. */
export const rest = (perSecond: number, taken: Source): Source => ({ op: 'rest', of: [taken], perSecond })
export const level = (low: number, high: number): Source => ({ op: 'level', low, high })
export const wobble = (low: number, high: number): Source => ({ op: 'wobble', low, high })
export const noise = (low: number, high: number): Source => ({ op: 'noise', low, high })
export const sum = (...of: readonly Source[]): Source => ({ op: 'sum', of })
export const difference = (from: Source, what: Source): Source => ({ op: 'difference', of: [from, what] })
export const product = (a: Source, b: Source): Source => ({ op: 'product', of: [a, b] })
export const times = (a: Source, factor: number): Source => product(a, constant(factor))
/** One of so many, rounded down. */
export const oneIn = (a: Source, count: number): Source => quotient(a, constant(count))
export const quotient = (a: Source, b: Source, by = 1): Source => ({ op: 'quotient', of: [a, b], times: by })
export const least = (a: Source, b: Source): Source => ({ op: 'least', of: [a, b] })
export const remainder = (a: Source, by: number): Source => ({ op: 'remainder', of: [a], by })
export const dealt = (count: Source, deck: Deck, column: number): Source => ({ op: 'dealt', of: [count], deck, column })

export const ZERO = constant(0)
export const ONE = constant(1)
export const STARTED: Source = { op: 'started' }
export const CLOCK: Source = { op: 'clock' }
export const SCRAPES: Source = { op: 'scrapes' }
