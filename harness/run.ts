import { join } from 'node:path'
import type { Clock } from '../base/index.ts'
import { type Report, prepareReportFolder, writeReport } from '../reports/index.ts'
import { assemble } from './assemble.ts'
import { captureEnvironment, captureTool } from './environment.ts'
import { executeTrial, type TrialOutcome, type TrialSetup } from './execute-trial.ts'
import { requirePodNetwork } from './pod-network.ts'
import { endingOf } from './trial-process/ending-of.ts'
import { executeTrialInProcess } from './trial-process/trial-process.ts'
import { verdictOfTrials } from './verdict.ts'

export interface RunOptions extends TrialSetup {
  /** Executions of the scenario, default 1. A single one happens in this process, several in fresh ones. */
  readonly trials?: number
  /** Root of the checkout or package, for version and commit. */
  readonly root: URL
}

/**
 * Executes one scenario against one subject, once or several times, and writes the report folder.
 *
 * The first trial that does not come to its own end is the last.
 *
 * @throws CodedError when a trial could not begin: there is no report then.
 */
export async function runScenario(clock: Clock, options: RunOptions): Promise<Report> {
  const { scenario, trials = 1 } = options
  const outDir = await prepareReportFolder(options.outDir)
  const environment = captureEnvironment(await requirePodNetwork(scenario))
  const tool = await captureTool(options.root)
  const startedAt = new Date(clock.unixMs()).toISOString()
  const outcomes =
    trials === 1 ? [await executeTrial(clock, { ...options, outDir })] : await executeTrials(options, outDir, trials)
  const report = assemble(clock, {
    kind: 'run',
    scenario,
    startedAt,
    environment,
    tool,
    outcomes,
    judged: trials === 1 ? () => true : run => run.valid,
    verdict: thresholds => verdictOfTrials(outcomes, thresholds),
  })
  await writeReport(outDir, report)
  return report
}

async function executeTrials(options: RunOptions, outDir: string, trials: number): Promise<TrialOutcome[]> {
  const { scenario, subject, readyTimeoutMs, profileSubject = false, stderr, signal } = options
  const outcomes: TrialOutcome[] = []
  for (let order = 0; order < trials; order++) {
    stderr.write(`\ntrial ${order + 1} of ${trials}\n`)
    const trialDir = join(outDir, 'trials', String(order).padStart(2, '0'))
    const job = { scenario, subject, readyTimeoutMs, profileSubject, outDir: trialDir }
    let outcome: TrialOutcome
    try {
      outcome = await executeTrialInProcess(job, signal)
    } catch (error) {
      if (order === 0) throw error
      // What the trials before it measured is kept; the last of them carries how the command ended.
      outcomes.push({ ...outcomes.pop()!, ending: endingOf(error, signal) })
      break
    }
    outcomes.push({ ...outcome, run: { ...outcome.run, order } })
    if (!outcome.run.valid) stderr.write(`invalid: ${outcome.run.invalidReasons.join('; ')}\n`)
    if (outcome.ending.kind !== 'complete') break
  }
  return outcomes
}
