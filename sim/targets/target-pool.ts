import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import { assert, type Clock, describeError, spawnWorker } from '../../base/index.ts'
import { receivedError, targetError } from './errors.ts'
import type { LearnedPage } from './profiles/learn/learned-page.ts'
import type { FromTargetsMain, TargetScrapeLog, TargetWorkerData, ToTargetsMain } from './messages.ts'

/** Compiled doors: of a thread with pods, and of one that has them in a process. */
const THREAD = new URL('./targets.worker.js', import.meta.url)
const BRIDGE = new URL('./target-bridge.worker.js', import.meta.url)

/** How long a thread may take to close its sockets before it is ended from outside. */
const STOP_MS_MAX = 5_000

export interface TargetPoolOptions {
  /** In all, or in each process. */
  readonly threads: number
  /** Target processes; 0 (default): the threads are in this one. See `planSockets`. */
  readonly processes?: number
  /** Memory of the truth table. */
  readonly truth: SharedArrayBuffer
  /** Monotonic nanoseconds that logs count from. */
  readonly originNs: bigint
  /** Pages that profiles were learned from, by the texts that name them. Default none. */
  readonly pages?: Readonly<Record<string, LearnedPage>>
  /** Whether the threads go before others of the machine, where that is allowed. Default false. */
  readonly goFirst?: boolean
  /** A thread died or could not go on: CHURN_TARGET_THREAD, CHURN_TARGET_ACCEPT. Called at most once per thread. */
  readonly onFailed?: (error: Error) => void
}

/** What target threads know of their pods beyond the truth table. */
export interface TargetLogs {
  /** One per pod that was ever open. */
  readonly scrapes: readonly TargetScrapeLog[]
  /** One encoded histogram per thread. */
  readonly eventLoopDelayHdr: readonly string[]
}

/**
 * The target threads, seen from the main thread. Where there are target processes, there is one thread here for each of them
 * that looks like a target thread and carries its messages (target-bridge.ts).
 *
 * `controlPorts` are the far ends of their direct ports: they go to the control plane, in its `transferList` too.
 */
export class TargetPool {
  readonly controlPorts: readonly MessagePort[]
  readonly #clock: Clock
  readonly #threads: readonly Thread[]

  private constructor(clock: Clock, threads: readonly Thread[]) {
    this.#clock = clock
    this.#threads = threads
    this.controlPorts = threads.map(thread => thread.controlPort)
  }

  /** Resolves when all threads can open pods. @throws CodedError CHURN_TARGET_THREAD; no thread is left then. */
  static async start(clock: Clock, options: TargetPoolOptions): Promise<TargetPool> {
    assert(options.threads > 0, 'a pool has threads')
    const pool = new TargetPool(
      clock,
      Array.from({ length: options.processes || options.threads }, () => new Thread(options)),
    )
    try {
      await Promise.all(pool.#threads.map(thread => thread.ready))
    } catch (error) {
      await pool.stop()
      throw error
    }
    return pool
  }

  /** Of the target processes; none where the threads are in this one. */
  get processIds(): readonly number[] {
    return this.#threads.flatMap(({ pid }) => pid ?? [])
  }

  /** Threads that died have nothing to say and are left out. */
  async collect(): Promise<TargetLogs> {
    const logs = (await Promise.all(this.#threads.map(thread => thread.collect()))).filter(log => log !== undefined)
    return {
      scrapes: logs.flatMap(log => log.scrapes),
      eventLoopDelayHdr: logs.flatMap(log => log.eventLoopDelayHdr),
    }
  }

  /** Closes all pods and ends the threads. May be called again. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map(thread => thread.stop(this.#clock)))
  }
}

type Log = Extract<FromTargetsMain, { readonly type: 'log' }>

/** One worker and what is awaited from it. */
class Thread {
  readonly controlPort: MessagePort
  readonly ready: Promise<void>
  pid: number | undefined
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #onFailed: ((error: Error) => void) | undefined
  readonly #collecting: ((log: Log | undefined) => void)[] = []
  #ended = false
  #stopping = false
  #failed = false

  constructor(options: TargetPoolOptions) {
    const { port1, port2 } = new MessageChannel()
    this.controlPort = port1
    this.#onFailed = options.onFailed
    const { threads, processes = 0 } = options
    const data: TargetWorkerData = {
      truth: options.truth,
      originNs: options.originNs,
      control: port2,
      pages: options.pages ?? {},
      goesFirst: options.goFirst ?? false,
      ...(processes === 0 ? {} : { process: { threads, processes } }),
    }
    const worker = spawnWorker(processes === 0 ? THREAD : BRIDGE, {
      name: 'targets',
      workerData: data,
      transferList: [port2],
    })
    this.#worker = worker
    this.ready = new Promise((resolve, reject) => {
      worker.on('message', (message: FromTargetsMain) => {
        if (message.type === 'ready') {
          this.pid = message.pid
          resolve()
        } else if (message.type === 'log') this.#collecting.shift()?.(message)
        else if (message.type === 'failed') this.#fail(receivedError(message.code, message.message))
      })
      worker.once('error', error => {
        const coded = targetError('CHURN_TARGET_THREAD', `a target thread died: ${describeError(error)}`, error)
        reject(coded)
        this.#fail(coded)
      })
      worker.once('exit', code => {
        const coded = targetError('CHURN_TARGET_THREAD', `a target thread ended by itself (exit code ${code})`)
        reject(coded)
        if (!this.#stopping) this.#fail(coded)
      })
    })
    this.#exited = new Promise(resolve => {
      worker.once('exit', () => {
        this.#ended = true
        for (const answer of this.#collecting.splice(0)) answer(undefined)
        resolve()
      })
    })
  }

  collect(): Promise<Log | undefined> {
    if (this.#ended) return Promise.resolve(undefined)
    return new Promise(resolve => {
      this.#collecting.push(resolve)
      this.#tell({ type: 'collect' })
    })
  }

  async stop(clock: Clock): Promise<void> {
    this.#stopping = true
    if (!this.#ended) {
      this.#tell({ type: 'stop' })
      const overdue = clock.schedule(STOP_MS_MAX, () => void this.#worker.terminate())
      await this.#exited
      overdue.cancel()
    }
    // Without effect where the port has been transferred.
    this.controlPort.close()
  }

  #tell(message: ToTargetsMain): void {
    this.#worker.postMessage(message)
  }

  #fail(error: Error): void {
    if (this.#failed) return
    this.#failed = true
    this.#onFailed?.(error)
  }
}
