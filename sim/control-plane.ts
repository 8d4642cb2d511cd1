import {
  assert,
  type Clock,
  describeError,
  DurationHistogram,
  EventLoopDelay,
  PacedClock,
  Prng,
  SystemClock,
} from '../base/index.ts'
import { actionByName } from './actions.ts'
import { type ApiServer, createApiServer, readOnlyKind, writeKubeconfig } from './apiserver/index.ts'
import { type ChurnSource, type ChurnSourceOptions, plannedChurn, replayedChurn } from './churn-source.ts'
import { ObjectStore, startNamespaceContents } from './cluster/index.ts'
import { type Cluster, defaultTolerationSeconds } from './controllers/index.ts'
import { followKubeletPorts, type KubeletPorts } from './kubelet-ports.ts'
import type { PodRuntime } from './kubelet/pod-runtime.ts'
import type {
  ActionArgs,
  ApiUsage,
  ClusterSpec,
  ControlPlaneReport,
  PlannedAction,
  RecordSpec,
  TruthEvent,
} from './messages.ts'
import { processLog } from './process-messages.ts'
import { rehearse, rehearseReplay } from './rehearsal.ts'
import { RUNS_ANNOTATION } from './stages/index.ts'
import {
  type ChurnEvent,
  ChurnRecorder,
  type ReplaySpec,
  TraceError,
  traceTime,
  TraceWriter,
  type TruthClock,
  TruthRecorder,
} from './trace/index.ts'
import { StoreFeeder } from './store-feeder.ts'
import { isWarmUp, WARM_UP_MS, withoutWarmUp } from './warm-up.ts'

export interface ControlPlaneOptions {
  readonly seed: string
  readonly cluster: ClusterSpec
  readonly plan: readonly PlannedAction[]
  /** A trace that is played instead of workloads and plan. */
  readonly replay: ReplaySpec | undefined
  /** Where the run's own trace goes. */
  readonly record: RecordSpec | undefined
  /** Whether a warm-up comes before the scenario. */
  readonly warmUp: boolean
  /** Planned milliseconds that the trace covers; `Infinity` when it runs until interrupted. */
  readonly durationMs: number
  /** 0 picks a free one. */
  readonly port: number
  /** Lowest address of the pods' network. */
  readonly podNetworkFirst: string
  readonly kubeconfigPath: string | undefined
  readonly runtime: PodRuntime
  /** Where the programs of containers work and write to, where there are any. */
  readonly processRoot?: string | undefined
  readonly onEvents: (events: readonly TruthEvent[]) => void
  /** Called once, when `durationMs` of planned time have passed. */
  readonly onFinished: () => void
  /** An effect outside the simulation failed; the run cannot go on. */
  readonly onFailure: (error: unknown) => void
}

/** How often what has been recorded is handed to the operating system: this much is lost when the run is killed. */
const FLUSH_MS = 1000

/**
 * The simulated Kubernetes as one object: store, controllers and kubelets on planned time, the HTTP API on real time.
 *
 * Planned time stands still until `go`, so that a subject can connect to an idle cluster first.
 */
export class ControlPlane {
  readonly api: ApiServer
  readonly #clock: PacedClock
  readonly #source: ChurnSource
  readonly #churn: ChurnRecorder
  readonly #writer: TraceWriter | undefined
  readonly #truth: TruthRecorder
  readonly #lag: DurationHistogram
  readonly #delay: EventLoopDelay
  readonly #options: ControlPlaneOptions
  readonly #store: ObjectStore
  readonly #measured: MeasuredTime
  readonly #ports: KubeletPorts | undefined
  readonly #feeder: StoreFeeder
  #byHand = 0
  #usageBefore: ApiUsage = { requests: 0, watches: 0, bytes: 0, byKind: {} }
  #written: Promise<unknown> | undefined

  private constructor(options: ControlPlaneOptions, parts: Parts) {
    this.#options = options
    this.api = parts.api
    this.#clock = parts.clock
    this.#source = parts.source
    this.#churn = parts.churn
    this.#writer = parts.writer
    this.#truth = parts.truth
    this.#lag = parts.lag
    this.#delay = parts.delay
    this.#store = parts.store
    this.#measured = parts.measured
    this.#ports = parts.ports
    this.#feeder = parts.feeder
  }

  /** @throws CodedError CHURN_API_PORT; TraceError */
  static async create(options: ControlPlaneOptions): Promise<ControlPlane> {
    if (options.warmUp) {
      if (options.replay?.mode === 'exact') rehearseReplay(options.cluster.timings)
      else rehearse(options.cluster.timings)
    }
    const lag = new DurationHistogram()
    const clock = new PacedClock({ stats: { onLag: ns => lag.record(ns) } })
    const prng = new Prng(options.seed)
    const store = new ObjectStore(clock, prng.fork('store'))
    const measured = new MeasuredTime(clock)
    const { replay, record } = options
    let source: ChurnSource | undefined
    const writer =
      record === undefined
        ? undefined
        : TraceWriter.create(record.path, record.origin, { live: true, force: record.force })
    const churn = new ChurnRecorder(traceTime(measured, replay?.speed), withoutWarmUp(store), {
      durationMs: replay === undefined ? options.durationMs : Number.POSITIVE_INFINITY,
      translated: transition => source?.translated(transition) ?? transition,
      ...(writer === undefined ? {} : { onEvent: (event, line) => keep(writer, event, line) }),
    })
    // What one turn of the clock does goes to the main thread together: a message costs as much as a write.
    const truth = new TruthRecorder(measured, withoutWarmUp(store), options.onEvents, fn => setImmediate(fn))
    const plane: { current: ControlPlane | undefined; ports?: KubeletPorts } = { current: undefined }
    const feeder = new StoreFeeder(new SystemClock({ unref: true }), options.runtime, {
      store,
      cadvisorPage: node => source?.cluster?.kubelets.page(node, '/metrics/cadvisor')?.body,
    })
    options.runtime.watchTargets?.(feeder)
    const sourceOptions: ChurnSourceOptions = {
      clock,
      hold: promise => clock.hold(promise),
      plannedNs: ms => clock.plannedNs(ms),
      prng,
      store,
      runtime: options.runtime,
      seed: options.seed,
      cluster: options.cluster,
      podNetworkFirst: options.podNetworkFirst,
      onTargetOpened: target => {
        if (!isWarmUp(target.namespace)) truth.targetOpened(target)
      },
      onNodeUnreachable: (node, reason) => {
        churn.node(node, 'failed', reason)
        truth.nodeSilent(node)
      },
      onNodeAnswering: node => {
        churn.node(node, 'recovered')
        truth.nodeAnswering(node)
        plane.ports?.recover(node)
      },
      onMisbehaviour: (uids, order) => truth.misbehaviour(uids, order),
      onFailure: options.onFailure,
      perform: (name, args, stream) => void plane.current?.perform(name, args, stream),
      retell: (name, args) => {
        churn.action(name, args)
        truth.action(name, `${name} (in the trace)`)
      },
    }
    source =
      replay === undefined
        ? plannedChurn(sourceOptions, options.plan)
        : await replayedChurn(sourceOptions, replay, options.plan)
    await source.start()
    const api = await createApiServer(new SystemClock({ unref: true }), store, {
      host: '127.0.0.1',
      port: options.port,
      tls: true,
      tolerationSeconds: defaultTolerationSeconds(options.cluster.timings.evictionMs),
      virtual: (source.cluster?.metrics.kinds() ?? []).map(readOnlyKind),
      ...(options.processRoot === undefined ? {} : { logFiles: logFilesIn(options.processRoot) }),
      onInternalError: options.onFailure,
    })
    // Kubernetes' controller manager does this too; it can begin only when there is an authority.
    startNamespaceContents(store, api.caPem)
    if (options.cluster.kubeletPorts === true && source.cluster !== undefined) {
      try {
        plane.ports = await followKubeletPorts(
          store,
          source.cluster.kubelets,
          token => api.isKnown(token),
          options.onFailure,
        )
      } catch (error) {
        await api.close()
        throw error
      }
    }
    const { ports } = plane
    if (options.kubeconfigPath !== undefined) await writeKubeconfig(options.kubeconfigPath, api)
    const delay = new EventLoopDelay()
    plane.current = new ControlPlane(options, {
      api,
      ports,
      clock,
      source,
      churn,
      writer,
      truth,
      lag,
      delay,
      store,
      measured,
      feeder,
    })
    return plane.current
  }

  /**
   * Lets planned time run: the warm-up where one is wanted, then the scenario.
   *
   * `onStarted` is called when the warm-up is over, with the monotonic instant of the scenario's planned time 0.
   */
  go(onStarted: (startedNs: bigint) => void): void {
    if (this.#options.warmUp) this.#clock.schedule(0, () => this.#source.warmUp())
    this.#clock.schedule(this.#options.warmUp ? WARM_UP_MS : 0, () => {
      this.#source.settle(() => this.#begin(onStarted))
    })
    if (this.#writer !== undefined) this.#flushLater(new SystemClock({ unref: true }), this.#writer)
    this.#clock.start()
  }

  #begin(onStarted: (startedNs: bigint) => void): void {
    const originMs = this.#clock.elapsedMs
    this.#measured.begin()
    this.#lag.reset()
    this.#delay.reset()
    this.#usageBefore = this.api.usage()
    this.#source.begin()
    const { durationMs } = this.#options
    if (Number.isFinite(durationMs)) this.#clock.schedule(durationMs, () => this.#options.onFinished())
    onStarted(this.#clock.plannedNs(originMs))
  }

  /**
   * Performs a registered action by hand, in the next planned call. What it did, or why the cluster refused it, goes to
   * `done`: a mistake of whoever pressed the button is no failure of the run.
   */
  act(action: string, args: ActionArgs, done: (ok: boolean, detail: string) => void): void {
    if (actionByName(action) === undefined) {
      done(false, `there is no action "${action}"`)
      return
    }
    this.#clock.schedule(0, () => {
      let detail: string
      try {
        detail = this.perform(action, args, `by-hand/${this.#byHand++}`)
      } catch (error) {
        done(false, describeError(error))
        return
      }
      done(true, detail)
    })
  }

  /** Does it and records it; what an action draws depends on the seed and on `stream` alone. */
  perform(name: string, args: ActionArgs, stream: string): string {
    const action = actionByName(name)
    assert(action !== undefined, () => `unknown action ${name}`)
    const { cluster = followsTrace(name, action.on) } = this.#source
    const prng = new Prng(this.#options.seed).fork('actions').fork(stream)
    const detail = action.run({ clock: this.#clock, prng, cluster, api: this.api }, args)
    this.#churn.action(name, args)
    this.#truth.action(name, detail)
    return detail
  }

  /** What the run came to. The trace that is written is complete then. */
  async report(): Promise<ControlPlaneReport> {
    this.#truth.flush()
    const trace = this.#churn.digest()
    const replay = this.#source.replayReport(trace.sha256)
    await this.#completeRecording()
    return {
      traceSha256: trace.sha256,
      traceEvents: trace.events,
      ...(replay === undefined ? {} : { replay }),
      lagHdr: this.#lag.encode(),
      eventLoopDelayHdr: this.#delay.encode(),
      api: usageSince(this.#usageBefore, this.api.usage()),
      resourceVersion: this.#store.resourceVersion,
    }
  }

  async close(): Promise<void> {
    this.#clock.stop()
    this.#delay.stop()
    this.#feeder.stop()
    this.#ports?.close()
    await this.api.close()
    await this.#source.close()
    await this.#completeRecording()
  }

  /** The first call counts: what comes after it is in no figure. */
  #completeRecording(): Promise<unknown> {
    this.#churn.stop()
    const { durationMs, replay } = this.#options
    const tracedMs = Number.isFinite(durationMs) ? Math.round(durationMs * (replay?.speed ?? 1)) : 0
    this.#written ??= this.#writer?.finish(tracedMs)
    return this.#written ?? Promise.resolve()
  }

  #flushLater(clock: Clock, writer: TraceWriter): void {
    clock.schedule(FLUSH_MS, () => {
      if (this.#written !== undefined) return
      void writer.flush()
      this.#flushLater(clock, writer)
    })
  }
}

/** Containers that run programs write to files. */
function logFilesIn(root: string): NonNullable<Parameters<typeof createApiServer>[2]['logFiles']> {
  return ({ metadata: { annotations, namespace = '', name } }, container, run) =>
    annotations?.[`${RUNS_ANNOTATION}.${container}`] === 'process'
      ? processLog(root, { namespace, pod: name, container }, run)
      : undefined
}

/** What happened in a run can have happened. */
function keep(writer: TraceWriter, event: ChurnEvent, line: string): void {
  const fault = writer.write(event, line)
  assert(fault === undefined, () => `the run tells what cannot be: ${fault}`)
}

/** Stands in for the hands of a scenario where everything follows a trace. */
function followsTrace(action: string, on: 'api' | undefined): Cluster {
  if (on === 'api') return {} as Cluster
  throw new TraceError(
    'CHURN_TRACE_OPTIONS',
    `${action}: this cluster follows its trace; only the API server can be disturbed`,
  )
}

interface Parts {
  readonly api: ApiServer
  readonly ports: KubeletPorts | undefined
  readonly clock: PacedClock
  readonly source: ChurnSource
  readonly churn: ChurnRecorder
  readonly writer: TraceWriter | undefined
  readonly truth: TruthRecorder
  readonly lag: DurationHistogram
  readonly delay: EventLoopDelay
  readonly store: ObjectStore
  readonly measured: MeasuredTime
  readonly feeder: StoreFeeder
}

/** The clock as recorders see it: planned time counts from where the scenario begins, and stands at 0 before. */
class MeasuredTime implements TruthClock {
  readonly #clock: PacedClock
  #originMs: number | undefined

  constructor(clock: PacedClock) {
    this.#clock = clock
  }

  /** The planned present is time 0. */
  begin(): void {
    this.#originMs = this.#clock.elapsedMs
  }

  get elapsedMs(): number {
    return this.#originMs === undefined ? 0 : Math.max(0, this.#clock.elapsedMs - this.#originMs)
  }

  monotonicNs(): bigint {
    return this.#clock.monotonicNs()
  }

  plannedNs(elapsedMs: number): bigint {
    // What is set up before time 0 has an instant of its own, and no time in the trace.
    return this.#clock.plannedNs(this.#originMs === undefined ? this.#clock.elapsedMs : elapsedMs + this.#originMs)
  }
}

/** What clients cost since the warm-up. Watches that were opened before and live on count as this run's. */
function usageSince(before: ApiUsage, now: ApiUsage): ApiUsage {
  return { ...now, bytes: now.bytes - before.bytes }
}
