import type { ChurnEvent } from '../churn-event.ts'
import type { AddressPseudonyms } from './addresses.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import type { ScrubLedger } from './scrub-ledger.ts'

/** A text in a scrubbed trace that should not be there. */
export interface Leak {
  readonly field: string
  readonly text: string
  /** The original that is in it, where it is known. */
  readonly original?: string
}

/** Shorter ones occur everywhere by chance. */
const ORIGINAL_CHARS_MIN = 4
/** Texts found to be sound, by which most of a trace is passed over. */
const SOUND_MAX = 50_000
/** Fields of an event that hold words of the format itself, numbers and percentages. */
const OF_THE_FORMAT: ReadonlySet<string> = new Set(['t', 'kind', 'op', 'strategy'])
/** What pseudonyms of images and keys are put together with. */
const CONSTANTS = /^registry\.example\/|\.example\//g

/**
 * Judges events of a scrubbed trace, knowing only the scrubbing's books. A text is sound when
 *
 * 1. as a whole it was kept on purpose, or given out as a pseudonym; and
 * 2. once words and generated parts are taken out of a pseudonym, no original of four characters or more is in what is left.
 *
 * The first finds what was passed on by mistake, the second a pseudonym that has its original in it.
 */
export class LeakScan {
  readonly #ledger: ScrubLedger
  readonly #pseudonyms: Pseudonyms
  readonly #addresses: AddressPseudonyms
  #sound = new Set<string>()

  constructor(ledger: ScrubLedger, pseudonyms: Pseudonyms, addresses: AddressPseudonyms) {
    this.#ledger = ledger
    this.#pseudonyms = pseudonyms
    this.#addresses = addresses
  }

  /** The first leak of an event, if there is one. */
  leakOf(event: ChurnEvent): Leak | undefined {
    for (const [field, text] of textsOf(event)) {
      if (text === '' || this.#sound.has(text)) continue
      if (field === 'address' && this.#addresses.isIssuedIpv4(text)) continue
      const leak = this.#judge(field, text)
      if (leak !== undefined) return leak
      if (this.#sound.size >= SOUND_MAX) this.#sound = new Set()
      this.#sound.add(text)
    }
    return undefined
  }

  #judge(field: string, text: string): Leak | undefined {
    if (this.#ledger.isKept(text)) return undefined
    const isIssued = this.#ledger.isIssued(text)
    // `Kind/name` and `namespace/name` are two texts, unless a key with a prefix stands there.
    if (!isIssued && (field === 'owner' || field.startsWith('args.'))) {
      const [first = '', second, ...others] = text.split('/')
      if (second !== undefined && others.length === 0) return this.#judge('', first) ?? this.#judge('', second)
    }
    const original = this.#originalIn(isIssued ? this.#leftOf(text) : text)
    if (original !== undefined) return { field, text, original }
    return isIssued ? undefined : { field, text }
  }

  /** What is in a pseudonym beside words, generated parts, ordinals and constants. */
  #leftOf(text: string): string {
    if (isUidOrIpv6(text)) return ''
    return this.#pseudonyms
      .undressed(text.replaceAll(CONSTANTS, ''))
      .replace(/-\d{1,5}-?$/, '')
      .replaceAll(/^[-/:]+|[-/:]+$/g, '')
  }

  #originalIn(text: string): string | undefined {
    if (this.#ledger.isKept(text)) return undefined
    for (let length = text.length; length >= ORIGINAL_CHARS_MIN; length--) {
      for (let start = 0; start + length <= text.length; start++) {
        const part = text.slice(start, start + length)
        if (this.#ledger.isOriginal(part) && !this.#ledger.isKept(part)) return part
      }
    }
    return undefined
  }
}

/** Shapes that hold no words. */
function isUidOrIpv6(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) || /^fd[0-9a-f]{2}(?::[0-9a-f]{4}){7}$/.test(text)
}

/** All texts of an event that are not words of the format, wherever they stand in it, keys of labels among them. */
function* textsOf(event: ChurnEvent): Generator<[string, string]> {
  if (event.kind === 'action') {
    yield ['op', event.op]
    for (const [key, value] of Object.entries(event.args)) {
      yield ['args', key]
      yield* textsIn(`args.${key}`, value)
    }
    return
  }
  for (const [field, value] of Object.entries(event)) {
    if (!OF_THE_FORMAT.has(field)) yield* textsIn(field, value)
  }
}

function* textsIn(field: string, value: unknown): Generator<[string, string]> {
  if (typeof value === 'string') {
    yield [field, value]
  } else if (Array.isArray(value)) {
    for (const each of value) yield* textsIn(field, each)
  } else if (typeof value === 'object' && value !== null) {
    const isFree = FREE_KEYS.has(field)
    for (const [key, each] of Object.entries(value)) {
      if (isFree) yield [field, key]
      yield* textsIn(`${field}.${key}`, each)
    }
  }
}

const FREE_KEYS: ReadonlySet<string> = new Set(['labels', 'selector', 'annotations'])
