import { TraceReader } from '../trace-reader.ts'
import type { Converter } from './converter.ts'

/**
 * A trace of our own, written again: after an edit by hand, or leniently without the lines that make no sense. Its header is
 * kept but for counts and checksum, so that a sound trace comes out as it went in.
 */
export const fromChurnbench: Converter = {
  options: [],
  async *events({ bytes, conversion, input }) {
    const { path, lenient } = conversion
    // From the file itself where there is one: behind a damage, only who inflates it can go on.
    const options = { lenient, edited: true }
    const reader = await (input === '-' ? TraceReader.from(bytes, path, options) : TraceReader.open(input, options))
    const { start, source, targets, scrubbed, durationMs } = reader.header
    conversion.origin = {
      ...(start === undefined ? {} : { start }),
      source,
      targets,
      ...(scrubbed === undefined ? {} : { scrubbed }),
    }
    conversion.durationMs = durationMs ?? 0
    for await (const batch of reader.batches()) {
      conversion.read('events', batch.length)
      yield batch
    }
    const { count, examples } = reader.faults
    for (const example of examples) conversion.leaveOut('malformed', example)
    if (count > examples.length) conversion.leaveOut('malformed', undefined, count - examples.length)
    if (reader.isTorn) conversion.leaveOut('malformed', 'the last line has no end')
  },
}
