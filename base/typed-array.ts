/** A `Float64Array` that doubles when full. `array` is valid up to `length` and is replaced when it grows. */
export class GrowableFloat64 {
  array: Float64Array
  length = 0

  constructor(capacity = 16) {
    this.array = new Float64Array(capacity)
  }

  push(value: number): void {
    if (this.length === this.array.length) this.#grow(this.length + 1)
    this.array[this.length++] = value
  }

  /** Makes room for `count` more elements; their content is unspecified until written. Returns the old length. */
  extend(count: number): number {
    const start = this.length
    if (start + count > this.array.length) this.#grow(start + count)
    this.length = start + count
    return start
  }

  clear(): void {
    this.length = 0
  }

  /** The elements, as a view that the next growth invalidates. */
  view(): Float64Array {
    return this.array.subarray(0, this.length)
  }

  #grow(needed: number): void {
    const bigger = new Float64Array(Math.max(needed, this.array.length * 2))
    bigger.set(this.array)
    this.array = bigger
  }
}

/** A `Uint32Array` that doubles when full. `array` is valid up to `length` and is replaced when it grows. */
export class GrowableUint32 {
  array: Uint32Array
  length = 0

  constructor(capacity = 16) {
    this.array = new Uint32Array(capacity)
  }

  push(value: number): void {
    if (this.length === this.array.length) {
      const bigger = new Uint32Array(Math.max(16, this.array.length * 2))
      bigger.set(this.array)
      this.array = bigger
    }
    this.array[this.length++] = value
  }

  clear(): void {
    this.length = 0
  }

  /** The elements, as a view that the next growth invalidates. */
  view(): Uint32Array {
    return this.array.subarray(0, this.length)
  }
}
