/**
 * Kahan summation as Neumaier improved it: `add` keeps in `compensation` what the running `sum` lost.
 *
 * One accumulator is shared by callers that use it at once and never across calls; the engine is single-threaded.
 */
export class KahanSum {
  sum = 0
  compensation = 0

  reset(sum = 0): this {
    this.sum = sum
    this.compensation = 0
    return this
  }

  // hot: once per sample of sum_over_time and the like. No allocation.
  add(value: number): void {
    const total = this.sum + value
    if (total === Infinity || total === -Infinity) this.compensation = 0
    else if (Math.abs(this.sum) >= Math.abs(value)) this.compensation += this.sum - total + value
    else this.compensation += value - total + this.sum
    this.sum = total
  }

  get total(): number {
    return this.sum + this.compensation
  }
}

/**
 * A mean that does not overflow: the sum is divided at the end as long as it is finite, else a running mean takes over.
 */
export class Mean {
  readonly #kahan = new KahanSum()
  #incremental = false
  #count = 0

  reset(): this {
    this.#kahan.reset()
    this.#incremental = false
    this.#count = 0
    return this
  }

  // hot: once per sample of avg_over_time. No allocation.
  add(value: number): void {
    const kahan = this.#kahan
    const count = ++this.#count
    if (count === 1) {
      kahan.sum = value
      return
    }
    if (!this.#incremental) {
      const { sum, compensation } = kahan
      kahan.add(value)
      if (kahan.sum !== Infinity && kahan.sum !== -Infinity) return
      this.#incremental = true
      kahan.sum = sum / (count - 1)
      kahan.compensation = compensation / (count - 1)
    }
    const share = (count - 1) / count
    kahan.sum *= share
    kahan.compensation *= share
    kahan.add(value / count)
  }

  get value(): number {
    const { sum, compensation } = this.#kahan
    if (this.#incremental) return sum + compensation
    return sum / this.#count + compensation / this.#count
  }
}
