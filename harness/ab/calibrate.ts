import type { Clock } from '../../base/index.ts'
import { calibrationOf, type Report } from '../../reports/index.ts'
import type { SubjectSpec } from '../subjects/index.ts'
import { type AbOptions, openSession } from './ab.ts'
import { saveCalibration } from './calibration-file.ts'

export interface CalibrateOptions extends Omit<AbOptions, 'a' | 'b' | 'confirm' | 'strict' | 'noise'> {
  readonly subject: SubjectSpec
  /** Where the noise is kept for later comparisons. */
  readonly file: string
}

/**
 * Compares a subject with itself: what differs is this machine's noise. Keeps it, so that later comparisons do not take
 * noise for an effect; that of an invalid run is not kept.
 *
 * @throws CodedError when a trial could not begin; HarnessError CHURN_CALIBRATION when it cannot be kept.
 */
export async function runCalibration(
  clock: Clock,
  options: CalibrateOptions,
): Promise<{ readonly report: Report; readonly kept: boolean }> {
  const { subject, scenario } = options
  const session = await openSession(clock, {
    ...options,
    a: subject,
    b: subject,
    strict: false,
    noise: { minEffects: {}, warnings: [] },
  })
  const set = await session.blocks(0)
  const comparison = session.compare(set)
  const calibration = calibrationOf(
    set.outcomes.map(({ run }) => run),
    comparison,
  )
  const report = await session.finish('calibration', { comparison, calibration }, set.ending, comparison)
  // Of an invalid run, later comparisons must not learn: what it saw was the harness' own noise.
  const kept = set.ending.kind === 'complete' && report.verdict.status !== 'invalid'
  if (kept) {
    saveCalibration(clock, options.file, scenario, report.environment.fingerprint, calibration)
  }
  return { report, kept }
}
