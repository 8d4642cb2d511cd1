import { comparedRuns } from '../compare-report.ts'
import { describeMetrics } from '../metrics.ts'
import type { Comparison, Report, Run } from '../report.ts'
import { compareArms, type CompareOptions } from './compare.ts'
import { differencesBetween } from './differences.ts'

/**
 * Compares the trials of two reports: those of `base` as arm A, of `head` as arm B, as two independent samples.
 *
 * Of an A/B report the head is taken, of a search the load that it sustained, and all of any other. What machine and time
 * did between the two reports is in every figure, so that this is second to an A/B run, and the smallest effects are
 * doubled. Gates are the head's. Differences that the reports themselves show are found here; those
 * that only deserve a warning are told by `differencesBetween`.
 */
export function compareReports(base: Report, head: Report, options: CompareOptions = {}): Comparison {
  const runs = [...inArm('A', comparableRuns(base)), ...inArm('B', comparableRuns(head))]
  const metrics = describeMetrics(runs, { ...base.metrics, ...head.metrics })
  const differences = [...(options.differences ?? []), ...differencesBetween(base, head).fatal]
  return compareArms({ metrics, runs, scenario: head.scenario }, { ...options, differences })
}

/** The trials of a search ran at different loads; only what the search found can be compared. */
function comparableRuns(report: Report): readonly Run[] {
  const runs = comparedRuns(report)
  if (report.kind !== 'capacity') return runs
  return runs.flatMap(run => {
    const { ingest_capacity } = run.metrics
    return ingest_capacity === undefined ? [] : [{ ...run, metrics: { ingest_capacity } }]
  })
}

/** Blocks mean nothing across two reports. */
function inArm(arm: Run['arm'], runs: readonly Run[]): Run[] {
  return runs.map(({ block: _block, set: _set, order: _order, ...run }) => ({ ...run, arm }))
}
