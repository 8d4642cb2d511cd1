import { join } from 'node:path'
import { assert, type Clock, ExitCode } from '../../base/index.ts'
import {
  type CapacityStep,
  evaluateThresholds,
  parseThresholds,
  prepareReportFolder,
  type Report,
  type Run,
  type Warning,
  writeReport,
} from '../../reports/index.ts'
import { assemble } from '../assemble.ts'
import { captureEnvironment, captureTool } from '../environment.ts'
import type { TrialOutcome } from '../execute-trial.ts'
import { requirePodNetwork } from '../pod-network.ts'
import type { Scenario } from '../scenario.ts'
import type { SubjectSpec } from '../subjects/index.ts'
import { endingOf } from '../trial-process/ending-of.ts'
import { executeTrialInProcess } from '../trial-process/trial-process.ts'
import type { Ending } from '../trial.ts'
import { verdictOf } from '../verdict.ts'
import { searchHighest, type SearchResult } from './search.ts'

export interface CapacityOptions {
  /** A scenario with a `search`. */
  readonly scenario: Scenario
  /** The same with another load in the field that is varied. */
  readonly atLoad: (load: number) => Scenario
  readonly subject: SubjectSpec
  readonly outDir: string
  readonly readyTimeoutMs: number
  readonly profileSubject: boolean
  readonly stderr: NodeJS.WriteStream
  readonly signal: AbortSignal
  readonly root: URL
  readonly execute?: typeof executeTrialInProcess
}

/** Ends the search: a trial did not come to its own end. */
class Cut extends Error {
  readonly ending: Ending

  constructor(ending: Ending) {
    super(ending.kind)
    this.ending = ending
  }
}

/**
 * Searches for the highest load that a subject sustains, a trial in fresh processes per attempt, and writes the report.
 *
 * Sustained means that the scenario's conditions hold and that the run is valid. Where it is the harness that gives up
 * first, the report says that the figure is a lower bound.
 *
 * @throws CodedError when a trial could not begin.
 */
export async function runCapacity(clock: Clock, options: CapacityOptions): Promise<Report> {
  const { scenario, stderr } = options
  const { search } = scenario
  assert(search !== undefined, () => `${scenario.name} is no search`)
  const outDir = await prepareReportFolder(options.outDir)
  const environment = captureEnvironment(await requirePodNetwork(scenario))
  const tool = await captureTool(options.root)
  const startedAt = new Date(clock.unixMs()).toISOString()
  const conditions = parseThresholds(search.sustained)
  const execute = options.execute ?? executeTrialInProcess
  const outcomes: TrialOutcome[] = []
  const steps: CapacityStep[] = []

  const attemptTrial: typeof execute = async (job, signal) => {
    try {
      return await execute(job, signal)
    } catch (error) {
      if (outcomes.length === 0) throw error
      throw new Cut(endingOf(error, signal))
    }
  }
  const attempt = async (load: number): Promise<boolean> => {
    stderr.write(`\n${search.field} = ${load}\n`)
    const outcome = await attemptTrial(
      {
        scenario: options.atLoad(load),
        subject: options.subject,
        outDir: join(outDir, 'trials', String(steps.length).padStart(2, '0')),
        readyTimeoutMs: options.readyTimeoutMs,
        profileSubject: options.profileSubject,
      },
      options.signal,
    )
    const order = outcomes.length
    outcomes.push({ ...outcome, run: { ...outcome.run, order } })
    if (['interrupted', 'timed-out', 'failed'].includes(outcome.ending.kind)) throw new Cut(outcome.ending)
    const reasons = reasonsAgainst(outcome, evaluateThresholds(conditions, [outcome.run]))
    steps.push({ load, run: order, sustained: reasons.length === 0, reasons })
    stderr.write(reasons.length === 0 ? 'sustained\n' : `not sustained: ${reasons.join('; ')}\n`)
    return reasons.length === 0
  }

  let ending: Ending = { kind: 'complete' }
  let result: SearchResult = { sustained: null, failed: null }
  try {
    result = await searchHighest(search, attempt)
  } catch (error) {
    if (!(error instanceof Cut)) throw error
    ending = error.ending
    result = { sustained: highest(steps), failed: null }
  }
  const best = steps.findLast(step => step.sustained && step.load === result.sustained)?.run
  if (best !== undefined) outcomes[best] = withCapacity(outcomes[best]!)
  const report = assemble(clock, {
    kind: 'capacity',
    scenario,
    startedAt,
    environment,
    tool,
    outcomes,
    judged: run => 'ingest_capacity' in run.metrics,
    more: { capacity: { field: search.field, steps, ...result } },
    verdict: thresholds =>
      best === undefined && ending.kind === 'complete'
        ? {
            status: 'fail',
            exitCode: ExitCode.thresholds,
            reasons: [`not even ${search.field} = ${search.from} was sustained: ${steps.at(-1)?.reasons.join('; ')}`],
          }
        : verdictOf(ending, { valid: true, invalidReasons: [] }, thresholds),
  })
  const limited = { ...report, warnings: [...harnessLimit(steps, outcomes, result), ...report.warnings] }
  await writeReport(outDir, limited)
  return limited
}

function reasonsAgainst(outcome: TrialOutcome, judged: Report['thresholds']): string[] {
  const { ending, run } = outcome
  if (ending.kind === 'crashed' || ending.kind === 'threshold') return [ending.error.message]
  const failed = judged
    .filter(({ ok }) => !ok)
    .map(({ metric, expression, value }) => `${metric} ${expression}: ${value ?? 'no data'}`)
  return [...run.invalidReasons, ...failed]
}

function highest(steps: readonly CapacityStep[]): number | null {
  const loads = steps.filter(step => step.sustained).map(step => step.load)
  return loads.length === 0 ? null : Math.max(...loads)
}

function withCapacity(outcome: TrialOutcome): TrialOutcome {
  const rate = outcome.run.metrics.ingest_rate
  if (rate === undefined) return outcome
  const run: Run = { ...outcome.run, metrics: { ...outcome.run.metrics, ingest_capacity: rate } }
  return { ...outcome, run }
}

/** When the loads that failed did so only because the harness was late, the limit is not the subject's. */
function harnessLimit(
  steps: readonly CapacityStep[],
  outcomes: readonly TrialOutcome[],
  { failed }: SearchResult,
): Warning[] {
  const attempts = steps.filter(step => step.load === failed)
  if (attempts.length === 0 || attempts.some(step => outcomes[step.run]!.run.valid)) return []
  return [
    {
      code: 'harness-limit',
      message: `at load ${failed} the harness itself was late: the capacity found is a lower bound`,
    },
  ]
}
