import type { FromTargets, FromTargetsMain, TargetScrapeLog, ToTargets, ToTargetsMain } from './messages.ts'
import type { FromTargetProcess, ToTargetProcess } from './process-messages.ts'
import type { Outlet } from './target-thread.ts'
import { CELLS, type TruthTable } from './truth-table.ts'

/** Carries messages between a target process and those who take it for a target thread, and writes its truth into the table. */
export class TargetBridge {
  readonly #truth: TruthTable
  readonly #control: Outlet<FromTargets>
  readonly #main: Outlet<FromTargetsMain>
  readonly #send: (message: ToTargetProcess) => void

  constructor(
    truth: TruthTable,
    control: Outlet<FromTargets>,
    main: Outlet<FromTargetsMain>,
    send: (message: ToTargetProcess) => void,
  ) {
    this.#truth = truth
    this.#control = control
    this.#main = main
    this.#send = send
  }

  onControl(message: ToTargets): void {
    this.#send({ type: 'control', message })
  }

  onMain(message: ToTargetsMain): void {
    this.#send(message)
  }

  /** Returns whether the process has nothing more to say. */
  onProcess(message: FromTargetProcess): boolean {
    switch (message.type) {
      case 'done':
        this.#control.postMessage(message)
        return false
      case 'truth':
        message.slots.forEach((slot, i) => this.#truth.overwrite(slot, message.cells, i * CELLS))
        return false
      case 'log': {
        const scrapes = message.scrapes.map(owned)
        const buffers = scrapes.flatMap(({ requestMs, served }) => [requestMs.buffer, served.buffer] as ArrayBuffer[])
        this.#main.postMessage({ ...message, scrapes }, buffers)
        return false
      }
      case 'ready':
      case 'failed':
        this.#main.postMessage(message)
        return false
      case 'stopped':
        this.#main.postMessage(message)
        return true
    }
  }
}

/** With memory of its own: what came through a channel is a view of the whole message. */
function owned({ requestMs, served, formats, recorded, ...rest }: TargetScrapeLog): TargetScrapeLog {
  return {
    ...rest,
    requestMs: requestMs.slice(),
    served: served.slice(),
    ...(formats === undefined ? {} : { formats: formats.slice() }),
    ...(recorded === undefined ? {} : { recorded: { ...recorded, values: recorded.values.slice() } }),
  }
}
