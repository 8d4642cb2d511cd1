import { constants } from 'node:os'
import { connect } from 'node:net'
import { appendFileSync } from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import { type Clock, describeError, makeFolder } from '../../base/index.ts'
import { type FromProcesses, processFolder, processLog, type TargetSpec, type ToProcesses } from '../../sim/index.ts'
import { type ExitInfo, SubjectChild } from '../subjects/index.ts'

/** From one look whether a program accepts connections to the next. */
const LOOK_MS = 25
/** As a container runtime reports a program that it could not start. */
const CANNOT_START = 128
/** How long programs may take to end at the end of the run. */
const END_MS = 2000

export interface ProcessHostOptions {
  /** Programs that may be started, by the name that containers call them by, and where they are. */
  readonly programs: ReadonlyMap<string, string>
  /** For logs, a file for each run, and working folders: `namespace_pod_container.0.log`, `namespace_pod_container/`. */
  readonly folder: string
  /** Our end of the port to the control plane. */
  readonly port: Pick<MessagePort, 'postMessage' | 'on' | 'close'>
}

/**
 * Starts the programs of containers, in the main thread (see sim/process-runtime.ts for why), and ends them.
 *
 * ```
 *   open ─▶ started ──accepts (told)──▶ accepting ──SIGTERM, or by itself──▶ ended (told)
 *                └───────────close, end of the run: SIGKILL─────────────────▶ ended
 * ```
 *
 * Only programs that the scenario names are started, whatever objects are created through the API. Each is the leader of a
 * process group of its own, which is killed whole and does not outlive the harness (`SubjectChild`).
 */
export class ProcessHost {
  readonly #clock: Clock
  readonly #options: ProcessHostOptions
  readonly #children = new Map<string, SubjectChild>()
  /** What was last asked about a container: to start a program takes a while, and nothing overtakes it. */
  readonly #turns = new Map<string, Promise<void>>()
  /** How often each was started. */
  readonly #runs = new Map<string, number>()
  #stopping = false

  constructor(clock: Clock, options: ProcessHostOptions) {
    this.#clock = clock
    this.#options = options
    options.port.on('message', (message: ToProcesses) => this.#receive(message))
  }

  /** Ends all programs. Nothing is started afterwards. */
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#turns.values())
    const children = [...this.#children.values()]
    this.#children.clear()
    for (const child of children) {
      child.signal('SIGCONT')
      child.signal('SIGTERM')
    }
    const overdue = this.#clock.schedule(END_MS, () => children.forEach(child => child.signal('SIGKILL')))
    await Promise.all(children.map(child => child.exited))
    overdue.cancel()
    this.#options.port.close()
  }

  #receive(message: ToProcesses): void {
    switch (message.type) {
      case 'open':
        this.#inTurn(message.target.uid, () => this.#open(message.target), message.id)
        break
      case 'terminate':
        this.#signal(message.uid, 'SIGTERM')
        break
      case 'close':
        this.#inTurn(message.uid, () => this.#close(message.uid), message.id)
        break
      case 'partition':
        for (const uid of message.uids) this.#signal(uid, message.partitioned ? 'SIGSTOP' : 'SIGCONT')
        break
    }
  }

  #signal(uid: string, signal: NodeJS.Signals): void {
    this.#inTurn(uid, () => {
      this.#children.get(uid)?.signal(signal)
      return Promise.resolve()
    })
  }

  /** @param id of the request to be answered when it is done. */
  #inTurn(uid: string, act: () => Promise<void>, id?: number): void {
    const turn = (this.#turns.get(uid) ?? Promise.resolve()).then(act).then(() => {
      if (this.#turns.get(uid) === turn) this.#turns.delete(uid)
      if (id !== undefined) this.#tell({ type: 'done', id })
    })
    this.#turns.set(uid, turn)
  }

  async #open(target: TargetSpec): Promise<void> {
    const { uid, command = [], environment } = target
    const [program = '', ...args] = command
    const run = this.#runs.get(uid) ?? 0
    this.#runs.set(uid, run + 1)
    const folder = processFolder(this.#options.folder, target)
    const logPath = processLog(this.#options.folder, target, run)
    makeFolder(folder)
    const file = this.#options.programs.get(program)
    try {
      if (file === undefined) throw new Error(`the scenario names no program "${program}", so it is not started`)
      if (this.#stopping) throw new Error('the run is over')
      const child = await SubjectChild.spawn(this.#clock, {
        file,
        args,
        env: { ...process.env, ...environment },
        cwd: folder,
        logPath,
      })
      this.#children.set(uid, child)
      void child.exited.then(exit => {
        if (this.#children.get(uid) === child) this.#children.delete(uid)
        this.#tell({ type: 'event', target, event: { type: 'ended', code: codeOf(exit) } })
      })
      // It was started while the end of the run was waited for.
      if (this.#stopping) child.signal('SIGKILL')
      this.#look(target, child)
    } catch (error) {
      appendFileSync(logPath, `${describeError(error)}\n`)
      this.#tell({ type: 'event', target, event: { type: 'ended', code: CANNOT_START } })
    }
  }

  async #close(uid: string): Promise<void> {
    const child = this.#children.get(uid)
    if (child === undefined) return
    this.#children.delete(uid)
    child.signal('SIGKILL')
    await child.exited
  }

  /** Tells once that the program's first port accepts connections; at once of one that has none. */
  #look(target: TargetSpec, child: SubjectChild): void {
    const [port] = target.ports
    const accepts = (): void => this.#tell({ type: 'event', target, event: { type: 'accepts' } })
    if (port === undefined) {
      accepts()
      return
    }
    const socket = connect({ host: target.address, port })
    socket.once('connect', () => {
      socket.destroy()
      if (child.exit === undefined) accepts()
    })
    socket.once('error', () => {
      if (child.exit === undefined && !this.#stopping) this.#clock.schedule(LOOK_MS, () => this.#look(target, child))
    })
  }

  #tell(message: FromProcesses): void {
    if (!this.#stopping) this.#options.port.postMessage(message)
  }
}

function codeOf({ code, signal }: ExitInfo): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
}
