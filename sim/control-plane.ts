import {
  assert,
  describeError,
  DurationHistogram,
  EventLoopDelay,
  PacedClock,
  Prng,
  SystemClock,
} from '../base/index.ts'
import { type Action, actionByName } from './actions.ts'
import { type ApiServer, createApiServer, writeKubeconfig } from './apiserver/index.ts'
import { appliedAtMs } from './apply-order.ts'
import { ObjectStore } from './cluster/index.ts'
import { type Cluster, createCluster, defaultTolerationSeconds } from './controllers/index.ts'
import type { PodRuntime } from './kubelet/pod-runtime.ts'
import type { ActionArgs, ApiUsage, ClusterSpec, ControlPlaneReport, PlannedAction, TruthEvent } from './messages.ts'
import { rehearse } from './rehearsal.ts'
import { ChurnRecorder, relativeAddresses, type TruthClock, TruthRecorder } from './trace/index.ts'
import { isWarmUp, warmUp, WARM_UP_MS, withoutWarmUp } from './warm-up.ts'

export interface ControlPlaneOptions {
  readonly seed: string
  readonly cluster: ClusterSpec
  readonly plan: readonly PlannedAction[]
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
  readonly onEvents: (events: readonly TruthEvent[]) => void
  /** Called once, when `durationMs` of planned time have passed. */
  readonly onFinished: () => void
  /** An effect outside the simulation failed; the run cannot go on. */
  readonly onFailure: (error: unknown) => void
}

/**
 * The simulated Kubernetes as one object: store, controllers and kubelets on planned time, the HTTP API on real time.
 *
 * Planned time stands still until `go`, so that a subject can connect to an idle cluster first.
 */
export class ControlPlane {
  readonly api: ApiServer
  readonly #clock: PacedClock
  readonly #cluster: Cluster
  readonly #churn: ChurnRecorder
  readonly #truth: TruthRecorder
  readonly #lag: DurationHistogram
  readonly #delay: EventLoopDelay
  readonly #options: ControlPlaneOptions
  readonly #store: ObjectStore
  #byHand = 0
  #usageBefore: ApiUsage = { requests: 0, watches: 0, bytes: 0, byKind: {} }

  private constructor(options: ControlPlaneOptions, parts: Parts) {
    this.#options = options
    this.api = parts.api
    this.#clock = parts.clock
    this.#cluster = parts.cluster
    this.#churn = parts.churn
    this.#truth = parts.truth
    this.#lag = parts.lag
    this.#delay = parts.delay
    this.#store = parts.store
  }

  /** @throws CodedError CHURN_API_PORT */
  static async create(options: ControlPlaneOptions): Promise<ControlPlane> {
    if (options.warmUp) rehearse(options.cluster.timings)
    const lag = new DurationHistogram()
    const clock = new PacedClock({ stats: { onLag: ns => lag.record(ns) } })
    const prng = new Prng(options.seed)
    const store = new ObjectStore(clock, prng.fork('store'))
    const measured = measuredTime(clock, options.warmUp ? WARM_UP_MS : 0)
    const churn = new ChurnRecorder(measured, withoutWarmUp(store), {
      durationMs: options.durationMs,
      addressOf: relativeAddresses(options.podNetworkFirst),
    })
    const truth = new TruthRecorder(measured, withoutWarmUp(store), options.onEvents)
    const cluster = createCluster(clock, prng.fork('cluster'), store, options.runtime, {
      spec: options.cluster,
      seed: options.seed,
      podNetworkFirst: options.podNetworkFirst,
      hold: promise => clock.hold(promise),
      onTargetOpened: target => {
        if (!isWarmUp(target.namespace)) truth.targetOpened(target)
      },
      onNodeUnreachable: node => {
        churn.node(node, 'failed')
        truth.nodeSilent(node)
      },
      onNodeAnswering: node => {
        churn.node(node, 'recovered')
        truth.nodeAnswering(node)
      },
      onFailure: options.onFailure,
    })
    cluster.start()
    const api = await createApiServer(new SystemClock({ unref: true }), store, {
      host: '127.0.0.1',
      port: options.port,
      tls: true,
      tolerationSeconds: defaultTolerationSeconds(options.cluster.timings.evictionMs),
      onInternalError: options.onFailure,
    })
    if (options.kubeconfigPath !== undefined) await writeKubeconfig(options.kubeconfigPath, api)
    return new ControlPlane(options, { api, clock, cluster, churn, truth, lag, delay: new EventLoopDelay(), store })
  }

  /**
   * Lets planned time run: the warm-up where one is wanted, then the workloads, then the plan.
   *
   * `onStarted` is called when the warm-up is over, with the monotonic instant of the scenario's planned time 0.
   */
  go(onStarted: (startedNs: bigint) => void): void {
    const originMs = this.#options.warmUp ? WARM_UP_MS : 0
    if (this.#options.warmUp) this.#clock.schedule(0, () => warmUp(this.#clock, this.#cluster))
    this.#clock.schedule(originMs, () => {
      this.#lag.reset()
      this.#delay.reset()
      this.#usageBefore = this.api.usage()
      this.#plan()
      onStarted(this.#clock.plannedNs(originMs))
    })
    this.#clock.start()
  }

  #plan(): void {
    const { plan, cluster, durationMs } = this.#options
    cluster.workloads.forEach((workload, index) => {
      this.#clock.schedule(appliedAtMs(index), () => this.#cluster.applyWorkload(workload))
    })
    for (const { atMs, action, args, stream } of plan) {
      const definition = actionByName(action)
      assert(definition !== undefined, () => `unknown action ${action}`)
      this.#clock.schedule(atMs, () => this.#perform(definition, args, stream))
    }
    if (Number.isFinite(durationMs)) this.#clock.schedule(durationMs, () => this.#options.onFinished())
  }

  /**
   * Performs a registered action by hand, in the next planned call. What it did, or why the cluster refused it, goes to
   * `done`: a mistake of whoever pressed the button is no failure of the run.
   */
  act(action: string, args: ActionArgs, done: (ok: boolean, detail: string) => void): void {
    const definition = actionByName(action)
    if (definition === undefined) {
      done(false, `there is no action "${action}"`)
      return
    }
    this.#clock.schedule(0, () => {
      let detail: string
      try {
        detail = this.#perform(definition, args, `by-hand/${this.#byHand++}`)
      } catch (error) {
        done(false, describeError(error))
        return
      }
      done(true, detail)
    })
  }

  /** Does it and records it; what an action draws depends on the seed and on `stream` alone. */
  #perform(action: Action, args: ActionArgs, stream: string): string {
    const prng = new Prng(this.#options.seed).fork('actions').fork(stream)
    const detail = action.run({ clock: this.#clock, prng, cluster: this.#cluster, api: this.api }, args)
    this.#churn.action(action.name, args)
    this.#truth.action(action.name, detail)
    return detail
  }

  report(): ControlPlaneReport {
    this.#truth.flush()
    const trace = this.#churn.digest()
    return {
      traceSha256: trace.sha256,
      traceEvents: trace.events,
      lagHdr: this.#lag.encode(),
      eventLoopDelayHdr: this.#delay.encode(),
      api: usageSince(this.#usageBefore, this.api.usage()),
      resourceVersion: this.#store.resourceVersion,
    }
  }

  async close(): Promise<void> {
    this.#clock.stop()
    this.#delay.stop()
    await this.api.close()
  }
}

interface Parts {
  readonly api: ApiServer
  readonly clock: PacedClock
  readonly cluster: Cluster
  readonly churn: ChurnRecorder
  readonly truth: TruthRecorder
  readonly lag: DurationHistogram
  readonly delay: EventLoopDelay
  readonly store: ObjectStore
}

/** The clock as recorders see it: planned time counts from the end of the warm-up. */
function measuredTime(clock: PacedClock, originMs: number): TruthClock {
  return {
    get elapsedMs() {
      return Math.max(0, clock.elapsedMs - originMs)
    },
    monotonicNs: () => clock.monotonicNs(),
    plannedNs: elapsedMs => clock.plannedNs(elapsedMs + originMs),
  }
}

/** What clients cost since the warm-up. Watches that were opened before and live on count as this run's. */
function usageSince(before: ApiUsage, now: ApiUsage): ApiUsage {
  return { ...now, bytes: now.bytes - before.bytes }
}
