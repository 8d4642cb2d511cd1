import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP server on a free port of the loopback that counts its requests and connections. */
export class FakeTarget {
  /** Answers; the default serves `body` as text format. */
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(this.body)
  }
  body = 'a 1\n'
  readonly requests: IncomingMessage[] = []
  connections = 0
  readonly #server = createServer((request, response) => {
    this.requests.push(request)
    this.#arrived.splice(0).forEach(resolve => resolve())
    this.answer(request, response)
  })
  readonly #arrived: (() => void)[] = []

  static async open(): Promise<FakeTarget> {
    const target = new FakeTarget()
    target.#server.on('connection', () => target.connections++)
    await new Promise<void>(resolve => {
      target.#server.listen(0, '127.0.0.1', () => resolve())
    })
    return target
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves with the arrival of the `count`th request, which may have been long ago. */
  async arrival(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>(resolve => this.#arrived.push(resolve))
  }

  dropConnections(): void {
    this.#server.closeAllConnections()
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
