import { randomUUID } from 'node:crypto'
import { type Clock, ExitCode } from '../base/index.ts'
import { describeMetrics } from './metrics.ts'
import type { Comparison, Report, Run, Verdict, Warning } from './report.ts'

/** One of two reports that are put side by side. */
export interface Side {
  /** As the user named it. */
  readonly label: string
  readonly report: Report
}

/**
 * The two reports as one, of kind `compare`: the base's trials as arm A, the head's as arm B.
 *
 * Scenario, environment, tool and thresholds are the head's: it is the head that is judged.
 *
 * @param judged what the comparison alone says
 * @param warnings beside those that the two reports bring along
 */
export function compareReport(
  clock: Clock,
  base: Side,
  head: Side,
  comparison: Comparison,
  judged: Verdict,
  warnings: readonly Warning[],
): Report {
  const now = new Date(clock.unixMs()).toISOString()
  const runs = [...inArm('A', comparedRuns(base.report)), ...inArm('B', comparedRuns(head.report))].map(
    (run, index) => ({
      ...run,
      index,
    }),
  )
  const { thresholds } = head.report
  return {
    schema: 'churnbench/report/v1',
    kind: 'compare',
    id: randomUUID(),
    startedAt: now,
    endedAt: now,
    tool: head.report.tool,
    scenario: head.report.scenario,
    environment: head.report.environment,
    metrics: describeMetrics(runs, { ...base.report.metrics, ...head.report.metrics }),
    runs,
    thresholds,
    warnings: [...warnings, ...broughtAlong(base.report.warnings, head.report.warnings)],
    comparison: {
      ...comparison,
      base: { ...comparison.base, label: base.label },
      head: { ...comparison.head, label: head.label },
    },
    verdict: verdictWith(thresholds, judged),
  }
}

/** What of a report is compared with another one: the head of an A/B report, all of any other. */
export function comparedRuns({ kind, runs }: Report): readonly Run[] {
  return kind === 'ab' || kind === 'compare' ? runs.filter(run => run.arm === 'B') : runs
}

/** Blocks mean nothing across two reports. */
function inArm(arm: Run['arm'], runs: readonly Run[]): Run[] {
  return runs.map(({ block: _block, set: _set, order: _order, ...run }) => ({ ...run, arm }))
}

/** Each warning with whose it is; one that both have is told once. */
function broughtAlong(base: readonly Warning[], head: readonly Warning[]): Warning[] {
  const isIn = (list: readonly Warning[], { code, message }: Warning): boolean =>
    list.some(other => other.code === code && other.message === message)
  const from = (side: string, list: readonly Warning[]): Warning[] =>
    list.map(({ code, message }) => ({ code, message: `${side}: ${message}` }))
  return [
    ...from(
      'both',
      base.filter(warning => isIn(head, warning)),
    ),
    ...from(
      'base',
      base.filter(warning => !isIn(head, warning)),
    ),
    ...from(
      'head',
      head.filter(warning => !isIn(base, warning)),
    ),
  ]
}

/** Validity comes before the head's thresholds, and these before the comparison. */
function verdictWith(thresholds: Report['thresholds'], judged: Verdict): Verdict {
  const failed = thresholds.filter(threshold => !threshold.ok)
  if (judged.exitCode === ExitCode.invalid || failed.length === 0) return judged
  const reasons = failed.map(({ metric, expression, value, noData }) =>
    noData ? `${metric} ${expression}: no data` : `${metric} ${expression}: ${value}`,
  )
  return { status: 'fail', exitCode: ExitCode.thresholds, reasons: [...reasons, ...judged.reasons] }
}
