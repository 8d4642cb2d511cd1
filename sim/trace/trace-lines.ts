import { TraceError } from './errors.ts'
import { inflatedIfGzip } from './gzip-members.ts'
import { TornError } from './input-bytes.ts'
import { LineSplitter, type SplitLine } from './line-splitter.ts'

/**
 * Lines of a trace's bytes, some hundreds at a time; inflated when they are compressed. Where the data are damaged a faulty line
 * stands for what is lost, and reading goes on behind it if anything can be found there.
 *
 * @param path what messages call it.
 * @throws TraceError CHURN_TRACE_FILE
 */
export async function* traceLines(
  bytes: AsyncIterable<Buffer>,
  path: string,
  lineBytesMax: number,
): AsyncGenerator<readonly SplitLine[]> {
  const splitter = new LineSplitter(lineBytesMax)
  let isCut = false
  try {
    for await (const part of inflatedIfGzip(bytes)) {
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
    if (cause instanceof TornError) {
      // Somebody else inflated it, and found no more behind the damage.
      isCut = true
      yield [splitter.cut(cause.message)]
    } else if (cause instanceof TraceError) {
      throw cause
    } else {
      throw new TraceError('CHURN_TRACE_FILE', `${path} cannot be read on`, { cause })
    }
  }
  const tail = isCut ? undefined : splitter.end()
  if (tail !== undefined) yield [tail]
}
