import { connect, type Socket } from 'node:net'

const NEWLINE = '\r\n'

/** A line that ends the answer to a command. */
const LAST =
  /^(END|OK|STORED|NOT_STORED|EXISTS|NOT_FOUND|DELETED|TOUCHED|RESET|\d+|VERSION .*|ERROR|CLIENT_ERROR.*|SERVER_ERROR.*)$/

/**
 * A connection to a Memcached, as a client has it: commands one after the other, in the text protocol.
 *
 *   connecting ──▶ idle ⇄ waiting for an answer ──▶ closed: what waits, and whatever is asked later, is rejected
 */
export class MemcachedClient {
  readonly #socket: Socket
  readonly #waiting: { resolve: (lines: string[]) => void; reject: (error: Error) => void }[] = []
  #lines: string[] = []
  #input = ''
  /** Bytes of data that follow before there are lines again. */
  #dataLeft = 0
  #failure: Error | undefined

  /** Resolves when connected. */
  static async connect(host: string, port: number): Promise<MemcachedClient> {
    const socket = connect({ host, port, noDelay: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new MemcachedClient(socket)
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: unknown) => this.#receive(String(text)))
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  /** Lines of the answer, with the one that ends it. @param data of a storage command. */
  ask(command: string, data?: string): Promise<string[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#socket.write(command + NEWLINE + (data === undefined ? '' : data + NEWLINE), 'latin1')
    })
  }

  /** Of `stats` or one of its kinds, by name. */
  async stats(kind = ''): Promise<Map<string, string>> {
    const lines = await this.ask(kind === '' ? 'stats' : `stats ${kind}`)
    const out = new Map<string, string>()
    for (const line of lines) {
      const [, name, value] = /^STAT (\S+) (.*)$/.exec(line) ?? []
      if (name !== undefined) out.set(name, value ?? '')
    }
    if (lines.at(-1) !== 'END') throw new Error(`stats ${kind} was answered with ${lines.at(-1)}`)
    return out
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(text: string): void {
    this.#input += text
    for (;;) {
      if (this.#dataLeft > 0) {
        if (this.#input.length < this.#dataLeft) return
        this.#lines.push(this.#input.slice(0, this.#dataLeft - NEWLINE.length))
        this.#input = this.#input.slice(this.#dataLeft)
        this.#dataLeft = 0
      }
      const end = this.#input.indexOf(NEWLINE)
      if (end < 0) return
      const line = this.#input.slice(0, end)
      this.#input = this.#input.slice(end + NEWLINE.length)
      this.#lines.push(line)
      const [, bytes] = /^VALUE \S+ \d+ (\d+)/.exec(line) ?? []
      if (bytes !== undefined) this.#dataLeft = Number(bytes) + NEWLINE.length
      else if (LAST.test(line)) this.#waiting.shift()?.resolve(this.#lines.splice(0))
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#socket.destroy()
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }
}
