import { CodedError, describeError, EventLoopDelay } from '../../base/index.ts'
import type { FromTargets, FromTargetsMain, TargetScrapeLog, ToTargets, ToTargetsMain } from './messages.ts'
import type { TargetServer } from './target-server.ts'

/** Where answers go. Buffers in `transfer` are handed over. */
export interface Outlet<T> {
  postMessage(message: T, transfer?: ArrayBuffer[]): void
}

/** A target server behind messages: what `targets.worker.ts` pumps into it, without the thread. */
export class TargetThread {
  readonly #server: TargetServer
  readonly #control: Outlet<FromTargets>
  readonly #main: Outlet<FromTargetsMain>
  readonly #eventLoopDelay = new EventLoopDelay()

  constructor(server: TargetServer, control: Outlet<FromTargets>, main: Outlet<FromTargetsMain>) {
    this.#server = server
    this.#control = control
    this.#main = main
  }

  onControl(message: ToTargets): void {
    switch (message.type) {
      case 'open':
        this.#answer(message.id, this.#server.open(message.target))
        break
      case 'close':
        this.#answer(message.id, this.#server.close(message.uid))
        break
      case 'partition':
        this.#server.setPartitioned(message.uids, message.partitioned)
        break
      case 'misbehave':
        this.#server.misbehave(message.uids, message.order)
        break
      case 'feed':
        this.#server.feed(message.uid, message.feed)
        break
    }
  }

  /** Returns whether the thread may end. */
  onMain(message: ToTargetsMain): boolean {
    if (message.type === 'collect') {
      const scrapes = this.#server.logs()
      const eventLoopDelayHdr = [this.#eventLoopDelay.encode()]
      this.#main.postMessage({ type: 'log', scrapes, eventLoopDelayHdr }, scrapes.flatMap(buffersOf))
      return false
    }
    this.#server.closeAll()
    this.#eventLoopDelay.stop()
    this.#main.postMessage({ type: 'stopped' })
    return true
  }

  #answer(id: number, done: Promise<void>): void {
    done.then(
      () => this.#control.postMessage({ type: 'done', id }),
      (error: unknown) =>
        this.#control.postMessage({
          type: 'done',
          id,
          error: describeError(error),
          ...(error instanceof CodedError ? { code: error.code } : {}),
        }),
    )
  }
}

function buffersOf(log: TargetScrapeLog): ArrayBuffer[] {
  return [log.requestMs, log.served, ...(log.formats === undefined ? [] : [log.formats])].map(
    view => view.buffer as ArrayBuffer,
  )
}
