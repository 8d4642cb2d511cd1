import { describeError, type DurationHistogram, ExitCode, formatSeconds } from '../base/index.ts'
import type { Report, Run } from '../reports/index.ts'
import type { Ending } from './trial.ts'

/** Generator lag above which a run says nothing about its subject. */
const LAG_P99_NS_MAX = 5e6

/** Whether the harness kept its own promises; returns the reasons why not, empty when it did. */
export function harnessFaults(generatorLag: DurationHistogram | undefined): string[] {
  if (generatorLag === undefined || generatorLag.count === 0) return ['the simulation reported no lag of its own']
  const p99Ns = generatorLag.atPercentile(99)
  if (p99Ns <= LAG_P99_NS_MAX) return []
  return [
    `the simulation itself was late: generator_lag p99 is ${formatSeconds(p99Ns / 1e9)}, above ${formatSeconds(LAG_P99_NS_MAX / 1e9)}; run on an idle machine or with fewer pods`,
  ]
}

/** When several things are the matter: a crash and an interruption come before validity, validity before thresholds. */
export function verdictOf(
  ending: Ending,
  run: Pick<Run, 'valid' | 'invalidReasons'>,
  thresholds: Report['thresholds'],
): Report['verdict'] {
  switch (ending.kind) {
    case 'interrupted':
      return { status: 'aborted', exitCode: ExitCode.interrupted, reasons: ['interrupted'] }
    case 'crashed':
      return { status: 'aborted', exitCode: ExitCode.subject, reasons: [describeError(ending.error)] }
    case 'failed':
      return { status: 'aborted', exitCode: ExitCode.internal, reasons: [describeError(ending.error)] }
    case 'threshold':
      return { status: 'fail', exitCode: ExitCode.thresholds, reasons: [describeError(ending.error)] }
    case 'complete':
      break
  }
  if (!run.valid) return { status: 'invalid', exitCode: ExitCode.invalid, reasons: run.invalidReasons }
  const failed = thresholds.filter(({ ok }) => !ok)
  if (failed.length === 0) return { status: 'pass', exitCode: ExitCode.ok, reasons: [] }
  return {
    status: 'fail',
    exitCode: ExitCode.thresholds,
    reasons: failed.map(({ metric, expression, value, noData }) =>
      noData ? `${metric} ${expression}: no data` : `${metric} ${expression}: ${value}`,
    ),
  }
}
