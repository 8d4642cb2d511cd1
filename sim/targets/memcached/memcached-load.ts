import { type Clock, Prng, type Timer } from '../../../base/index.ts'
import type { TargetSpec } from '../../kubelet/pod-runtime.ts'
import type { OpenContainer } from '../open-container.ts'
import { MemcachedClient } from './memcached-client.ts'

const MEMCACHED_PORT = 11_211
/** From one command to the next, on average; and from a failed connection to the next attempt. */
const COMMAND_MS = 20
const RETRY_MS = 200
const KEYS = 500
const DATA_BYTES_MAX = 2000

/** A simulated client of the Memcached in its pod: nine reads to one write, and now and then something else. */
export class MemcachedLoad implements OpenContainer {
  readonly #clock: Clock
  readonly #spec: TargetSpec
  readonly #prng: Prng
  #client: MemcachedClient | undefined
  #timer: Timer | undefined
  #partitioned = false
  #closed = false

  constructor(clock: Clock, spec: TargetSpec) {
    this.#clock = clock
    this.#spec = spec
    this.#prng = new Prng(spec.seed).fork(`client/${spec.uid}/${spec.startedUnixMs}`)
  }

  listen(): Promise<void> {
    this.#later(COMMAND_MS)
    return Promise.resolve()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#client?.close()
  }

  setPartitioned(partitioned: boolean): void {
    this.#partitioned = partitioned
  }

  #later(ms: number): void {
    this.#timer = this.#clock.schedule(ms, () => void this.#act())
  }

  async #act(): Promise<void> {
    try {
      if (!this.#partitioned) {
        this.#client ??= await MemcachedClient.connect(this.#spec.address, MEMCACHED_PORT)
        await this.#command(this.#client)
      }
      if (!this.#closed) this.#later(this.#prng.between(1, 2 * COMMAND_MS))
    } catch {
      this.#client?.close()
      this.#client = undefined
      if (!this.#closed) this.#later(RETRY_MS)
    }
    // It may have been closed while it was connecting.
    if (this.#closed) this.#client?.close()
  }

  #command(client: MemcachedClient): Promise<string[]> {
    const key = `key-${this.#prng.below(KEYS)}`
    const draw = this.#prng.below(100)
    if (draw < 88) return client.ask(`get ${key}`)
    if (draw < 98) {
      const data = 'x'.repeat(this.#prng.between(1, DATA_BYTES_MAX))
      return client.ask(`set ${key} 0 0 ${data.length}`, data)
    }
    return client.ask(draw < 99 ? `delete ${key}` : 'incr hits 1')
  }
}
