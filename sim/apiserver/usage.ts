import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { ApiUsage } from '../messages.ts'
import type { RequestInfo } from './request-info.ts'

/** Upper bounds in seconds, as the API server's own histogram has them. */
export const DURATION_BUCKETS_S = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
] as const

/** Requests of one kind, as `apiserver_request_*` tells them apart. */
export interface RequestCounts {
  readonly info: RequestInfo
  readonly byCode: Map<number, number>
  /** Open now; of those that last, watches and logs that are followed. */
  open: number
  /** One for each of `DURATION_BUCKETS_S`, not summed up, and one for what takes longer. Absent for what lasts. */
  readonly durations: Uint32Array | undefined
  durationSumS: number
}

/** Counts what clients cost: requests by verb and kind, and the bytes sent to them (before encryption, headers included). */
export class UsageMeter {
  readonly #byKind = new Map<string, number>()
  readonly #open = new Set<Socket>()
  readonly #counts = new Map<string, RequestCounts>()
  readonly #running = new WeakMap<IncomingMessage, RequestCounts>()
  #requests = 0
  #watches = 0
  #closedBytes = 0

  /** @param event where whole connections come from: `secureConnection` with TLS, whose sockets count plain bytes. */
  attach(server: Server, event: 'connection' | 'secureConnection'): void {
    server.on(event, (socket: Socket) => {
      this.#open.add(socket)
      socket.once('close', () => {
        this.#open.delete(socket)
        this.#closedBytes += socket.bytesWritten
      })
    })
  }

  request(): void {
    this.#requests++
  }

  /** @param lasts whether it is open for as long as the client likes. */
  resource(request: IncomingMessage, info: RequestInfo, lasts: boolean): void {
    const { verb, type, subresource } = info
    if (verb === 'watch') this.#watches++
    const kind = `${verb} ${type.plural}${subresource === undefined ? '' : `/${subresource}`}`
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + 1)
    const key = `${kind} ${type.group}/${type.version} ${scopeOf(info)} ${lasts}`
    let counts = this.#counts.get(key)
    if (counts === undefined) {
      const durations = lasts ? undefined : new Uint32Array(DURATION_BUCKETS_S.length + 1)
      counts = { info, byCode: new Map(), open: 0, durations, durationSumS: 0 }
      this.#counts.set(key, counts)
    }
    if (lasts) counts.open++
    this.#running.set(request, counts)
  }

  /** A request has been answered, or given up by the client; saying so again does nothing. Those that named no resource are not told apart. */
  answered(request: IncomingMessage, code: number, durationS: number): void {
    const counts = this.#running.get(request)
    if (counts === undefined) return
    this.#running.delete(request)
    counts.byCode.set(code, (counts.byCode.get(code) ?? 0) + 1)
    if (counts.durations === undefined) {
      counts.open--
      return
    }
    const bucket = DURATION_BUCKETS_S.findIndex(bound => durationS <= bound)
    counts.durations[bucket < 0 ? DURATION_BUCKETS_S.length : bucket]!++
    counts.durationSumS += durationS
  }

  counts(): Iterable<RequestCounts> {
    return this.#counts.values()
  }

  /** Breaks all connections. */
  disconnect(): void {
    for (const socket of this.#open) socket.destroy()
  }

  snapshot(): ApiUsage {
    let bytes = this.#closedBytes
    for (const socket of this.#open) bytes += socket.bytesWritten
    return {
      requests: this.#requests,
      watches: this.#watches,
      bytes,
      byKind: Object.fromEntries([...this.#byKind].sort(([a], [b]) => (a < b ? -1 : 1))),
    }
  }
}

/** As the label `scope` says it. */
export function scopeOf({ name, namespace, type, verb }: RequestInfo): 'resource' | 'namespace' | 'cluster' {
  if (name !== undefined || verb === 'create') return 'resource'
  return namespace === undefined || !type.namespaced ? 'cluster' : 'namespace'
}
