import type { MessagePort } from 'node:worker_threads'
import { assert } from '../../base/index.ts'
import type { Feed, PodRuntime, TargetSpec, TargetWatcher } from '../kubelet/pod-runtime.ts'
import { receivedError, targetError } from './errors.ts'
import type { FromTargets, ToTargets } from './messages.ts'
import type { MisbehaviourOrder } from './misbehaviour/index.ts'

/** What is used of a `MessagePort`. */
export type ControlPort = Pick<MessagePort, 'postMessage' | 'on' | 'close'>

interface Waiting {
  readonly port: ControlPort
  resolve(): void
  reject(error: Error): void
}

/**
 * The pods as the control plane sees them: in target threads, one port each.
 *
 * A pod's thread is decided by its uid alone, so that it is the same when the pod comes back, and messages about it keep
 * their order. The ports keep the calling thread alive until `dispose`.
 */
export class RemoteRuntime implements PodRuntime {
  readonly #ports: readonly ControlPort[]
  readonly #divisor: number
  readonly #waiting = new Map<number, Waiting>()
  readonly #closed = new Set<ControlPort>()
  #watcher: TargetWatcher | undefined
  #lastId = 0

  /** @param divisor how many ways the pods have been divided before: what is left of their hash decides here. Default 1. */
  constructor(ports: readonly ControlPort[], divisor = 1) {
    assert(ports.length > 0, 'pods need a thread to run in')
    this.#ports = ports
    this.#divisor = divisor
    for (const port of ports) {
      port.on('message', (message: FromTargets) => this.#onDone(message))
      port.on('close', () => this.#onClosed(port))
    }
  }

  open(target: TargetSpec): Promise<void> {
    const opened = this.#ask(target.uid, id => ({ type: 'open', id, target }))
    this.#watcher?.opened(target)
    return opened
  }

  close(uid: string): Promise<void> {
    this.#watcher?.closed(uid)
    return this.#ask(uid, id => ({ type: 'close', id, uid }))
  }

  setPartitioned(uids: readonly string[], partitioned: boolean): void {
    this.#tellShards(uids, shard => ({ type: 'partition', uids: shard, partitioned }))
  }

  misbehave(uids: readonly string[], order: MisbehaviourOrder | undefined): void {
    this.#tellShards(uids, shard => ({ type: 'misbehave', uids: shard, ...(order === undefined ? {} : { order }) }))
  }

  feed(uid: string, feed: Feed): void {
    const message: ToTargets = { type: 'feed', uid, feed }
    this.#portOf(uid).postMessage(message)
  }

  watchTargets(watcher: TargetWatcher): void {
    this.#watcher = watcher
  }

  /** Gives the ports up. What is still unanswered is rejected. */
  dispose(): void {
    for (const port of this.#ports) {
      port.close()
      this.#onClosed(port)
    }
  }

  #tellShards(uids: readonly string[], messageOf: (shard: readonly string[]) => ToTargets): void {
    const shards = new Map<ControlPort, string[]>()
    for (const uid of uids) {
      const port = this.#portOf(uid)
      const shard = shards.get(port)
      if (shard === undefined) shards.set(port, [uid])
      else shard.push(uid)
    }
    for (const [port, shard] of shards) port.postMessage(messageOf(shard))
  }

  #ask(uid: string, message: (id: number) => ToTargets): Promise<void> {
    const port = this.#portOf(uid)
    if (this.#closed.has(port)) return Promise.reject(gone())
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { port, resolve, reject })
      port.postMessage(message(id))
    })
  }

  #onDone(message: FromTargets): void {
    const waiting = this.#waiting.get(message.id)
    assert(waiting !== undefined, () => `nobody waits for answer ${message.id}`)
    this.#waiting.delete(message.id)
    if (message.error === undefined) waiting.resolve()
    else waiting.reject(receivedError(message.code, message.error))
  }

  /** A port that its thread closed will not answer any more. */
  #onClosed(port: ControlPort): void {
    this.#closed.add(port)
    for (const [id, waiting] of this.#waiting) {
      if (waiting.port !== port) continue
      this.#waiting.delete(id)
      waiting.reject(gone())
    }
  }

  #portOf(uid: string): ControlPort {
    return this.#ports[Math.floor(hash(uid) / this.#divisor) % this.#ports.length]!
  }
}

function gone(): Error {
  return targetError('CHURN_TARGET_THREAD', 'the target thread that plays this pod is gone')
}

/** FNV-1a. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}
