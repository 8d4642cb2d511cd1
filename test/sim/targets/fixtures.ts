import { createServer } from 'node:net'
import type { Clock } from '../../../base/index.ts'
import type { TargetSpec } from '../../../sim/kubelet/pod-runtime.ts'

export const START_UNIX_MS = Date.UTC(2026, 0, 1)

export function specOf(index: number, overrides: Partial<TargetSpec> = {}): TargetSpec {
  const hex = index.toString(16).padStart(12, '0')
  return {
    uid: `6f1d3c52-0d2b-4f1e-9a77-${hex}`,
    slot: index,
    address: addressOf(index),
    ports: [],
    profile: 'web-service',
    namespace: 'shop',
    pod: `checkout-5d8f-${index}`,
    node: 'node-1',
    container: 'main',
    app: 'checkout',
    seed: '42',
    startedUnixMs: START_UNIX_MS,
    ...overrides,
  }
}

/** Each test process has a corner of the loopback network of its own. */
export function addressOf(index: number): string {
  const third = (Math.floor(process.pid / 50) % 200) + Math.floor(index / 250)
  return `127.${200 + (process.pid % 50)}.${third}.${(index % 250) + 1}`
}

/** A port that was free a moment ago on one of our addresses. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, addressOf(999), () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** Waits for something that the event loop brings about by itself. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

/** Monotonic time that is never the same twice; Unix time that is moved by hand, backwards too. */
export class HandClock implements Clock {
  nowUnixMs = START_UNIX_MS + 60_000
  #ns = 1_000_000_000n

  unixMs(): number {
    return this.nowUnixMs
  }

  monotonicNs(): bigint {
    this.#ns += 1_000n
    return this.#ns
  }

  schedule(): never {
    throw new Error('nothing here waits')
  }
}
