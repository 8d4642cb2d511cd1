import type { Clock } from '../../base/index.ts'
import { ApiError } from '../cluster/index.ts'

/** What ails an API server: every request waits, or some are refused. */
export interface Disturbance {
  /** Real milliseconds that each request waits before it is looked at. */
  readonly delayMs?: number
  readonly refusal?: {
    readonly code: RefusalCode
    /** Each n-th request is refused, beginning with the first; 1 refuses all. */
    readonly every: number
  }
}

export const REFUSAL_CODES = [429, 500, 503, 504] as const
export type RefusalCode = (typeof REFUSAL_CODES)[number]

const RETRY_AFTER_S = 1

/** What each refusal says, as a server says it that is overloaded, broken, starting or slower than its time limit. */
const REFUSALS: Readonly<Record<RefusalCode, () => ApiError>> = {
  429: () =>
    new ApiError('TooManyRequests', 'Too many requests, please try again later.', { retryAfterSeconds: RETRY_AFTER_S }),
  500: () =>
    new ApiError('InternalError', 'Internal error occurred: etcdserver: leader changed', {
      causes: [{ message: 'etcdserver: leader changed' }],
    }),
  503: () => new ApiError('ServiceUnavailable', 'the server is currently unable to handle the request'),
  504: () => new ApiError('Timeout', 'Timeout: request did not complete within the allotted timeout'),
}

/** The disturbances of a server that go on now. They add up: delays one after the other, and the first refusal counts. */
export class Disturbances {
  readonly #clock: Clock
  readonly #active = new Set<{ readonly disturbance: Disturbance; met: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isQuiet(): boolean {
    return this.#active.size === 0
  }

  /** Returns what ends it; calling that again does nothing. */
  add(disturbance: Disturbance): () => void {
    const entry = { disturbance, met: 0 }
    this.#active.add(entry)
    return () => this.#active.delete(entry)
  }

  /** One request: waits, and says how it is refused, if it is. */
  async meet(): Promise<ApiError | undefined> {
    let delayMs = 0
    let code: RefusalCode | undefined
    for (const entry of this.#active) {
      const { delayMs: more = 0, refusal } = entry.disturbance
      delayMs += more
      if (refusal !== undefined && entry.met++ % refusal.every === 0) code ??= refusal.code
    }
    if (delayMs > 0) await new Promise<void>(resolve => this.#clock.schedule(delayMs, resolve))
    return code === undefined ? undefined : REFUSALS[code]()
  }
}
