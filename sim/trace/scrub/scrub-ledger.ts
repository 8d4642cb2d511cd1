import { assert } from '../../../base/index.ts'
import { fingerprint, FingerprintMap } from './fingerprints.ts'

/** What a scrubbing did, told to whoever decides whether the trace may be published. */
export interface ScrubReport {
  readonly kept: readonly KeptField[]
  readonly replaced: readonly ReplacedField[]
}

export interface KeptField {
  readonly field: string
  /** How many different values. */
  readonly distinct: number
  /** The first of them. */
  readonly examples: readonly string[]
}

export interface ReplacedField {
  readonly field: string
  /** How many different originals. */
  readonly distinct: number
}

const EXAMPLES_MAX = 20

interface Kept {
  readonly texts: FingerprintMap
  readonly examples: string[]
}

/**
 * Books of a scrubbing: which originals were replaced, which pseudonyms stand for them, and what was let through.
 *
 * Holds fingerprints, no texts but some examples of what was kept: 17 to 34 bytes for each different original and each
 * pseudonym, however often they occur.
 */
export class ScrubLedger {
  readonly #kept = new Map<string, Kept>()
  readonly #replaced = new Map<string, FingerprintMap>()
  /** By fingerprint of the pseudonym: a fingerprint of what it stands for. */
  readonly #issued = new FingerprintMap()

  /** Lets a text of this field through. */
  keep(field: string, text: string): string {
    let kept = this.#kept.get(field)
    if (kept === undefined) {
      kept = { texts: new FingerprintMap(), examples: [] }
      this.#kept.set(field, kept)
    }
    const print = fingerprint(text)
    if (!kept.texts.has(print)) {
      assert(this.claim(text, `kept ${text}`), () => `${text} is also a pseudonym; scrub once more, with another key`)
      kept.texts.set(print, 0)
      if (kept.examples.length < EXAMPLES_MAX) kept.examples.push(text)
    }
    return text
  }

  /** Notes that this text of this field is one that must not be seen any more. */
  replace(field: string, original: string): void {
    let originals = this.#replaced.get(field)
    if (originals === undefined) {
      originals = new FingerprintMap()
      this.#replaced.set(field, originals)
    }
    originals.set(fingerprint(original), 0)
  }

  /**
   * Claims a pseudonym for an original; false when it stands for another one already.
   *
   * @param owner names the original among all that pseudonyms are made for, whatever their class.
   */
  claim(pseudonym: string, owner: string): boolean {
    const print = fingerprint(pseudonym)
    const ownerPrint = fingerprint(owner) >>> 0
    const holder = this.#issued.get(print)
    if (holder === undefined) this.#issued.set(print, ownerPrint)
    return holder === undefined || holder === ownerPrint
  }

  isIssued(text: string): boolean {
    return this.#issued.has(fingerprint(text))
  }

  isKept(text: string): boolean {
    const print = fingerprint(text)
    for (const { texts } of this.#kept.values()) if (texts.has(print)) return true
    return false
  }

  isOriginal(text: string): boolean {
    const print = fingerprint(text)
    for (const originals of this.#replaced.values()) if (originals.has(print)) return true
    return false
  }

  report(): ScrubReport {
    const byField = <T extends { field: string }>(a: T, b: T): number => (a.field < b.field ? -1 : 1)
    return {
      kept: [...this.#kept]
        .map(([field, { texts, examples }]) => ({ field, distinct: texts.size, examples }))
        .sort(byField),
      replaced: [...this.#replaced].map(([field, originals]) => ({ field, distinct: originals.size })).sort(byField),
    }
  }
}
