import { join } from 'node:path'
import { type Clock, CodedError, makeFolder } from '../base/index.ts'
import type { Run, Warning } from '../reports/index.ts'
import { profileByName, type RecordSpec } from '../sim/index.ts'
import { eligibleFrom } from './eligible.ts'
import { interruptedEarly } from './errors.ts'
import { partsOf } from './parts.ts'
import { profileFiles } from './profile-part.ts'
import { executeScale } from './scale/execute-scale.ts'
import { executeTargetCapacity } from './target-capacity/execute-target-capacity.ts'
import type { Scenario } from './scenario.ts'
import { Simulation } from './simulation.ts'
import {
  defaultPrometheusConfig,
  requireQueryApi,
  type Subject,
  subjectByKind,
  type SubjectSpec,
} from './subjects/index.ts'
import { type Ending, Trial } from './trial.ts'
import type { TrialPart } from './trial-part.ts'

export interface TrialSetup {
  readonly scenario: Scenario
  readonly subject: SubjectSpec
  /** Existing folder, absolute: kubeconfig and, in `subject/`, what the subject leaves behind. */
  readonly outDir: string
  /** How long the subject may take to say that it is ready. */
  readonly readyTimeoutMs: number
  /** Where progress is shown. */
  readonly stderr: NodeJS.WriteStream
  readonly signal: AbortSignal
  /** Whether the subject's CPU profile is wanted. */
  readonly profileSubject?: boolean
  /** File for the run's own trace. */
  readonly record?: RecordSpec
  /** Further parts, beside those that scenario and options ask for. */
  readonly parts?: readonly TrialPart[]
}

export interface TrialOutcome {
  readonly run: Run
  readonly ending: Ending
  readonly warnings: readonly Warning[]
  /** Series that one pod exposes; 0 when there was no pod. */
  readonly seriesPerPod: number
}

/**
 * Executes a scenario once against one subject.
 *
 *   simulation up, time at 0 ─▶ subject ready ─▶ go ─▶ churn ─▶ settle ─▶ ask back ─▶ stop all
 *                                                  └─ signal, threshold, crash of the subject ─▶ ended early
 *
 * Whatever happens, nothing is left running.
 *
 * @throws CodedError when the trial could not begin: nothing was measured then.
 */
export async function executeTrial(clock: Clock, setup: TrialSetup): Promise<TrialOutcome> {
  const { scenario, outDir, signal } = setup
  if (scenario.controlPlane !== undefined) return executeScale(clock, setup)
  if (scenario.targetCapacity !== undefined) return executeTargetCapacity(clock, setup)
  const definition = subjectByKind(setup.subject.kind)
  if (scenario.queries.length > 0) requireQueryApi(definition)
  const config =
    setup.subject.config ?? defaultPrometheusConfig({ scrapeIntervalMs: scenario.scrapeIntervalMs, role: 'pod' })
  const parts = [...partsOf(setup), ...(setup.parts ?? [])]
  const trial = new Trial(clock, { scenario, stderr: setup.stderr, signal, outDir, parts }, eligibleFrom(config))
  let simulation: Simulation | undefined
  let subject: Subject | undefined
  try {
    simulation = await Simulation.create(clock, {
      scenario,
      originNs: trial.originNs,
      kubeconfigPath: join(outDir, 'kubeconfig'),
      record: setup.record,
      port: setup.subject.apiPort ?? 0,
      onEvents: events => trial.onEvents(events),
      onFailure: error => trial.end({ kind: 'failed', error }),
    })
    signal.throwIfAborted()
    const running = simulation
    const workDir = join(outDir, 'subject')
    makeFolder(workDir)
    subject = await definition.start(clock, {
      bin: setup.subject.bin,
      args: setup.subject.args,
      config,
      configDir: setup.subject.configDir,
      api: simulation.api,
      workDir,
      readyTimeoutMs: setup.readyTimeoutMs,
      profile: setup.profileSubject ?? false,
      url: setup.subject.url,
      pid: setup.subject.pid,
      tell: line => void setup.stderr.write(`${line}\n`),
      apiWatches: async () => (await running.apiUsage()).watches,
      signal,
    })
    signal.throwIfAborted()
    const run = await trial.execute(simulation, subject)
    const { ending, anyTarget: target } = trial
    // A subject writes the last of its profile when it ends.
    if (setup.profileSubject === true) await subject.stop()
    const files = setup.profileSubject === true ? [...run.subject.files, ...profileFiles(outDir)] : run.subject.files
    return {
      run: { ...run, subject: { ...run.subject, files } },
      ending,
      warnings: trial.warnings,
      seriesPerPod: target === undefined ? 0 : profileByName(target.profile).page(target).series.length,
    }
  } catch (error) {
    if (signal.aborted && !(error instanceof CodedError)) throw interruptedEarly(signal)
    throw error
  } finally {
    trial.close()
    await subject?.stop()
    await simulation?.stop()
  }
}
