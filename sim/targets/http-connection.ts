import type { Socket } from 'node:net'
import type { AnswerScript, ScriptEnding } from './misbehaviour/index.ts'
import { type HeadFault, parseRequestHead, type RequestHead } from './request-head.ts'

/** A whole response, ready to be written. */
export interface Answer {
  readonly bytes: Buffer
  /** Whether the connection ends with it. */
  readonly last: boolean
  /** Names the answer in `settled`; negative when nobody wants to know. */
  readonly ticket: number
  /** How it is handed over, in the place of `bytes`, by a target that misbehaves. */
  readonly script?: AnswerScript
}

/** Who answers. */
export interface Responder {
  /** A request's head is complete. `undefined` leaves it unanswered for ever. */
  respond(request: RequestHead): Answer | undefined
  /** A head that is none. The connection ends with the answer; `undefined` as above. */
  refuse(fault: HeadFault | 431): Buffer | undefined
  /**
   * Called once per answer with a ticket: `complete` when its last byte has been handed to the kernel, else when the
   * connection was lost before.
   */
  settled(ticket: number, complete: boolean): void
}

const HEAD_END = Buffer.from('\r\n\r\n')
/** As much as Node's own server takes. */
const HEAD_BYTES_MAX = 16_384

const CR = 13
const LF = 10

/**
 * One accepted connection speaking HTTP/1.1: requests without a body, answered one at a time and in order.
 *
 *   reading ──head complete──▶ answering ──flushed──▶ reading
 *      │  ▲                        ├──flushed, last──▶ draining: what still comes in is thrown away
 *      │  └─ unanswered ───────────┘  (a scripted answer may also end with a reset, or never)
 *      └──────── reset(), or the other side goes ────▶ gone, from any state
 *
 * It is written on bare sockets because a small answer costs a third of what it costs through `node:http` (36 µs against
 * 107 µs of CPU, reference machine), and because it must be known when the kernel has taken an answer.
 */
export class HttpConnection {
  readonly #socket: Socket
  readonly #responder: Responder
  readonly #onGone: (connection: HttpConnection) => void
  #input: Buffer | undefined
  #state: 'reading' | 'answering' | 'draining' | 'gone' = 'reading'
  #ticket = -1
  #last = false
  #script: AnswerScript | undefined
  // A scraper sends the same head again and again: read it once.
  #headText = ''
  #head: RequestHead | HeadFault = 400

  constructor(socket: Socket, responder: Responder, onGone: (connection: HttpConnection) => void) {
    this.#socket = socket
    this.#responder = responder
    this.#onGone = onGone
    socket.on('data', chunk => this.#onData(chunk))
    // The other side went away mid-sentence; 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => this.#gone())
  }

  /**
   * Ends the connection with a reset, at once. An answer under way counts as lost.
   *
   * One that is being shut down already (we ended it, or the other side's FIN made Node do so) is closed instead: a reset
   * fails there, and Node 20 then takes the handle for closing for ever, so that its thread can never end.
   */
  reset(): void {
    if (this.#socket.writableEnded) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
    this.#gone()
  }

  #gone(): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.#script?.stop()
    this.#settle(false)
    this.#input = undefined
    this.#onGone(this)
  }

  #onData(chunk: Buffer): void {
    if (this.#state === 'draining' || this.#state === 'gone') return
    this.#input = this.#input === undefined ? chunk : Buffer.concat([this.#input, chunk])
    if (this.#state === 'reading') this.#readHeads()
    else if (this.#input.length > HEAD_BYTES_MAX) this.#socket.pause()
  }

  #readHeads(): void {
    while (this.#state === 'reading' && this.#input !== undefined) {
      const start = skipEmptyLines(this.#input)
      const end = this.#input.indexOf(HEAD_END, start)
      const headBytes = (end < 0 ? this.#input.length : end) - start
      if (headBytes > HEAD_BYTES_MAX) return this.#refuse(431)
      if (end < 0) return
      const text = this.#input.toString('latin1', start, end)
      const next = end + HEAD_END.length
      this.#input = next === this.#input.length ? undefined : this.#input.subarray(next)
      if (text !== this.#headText) {
        this.#head = parseRequestHead(text)
        this.#headText = text
      }
      if (typeof this.#head === 'number') return this.#refuse(this.#head)
      const answer = this.#responder.respond(this.#head)
      if (answer?.script !== undefined) this.#play(answer.script, answer.ticket)
      else if (answer !== undefined) this.#write(answer.bytes, answer.last, answer.ticket)
    }
  }

  #refuse(fault: HeadFault | 431): void {
    this.#input = undefined
    const bytes = this.#responder.refuse(fault)
    if (bytes === undefined) this.#state = 'draining'
    else this.#write(bytes, true, -1)
  }

  #write(bytes: Buffer, last: boolean, ticket: number): void {
    const socket = this.#socket
    this.#state = 'answering'
    this.#ticket = ticket
    this.#last = last
    socket.write(bytes, this.#onFlushed)
    // Nothing queued means that the kernel took it all during the call, whatever becomes of the connection afterwards.
    if (socket.writableLength === 0 && socket.errored === null && !socket.destroyed) this.#settle(true)
  }

  #play(script: AnswerScript, ticket: number): void {
    this.#state = 'answering'
    this.#ticket = ticket
    this.#script = script
    script.play(this.#socket, (ending: Exclude<ScriptEnding, 'hang'>) => {
      if (this.#state !== 'answering') return
      if (ending === 'reset') {
        this.reset()
        return
      }
      this.#last = ending === 'close'
      this.#onFlushed()
    })
  }

  readonly #onFlushed = (error?: Error | null): void => {
    if (this.#state !== 'answering') return
    // Node reports a write that was cancelled by the end of its socket as done; 'close' follows either way.
    const lost = Boolean(error) || this.#socket.destroyed
    this.#settle(!lost)
    if (lost) return
    if (this.#last) {
      this.#state = 'draining'
      this.#input = undefined
      this.#socket.resume()
      this.#socket.end()
      return
    }
    this.#state = 'reading'
    this.#socket.resume()
    this.#readHeads()
  }

  #settle(complete: boolean): void {
    if (this.#ticket < 0) return
    const ticket = this.#ticket
    this.#ticket = -1
    this.#responder.settled(ticket, complete)
  }
}

/** RFC 9112, 2.2: empty lines before a request line are to be ignored. */
function skipEmptyLines(input: Buffer): number {
  let at = 0
  while (input[at] === CR && input[at + 1] === LF) at += 2
  return at
}
