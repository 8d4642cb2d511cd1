import type { Clock } from '../../base/index.ts'
import { ApiError } from '../cluster/index.ts'
import type { Verb } from './request-info.ts'

/** What ails an API server, until it is ended. What is absent is as it should be. */
export interface Disturbance {
  /** Befalls requests of these verbs only; absent: all requests. Meant are `delayMs` and `refusal`. */
  readonly verbs?: readonly Verb[]
  /** Real milliseconds that each request waits before it is looked at. */
  readonly delayMs?: number
  readonly refusal?: {
    readonly code: RefusalCode
    /** Each n-th request is refused, beginning with the first; 1 refuses all. */
    readonly every: number
  }
  /** Real milliseconds by which the events of watches come late. */
  readonly watchDelayMs?: number
  /** Each n-th event of a watch is sent twice, beginning with the first. */
  readonly duplicateEvery?: number
  /** Who resumes a watch is told the last so many versions before once more, as far as the history reaches. */
  readonly replayVersions?: number
  /** Real milliseconds by which periodic bookmarks come late; `Infinity`: none comes at all. */
  readonly bookmarkDelayMs?: number
}

export const REFUSAL_CODES = [410, 429, 500, 503, 504] as const
export type RefusalCode = (typeof REFUSAL_CODES)[number]

const RETRY_AFTER_S = 1

/** What each refusal says, as a server says it that has forgotten, is overloaded, broken, starting or too slow. */
const REFUSALS: Readonly<Record<RefusalCode, () => ApiError>> = {
  410: () => new ApiError('Expired', 'The resourceVersion for the provided watch is too old.'),
  429: () =>
    new ApiError('TooManyRequests', 'Too many requests, please try again later.', { retryAfterSeconds: RETRY_AFTER_S }),
  500: () =>
    new ApiError('InternalError', 'Internal error occurred: etcdserver: leader changed', {
      causes: [{ message: 'etcdserver: leader changed' }],
    }),
  503: () => new ApiError('ServiceUnavailable', 'the server is currently unable to handle the request'),
  504: () => new ApiError('Timeout', 'Timeout: request did not complete within the allotted timeout'),
}

/** A request as disturbances see it. */
export interface DisturbedRequest {
  /** Absent for paths that name no resource. */
  readonly verb: Verb | undefined
  /** Whether it is a watch that goes on from a version: only such a one can be told that the version is too old. */
  readonly isResumed: boolean
}

/**
 * The disturbances of a server that go on now. They add up: delays one after the other, and the first refusal counts.
 *
 * Watches look at the sums on every event; they are kept, not reckoned.
 */
export class Disturbances {
  readonly #clock: Clock
  readonly #active = new Set<{ readonly disturbance: Disturbance; met: number }>()
  readonly #onChange: (() => void)[] = []
  /** Sum over all. */
  watchDelayMs = 0
  /** Sum over all. */
  bookmarkDelayMs = 0
  /** Of the one that duplicates most; 0: none does. */
  duplicateEvery = 0
  /** Of the one that goes back furthest. */
  replayVersions = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isQuiet(): boolean {
    return this.#active.size === 0
  }

  /** Called whenever one begins or ends. */
  onChange(listener: () => void): void {
    this.#onChange.push(listener)
  }

  /** Returns what ends it; calling that again does nothing. */
  add(disturbance: Disturbance): () => void {
    const entry = { disturbance, met: 0 }
    this.#active.add(entry)
    this.#sum()
    return () => {
      if (this.#active.delete(entry)) this.#sum()
    }
  }

  /** One request: waits, and says how it is refused, if it is. */
  async meet({ verb, isResumed }: DisturbedRequest): Promise<ApiError | undefined> {
    let delayMs = 0
    let code: RefusalCode | undefined
    for (const entry of this.#active) {
      const { verbs, delayMs: more = 0, refusal } = entry.disturbance
      if (verbs !== undefined && (verb === undefined || !verbs.includes(verb))) continue
      delayMs += more
      if (refusal === undefined || (refusal.code === 410 && !isResumed)) continue
      if (entry.met++ % refusal.every === 0) code ??= refusal.code
    }
    if (delayMs > 0) await new Promise<void>(resolve => this.#clock.schedule(delayMs, resolve))
    return code === undefined ? undefined : REFUSALS[code]()
  }

  #sum(): void {
    this.watchDelayMs = 0
    this.bookmarkDelayMs = 0
    this.duplicateEvery = 0
    this.replayVersions = 0
    for (const { disturbance } of this.#active) {
      const { watchDelayMs = 0, bookmarkDelayMs = 0, duplicateEvery = 0, replayVersions = 0 } = disturbance
      this.watchDelayMs += watchDelayMs
      this.bookmarkDelayMs += bookmarkDelayMs
      this.replayVersions = Math.max(this.replayVersions, replayVersions)
      if (duplicateEvery > 0 && (this.duplicateEvery === 0 || duplicateEvery < this.duplicateEvery)) {
        this.duplicateEvery = duplicateEvery
      }
    }
    for (const listener of this.#onChange) listener()
  }
}
