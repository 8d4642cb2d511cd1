import type { Worker } from 'node:worker_threads'
import { spawnWorker } from '../../base/index.ts'
import type { InstantSample, RawSeries } from '../subjects/index.ts'
import { SinkError } from './errors.ts'
import type { FromSink, SinkCounts, ToSink } from './messages.ts'
import { WRITE_PATH } from './receiver.ts'
import { SelectorError } from './selector.ts'

type Answer = Extract<FromSink, { readonly id: number }>
type Question = ToSink extends infer Each ? (Each extends { readonly id: number } ? Omit<Each, 'id'> : never) : never

/**
 * A remote store for agents, which keep nothing themselves: it receives Prometheus remote write 1.0 on 127.0.0.1, in a
 * thread of its own so that decoding holds up nobody, keeps all samples in memory (16 bytes each), and answers selectors.
 */
export class RemoteWriteSink {
  /** Where samples are to be written to. */
  readonly url: string
  readonly #worker: Worker
  readonly #waiting: Map<number, Waiting>
  readonly #failed: () => SinkError | undefined
  #nextId = 1
  #stopped: Promise<void> | undefined

  private constructor(
    port: number,
    worker: Worker,
    waiting: Map<number, Waiting>,
    failed: () => SinkError | undefined,
  ) {
    this.url = `http://127.0.0.1:${port}${WRITE_PATH}`
    this.#worker = worker
    this.#waiting = waiting
    this.#failed = failed
  }

  /** @throws SinkError */
  static async start(): Promise<RemoteWriteSink> {
    const worker = spawnWorker(new URL('./sink.worker.js', import.meta.url))
    const waiting = new Map<number, Waiting>()
    let failure: SinkError | undefined
    const ready = new Promise<number>((resolve, reject) => {
      const fail = (cause: unknown): void => {
        failure ??= new SinkError('the thread that receives samples has ended', cause)
        reject(failure)
        for (const { reject: rejectOne } of waiting.values()) rejectOne(failure)
        waiting.clear()
      }
      worker.on('error', fail)
      worker.once('exit', () => fail(undefined))
      worker.on('message', (message: FromSink) => {
        if (message.type === 'ready') resolve(message.port)
        else if (message.type !== 'stopped') {
          waiting.get(message.id)?.resolve(message)
          waiting.delete(message.id)
        }
      })
    })
    return new RemoteWriteSink(await ready, worker, waiting, () => failure)
  }

  /** The instant vector of a selector. @throws SelectorError, SinkError */
  async instant(selector: string, atMs: number): Promise<InstantSample[]> {
    const answer = await this.#ask({ type: 'instant', selector, atMs })
    return (answer as Extract<Answer, { type: 'instant' }>).samples
  }

  /** Samples in [minMs, maxMs] without stale markers. @throws SelectorError, SinkError */
  async range(selector: string, minMs: number, maxMs: number): Promise<RawSeries[]> {
    const answer = await this.#ask({ type: 'range', selector, minMs, maxMs })
    return (answer as Extract<Answer, { type: 'range' }>).series
  }

  /** @throws SinkError */
  async counts(): Promise<SinkCounts> {
    return ((await this.#ask({ type: 'counts' })) as Extract<Answer, { type: 'counts' }>).counts
  }

  /** Share of the time since its start in which the thread was busy: near 1, it holds senders up. */
  busyRatio(): number {
    return this.#worker.performance.eventLoopUtilization().utilization
  }

  /** Ends the thread; what it holds is gone. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const stop: ToSink = { type: 'stop' }
    this.#worker.removeAllListeners('exit')
    const exited = new Promise<void>(resolve => this.#worker.once('exit', () => resolve()))
    this.#worker.postMessage(stop)
    if (this.#failed() === undefined) await exited
    const ended = new SinkError('the sink was stopped')
    for (const { reject } of this.#waiting.values()) reject(ended)
    this.#waiting.clear()
  }

  async #ask(question: Question): Promise<Answer> {
    const failure = this.#failed()
    if (failure !== undefined) throw failure
    if (this.#stopped !== undefined) throw new SinkError('the sink was stopped')
    const id = this.#nextId++
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ ...question, id })
    })
    if (answer.type === 'refused') throw new SelectorError(answer.message)
    return answer
  }
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}
