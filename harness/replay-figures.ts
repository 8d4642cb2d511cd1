import { basename } from 'node:path'
import { DurationHistogram } from '../base/index.ts'
import { metricKey, type MetricValue, type ReplayFidelity, toHistogramValue, type Warning } from '../reports/index.ts'
import type { ReplayReport } from '../sim/index.ts'
import type { Scenario } from './scenario.ts'

/** How late the events of a replay were, in all and by operation, and how many there were. */
export function replayMetrics({ events, latenessHdr, finalState }: ReplayReport): Record<string, MetricValue> {
  const metrics: Record<string, MetricValue> = {}
  const all = new DurationHistogram()
  for (const [operation, hdr] of Object.entries(latenessHdr)) {
    all.addEncoded(hdr)
    const own = DurationHistogram.decode(hdr)
    metrics[metricKey('replay_lateness', { op: operation })] = toHistogramValue(own, 0)
    own.destroy()
  }
  if (all.count > 0) metrics.replay_lateness = toHistogramValue(all, 0)
  all.destroy()
  metrics.replay_events = { value: events.played }
  metrics.replay_skipped = { value: Object.values(events.skipped).reduce((sum, count) => sum + count, 0) }
  metrics.replay_differences = { value: finalState.different }
  return metrics
}

/** What a reader of the report should know of the replay, beside its figures. */
export function replayWarnings({
  events,
  finalState,
  faults,
  faultExamples,
  addressesShared,
}: ReplayReport): Warning[] {
  const warnings: Warning[] = []
  for (const [reason, count] of Object.entries(events.skipped)) {
    warnings.push({ code: 'replay-skipped', message: `${count} events of the trace were not played: ${reason}` })
  }
  if (faults > 0) {
    warnings.push({
      code: 'trace-faults',
      message: `${faults} lines of the trace were left out; the first: ${faultExamples[0] ?? ''}`,
    })
  }
  if (addressesShared > 0) {
    warnings.push({
      code: 'replay-addresses',
      message: `${addressesShared} pods had the address of another one that lived (host network, as a rule): each got one of its own`,
    })
  }
  for (const example of finalState.examples.slice(0, 3)) warnings.push({ code: 'replay-difference', message: example })
  return warnings
}

export function replayFidelity(report: ReplayReport, { replay }: Pick<Scenario, 'replay'>): ReplayFidelity {
  const { mode, speed, events, leftOut, faults, plannedSha256, achievedSha256, finalState } = report
  return {
    trace: basename(replay?.path ?? ''),
    mode,
    speed,
    ...events,
    leftOut,
    faults,
    plannedSha256,
    achievedSha256,
    compared: finalState.compared,
    different: finalState.different,
    examples: finalState.examples,
  }
}
