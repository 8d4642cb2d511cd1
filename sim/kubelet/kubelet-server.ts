import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import type { Page } from './node-pages.ts'
import { kubeletPortError } from './errors.ts'

/** What the server knows of the kubelets that it speaks for. */
export interface KubeletApi {
  /** Loopback address of a node; `undefined` where there is no such kubelet. */
  addressOf(node: string): string | undefined
  /** Whether the node answers to those outside of the cluster. */
  isReachable(node: string): boolean
  /** What it serves at a path. */
  page(node: string, path: string): Page | undefined
}

export interface KubeletServerOptions {
  /** PEM. One certificate for all: kubelets sign their own, and nobody verifies them. */
  readonly key: string
  readonly cert: string
  /** Whether a bearer token is one of this cluster. */
  readonly isLetIn: (token: string) => boolean
  /** Default 10250, as Node objects say. 0 picks a free one for each node, in tests. */
  readonly port?: number
}

export const KUBELET_PORT = 10_250
/** Listeners that are opened at the same time. */
const OPENING_MAX = 64
const KEEP_ALIVE_MS = 600_000
const UNAUTHORIZED = 'Unauthorized'

/**
 * The HTTPS port of all kubelets: a listener for each node, on the node's own address, and one server behind them.
 *
 * ```
 *   127.2.0.1:10250 ─┐                                     ┌─ reachable: the page of the node whose address it is
 *   127.2.1.1:10250 ─┼─▶ socket ─▶ TLS ─▶ request ─▶ token ┤
 *   …               ─┘      └─ unreachable: held           └─ unreachable: never answered, held
 *                                  └── recover(), or somebody connects who is answered: those that are held are reset
 * ```
 *
 * It runs in the thread of the control plane, since its figures are made from what is there: a page costs some 10 µs per pod
 * of the node, and each node one descriptor and one for every connection. That is why big clusters have it switched off
 * (`ClusterSpec.kubeletPorts`). Bound to loopback addresses only.
 */
export class KubeletServer {
  readonly #api: KubeletApi
  readonly #options: KubeletServerOptions
  readonly #https: HttpsServer
  readonly #listeners = new Map<string, Server>()
  readonly #sockets = new Map<string, Set<Socket>>()
  /** Connections that wait in vain, by node. */
  readonly #held = new Map<string, Set<Socket>>()
  readonly #nodeAt = new Map<string, string>()
  #closed = false

  constructor(api: KubeletApi, options: KubeletServerOptions) {
    this.#api = api
    this.#options = options
    const { key, cert } = options
    this.#https = createHttpsServer({ key, cert, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
      this.#answer(request, response),
    )
    // A client that does not like the certificate, or speaks something else.
    this.#https.on('tlsClientError', (_error, socket) => socket.destroy())
  }

  /** Ports by node, for those that listen. */
  portOf(node: string): number | undefined {
    const address = this.#listeners.get(node)?.address()
    return typeof address === 'object' ? address?.port : undefined
  }

  /**
   * Begins to listen for some nodes; those that do already are left alone.
   *
   * @throws CodedError CHURN_KUBELET_PORT
   */
  async listen(nodes: readonly string[]): Promise<void> {
    const fresh = nodes.filter(node => !this.#listeners.has(node))
    for (let i = 0; i < fresh.length; i += OPENING_MAX) {
      await Promise.all(fresh.slice(i, i + OPENING_MAX).map(node => this.#listenFor(node)))
    }
  }

  /** A node answers again: whoever waited for it in vain must connect anew. */
  recover(node: string): void {
    for (const socket of this.#held.get(node) ?? []) socket.resetAndDestroy()
    this.#held.delete(node)
  }

  close(): void {
    this.#closed = true
    for (const listener of this.#listeners.values()) listener.close()
    for (const sockets of this.#sockets.values()) for (const socket of sockets) socket.destroy()
    this.#https.close()
  }

  #listenFor(node: string): Promise<void> {
    const host = this.#api.addressOf(node)
    if (host === undefined || this.#closed) return Promise.resolve()
    const { port = KUBELET_PORT } = this.#options
    const listener = createServer({ noDelay: true }, socket => this.#onConnection(node, socket))
    this.#listeners.set(node, listener)
    this.#nodeAt.set(host, node)
    return new Promise((resolve, reject) => {
      // Later ones are connections that could not be accepted: their clients see it, and nothing is measured here.
      listener.on('error', error => reject(kubeletPortError(host, port, error)))
      listener.listen({ host, port }, () => {
        if (this.#closed) listener.close()
        resolve()
      })
    })
  }

  #onConnection(node: string, socket: Socket): void {
    let sockets = this.#sockets.get(node)
    if (sockets === undefined) {
      sockets = new Set()
      this.#sockets.set(node, sockets)
    }
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // The other side went away; 'close' follows.
    socket.on('error', () => {})
    // One that is never read never hears of its end: it is there until the node answers again.
    if (this.#api.isReachable(node)) {
      this.recover(node)
      this.#https.emit('connection', socket)
    } else {
      socket.pause()
      this.#hold(node, socket)
    }
  }

  #hold(node: string, socket: Socket | undefined): void {
    if (socket === undefined) return
    const held = this.#held.get(node) ?? new Set()
    this.#held.set(node, held.add(socket))
    socket.once('close', () => held.delete(socket))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const node = this.#nodeAt.get(request.socket.localAddress ?? '')
    if (node === undefined) return refuse(response, 404, '404: Page Not Found')
    if (!this.#api.isReachable(node)) {
      // What is reset later is the connection beneath TLS.
      const { remotePort } = request.socket
      return this.#hold(
        node,
        [...(this.#sockets.get(node) ?? [])].find(socket => socket.remotePort === remotePort),
      )
    }
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]?.trim()
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (token === undefined || !this.#options.isLetIn(token)) return refuse(response, 401, UNAUTHORIZED)
    if (!isRead) return refuse(response, 405, '405: Method Not Allowed')
    const page = this.#api.page(node, (request.url ?? '/').split('?', 1)[0]!)
    if (page === undefined) return refuse(response, 404, '404: Page Not Found')
    const body = Buffer.from(page.body)
    response.writeHead(200, { 'content-type': page.contentType, 'content-length': body.length })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

function refuse(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', 'content-length': text.length })
  response.end(text)
}
