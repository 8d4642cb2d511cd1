import { assert, DurationHistogram, EventLoopDelay, PacedClock, Prng, SystemClock } from '../base/index.ts'
import { ACTIONS } from './actions.ts'
import { type ApiServer, createApiServer, writeKubeconfig } from './apiserver/index.ts'
import { ObjectStore } from './cluster/index.ts'
import { type Cluster, createCluster, defaultTolerationSeconds } from './controllers/index.ts'
import type { PodRuntime } from './kubelet/pod-runtime.ts'
import type { ClusterSpec, ControlPlaneReport, PlannedAction, TruthEvent } from './messages.ts'
import { ChurnRecorder, TruthRecorder } from './trace/index.ts'
import { warmUp } from './warm-up.ts'

export interface ControlPlaneOptions {
  readonly seed: string
  readonly cluster: ClusterSpec
  readonly plan: readonly PlannedAction[]
  /** Planned milliseconds that the trace covers; `Infinity` when it runs until interrupted. */
  readonly durationMs: number
  /** 0 picks a free one. */
  readonly port: number
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
    warmUp(options.cluster.timings)
    const lag = new DurationHistogram()
    const clock = new PacedClock({ stats: { onLag: ns => lag.record(ns) } })
    const prng = new Prng(options.seed)
    const store = new ObjectStore(clock, prng.fork('store'))
    const churn = new ChurnRecorder(clock, store, { durationMs: options.durationMs })
    const truth = new TruthRecorder(clock, store, options.onEvents)
    const cluster = createCluster(clock, prng.fork('cluster'), store, options.runtime, {
      spec: options.cluster,
      seed: options.seed,
      hold: promise => clock.hold(promise),
      onTargetOpened: target => truth.targetOpened(target),
      onNodeSilent: node => truth.nodeSilent(node),
      onFailure: options.onFailure,
    })
    cluster.start()
    const api = await createApiServer(new SystemClock({ unref: true }), store, {
      host: '127.0.0.1',
      port: options.port,
      tls: true,
      tolerationSeconds: defaultTolerationSeconds(options.cluster.timings.evictionMs),
    })
    if (options.kubeconfigPath !== undefined) await writeKubeconfig(options.kubeconfigPath, api)
    return new ControlPlane(options, { api, clock, cluster, churn, truth, lag, delay: new EventLoopDelay(), store })
  }

  /** Lets planned time run: workloads are applied, then the plan. Returns the monotonic instant of planned time 0. */
  go(): bigint {
    this.#delay.reset()
    const { plan, cluster, durationMs } = this.#options
    for (const workload of cluster.workloads) this.#clock.schedule(0, () => this.#cluster.applyWorkload(workload))
    for (const { atMs, action, args } of plan) {
      const definition = ACTIONS.find(candidate => candidate.name === action)
      assert(definition !== undefined, () => `unknown action ${action}`)
      this.#clock.schedule(atMs, () => {
        const detail = definition.run(this.#cluster, args)
        this.#churn.action(action, args)
        this.#truth.action(action, detail)
      })
    }
    if (Number.isFinite(durationMs)) this.#clock.schedule(durationMs, () => this.#options.onFinished())
    this.#clock.start()
    return this.#clock.plannedNs(0)
  }

  report(): ControlPlaneReport {
    this.#truth.flush()
    const trace = this.#churn.digest()
    return {
      traceSha256: trace.sha256,
      traceEvents: trace.events,
      lagHdr: this.#lag.encode(),
      eventLoopDelayHdr: this.#delay.encode(),
      api: this.api.usage(),
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
