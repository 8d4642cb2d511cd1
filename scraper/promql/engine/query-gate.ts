import type { Clock } from '../../../base/index.ts'
import { QueryError } from '../errors.ts'

/** Lets a bounded number of queries run at once; the others wait in order. */
export class QueryGate {
  readonly #clock: Clock
  readonly #max: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(clock: Clock, max: number) {
    this.#clock = clock
    this.#max = max
  }

  get running(): number {
    return this.#running
  }

  /** Waits for a turn and returns what ends it. @throws QueryError timeout or canceled while waiting */
  async enter(timeoutMs: number, signal: AbortSignal | undefined): Promise<() => void> {
    if (this.#running < this.#max) this.#running++
    else await this.#wait(timeoutMs, signal)
    let left = false
    return () => {
      if (left) return
      left = true
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  #wait(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const quit = (error: QueryError): void => {
        const at = this.#waiting.indexOf(go)
        if (at !== -1) this.#waiting.splice(at, 1)
        end()
        reject(error)
      }
      const timer = this.#clock.schedule(timeoutMs, () =>
        quit(new QueryError('timeout', 'query timed out in query queue')),
      )
      const aborted = (): void => quit(new QueryError('canceled', 'query was canceled in query queue'))
      const end = (): void => {
        timer.cancel()
        signal?.removeEventListener('abort', aborted)
      }
      const go = (): void => {
        end()
        resolve()
      }
      signal?.addEventListener('abort', aborted)
      this.#waiting.push(go)
    })
  }
}
