import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import { type Clock, CodedError, ExitCode, spawnWorker, type ThreadPriority } from '../base/index.ts'
import {
  type ActionArgs,
  type ApiUsage,
  claimPodNetwork,
  CONTROL_PLANE_WORKER,
  type ControlPlaneData,
  type ControlPlaneReport,
  type FromControlPlane,
  learnPages,
  type TargetLogs,
  planSockets,
  type PodNetworkClaim,
  type RecordSpec,
  TargetPool,
  type ToControlPlane,
  type TruthEvent,
  TruthTable,
} from '../sim/index.ts'
import { HarnessError } from './errors.ts'
import { podBounds } from './pod-bounds.ts'
import type { Scenario } from './scenario.ts'
import { planPrograms } from './processes/programs.ts'
import { ProcessHost } from './processes/process-host.ts'
import type { ApiAccess } from './subjects/index.ts'

/** One serves some ten thousand requests a second; more of them help only where there are cores left for them. */
const TARGET_THREADS = Math.max(1, Math.min(4, availableParallelism() - 2))

/** Rows of the truth table: every pod that ever lives needs its own. 64 bytes each, so generosity is cheap. */
const TRUTH_ROWS_MIN = 4096
const TRUTH_ROWS_PER_POD = 16

/**
 * Of the control plane's heap. What it makes lives on (versions of objects, history), and the collector stops the thread
 * for as long as copying all young survivors takes: a small nursery means many stops of a millisecond or two, not some of
 * twenty.
 */
const YOUNG_GENERATION_MB = 6

export interface SimulationOptions {
  readonly scenario: Scenario
  /** Monotonic nanoseconds that the targets' logs count from. */
  readonly originNs: bigint
  readonly kubeconfigPath: string
  /** Where the programs of containers work and their logs go. Default: `processes`, beside the kubeconfig. */
  readonly processFolder?: string
  /** File for the run's own trace. */
  readonly record?: RecordSpec | undefined
  /** Port of the API server; 0 (default) picks a free one. */
  readonly port?: number
  /** Lives until stopped instead of for the scenario's duration. */
  readonly endless?: boolean
  readonly onEvents: (events: readonly TruthEvent[]) => void
  /** A thread of the simulation failed: the run is over. */
  readonly onFailure: (error: Error) => void
}

/** What the threads know at the end. */
export interface Collected {
  readonly controlPlane: ControlPlaneReport
  readonly targets: TargetLogs
  /** Of the control plane's thread. */
  readonly priority: ThreadPriority
}

/**
 * The simulated cluster from the main thread's point of view: one control-plane thread, some target threads.
 *
 *   create ─▶ idle ──go()──▶ running ──(durationMs)──▶ `finished` settles ──collect()──▶ stop()
 */
export class Simulation {
  readonly truth: TruthTable
  readonly api: ApiAccess
  /** For the report: which real programs run in pods, and which could not. */
  readonly remarks: readonly string[]
  /** Settles when the scenario's planned duration is over. */
  readonly finished: Promise<void>
  readonly #worker: Worker
  readonly #pool: TargetPool
  readonly #inbox: Inbox
  readonly #network: PodNetworkClaim
  readonly #processes: ProcessHost | undefined

  private constructor(
    truth: TruthTable,
    api: ApiAccess,
    worker: Worker,
    pool: TargetPool,
    inbox: Inbox,
    network: PodNetworkClaim,
    processes: ProcessHost | undefined,
    remarks: readonly string[],
  ) {
    this.#network = network
    this.#processes = processes
    this.remarks = remarks
    this.truth = truth
    this.api = api
    this.#worker = worker
    this.#pool = pool
    this.#inbox = inbox
    this.finished = inbox.next('finished').then(() => undefined)
    this.finished.catch(() => {})
  }

  /** @throws CodedError CHURN_FD_LIMIT, CHURN_API_PORT; HarnessError CHURN_SIM_FAILED, CHURN_PROGRAM_MISSING. Nothing runs on then. */
  static async create(clock: Clock, options: SimulationOptions): Promise<Simulation> {
    const { scenario } = options
    learnPages(scenario.pages)
    const { cluster, programs, remarks } = await planPrograms(scenario.cluster)
    const pods = podBounds(scenario)
    const kubelets = scenario.cluster.kubeletPorts === true ? scenario.cluster.nodes : 0
    const containers = Math.max(1, ...scenario.cluster.workloads.map(workload => workload.containers?.length ?? 1))
    const places = planSockets({ pods: pods.atOnce, portsPerPod: containers, threads: TARGET_THREADS, kubelets })
    const network = await claimPodNetwork()
    const truth = new TruthTable(
      Math.max(TRUTH_ROWS_MIN, containers * pods.atOnce * TRUTH_ROWS_PER_POD, containers * pods.ever * 2),
    )
    const pool = await startPool(network, clock, {
      ...places,
      truth: truth.buffer,
      originNs: options.originNs,
      pages: scenario.pages,
      goFirst: options.endless !== true,
      onFailed: options.onFailure,
    })
    const ports = pool.controlPorts as MessagePort[]
    const channel = programs.size === 0 ? undefined : new MessageChannel()
    const folder = options.processFolder ?? join(dirname(options.kubeconfigPath), 'processes')
    const processes = channel && new ProcessHost(clock, { programs, folder, port: channel.port1 })
    const data: ControlPlaneData = {
      seed: scenario.seed,
      cluster,
      plan: scenario.plan,
      ...(scenario.replay === undefined ? {} : { replay: scenario.replay }),
      ...(options.record === undefined ? {} : { record: options.record }),
      warmUp: options.endless !== true,
      durationMs: options.endless === true ? Number.POSITIVE_INFINITY : scenario.durationMs,
      port: options.port ?? 0,
      podNetworkFirst: network.first,
      kubeconfigPath: options.kubeconfigPath,
      targetPorts: ports,
      ...(channel === undefined ? {} : { processPort: channel.port2, processRoot: folder }),
    }
    const worker = spawnWorker(CONTROL_PLANE_WORKER, {
      workerData: data,
      transferList: channel === undefined ? ports : [...ports, channel.port2],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    const inbox = new Inbox(worker, options)
    try {
      const { url, token, caPem } = await inbox.next('ready')
      return new Simulation(truth, { url, token, caPem }, worker, pool, inbox, network, processes, remarks)
    } catch (error) {
      await worker.terminate()
      await processes?.stop()
      await pool.stop()
      network.release()
      throw error
    }
  }

  /** Lets planned time run, and returns when the warm-up is over: the monotonic instant of the scenario's time 0. */
  async go(): Promise<bigint> {
    const started = this.#inbox.next('started')
    this.#send({ type: 'go' })
    return (await started).startedNs
  }

  /** Performs a registered action by hand: what it did, or why the cluster refused it. */
  async act(action: string, args: ActionArgs): Promise<{ readonly ok: boolean; readonly detail: string }> {
    const acted = this.#inbox.next('acted')
    this.#send({ type: 'act', action, args })
    const { ok, detail } = await acted
    return { ok, detail }
  }

  /** Processes that play pods beside this one; none while one process may open all their sockets. */
  get targetProcesses(): readonly number[] {
    return this.#pool.processIds
  }

  /** What clients have cost the API server so far. */
  async apiUsage(): Promise<ApiUsage> {
    const usage = this.#inbox.next('usage')
    this.#send({ type: 'usage' })
    return (await usage).usage
  }

  async collect(): Promise<Collected> {
    const report = this.#inbox.next('report')
    this.#send({ type: 'collect' })
    const [{ report: controlPlane, priority }, targets] = await Promise.all([report, this.#pool.collect()])
    return { controlPlane, targets, priority }
  }

  /** Ends all threads. Safe to call more than once and after a failure. */
  async stop(): Promise<void> {
    const stopped = this.#inbox.next('stopped').catch(() => undefined)
    this.#send({ type: 'stop' })
    await stopped
    await this.#worker.terminate()
    await this.#processes?.stop()
    await this.#pool.stop()
    this.#network.release()
  }

  #send(message: ToControlPlane): void {
    this.#worker.postMessage(message)
  }
}

async function startPool(network: PodNetworkClaim, ...args: Parameters<typeof TargetPool.start>): Promise<TargetPool> {
  try {
    return await TargetPool.start(...args)
  } catch (error) {
    network.release()
    throw error
  }
}

type Answer<T extends FromControlPlane['type']> = Extract<FromControlPlane, { type: T }>

/** Messages of the control plane, by type: events go to their callback, answers to whoever waits for one. */
class Inbox {
  readonly #waiting = new Map<string, { resolve: (message: never) => void; reject: (error: Error) => void }[]>()
  readonly #options: SimulationOptions
  #failure: CodedError | undefined

  constructor(worker: Worker, options: SimulationOptions) {
    this.#options = options
    worker.on('message', (message: FromControlPlane) => this.#receive(message))
    worker.on('error', error => this.#fail(threadError(error.stack ?? error.message)))
    worker.on('exit', code => {
      if (code !== 0 && code !== 1) this.#fail(threadError(`the control-plane thread ended with code ${code}`))
    })
  }

  next<T extends FromControlPlane['type']>(type: T): Promise<Answer<T>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      const queue = this.#waiting.get(type) ?? []
      queue.push({ resolve, reject })
      this.#waiting.set(type, queue)
    })
  }

  #receive(message: FromControlPlane): void {
    if (message.type === 'events') {
      this.#options.onEvents(message.events)
      return
    }
    if (message.type === 'failed') {
      this.#fail(new CodedError(message.code, message.message, { exitCode: message.exitCode }))
      return
    }
    this.#waiting
      .get(message.type)
      ?.shift()
      ?.resolve(message as never)
  }

  #fail(error: CodedError): void {
    this.#failure ??= error
    for (const queue of this.#waiting.values()) for (const { reject } of queue.splice(0)) reject(this.#failure)
    this.#options.onFailure(this.#failure)
  }
}

function threadError(message: string): CodedError {
  return new HarnessError('CHURN_SIM_FAILED', message, { exitCode: ExitCode.internal })
}
