import { type Clock, CodedError, describeError, type Timer } from '../../base/index.ts'
import type { FromTargetProcess, TargetProcessStart, ToTargetProcess } from './process-messages.ts'
import type { ToTargets } from './messages.ts'
import { RemoteRuntime } from './remote-runtime.ts'
import { TargetPool } from './target-pool.ts'
import { TruthMirror } from './truth-mirror.ts'
import { TruthTable } from './truth-table.ts'

/** How late the truth is on the other side, at most, beside the time that a message takes. */
const LOOK_EVERY_MS = 10

interface Running {
  readonly pool: TargetPool
  readonly runtime: RemoteRuntime
  readonly mirror: TruthMirror
}

/**
 * Target threads in a process of their own, for more pods than one process may open sockets.
 *
 * ```
 *   control plane ──port──▶ bridge thread ──channel──▶ this ──port──▶ target thread
 *   truth table  ◀──writes────  │  ◀──changed rows──── │  ◀──writes──── its truth table
 * ```
 *
 * The truth is told every few milliseconds, and before the logs: once these are there, so is all that is in them.
 */
export class TargetProcess {
  readonly #clock: Clock
  readonly #send: (message: FromTargetProcess) => void
  #running: Running | undefined
  #look: Timer | undefined

  constructor(clock: Clock, send: (message: FromTargetProcess) => void) {
    this.#clock = clock
    this.#send = send
  }

  /** Resolves with whether the process may end. */
  async onMessage(message: ToTargetProcess): Promise<boolean> {
    switch (message.type) {
      case 'start':
        await this.#start(message.start)
        return false
      case 'control':
        this.#onControl(this.#running!, message.message)
        return false
      case 'collect': {
        const { scrapes, eventLoopDelayHdr } = await this.#running!.pool.collect()
        this.#tellTruth()
        this.#send({ type: 'log', scrapes, eventLoopDelayHdr })
        return false
      }
      case 'stop':
        await this.stop()
        this.#send({ type: 'stopped' })
        return true
    }
  }

  /** May be called again. */
  async stop(): Promise<void> {
    this.#look?.cancel()
    await this.#running?.pool.stop()
    this.#running?.runtime.dispose()
    this.#tellTruth()
    this.#running = undefined
  }

  async #start({ rows, originNs, threads, processes, pages, goesFirst }: TargetProcessStart): Promise<void> {
    const truth = new TruthTable(rows)
    const onFailed = (error: Error): void =>
      this.#send({ type: 'failed', code: codeOf(error), message: describeError(error) })
    try {
      const pool = await TargetPool.start(this.#clock, {
        threads,
        truth: truth.buffer,
        originNs,
        pages,
        goFirst: goesFirst,
        onFailed,
      })
      const runtime = new RemoteRuntime(pool.controlPorts, processes)
      this.#running = { pool, runtime, mirror: new TruthMirror(truth) }
      this.#lookLater()
      this.#send({ type: 'ready', pid: process.pid })
    } catch (error) {
      onFailed(error as Error)
    }
  }

  #onControl({ runtime, mirror }: Running, message: ToTargets): void {
    switch (message.type) {
      case 'open':
        if (message.target.slot >= 0) mirror.follow(message.target.slot)
        this.#answer(message.id, runtime.open(message.target))
        break
      case 'close':
        this.#answer(message.id, runtime.close(message.uid))
        break
      case 'partition':
        runtime.setPartitioned(message.uids, message.partitioned)
        break
      case 'misbehave':
        runtime.misbehave(message.uids, message.order)
        break
      case 'feed':
        runtime.feed(message.uid, message.feed)
        break
      default:
        // Whatever else a target thread is told must be told here, too.
        message satisfies never
    }
  }

  #answer(id: number, done: Promise<void>): void {
    done.then(
      () => this.#send({ type: 'done', id }),
      (error: unknown) => this.#send({ type: 'done', id, error: describeError(error), code: codeOf(error) }),
    )
  }

  #lookLater(): void {
    this.#look = this.#clock.schedule(LOOK_EVERY_MS, () => {
      this.#tellTruth()
      this.#lookLater()
    })
  }

  #tellTruth(): void {
    const changed = this.#running?.mirror.changes()
    if (changed !== undefined) this.#send({ type: 'truth', ...changed })
  }
}

function codeOf(error: unknown): string {
  return error instanceof CodedError ? error.code : 'CHURN_TARGET_THREAD'
}
