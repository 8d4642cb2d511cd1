import type { Prng } from '../../../base/index.ts'

/** Upper bounds of the latency buckets in microseconds, as client libraries default them; `+Inf` comes on top. */
export const BUCKET_BOUNDS_US: readonly number[] = [
  5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
]
/** Longest latency that is drawn. */
const LATENCY_US_MAX = 12_000_000

/** Outcomes of a request: done, the client's fault, the server's fault. */
export const OUTCOMES = 3

const BUCKETS = BUCKET_BOUNDS_US.length
const CARDS = 256

/** Columns of a deck: outcomes, cumulative buckets without `+Inf`, sum of latencies (µs), sum of response bytes. */
export const OUTCOME_COLUMN = 0
export const BUCKET_COLUMN = OUTCOME_COLUMN + OUTCOMES
export const LATENCY_COLUMN = BUCKET_COLUMN + BUCKETS
export const BYTES_COLUMN = LATENCY_COLUMN + 1
const COLUMNS = BYTES_COLUMN + 1

/** Positions in a deck: a pod may start at any of them. */
export const DECK_CARDS = CARDS

/**
 * The requests of one route, dealt over and over: each card is one request with its outcome, latency and size.
 *
 * How many of the first n requests had some property is then a sum over whole decks and one prefix. All metrics of a
 * route are counted from the same cards, so they agree with each other at every instant (buckets are cumulative, the
 * outcomes add up to the count, the sum is that of the latencies in the buckets) and none ever falls.
 *
 *   prefix:  row 0 (zeros) │ row 1 = card 0 │ row 2 = cards 0–1 │ … │ row 256 = all;   a row has COLUMNS cells
 */
export class RequestDeck {
  readonly #prefix = new Uint32Array((CARDS + 1) * COLUMNS)

  constructor(prng: Prng) {
    // Most requests are fast; the tail falls by half per bucket to the right, by a quarter to the left.
    const usual = prng.between(1, 4)
    const usualWeights = bucketWeights(usual)
    const slowWeights = bucketWeights(usual + 3)
    const bodyBytes = prng.between(200, 60_000)
    const outcomes = drawOutcomes(prng)
    for (let card = 0; card < CARDS; card++) {
      const outcome = outcomes[card]!
      const latencyUs = drawLatencyUs(prng, outcome === 2 ? slowWeights : usualWeights)
      const bytes = outcome === 0 ? Math.floor((bodyBytes * prng.between(50, 150)) / 100) : prng.between(40, 200)
      this.#add(card, outcome, latencyUs, bytes)
    }
  }

  /** Sum of `column` over `count` cards dealt from position `start` < DECK_CARDS on. */
  dealt(column: number, start: number, count: number): number {
    return dealtFrom(this.#prefix, column, start, count)
  }

  #add(card: number, outcome: number, latencyUs: number, bytes: number): void {
    const prefix = this.#prefix
    const row = (card + 1) * COLUMNS
    prefix.copyWithin(row, row - COLUMNS, row)
    prefix[row + OUTCOME_COLUMN + outcome]! += 1
    for (let b = 0; b < BUCKETS; b++) if (latencyUs <= BUCKET_BOUNDS_US[b]!) prefix[row + BUCKET_COLUMN + b]! += 1
    prefix[row + LATENCY_COLUMN]! += latencyUs
    prefix[row + BYTES_COLUMN]! += bytes
  }
}

// hot: for nearly every sample of a scrape.
function dealtFrom(prefix: Uint32Array, column: number, start: number, count: number): number {
  const end = start + count
  const decks = Math.floor(end / CARDS)
  const rest = end - decks * CARDS
  return (
    decks * prefix[CARDS * COLUMNS + column]! + prefix[rest * COLUMNS + column]! - prefix[start * COLUMNS + column]!
  )
}

function drawOutcomes(prng: Prng): number[] {
  const out = Array.from<number>({ length: CARDS }).fill(0)
  const serverFaults = prng.between(1, 2)
  const clientFaults = prng.between(2, 12)
  out.fill(2, 0, serverFaults).fill(1, serverFaults, serverFaults + clientFaults)
  return prng.shuffle(out)
}

function bucketWeights(usual: number): number[] {
  return Array.from({ length: BUCKETS + 1 }, (_, bucket) =>
    bucket < usual ? 256 >> (2 * (usual - bucket)) : 256 >> (bucket - usual),
  )
}

function drawLatencyUs(prng: Prng, weights: readonly number[]): number {
  let draw = prng.below(weights.reduce((sum, weight) => sum + weight, 0))
  let bucket = 0
  while (draw >= weights[bucket]!) draw -= weights[bucket++]!
  const low = bucket === 0 ? 300 : BUCKET_BOUNDS_US[bucket - 1]! + 1
  return prng.between(low, BUCKET_BOUNDS_US[bucket] ?? LATENCY_US_MAX)
}
