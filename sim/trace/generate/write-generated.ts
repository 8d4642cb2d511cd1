import { assert } from '../../../base/index.ts'
import type { TraceHeader } from '../trace-header.ts'
import { TraceWriter } from '../trace-writer.ts'
import { generateEvents } from './generate.ts'
import type { TraceModel } from './model.ts'

export interface GenerateOptions {
  readonly seed: string
  /** The trace ends after so many events, if it is not over before. */
  readonly eventsMax?: number
  /** An existing file may be replaced. */
  readonly force?: boolean
  /** Told in the header beside model and seed. */
  readonly details?: Readonly<Record<string, string>>
  readonly tool?: string
}

/**
 * Writes the trace that a model and a seed make.
 *
 * @throws TraceError CHURN_TRACE_FILE; what was written is removed then.
 */
export async function writeGeneratedTrace(
  path: string,
  model: TraceModel,
  { seed, eventsMax = Infinity, force = false, details, tool }: GenerateOptions,
): Promise<TraceHeader> {
  const isAnnotated = model.classes.some(({ pod }) => pod.annotations?.['prometheus.io/scrape'] === 'true')
  const writer = TraceWriter.create(
    path,
    {
      source: { kind: 'generated', ...(tool === undefined ? {} : { tool }), details: { ...details, seed } },
      targets: isAnnotated ? 'annotated' : 'all',
    },
    { force },
  )
  let isWhole = true
  try {
    let batch = 0
    for (const events of generateEvents(model, seed)) {
      for (const event of events) {
        if (writer.events >= eventsMax) {
          isWhole = false
          break
        }
        const fault = writer.write(event)
        assert(fault === undefined, () => `the generator made what cannot happen: ${fault} (seed ${seed})`)
      }
      if (!isWhole) break
      if (batch++ % DRAIN_EVERY === 0) await writer.drain()
    }
    // Cut off, it lasts to its last event.
    return await writer.finish(isWhole ? model.durationMs : 0)
  } catch (error) {
    writer.abort()
    throw error
  }
}

/** Steps of the generator between two looks at what is on its way to the disk. */
const DRAIN_EVERY = 1_000
