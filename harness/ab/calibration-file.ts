import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Clock, ExitCode, makeFolder } from '../../base/index.ts'
import { type Calibration, prettyJson, type Warning } from '../../reports/index.ts'
import { HarnessError } from '../errors.ts'
import type { Scenario } from '../scenario.ts'

/** What a calibration leaves behind for later comparisons on the same machine. */
interface CalibrationFile {
  readonly schema: 'churnbench/calibration/v1'
  readonly takenAt: string
  readonly fingerprint: string
  readonly scenario: { readonly name: string; readonly sha256: string }
  readonly calibration: Calibration
}

/** The smallest effects that a comparison shall believe in, and what is to be said about where they come from. */
export interface KnownNoise {
  /** By `metric statistic`. */
  readonly minEffects: Readonly<Record<string, number>>
  readonly warnings: readonly Warning[]
}

const VALID_DAYS = 30
const DAY_MS = 86_400_000

/** What tells one scenario from another; a report has it too. */
type ScenarioName = Readonly<Record<'name' | 'profile' | 'sha256', string>>

/** In the current folder, beside `reports/out`: a machine's noise is no one else's affair. */
export function calibrationPath(scenario: ScenarioName): string {
  return resolve(join('reports', 'out', 'calibration', `${scenario.name}-${scenario.profile}.json`))
}

/** @throws HarnessError CHURN_CALIBRATION */
export function saveCalibration(
  clock: Clock,
  file: string,
  scenario: Scenario,
  fingerprint: string,
  calibration: Calibration,
): void {
  const content: CalibrationFile = {
    schema: 'churnbench/calibration/v1',
    takenAt: new Date(clock.unixMs()).toISOString(),
    fingerprint,
    scenario: { name: scenario.name, sha256: scenario.sha256 },
    calibration,
  }
  try {
    makeFolder(dirname(file))
    writeFileSync(file, prettyJson(content))
  } catch (cause) {
    throw new HarnessError('CHURN_CALIBRATION', `the calibration cannot be written to ${file}`, {
      cause,
      exitCode: ExitCode.usage,
    })
  }
}

/**
 * Reads what this machine's noise is known to be. A calibration of another machine or of another scenario is left alone, and
 * an old one is used; both are told.
 *
 * @param file named by the user; absent: the place where `calibrate` keeps it, where it may be missing
 * @throws HarnessError CHURN_CALIBRATION when a file that was named cannot be used
 */
export function loadNoise(
  clock: Clock,
  scenario: ScenarioName,
  fingerprint: string,
  file: string | undefined,
): KnownNoise {
  const path = file ?? calibrationPath(scenario)
  const command = `npm run calibrate -- ${scenario.name} --profile ${scenario.profile}`
  const nothing = (message: string): KnownNoise => ({ minEffects: {}, warnings: [{ code: 'not-calibrated', message }] })
  if (file === undefined && statSync(path, { throwIfNoEntry: false }) === undefined) {
    return nothing(
      `the noise of this machine is not known, so the default smallest effects hold; \`${command}\` measures it`,
    )
  }
  const content = read(path)
  if (content.fingerprint !== fingerprint) {
    return nothing(`the calibration in ${path} was taken on another machine and is not used; \`${command}\` takes one`)
  }
  if (content.scenario.sha256 !== scenario.sha256) {
    return nothing(
      `the calibration in ${path} is of another ${scenario.name} and is not used; \`${command}\` takes one`,
    )
  }
  const minEffects = Object.fromEntries(
    Object.entries(content.calibration.noise).map(([name, noise]) => [name, noise.minEffect]),
  )
  const days = Math.floor((clock.unixMs() - Date.parse(content.takenAt)) / DAY_MS)
  const old = days > VALID_DAYS
  return {
    minEffects,
    warnings: old
      ? [{ code: 'old-calibration', message: `the calibration is ${days} days old; \`${command}\` takes a new one` }]
      : [],
  }
}

function read(path: string): CalibrationFile {
  const fail = (what: string, cause?: unknown): never => {
    throw new HarnessError('CHURN_CALIBRATION', `${path} ${what}`, { cause, exitCode: ExitCode.usage })
  }
  let content: Partial<CalibrationFile>
  try {
    content = JSON.parse(readFileSync(path, 'utf8')) as Partial<CalibrationFile>
  } catch (cause) {
    return fail('cannot be read', cause)
  }
  if (content.schema !== 'churnbench/calibration/v1' || content.calibration === undefined) {
    return fail('is not a calibration of churnbench; take one with `npm run calibrate`')
  }
  return content as CalibrationFile
}
