import { ExitCode } from '../../../../base/index.ts'
import { TraceError } from '../../errors.ts'
import type { TraceReader } from '../../trace-reader.ts'
import { judgeModel } from '../judge-model.ts'
import type { TraceModel } from '../model.ts'
import { TraceFit } from './trace-fit.ts'

/** A model, and what it could not learn, in sentences. */
export interface FittedModel {
  readonly model: TraceModel
  readonly notes: readonly string[]
}

/**
 * Learns a model from a trace. It holds no names, labels or images of the trace: only times, counts, ports and reasons.
 *
 * @param name of the model.
 * @throws TraceError CHURN_TRACE_OPTIONS when the trace has neither pods nor workloads; those of the reader.
 */
export async function fitTrace(reader: TraceReader, name: string): Promise<FittedModel> {
  const { start } = reader.header
  const fit = new TraceFit(start === undefined ? 0 : hourOf(start))
  for await (const events of reader.batches()) for (const event of events) fit.add(event)
  const { model, notes } = fit.finish(reader.header.durationMs)
  if (model.classes.length === 0) {
    throw new TraceError(
      'CHURN_TRACE_OPTIONS',
      `${reader.path}: there is nothing to learn: the trace has neither pods nor Deployments, StatefulSets or DaemonSets`,
      { exitCode: ExitCode.usage },
    )
  }
  const description = `Learned from ${reader.counter.counts.podsCreated} pods of a trace.`
  return { model: judgeModel({ ...model, name, description }, 'that was learned'), notes }
}

/** In UTC. */
function hourOf(start: string): number {
  const date = new Date(start)
  return date.getUTCHours() + Math.floor((date.getUTCMinutes() / 60) * 1000) / 1000
}
