import { CodedError, describeError, type DurationHistogram, ExitCode, formatSeconds } from '../base/index.ts'
import { type HostConditions, parseMetricKey, type Report, type Run } from '../reports/index.ts'
import type { Ending } from './trial.ts'

/** Generator lag above which a run says nothing about its subject. */
const LAG_P99_NS_MAX = 5e6

/** Whether the harness kept its own promises; returns the reasons why not, empty when it did. */
export function harnessFaults(
  generatorLag: DurationHistogram | undefined,
  host: HostConditions = {},
  metrics: Run['metrics'] = {},
): string[] {
  const faults: string[] = []
  if (generatorLag === undefined || generatorLag.count === 0) faults.push('the simulation reported no lag of its own')
  else if (generatorLag.atPercentile(99) > LAG_P99_NS_MAX) {
    faults.push(
      `the simulation itself was late: generator_lag p99 is ${formatSeconds(generatorLag.atPercentile(99) / 1e9)}, above ${formatSeconds(LAG_P99_NS_MAX / 1e9)}; run on an idle machine${host.generatorPriority === 'normal' ? ', as a user who may raise priorities (CAP_SYS_NICE),' : ''} or with fewer pods`,
    )
  }
  // Lags of others than the simulation carry their name: `generator_lag{source=queries}`.
  for (const [key, value] of Object.entries(metrics)) {
    const { name, tags } = parseMetricKey(key)
    if (name !== 'generator_lag' || tags.source === undefined || !('hdr' in value)) continue
    if (value.p99 * 1e9 <= LAG_P99_NS_MAX) continue
    faults.push(
      `the harness' ${tags.source} were late: ${key} p99 is ${formatSeconds(value.p99)}, above ${formatSeconds(LAG_P99_NS_MAX / 1e9)}; run on an idle machine or with less load`,
    )
  }
  const { throttledPeriods = 0 } = host
  if (throttledPeriods > 0) {
    faults.push(
      `the kernel throttled us in ${throttledPeriods} periods, because the CPU quota of the container was used up; give it a larger quota`,
    )
  }
  return faults
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
    case 'timed-out':
      return { status: 'aborted', exitCode: ExitCode.timeout, reasons: ['the time given by --timeout was over'] }
    case 'crashed':
      return { status: 'aborted', exitCode: ExitCode.subject, reasons: [describeError(ending.error)] }
    case 'failed':
      return {
        status: 'aborted',
        exitCode: ending.error instanceof CodedError ? ending.error.exitCode : ExitCode.internal,
        reasons: [describeError(ending.error)],
      }
    case 'threshold':
      // A late harness may have crossed it by itself.
      if (!run.valid) {
        const reasons = [...run.invalidReasons, describeError(ending.error)]
        return { status: 'invalid', exitCode: ExitCode.invalid, reasons }
      }
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

/** Share of the trials that may be invalid before nothing can be said. */
const INVALID_SHARE_MAX = 0.25

/** Of several trials of one subject: how the last one ended, then validity, then thresholds. */
export function verdictOfTrials(
  outcomes: readonly { readonly ending: Ending; readonly run: Pick<Run, 'valid' | 'invalidReasons'> }[],
  thresholds: Report['thresholds'],
): Report['verdict'] {
  const last = outcomes.at(-1)!
  if (outcomes.length === 1 || last.ending.kind !== 'complete') return verdictOf(last.ending, last.run, thresholds)
  const invalid = outcomes.filter(({ run }) => !run.valid)
  const tooMany = invalid.length > outcomes.length * INVALID_SHARE_MAX
  const reasons = [...new Set(invalid.flatMap(({ run }) => run.invalidReasons))]
  return verdictOf(
    last.ending,
    { valid: !tooMany, invalidReasons: [`${invalid.length} of ${outcomes.length} trials are invalid`, ...reasons] },
    thresholds,
  )
}
