import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { assert } from '../../../base/index.ts'
import { SUFFIX_ALPHABET } from '../../controllers/template-hash.ts'
import { RecentMap } from '../../informers/recent-map.ts'
import { dressWords } from './dress-words.ts'
import type { ScrubLedger } from './scrub-ledger.ts'

/** Texts of one class that are equal get equal pseudonyms, wherever they stand; of two classes, unrelated ones. */
export type PseudonymClass = 'name' | 'key' | 'image' | 'port' | 'reason' | 'path' | 'kind' | 'action'

/** Digits of the alphabet: a generated part begins with one, so that no word is taken for one. */
const DIGITS = '2456789'
const TAIL_LETTERS = 5
const HASH_LENGTH = 9
const SUFFIX_LENGTH = 5
const CACHED_MAX = 100_000
/** A clash is resolved by the next attempt; so many in a row do not happen. */
const ATTEMPTS_MAX = 100

/**
 * Keyed pseudonyms: HMAC-SHA256 of class and original, dressed.
 *
 * ```
 *   word       lobster7k2fqz              noun, digit, five characters: a name or a piece of one
 *   hash       7d9f8b6c5                  digit, eight characters: for what a controller generated
 *   suffix     lobster7k2fqz-7d9f8b6c5-4x2bz   a stem's own: digit, four characters
 * ```
 *
 * Two originals never share a pseudonym: each is claimed in the ledger, and a clash takes the next attempt. What depends on the
 * order of the trace is therefore only the one of two that clash, about once in a million names.
 */
export class Pseudonyms {
  readonly #key: KeyObject
  readonly #ledger: ScrubLedger
  readonly #words = dressWords()
  readonly #isWord = new Set(this.#words)
  readonly #cache = new RecentMap<string>(CACHED_MAX)

  constructor(key: Uint8Array, ledger: ScrubLedger) {
    this.#key = createSecretKey(key)
    this.#ledger = ledger
  }

  /** A word, for a text that is replaced as a whole. At most 14 characters: fits all that Kubernetes names. */
  word(cls: PseudonymClass, field: string, original: string): string {
    this.#ledger.replace(field, original)
    return this.#issue(cls, original, digest => {
      const word = this.#words[digest.readUInt16BE(0) % this.#words.length]!
      return word + generated(digest, 2, 1 + TAIL_LETTERS)
    })
  }

  /** What stands for a hash or another short text that a controller generated. */
  hash(field: string, original: string): string {
    this.#ledger.replace(field, original)
    return this.#issue('hash', original, digest => generated(digest, 0, HASH_LENGTH))
  }

  /** `<stem>-<suffix>`, as pods are called after their controllers. @param original the whole name */
  suffixed(field: string, stem: string, original: string): string {
    this.#ledger.replace(field, original)
    return this.#issue(`suffix ${stem}`, original, digest => `${stem}-${generated(digest, 0, SUFFIX_LENGTH)}`)
  }

  /** `<stem>-<8 digits>`, as Jobs are called after their CronJobs; the digits tell no time any more. */
  numbered(field: string, stem: string, original: string): string {
    this.#ledger.replace(field, original)
    return this.#issue(`number ${stem}`, original, digest => `${stem}-${(digest.readUInt32BE(0) % 9e7) + 1e7}`)
  }

  /** A UUID. */
  uid(field: string, original: string): string {
    this.#ledger.replace(field, original)
    return this.#issue('uid', original, digest => {
      const hex = digest.toString('hex', 0, 16)
      const variant = '89ab'[digest[16]! & 3]!
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
    })
  }

  /** A text that is put together from pseudonyms and constants, such that its parts tell it from all others. */
  composed(cls: string, original: string, text: string): string {
    const isOurs = this.#ledger.claim(text, `${cls} of ${original}`)
    assert(isOurs, () => `two texts become ${text}; scrub once more, with another key`)
    return text
  }

  /** A secret of 32 bytes for this purpose, for what is not made of words. */
  derive(purpose: string, attempt = 0): Buffer {
    return createHmac('sha256', this.#key).update(`${purpose}\0${attempt}`).digest()
  }

  /** The text without the words and generated parts in it: nothing, separators and constants. */
  undressed(text: string): string {
    return text
      .replaceAll(DRESSED, match => (this.#isWord.has(match.slice(0, -1 - TAIL_LETTERS)) ? '' : match))
      .replaceAll(GENERATED, '')
  }

  #issue(cls: string, original: string, make: (digest: Buffer) => string): string {
    const owner = `${cls}\0${original}`
    const cached = this.#cache.get(owner)
    if (cached !== undefined) return cached
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const pseudonym = make(this.derive(owner, attempt))
      if (!this.#ledger.claim(pseudonym, owner)) continue
      this.#cache.set(owner, pseudonym)
      return pseudonym
    }
    throw new Error(`no pseudonym of class ${cls} is left`)
  }
}

const DRESSED = new RegExp(`[a-z]{4,8}[${DIGITS}][${SUFFIX_ALPHABET}]{${TAIL_LETTERS}}`, 'g')
const GENERATED = new RegExp(
  `(?<![a-z0-9])(?:[${DIGITS}][${SUFFIX_ALPHABET}]{${SUFFIX_LENGTH - 1},${HASH_LENGTH - 1}}|[1-9]\\d{7})(?![a-z0-9])`,
  'g',
)

/** `length` characters as Kubernetes generates them, the first a digit, from the digest's bytes after `offset`. */
function generated(digest: Buffer, offset: number, length: number): string {
  let out = DIGITS[digest.readUInt16BE(offset) % DIGITS.length]!
  for (let i = 1; i < length; i++) {
    out += SUFFIX_ALPHABET[digest.readUInt16BE(offset + 2 * i) % SUFFIX_ALPHABET.length]!
  }
  return out
}
