import type { MemcachedStore } from './memcached-store.ts'

const KEY_BYTES_MAX = 250
const LINE_BYTES_MAX = 2048
const NEWLINE = 10

/** What a session needs of its server. */
export interface SessionServer {
  readonly store: MemcachedStore
  /** Lines of `stats`, `stats items`, `stats slabs`, `stats settings`; `undefined` for others. */
  stats(what: string): readonly (readonly [name: string, value: string | number])[] | undefined
  readonly version: string
}

type Storing = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas'
const STORING: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas'])

/** A storage command whose data has not arrived yet. */
interface Pending {
  readonly how: Storing
  readonly key: string
  readonly flags: number
  readonly exptime: number
  readonly version: number
  readonly bytes: number
  readonly noreply: boolean
}

/**
 * One client's end of the text protocol, without its socket.
 *
 *   line ──storage command──▶ data (and its line end) ──▶ line
 *     └──────any other──────▶ answered ──▶ line              `quit`, a line without end ─▶ over
 */
export class MemcachedSession {
  readonly #server: SessionServer
  #input: Buffer = Buffer.alloc(0)
  #pending: Pending | undefined
  #over = false

  constructor(server: SessionServer) {
    this.#server = server
  }

  /** The client asked to be let go, or cannot be understood. */
  get isOver(): boolean {
    return this.#over
  }

  /** Takes what the client sent and returns what it is answered. */
  receive(chunk: Buffer): Buffer {
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk])
    const out: Buffer[] = []
    for (let answer = this.#next(); answer !== undefined; answer = this.#next()) out.push(answer)
    return out.length === 1 ? out[0]! : Buffer.concat(out)
  }

  #next(): Buffer | undefined {
    if (this.#over) return undefined
    if (this.#pending !== undefined) return this.#takeData(this.#pending)
    const end = this.#input.indexOf(NEWLINE)
    if (end < 0) {
      if (this.#input.length <= LINE_BYTES_MAX) return undefined
      this.#over = true
      return Buffer.from('ERROR\r\n')
    }
    const line = this.#input.toString('latin1', 0, end).replace(/\r$/, '')
    this.#input = this.#input.subarray(end + 1)
    const answer = this.#command(line.split(' ').filter(word => word !== ''))
    return Buffer.from(answer, 'latin1')
  }

  #command(words: readonly string[]): string {
    const [verb = '', ...args] = words
    const noreply = args.at(-1) === 'noreply'
    const say = (text: string): string => (noreply ? '' : `${text}\r\n`)
    const { store } = this.#server
    if (STORING.has(verb)) return this.#begin(verb as Storing, args, noreply)
    const [key = '', amount = ''] = args
    switch (verb) {
      case 'get':
      case 'gets':
        return this.#get(args, verb === 'gets')
      case 'delete':
        if (key === '') return 'ERROR\r\n'
        return say(store.delete(key) ? 'DELETED' : 'NOT_FOUND')
      case 'incr':
      case 'decr': {
        if (key === '' || amount === '') return 'ERROR\r\n'
        if (!/^\d{1,20}$/.test(amount)) return say('CLIENT_ERROR invalid numeric delta argument')
        const result = store.add(key, BigInt(amount), verb === 'decr')
        if (result === undefined) return say('NOT_FOUND')
        if (result === 'not a number') {
          return say('CLIENT_ERROR cannot increment or decrement non-numeric value')
        }
        return say(String(result))
      }
      case 'touch':
        if (!/^-?\d+$/.test(amount))
          return key === '' || amount === '' ? 'ERROR\r\n' : say('CLIENT_ERROR invalid exptime argument')
        return say(store.touch(key, Number(amount)) ? 'TOUCHED' : 'NOT_FOUND')
      case 'flush_all':
        store.flushAll()
        return say('OK')
      case 'version':
        return `VERSION ${this.#server.version}\r\n`
      case 'verbosity':
        return say('OK')
      case 'stats':
        return this.#stats(key)
      case 'quit':
        this.#over = true
        return ''
      default:
        return 'ERROR\r\n'
    }
  }

  #get(keys: readonly string[], withVersion: boolean): string {
    if (keys.length === 0) return 'ERROR\r\n'
    const out: string[] = []
    for (const key of keys) {
      if (key.length > KEY_BYTES_MAX) return 'CLIENT_ERROR bad command line format\r\n'
      const item = this.#server.store.get(key)
      if (item === undefined) continue
      const version = withVersion ? ` ${item.version}` : ''
      out.push(`VALUE ${key} ${item.flags} ${item.data.length}${version}\r\n${item.data.toString('latin1')}\r\n`)
    }
    return `${out.join('')}END\r\n`
  }

  #stats(what: string): string {
    const lines = this.#server.stats(what)
    if (lines === undefined) return 'ERROR\r\n'
    return `${lines.map(([name, value]) => `STAT ${name} ${value}\r\n`).join('')}END\r\n`
  }

  #begin(how: Storing, args: readonly string[], noreply: boolean): string {
    const [key = '', ...rest] = args
    const [flags, exptime, bytes, version = '0'] = noreply ? rest.slice(0, -1) : rest
    if (flags === undefined || exptime === undefined || bytes === undefined) return 'ERROR\r\n'
    // The data that follows such a line is taken for a command.
    const isWellFormed =
      key.length <= KEY_BYTES_MAX && /^\d+$/.test(flags) && /^-?\d+$/.test(exptime) && /^\d+$/.test(version)
    if (!isWellFormed) return noreply ? '' : 'CLIENT_ERROR bad command line format\r\n'
    if (!/^\d{1,9}$/.test(bytes)) {
      this.#over = true
      return 'CLIENT_ERROR bad data chunk\r\n'
    }
    this.#pending = {
      how,
      key,
      flags: Number(flags),
      exptime: Number(exptime),
      version: Number(version),
      bytes: Number(bytes),
      noreply,
    }
    return ''
  }

  #takeData(pending: Pending): Buffer | undefined {
    const { bytes, how, key, noreply } = pending
    if (this.#input.length < bytes + 2) return undefined
    const data = Buffer.from(this.#input.subarray(0, bytes))
    const isEnded = this.#input.toString('latin1', bytes, bytes + 2) === '\r\n'
    // Data that is longer than was said is thrown away with its line.
    const next = isEnded ? bytes + 2 : this.#input.indexOf(NEWLINE, bytes) + 1
    if (next === 0) return undefined
    this.#input = this.#input.subarray(next)
    this.#pending = undefined
    let answer = 'CLIENT_ERROR bad data chunk'
    if (isEnded) {
      const outcome = this.#server.store.store(how, key, { ...pending, data })
      answer = outcome === 'TOO_LARGE' ? 'SERVER_ERROR object too large for cache' : outcome
    }
    return Buffer.from(noreply ? '' : `${answer}\r\n`)
  }
}
