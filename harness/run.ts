import type { Clock } from '../base/index.ts'
import { type Report, prepareReportFolder, writeReport } from '../reports/index.ts'
import { assemble } from './assemble.ts'
import { captureEnvironment, captureTool } from './environment.ts'
import { executeTrial, type TrialSetup } from './execute-trial.ts'
import { requirePodNetwork } from './pod-network.ts'
import { verdictOf } from './verdict.ts'

export interface RunOptions extends TrialSetup {
  /** Root of the checkout or package, for version and commit. */
  readonly root: URL
}

/**
 * Executes one scenario against one subject, once, and writes the report folder.
 *
 * @throws CodedError when the run could not begin: nothing was measured then, and there is no report.
 */
export async function runScenario(clock: Clock, options: RunOptions): Promise<Report> {
  const outDir = await prepareReportFolder(options.outDir)
  const environment = captureEnvironment(await requirePodNetwork(options.scenario))
  const tool = await captureTool(options.root)
  const startedAt = new Date(clock.unixMs()).toISOString()
  const outcome = await executeTrial(clock, { ...options, outDir })
  const report = assemble(clock, {
    kind: 'run',
    scenario: options.scenario,
    startedAt,
    environment,
    tool,
    outcomes: [outcome],
    verdict: thresholds => verdictOf(outcome.ending, outcome.run, thresholds),
  })
  await writeReport(outDir, report)
  return report
}
