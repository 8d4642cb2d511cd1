import { join } from 'node:path'
import { type Clock, CodedError, makeFolder } from '../base/index.ts'
import { type Report, prepareReportFolder, writeReport } from '../reports/index.ts'
import { probePodNetwork } from '../sim/index.ts'
import { assemble } from './assemble.ts'
import { eligibleFrom } from './eligible.ts'
import { captureEnvironment, captureTool } from './environment.ts'
import { interruptedEarly, noPodNetwork } from './errors.ts'
import type { Scenario } from './scenario.ts'
import { Simulation } from './simulation.ts'
import { defaultPrometheusConfig, type Subject, subjectByKind } from './subjects/index.ts'
import { Trial } from './trial.ts'

export interface RunOptions {
  readonly scenario: Scenario
  readonly subject: string
  readonly bin?: string | undefined
  readonly subjectArgs?: readonly string[]
  /** `prometheus.yml`; the default configuration when absent. */
  readonly config?: string | undefined
  /** Folder that relative paths in it are meant from. */
  readonly configDir?: string | undefined
  readonly outDir: string
  /** How long the subject may take to say that it is ready. */
  readonly readyTimeoutMs: number
  /** Where progress is shown. */
  readonly stderr: NodeJS.WriteStream
  /** Ends the run early; what was measured until then becomes an aborted report. */
  readonly signal: AbortSignal
  /** Root of the checkout or package, for version and commit. */
  readonly root: URL
}

/**
 * Executes one scenario against one subject and writes the report folder.
 *
 *   prepare ─▶ simulation up, time at 0 ─▶ subject ready ─▶ go ─▶ churn ─▶ settle ─▶ ask back ─▶ stop all ─▶ report
 *                                                             └─ signal, crash of the subject ─▶ aborted report
 *
 * Whatever happens, nothing is left running.
 *
 * @throws CodedError when the run could not begin: nothing was measured then, and there is no report.
 */
export async function runScenario(clock: Clock, options: RunOptions): Promise<Report> {
  const { scenario, outDir } = options
  await prepareReportFolder(outDir)
  const network = await probePodNetwork(scenario.cluster.workloads.map(workload => workload.port))
  if (network.mode !== 'address-per-pod') throw noPodNetwork()
  const environment = captureEnvironment(network.mode)
  const tool = await captureTool(options.root)
  const definition = subjectByKind(options.subject)
  const config = options.config ?? defaultPrometheusConfig({ scrapeIntervalMs: scenario.scrapeIntervalMs, role: 'pod' })
  const from = eligibleFrom(config)

  const trial = new Trial(clock, options, from)
  const startedAt = new Date(clock.unixMs()).toISOString()
  let simulation: Simulation | undefined
  let subject: Subject | undefined
  try {
    simulation = await Simulation.create(clock, {
      scenario,
      originNs: trial.originNs,
      kubeconfigPath: join(outDir, 'kubeconfig'),
      onEvents: events => trial.onEvents(events),
      onFailure: error => trial.end({ kind: 'failed', error }),
    })
    options.signal.throwIfAborted()
    const workDir = join(outDir, 'subject')
    makeFolder(workDir)
    subject = await definition.start(clock, {
      bin: options.bin,
      args: options.subjectArgs ?? [],
      config,
      configDir: options.configDir,
      api: simulation.api,
      workDir,
      readyTimeoutMs: options.readyTimeoutMs,
    })
    options.signal.throwIfAborted()
    const run = await trial.execute(simulation, subject)
    const report = assemble(clock, { scenario, startedAt, environment, tool, run, trial })
    await writeReport(outDir, report)
    return report
  } catch (error) {
    if (options.signal.aborted && !(error instanceof CodedError)) {
      throw interruptedEarly()
    }
    throw error
  } finally {
    trial.close()
    await subject?.stop()
    await simulation?.stop()
  }
}
