import type { MisbehaviourOrder } from './targets/misbehaviour/index.ts'
import type { MessagePort } from 'node:worker_threads'
import type { Feed, PodRuntime, ProcessEvent, TargetSpec, TargetWatcher } from './kubelet/pod-runtime.ts'
import type { FromProcesses, ToProcesses } from './process-messages.ts'

/** What is used of a `MessagePort`. */
export type ProcessPort = Pick<MessagePort, 'postMessage' | 'on'>

/** As a container runtime reports a program that it could not start. */
const CANNOT_START = 128

/**
 * Containers that run a program of this machine, beside those that target threads play.
 *
 * The programs are children of the main thread, not of this one: the kernel's promise to kill a child with its parent is bound
 * to the thread that started it, and to start one stops the thread for a millisecond, which would be the control plane's lag.
 */
export class ProcessRuntime implements PodRuntime {
  readonly #targets: PodRuntime
  readonly #port: ProcessPort | undefined
  readonly #uids = new Set<string>()
  readonly #waiting = new Map<number, () => void>()
  #listener: ((target: TargetSpec, event: ProcessEvent) => void) | undefined
  #lastId = 0

  /** @param port absent where no programs are started: such containers end at once. */
  constructor(targets: PodRuntime, port: ProcessPort | undefined) {
    this.#targets = targets
    this.#port = port
    port?.on('message', (message: FromProcesses) => this.#receive(message))
  }

  open(target: TargetSpec): Promise<void> {
    if (target.runs !== 'process') return this.#targets.open(target)
    this.#uids.add(target.uid)
    if (this.#port === undefined) {
      this.#listener?.(target, { type: 'ended', code: CANNOT_START })
      return Promise.resolve()
    }
    // Nothing waits for it: that it accepts connections is told when it does.
    void this.#ask(id => ({ type: 'open', id, target }))
    return Promise.resolve()
  }

  close(uid: string): Promise<void> {
    if (!this.#uids.has(uid)) return this.#targets.close(uid)
    return this.#port === undefined ? Promise.resolve() : this.#ask(id => ({ type: 'close', id, uid }))
  }

  terminate(uid: string): void {
    if (this.#uids.has(uid)) this.#tell({ type: 'terminate', uid })
  }

  setPartitioned(uids: readonly string[], partitioned: boolean): void {
    const programs = uids.filter(uid => this.#uids.has(uid))
    const others = programs.length === 0 ? uids : uids.filter(uid => !this.#uids.has(uid))
    if (others.length > 0) this.#targets.setPartitioned(others, partitioned)
    if (programs.length > 0) this.#tell({ type: 'partition', uids: programs, partitioned })
  }

  /** What a program answers is its own affair. */
  misbehave(uids: readonly string[], order: MisbehaviourOrder | undefined): void {
    const others = uids.filter(uid => !this.#uids.has(uid))
    if (others.length > 0) this.#targets.misbehave(others, order)
  }

  feed(uid: string, feed: Feed): void {
    this.#targets.feed?.(uid, feed)
  }

  watchTargets(watcher: TargetWatcher): void {
    this.#targets.watchTargets?.(watcher)
  }

  watchProcesses(listener: (target: TargetSpec, event: ProcessEvent) => void): void {
    this.#listener = listener
  }

  #ask(message: (id: number) => ToProcesses): Promise<void> {
    const id = ++this.#lastId
    return new Promise(resolve => {
      this.#waiting.set(id, resolve)
      this.#tell(message(id))
    })
  }

  #tell(message: ToProcesses): void {
    this.#port?.postMessage(message)
  }

  #receive(message: FromProcesses): void {
    if (message.type === 'event') {
      this.#listener?.(message.target, message.event)
      return
    }
    this.#waiting.get(message.id)?.()
    this.#waiting.delete(message.id)
  }
}
