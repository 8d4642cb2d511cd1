import { readFileSync } from 'node:fs'
import type { Clock } from '../../base/index.ts'
import { CredentialError } from './errors.ts'

/** Tokens are rotated on disk while they are in use: they are read again, but not more often than this. */
const MAX_AGE_NS = 1_000_000_000n

/** The content of a small file that may change, without surrounding white space. */
export class CachedFile {
  readonly #clock: Clock
  readonly #path: string
  #text = ''
  #readAtNs: bigint | undefined

  constructor(clock: Clock, path: string) {
    this.#clock = clock
    this.#path = path
  }

  /** @throws CredentialError */
  read(): string {
    const nowNs = this.#clock.monotonicNs()
    if (this.#readAtNs === undefined || nowNs - this.#readAtNs >= MAX_AGE_NS) {
      try {
        this.#text = readFileSync(this.#path, 'utf8').trim()
      } catch (error) {
        throw new CredentialError(this.#path, error)
      }
      this.#readAtNs = nowNs
    }
    return this.#text
  }
}
