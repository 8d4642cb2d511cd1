import { assert } from '../../../base/index.ts'
import type { TraceHeader } from '../trace-header.ts'
import type { TraceFaults } from '../trace-reader.ts'
import { TraceWriter } from '../trace-writer.ts'
import { type TraceCut, TraceStream } from './trace-stream.ts'

export interface CutResult {
  readonly header: TraceHeader
  /** Events that `only` left out. */
  readonly leftOut: number
  readonly faults: TraceFaults
}

/**
 * Writes a part of a trace, or several copies of it side by side, as a trace of its own.
 *
 * @throws TraceError
 */
export async function cutTrace(
  path: string,
  out: string,
  cut: TraceCut,
  options: { readonly lenient?: boolean; readonly force?: boolean; readonly tool: string },
): Promise<CutResult> {
  const stream = await TraceStream.open(path, cut, options)
  const { header, faults } = stream
  const { start, source, targets, scrubbed } = header
  const { fromMs = 0, toMs = Number.POSITIVE_INFINITY } = cut
  const writer = TraceWriter.create(
    out,
    {
      ...(start === undefined ? {} : { start: new Date(Date.parse(start) + fromMs).toISOString() }),
      source: { ...source, tool: options.tool },
      targets,
      ...(scrubbed === undefined ? {} : { scrubbed }),
    },
    { force: options.force ?? false },
  )
  try {
    for await (const batch of stream.batches()) {
      for (const event of batch) {
        const fault = writer.write(event)
        assert(fault === undefined, () => `a part of a trace cannot be: ${fault}`)
      }
      await writer.drain()
    }
    const durationMs = Math.max(0, Math.min(toMs, header.durationMs ?? 0) - fromMs)
    return { header: await writer.finish(durationMs), leftOut: stream.leftOut, faults }
  } catch (error) {
    writer.abort()
    await stream.reader.close()
    throw error
  }
}
