/** k of every n, spread evenly and counted exactly: event i is hit when `floor(i · k / n)` grows with it. No chance in it. */
export interface Ratio {
  readonly k: number
  readonly n: number
}

/** Reads `1/7`. `undefined` when it is not a ratio in [0, 1]. */
export function parseRatio(text: string): Ratio | undefined {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text)
  const [k, n] = [Number(match?.[1]), Number(match?.[2])]
  return match === null || n === 0 || k > n ? undefined : { k, n }
}

/** Decides event by event; the last event of each n is the one that is hit when k is 1. */
export class EveryNth {
  readonly #ratio: Ratio | undefined
  #events = 0

  constructor(ratio: Ratio | undefined) {
    this.#ratio = ratio
  }

  next(): boolean {
    if (this.#ratio === undefined) return false
    const { k, n } = this.#ratio
    const before = Math.floor((this.#events * k) / n)
    return Math.floor((++this.#events * k) / n) > before
  }
}
