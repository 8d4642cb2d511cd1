import { type FileHandle, open } from 'node:fs/promises'
import { TraceError } from './errors.ts'
import { inflatedIfGzip } from './gzip-members.ts'

const CHUNK_BYTES = 256 * 1024

/**
 * Bytes of a file, or of the standard input for `-`, as they are. A file is closed when its bytes are over or given up.
 *
 * @throws TraceError CHURN_TRACE_FILE
 */
export async function rawBytesOf(path: string): Promise<AsyncIterable<Buffer>> {
  if (path === '-') return process.stdin as AsyncIterable<Buffer>
  let handle: FileHandle | undefined
  try {
    handle = await open(path)
    if ((await handle.stat()).isDirectory()) throw new Error('it is a folder')
    return fileBytes(handle)
  } catch (cause) {
    await handle?.close()
    throw new TraceError('CHURN_TRACE_FILE', `${path} cannot be read`, { cause })
  }
}

/** The same, inflated where they are compressed. Where compressed data are damaged, reading on throws a `TornError`. */
export async function bytesOf(path: string): Promise<AsyncIterable<Buffer>> {
  return untilDamage(await rawBytesOf(path))
}

async function* untilDamage(raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of inflatedIfGzip(raw)) {
    if (!(part instanceof Uint8Array)) throw new TornError(part.fault)
    yield part
  }
}

/** The data end, or stop to make sense, where they should not. */
export class TornError extends Error {}

/** From the handle's place on: a pipe has no other. Closes it. */
async function* fileBytes(handle: FileHandle): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}
