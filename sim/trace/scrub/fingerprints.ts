/**
 * 53 bits of a text (cyrb53: two 32-bit lanes). For tables in memory only: whoever knows the text can compute it, so it never
 * stands in a file.
 */
export function fingerprint(text: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 2654435761)
    b = Math.imul(b ^ unit, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0)
}

const FIRST_SLOTS = 64
const LOAD_MAX = 0.7

/**
 * 32 bits by 53-bit fingerprint: what millions of texts need to be known again, at 12 bytes a slot and 17 to 34 bytes an
 * entry. Open addressing with linear probing; nothing is ever taken out.
 */
export class FingerprintMap {
  /** Fingerprint + 1; 0 is a free slot. */
  #keys = new Float64Array(FIRST_SLOTS)
  #values = new Uint32Array(FIRST_SLOTS)
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: number): number | undefined {
    const slot = this.#slotOf(key)
    return this.#keys[slot] === 0 ? undefined : this.#values[slot]
  }

  has(key: number): boolean {
    return this.#keys[this.#slotOf(key)] !== 0
  }

  set(key: number, value: number): void {
    if (this.#size >= LOAD_MAX * this.#keys.length) this.#grow()
    const slot = this.#slotOf(key)
    if (this.#keys[slot] === 0) this.#size++
    this.#keys[slot] = key + 1
    this.#values[slot] = value
  }

  /** Its slot, or the free one where it would stand. */
  #slotOf(key: number): number {
    const mask = this.#keys.length - 1
    let slot = (key >>> 0) & mask
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key + 1) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const keys = this.#keys
    const values = this.#values
    this.#keys = new Float64Array(2 * keys.length)
    this.#values = new Uint32Array(2 * keys.length)
    this.#size = 0
    keys.forEach((key, slot) => {
      if (key !== 0) this.set(key - 1, values[slot]!)
    })
  }
}
