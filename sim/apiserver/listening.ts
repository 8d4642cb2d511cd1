import type { Server } from 'node:http'
import type { Clock } from '../../base/index.ts'

/** How soon a port is tried again that somebody else has taken meanwhile. */
const RETRY_MS = 50

/** An HTTP server that can leave its port and come back to it, as one that is restarted does. */
export class Listening {
  readonly #clock: Clock
  readonly #server: Server
  readonly #address: { readonly host: string; readonly port: number }
  readonly #onUp: () => void
  #downs = 0
  #closed = false

  /**
   * @param address where it listens now.
   * @param onUp called whenever it listens again.
   */
  constructor(
    clock: Clock,
    server: Server,
    address: { readonly host: string; readonly port: number },
    onUp: () => void,
  ) {
    this.#clock = clock
    this.#server = server
    this.#address = address
    this.#onUp = onUp
  }

  /** Connections are refused until what it returns is called; those that are open are for the caller to break. */
  down(): () => void {
    if (this.#downs++ === 0) this.#server.close()
    let ended = false
    return () => {
      if (ended) return
      ended = true
      if (--this.#downs === 0) this.#up()
    }
  }

  /** Never listens again. */
  close(): void {
    this.#closed = true
  }

  #up(): void {
    if (this.#closed || this.#downs > 0) return
    const retry = (): void => {
      this.#clock.schedule(RETRY_MS, () => this.#up())
    }
    this.#server.once('error', retry)
    this.#server.listen(this.#address, () => {
      this.#server.off('error', retry)
      this.#onUp()
    })
  }
}
