import { assert, Prng, VirtualClock } from '../base/index.ts'
import { actionByName } from './actions.ts'
import { type ChurnSource, type ChurnSourceOptions, plannedChurn, replayedChurn } from './churn-source.ts'
import { ObjectStore } from './cluster/index.ts'
import type { ClusterSpec, PlannedAction, RecordSpec } from './messages.ts'
import { NOWHERE } from './nowhere.ts'
import {
  ChurnRecorder,
  type ReplayReport,
  type ReplaySpec,
  type TraceHeader,
  TraceWriter,
  traceTime,
} from './trace/index.ts'
import { WARM_UP_MS, withoutWarmUp } from './warm-up.ts'

export interface VirtualRunOptions {
  readonly seed: string
  readonly cluster: ClusterSpec
  readonly plan: readonly PlannedAction[]
  /** A trace that is played instead of workloads and plan. */
  readonly replay?: ReplaySpec
  /** Planned milliseconds. */
  readonly durationMs: number
  /** Where the run's trace goes, when it is wanted. */
  readonly record?: RecordSpec
}

export interface VirtualRun {
  /** Of the events, as in the report of a real run. */
  readonly traceSha256: string
  readonly events: number
  /** Of the trace that was written. */
  readonly header: TraceHeader | undefined
  readonly replay: ReplayReport | undefined
}

/** Planned time between two looks at how much waits to be written. */
const STEP_MS = 1000
/** Addresses of a run are relative to this in its trace; here nobody listens on any. */
const POD_NETWORK_FIRST = '127.2.0.0'

/** Nobody is connected. */
const NO_API = {
  dropWatches() {},
  endWatches() {},
  expireWatches() {},
  silenceWatches: () => () => {},
  expireHistory() {},
  disturb: () => () => {},
  goDown: () => () => {},
}

/**
 * Plays a scenario or a trace in virtual time, with nobody watching: an hour takes seconds. The trace is the one that a real
 * run of the same scenario and seed has, to the byte of its events.
 *
 * @throws TraceError
 */
export async function runVirtually(options: VirtualRunOptions): Promise<VirtualRun> {
  const { seed, durationMs, record, replay } = options
  const clock = new VirtualClock()
  const prng = new Prng(seed)
  const store = new ObjectStore(clock, prng.fork('store'))
  const writer =
    record === undefined ? undefined : TraceWriter.create(record.path, record.origin, { force: record.force })
  const source: { current: ChurnSource | undefined } = { current: undefined }
  // A real run has its warm-up first; it draws from the same generator.
  const begun: { atMs: number | undefined } = { atMs: undefined }
  const measured = {
    get elapsedMs() {
      return begun.atMs === undefined ? 0 : clock.elapsedMs - begun.atMs
    },
  }
  const churn = new ChurnRecorder(traceTime(measured, replay?.speed), withoutWarmUp(store), {
    durationMs: replay === undefined ? durationMs : Number.POSITIVE_INFINITY,
    translated: transition => source.current?.translated(transition) ?? transition,
    onEvent: (event, line) => {
      const fault = writer?.write(event, line)
      assert(fault === undefined, () => `the run tells what cannot be: ${fault}`)
    },
  })
  const sourceOptions: ChurnSourceOptions = {
    clock,
    hold: promise => clock.hold(promise),
    plannedNs: ms => BigInt(Math.round(ms * 1e6)),
    prng,
    store,
    runtime: NOWHERE,
    seed,
    cluster: options.cluster,
    podNetworkFirst: POD_NETWORK_FIRST,
    onTargetOpened: () => {},
    onNodeUnreachable: (node, reason) => churn.node(node, 'failed', reason),
    onNodeAnswering: node => churn.node(node, 'recovered'),
    onFailure: error => {
      throw error
    },
    perform: (name, args, stream) => {
      const draws = new Prng(seed).fork('actions').fork(stream)
      const action = actionByName(name)
      assert(action !== undefined, () => `unknown action ${name}`)
      // Where everything follows a trace, only what befalls the API server is performed.
      const cluster = source.current?.cluster
      action.run({ clock, prng: draws, cluster: cluster!, api: NO_API }, args)
      churn.action(name, args)
    },
    retell: (name, args) => churn.action(name, args),
  }
  try {
    const current =
      replay === undefined
        ? plannedChurn(sourceOptions, options.plan)
        : await replayedChurn(sourceOptions, replay, options.plan)
    source.current = current
    await current.start()
    clock.schedule(0, () => current.warmUp())
    clock.schedule(WARM_UP_MS, () => {
      current.settle(() => {
        begun.atMs = clock.elapsedMs
        current.begin()
      })
    })
    const leftMs = (): number =>
      begun.atMs === undefined ? Number.POSITIVE_INFINITY : begun.atMs + durationMs - clock.elapsedMs
    while (leftMs() > 0) {
      await clock.advanceHeld(Math.min(STEP_MS, leftMs()))
      await writer?.drain()
    }
    churn.stop()
    const { sha256, events } = churn.digest()
    const report = current.replayReport(sha256)
    await current.close()
    const header = await writer?.finish(Math.round(durationMs * (replay?.speed ?? 1)))
    return { traceSha256: sha256, events, header, replay: report }
  } catch (error) {
    writer?.abort()
    throw error
  }
}
