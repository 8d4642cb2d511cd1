import { promisify } from 'node:util'
import { constants, crc32, createGunzip, deflateRaw, deflateRawSync, gunzip } from 'node:zlib'
import { describeError } from '../../base/index.ts'
import { ByteQueue } from './byte-queue.ts'

/**
 * Compressed traces are a row of gzip members, each of whole lines, which any gzip program reads as one stream. Each says in
 * its header how long it is, so that what lies behind a damaged one is found again, and a member is checked before anything
 * of it is believed:
 *
 * ```
 *   0  1f 8b 08 04 00 00 00 00 00 ff   gzip, deflate, an extra field follows; no time, no system
 *  10  08 00                           bytes of the extra field
 *  12  43 42 04 00                     "CB", four bytes
 *  16  u32                             bytes of the whole member
 *  20  deflated lines
 *  -8  CRC-32 u32, bytes before deflating u32      (all little-endian)
 * ```
 */
const SIGNATURE = Buffer.from('1f8b08040000000000ff080043420400', 'hex')
const HEAD_BYTES = 20
const TRAILER_BYTES = 8

/** Far beyond what is written: a length above it is damage, and memory is bounded by it. */
const MEMBER_BYTES_MAX = 16 * 1024 * 1024

/** Members that are inflated while earlier ones are judged. */
const AHEAD = 2

/** Stands where bytes should. */
export interface Damage {
  /** `cut-off`: nothing follows, and what was before is whole. */
  readonly kind: 'cut-off' | 'damaged'
  readonly fault: string
}

const deflate = promisify(deflateRaw)
const inflate = promisify(gunzip)

/** Bytes as one member. */
export async function gzipMember(bytes: Buffer): Promise<Buffer> {
  return member(bytes, await deflate(bytes))
}

/** Bytes as one member that is not deflated: its length depends on nothing but theirs. */
export function storedMember(bytes: Buffer): Buffer {
  return member(bytes, deflateRawSync(bytes, { level: 0 }))
}

function member(bytes: Buffer, deflated: Buffer): Buffer {
  const out = Buffer.allocUnsafe(HEAD_BYTES + deflated.length + TRAILER_BYTES)
  SIGNATURE.copy(out)
  out.writeUInt32LE(out.length, SIGNATURE.length)
  deflated.copy(out, HEAD_BYTES)
  out.writeUInt32LE(crc32(bytes), out.length - TRAILER_BYTES)
  out.writeUInt32LE(bytes.length, out.length - 4)
  return out
}

/** Inflates what begins as gzip does, and hands on what does not. Never more than a few members are held. */
export async function* inflatedIfGzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer | Damage> {
  const bytes = new ByteQueue(source)
  try {
    await bytes.fill(SIGNATURE.length)
    if (bytes.startsWith(SIGNATURE)) yield* members(bytes)
    else if (bytes.startsWith(SIGNATURE.subarray(0, 2))) yield* stream(bytes)
    else yield* bytes.rest()
  } finally {
    await bytes.close()
  }
}

/** Members of ours, each checked before it is handed out. */
async function* members(bytes: ByteQueue): AsyncGenerator<Buffer | Damage> {
  const ahead: Promise<Buffer | Damage>[] = []
  for await (const { part } of parts(bytes)) {
    ahead.push(part)
    if (ahead.length > AHEAD) yield await ahead.shift()!
  }
  for (const last of ahead) yield await last
}

/** Wrapped: a generator would wait for a bare promise. None rejects. */
interface Part {
  readonly part: Promise<Buffer | Damage>
}

async function* parts(bytes: ByteQueue): AsyncGenerator<Part> {
  while (await bytes.fill(1)) {
    const at = bytes.offset
    const isHeadWhole = await bytes.fill(HEAD_BYTES)
    const length = isHeadWhole ? bytes.peekUInt32(SIGNATURE.length) : HEAD_BYTES + TRAILER_BYTES
    const isHead = isHeadWhole ? bytes.startsWith(SIGNATURE) : bytes.isStartOf(SIGNATURE)
    const isPossible = isHead && length >= HEAD_BYTES + TRAILER_BYTES && length <= MEMBER_BYTES_MAX
    if (isPossible && (await bytes.fill(length))) {
      yield { part: inflateMember(bytes.take(length), at) }
      continue
    }
    const { held } = bytes
    const { isFound, isZero } = await bytes.skipTo(SIGNATURE)
    // Where another member follows, this one was not cut off: its length is wrong.
    if (isPossible && !isFound) {
      yield { part: inflateStart(held) }
      const fault = `the compressed data are cut off here (at byte ${at + held.length})`
      yield { part: Promise.resolve({ kind: 'cut-off', fault }) }
    } else if (isFound || !isZero) {
      yield { part: Promise.resolve(damagedFrom(at)) }
    } // Else padding, which gzip passes over, too.
  }
}

function damagedFrom(byte: number): Damage {
  return { kind: 'damaged', fault: `the compressed data are damaged from byte ${byte} on` }
}

async function inflateMember(bytes: Buffer, at: number): Promise<Buffer | Damage> {
  const length = bytes.readUInt32LE(bytes.length - 4)
  try {
    if (length > MEMBER_BYTES_MAX) return damagedFrom(at)
    // Into one buffer, with room to see that there is no more.
    const text = await inflate(bytes, { chunkSize: length + 64, maxOutputLength: Math.max(length, 1) })
    if (text.length === length) return text
  } catch {
    // Told by its place; zlib's own words ("invalid distance too far back") help nobody.
  }
  return damagedFrom(at)
}

/** What can be had of a member that is cut off. */
async function inflateStart(bytes: Buffer): Promise<Buffer> {
  try {
    return await inflate(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MEMBER_BYTES_MAX })
  } catch {
    return Buffer.alloc(0)
  }
}

/** Compressed by another program: what is damaged is the end of it. */
async function* stream(bytes: ByteQueue): AsyncGenerator<Buffer | Damage> {
  const unzip = createGunzip({ chunkSize: 256 * 1024 })
  let sourceError: Error | undefined
  const feeding = (async () => {
    try {
      for await (const chunk of bytes.rest()) {
        if (unzip.destroyed) return
        if (!unzip.write(chunk)) await onceAny(unzip, ['drain', 'close', 'error'])
      }
      unzip.end()
    } catch (error) {
      sourceError = error as Error
      unzip.destroy()
    }
  })()
  try {
    yield* unzip as AsyncIterable<Buffer>
  } catch (error) {
    if (sourceError !== undefined) throw sourceError
    if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') {
      yield { kind: 'cut-off', fault: 'the compressed data are cut off here' }
    } else {
      yield { kind: 'damaged', fault: `the compressed data are damaged here (${describeError(error)})` }
    }
  } finally {
    unzip.destroy()
    await feeding
  }
}

function onceAny(emitter: NodeJS.EventEmitter, names: readonly string[]): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      for (const name of names) emitter.off(name, done)
      resolve()
    }
    for (const name of names) emitter.on(name, done)
  })
}
