import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Test } from 'tap'
import { SystemClock } from '../../base/index.ts'
import { type Ledger, type PodEntry, readLedger } from '../../harness/calibration-subject/ledger.ts'
import { executeTrial } from '../../harness/execute-trial.ts'
import type { PodHistory } from '../../harness/probes/index.ts'
import { resolveScenario } from '../../harness/scenario.ts'
import { LEDGER_FILE } from '../../harness/subjects/calibration.ts'
import type { TrialContext, TrialPart } from '../../harness/trial-part.ts'
import type { Run, Warning } from '../../reports/index.ts'
import type { ScenarioInput } from '../../scenarios/index.ts'
import type { TruthTable } from '../../sim/index.ts'

type TruthRow = ReturnType<TruthTable['read']>

/** For answers that are under way at the end. */
const LAST_REQUESTS_MS = 500

/** Some pods come, some more, some go: eight pods in all, in six seconds. */
export const COMING_AND_GOING: ScenarioInput = {
  name: 'coming-and-going',
  description: 'A few pods that come and go.',
  cluster: {
    nodes: 2,
    workloads: { api: { namespace: 'shop', replicas: 4 } },
    timings: { start: ['100ms', '200ms'], ready: ['50ms', '100ms'], terminate: ['50ms', '100ms'] },
  },
  scenarios: {
    up: { executor: 'shared-iterations', startTime: '1s', exec: 'scale', args: { workload: 'shop/api', replicas: 8 } },
    down: {
      executor: 'shared-iterations',
      startTime: '4s',
      exec: 'scale',
      args: { workload: 'shop/api', replicas: 3 },
    },
  },
  duration: '5s',
  settle: '2s',
  scrapeInterval: '500ms',
}

/** A pod as both sides saw it. */
export interface SeenPod {
  readonly history: PodHistory
  readonly truth: TruthRow
  /** Every request that reached its socket. */
  readonly requests: readonly { readonly atNs: bigint; readonly served: boolean }[]
  /** When the harness first read an answer that held its samples. */
  readonly visibleNs: bigint | undefined
  /** Absent when the subject never learnt of it. */
  readonly entry: PodEntry | undefined
}

export interface CalibrationRun {
  readonly run: Run
  readonly warnings: readonly Warning[]
  readonly ledger: Ledger
  /** Those of the scenario: the pods of the warm-up are left out. */
  readonly pods: readonly SeenPod[]
  /** Monotonic nanoseconds: planned time 0, and just after the end of the settling. */
  readonly startNs: bigint
  readonly endNs: bigint
}

/** Runs a scenario with the real harness against the calibration subject, and reads what the subject says of itself. */
export async function calibrationRun(
  t: Test,
  options: {
    readonly args: readonly string[]
    readonly scenario?: ScenarioInput
    readonly parts?: readonly TrialPart[]
  },
): Promise<CalibrationRun> {
  const clock = new SystemClock()
  const outDir = t.testdir()
  let context: TrialContext | undefined
  let endNs = 0n
  const seen = new Map<string, Pick<SeenPod, 'truth' | 'requests' | 'visibleNs'>>()
  const witness: TrialPart = {
    onStart(given) {
      context = given
    },
    async onStop() {
      endNs = clock.monotonicNs()
      const { pods, simulation } = context!
      // Later than the trial's own look: requests of the time in between are told apart by their instants.
      await new Promise<void>(resolve => clock.schedule(LAST_REQUESTS_MS, resolve))
      const { targets } = await simulation.collect()
      const logs = new Map(targets.scrapes.map(log => [log.uid, log]))
      for (const [uid, { target }] of pods.byUid) {
        const log = logs.get(uid)
        const truth = simulation.truth.read(target.slot)
        // The log counts from an origin of its own; its first entry is the truth's first request.
        const originNs = (truth.firstScrapeNs ?? 0n) - BigInt(Math.round((log?.requestMs[0] ?? 0) * 1e6))
        seen.set(uid, {
          truth,
          requests: [...(log?.requestMs ?? [])].map((ms, i) => ({
            atNs: originNs + BigInt(Math.round(ms * 1e6)),
            served: log!.served[i] === 1,
          })),
          visibleNs: context!.visibleNs(uid),
        })
      }
    },
  }
  const { run, warnings } = await executeTrial(clock, {
    scenario: resolveScenario(options.scenario ?? COMING_AND_GOING, { profile: 'quick', seed: '1', set: [] }),
    subject: { kind: 'calibration', args: options.args },
    outDir,
    readyTimeoutMs: 30_000,
    stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    signal: new AbortController().signal,
    parts: [witness, ...(options.parts ?? [])],
  })
  const ledger = readLedger(join(outDir, 'subject', LEDGER_FILE))
  const entries = new Map(ledger.pods.map(entry => [entry.uid, entry]))
  return {
    run,
    warnings,
    ledger,
    pods: [...context!.pods.byUid].map(([uid, history]) => ({
      history,
      ...seen.get(uid)!,
      entry: entries.get(uid),
    })),
    startNs: context!.startNs,
    endNs,
  }
}

/** A count or value of a run; fails the test when it is missing. */
export function valueOf(run: Run, name: string): number {
  const metric = run.metrics[name]
  if (metric === undefined || !('value' in metric)) throw new Error(`the run has no value ${name}`)
  return metric.value
}
