import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../../base/index.ts'
import type { TargetSpec } from '../../kubelet/pod-runtime.ts'
import { listenOn } from '../listen-on.ts'
import type { OpenContainer } from '../open-container.ts'
import { MemcachedSession } from './memcached-session.ts'
import { generalStats, itemStats, type ServerFacts, settingStats, slabStats, type StatLine } from './memcached-stats.ts'
import { MemcachedStore } from './memcached-store.ts'

/** As Memcached's own defaults. */
const LIMIT_BYTES = 64 * 1_048_576
const CONNECTIONS_MAX = 1024
/** The version whose answers are played. */
const VERSION = '1.6.18'
/** Connections that a real one counts beside its clients: its listener, for one. */
const OWN_CONNECTIONS = 1

/** A simulated Memcached: one container, listening on its ports for the text protocol. Empty at every start. */
export class MemcachedServer implements OpenContainer {
  readonly version = VERSION
  readonly store: MemcachedStore
  readonly #clock: Clock
  readonly #spec: TargetSpec
  readonly #onFault: (error: Error) => void
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  readonly #startedMs: number
  #partitioned = false
  #closed = false
  #totalConnections = OWN_CONNECTIONS
  #bytesRead = 0
  #bytesWritten = 0

  constructor(clock: Clock, spec: TargetSpec, onFault: (error: Error) => void) {
    this.#clock = clock
    this.#spec = spec
    this.#onFault = onFault
    this.#startedMs = clock.unixMs()
    this.store = new MemcachedStore(clock, LIMIT_BYTES)
  }

  /** @throws CodedError CHURN_TARGET_BIND, CHURN_FD_LIMIT; nothing is left open then. */
  async listen(): Promise<void> {
    try {
      await Promise.all(this.#spec.ports.map(port => this.#listenOn(port)))
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const server of this.#servers) server.close()
    this.#resetAll()
  }

  setPartitioned(partitioned: boolean): void {
    if (this.#partitioned === partitioned) return
    this.#partitioned = partitioned
    if (!partitioned) this.#resetAll()
  }

  stats(what: string): readonly StatLine[] | undefined {
    const facts = this.#facts()
    switch (what) {
      case '':
        return generalStats(this.store, facts)
      case 'items':
        return itemStats(this.store, facts.unixS)
      case 'slabs':
        return slabStats(this.store)
      case 'settings':
        return settingStats(this.store, facts)
      default:
        return undefined
    }
  }

  #facts(): ServerFacts {
    const unixMs = this.#clock.unixMs()
    return {
      version: VERSION,
      uptimeS: Math.floor((unixMs - this.#startedMs) / 1000),
      unixS: Math.floor(unixMs / 1000),
      connections: this.#sockets.size + OWN_CONNECTIONS,
      totalConnections: this.#totalConnections,
      connectionsMax: CONNECTIONS_MAX,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
    }
  }

  #listenOn(port: number): Promise<void> {
    const server = createServer({ noDelay: true }, socket => this.#onConnection(socket))
    this.#servers.push(server)
    return listenOn(server, {
      address: this.#spec.address,
      port,
      isClosed: () => this.#closed,
      onFault: error => this.#onFault(error),
    })
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket)
    this.#totalConnections++
    const session = new MemcachedSession(this)
    // The other side went away mid-sentence; 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', chunk => {
      if (this.#partitioned) return
      this.#bytesRead += chunk.length
      const answer = session.receive(chunk)
      this.#bytesWritten += answer.length
      if (answer.length > 0) socket.write(answer)
      if (session.isOver) socket.end()
    })
  }

  #resetAll(): void {
    for (const socket of this.#sockets) {
      // See HttpConnection.reset: one that is being shut down cannot be reset.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
}
