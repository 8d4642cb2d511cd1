import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { describeError } from '../../base/index.ts'
import { TraceError } from './errors.ts'

/**
 * Opens a file, or with `-` the standard input, and inflates what begins as gzip does. Reading on may throw a `TornError`.
 *
 * @throws TraceError CHURN_TRACE_FILE
 */
export async function bytesOf(path: string): Promise<AsyncIterable<Buffer>> {
  if (path === '-') return inflatedIfNeeded(process.stdin as AsyncIterable<Buffer>)
  let handle: FileHandle | undefined
  try {
    handle = await open(path)
    if ((await handle.stat()).isDirectory()) throw new Error('is a folder')
    await handle.close()
  } catch (cause) {
    await handle?.close().catch(() => {})
    throw new TraceError('CHURN_TRACE_FILE', `${path} cannot be read`, { cause })
  }
  return inflatedIfNeeded(createReadStream(path, { highWaterMark: 256 * 1024 }))
}

/** Inflates what begins as gzip does. */
async function inflatedIfNeeded(source: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  const chunks = (async function* () {
    try {
      if (first.done === true) return
      yield first.value
      for (;;) {
        const next = await iterator.next()
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  })()
  const isGzip = first.done !== true && first.value[0] === 0x1f && first.value[1] === 0x8b
  return isGzip ? inflated(chunks) : chunks
}

/** Ends with a `TornError` where the compressed data do. */
async function* inflated(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  const feeding = (async () => {
    try {
      for await (const chunk of chunks) {
        if (gunzip.destroyed) return
        if (!gunzip.write(chunk))
          await new Promise<void>(resolve => onceAny(gunzip, ['drain', 'close', 'error'], resolve))
      }
      gunzip.end()
    } catch (error) {
      gunzip.destroy(error as Error)
    }
  })()
  try {
    yield* gunzip as AsyncIterable<Buffer>
  } catch (error) {
    throw new TornError(describeError(error))
  } finally {
    gunzip.destroy()
    await feeding
  }
}

function onceAny(emitter: NodeJS.EventEmitter, names: readonly string[], fn: () => void): void {
  const done = (): void => {
    for (const name of names) emitter.off(name, done)
    fn()
  }
  for (const name of names) emitter.on(name, done)
}

/** The data end, or stop to make sense, where they should not. */
export class TornError extends Error {}
