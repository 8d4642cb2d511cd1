import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { ApiUsage } from '../messages.ts'
import type { RequestInfo } from './request-info.ts'

/** Counts what clients cost: requests by verb and kind, and the bytes sent to them (before encryption, headers included). */
export class UsageMeter {
  readonly #byKind = new Map<string, number>()
  readonly #open = new Set<Socket>()
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

  resource({ verb, type, subresource }: RequestInfo): void {
    if (verb === 'watch') this.#watches++
    const kind = `${verb} ${type.plural}${subresource === undefined ? '' : `/${subresource}`}`
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + 1)
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
