import { type FileHandle, open } from 'node:fs/promises'
import { TraceError } from './errors.ts'
import { inflatedIfGzip } from './gzip-members.ts'
import { LineSplitter, type SplitLine } from './line-splitter.ts'

const CHUNK_BYTES = 256 * 1024

/**
 * Lines of a file, or of the standard input for `-`, some hundreds at a time; inflated when they are compressed. Where the data
 * are damaged a faulty line stands for what is lost, and reading goes on behind it if anything can be found there.
 *
 * @throws TraceError CHURN_TRACE_FILE
 */
export async function* traceLines(path: string, lineBytesMax: number): AsyncGenerator<readonly SplitLine[]> {
  const splitter = new LineSplitter(lineBytesMax)
  let isCut = false
  try {
    for await (const part of inflatedIfGzip(await bytesOf(path))) {
      if (part instanceof Uint8Array) {
        const lines = splitter.push(part)
        if (lines.length > 0) yield lines
      } else if (part.kind === 'cut-off') {
        isCut = true
        yield [splitter.cut(part.fault)]
      } else {
        yield [splitter.break(part.fault)]
      }
    }
  } catch (cause) {
    if (cause instanceof TraceError) throw cause
    throw new TraceError('CHURN_TRACE_FILE', `the trace ${path} cannot be read on`, { cause })
  }
  const tail = isCut ? undefined : splitter.end()
  if (tail !== undefined) yield [tail]
}

async function bytesOf(path: string): Promise<AsyncIterable<Buffer>> {
  if (path === '-') return process.stdin as AsyncIterable<Buffer>
  let handle: FileHandle | undefined
  try {
    handle = await open(path)
    if ((await handle.stat()).isDirectory()) throw new Error('it is a folder')
    return fileBytes(handle)
  } catch (cause) {
    await handle?.close()
    throw new TraceError('CHURN_TRACE_FILE', `the trace ${path} cannot be read`, { cause })
  }
}

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
