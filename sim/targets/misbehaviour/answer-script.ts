import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../../base/index.ts'

/** A pause in milliseconds, or bytes to write. */
export type ScriptStep = number | Buffer

/** How it goes on after the last step: with the next request, with an orderly end, with a reset, or not at all. */
export type ScriptEnding = 'next' | 'close' | 'reset' | 'hang'

/**
 * An answer that is handed over in its own time.
 *
 * ```
 *   idle ──play()──▶ pausing ⇄ writing ──no more steps──▶ ended: `onEnd` is called, unless it hangs
 *                       └──stop(), from anywhere──▶ stopped
 * ```
 */
export class AnswerScript {
  readonly #clock: Clock
  readonly #steps: readonly ScriptStep[]
  readonly #ending: ScriptEnding
  #at = 0
  #timer: Timer | undefined
  #stopped = false

  constructor(clock: Clock, steps: readonly ScriptStep[], ending: ScriptEnding) {
    this.#clock = clock
    this.#steps = steps
    this.#ending = ending
  }

  /** A write that fails ends it without a word: the socket's `close` follows. */
  play(socket: Socket, onEnd: (ending: Exclude<ScriptEnding, 'hang'>) => void): void {
    if (this.#stopped) return
    const step = this.#steps[this.#at++]
    if (step === undefined) {
      if (this.#ending !== 'hang') onEnd(this.#ending)
    } else if (typeof step === 'number') {
      this.#timer = this.#clock.schedule(step, () => this.play(socket, onEnd))
    } else {
      socket.write(step, error => {
        if (!error && !socket.destroyed) this.play(socket, onEnd)
      })
    }
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }
}
