import type { Clock, CodedError } from '../../base/index.ts'
import type { Feed, PodRuntime, TargetSpec } from '../kubelet/pod-runtime.ts'
import { Answers } from './answers.ts'
import { targetError } from './errors.ts'
import type { TargetScrapeLog } from './messages.ts'
import { MemcachedExporter } from './memcached/exporter-target.ts'
import { MemcachedLoad } from './memcached/memcached-load.ts'
import { MemcachedServer } from './memcached/memcached-server.ts'
import type { OpenContainer } from './open-container.ts'
import type { MisbehaviourOrder } from './misbehaviour/index.ts'
import { PodTarget, type TargetContext } from './pod-target.ts'
import type { Profile } from './profile.ts'
import { profileByName } from './profiles/index.ts'
import { ScrapeLog } from './scrape-log.ts'
import { createTargetContext, type SecureContext } from './tls-socket.ts'
import type { TruthTable } from './truth-table.ts'

const BIND_RETRY_MS = 20

export interface TargetServerOptions {
  /** Monotonic nanoseconds that logs count from. */
  readonly originNs: bigint
  /** A listener failed after it had been opened: what is measured from now on is not true. Default: throws. */
  readonly onFault?: (error: Error) => void
  /**
   * How often a port that is taken is tried again, 20 ms later each time. A process that is being started holds copies of all
   * our sockets until its program is loaded: a port that was closed at that moment is free only then. Default 0.
   */
  readonly bindRetries?: number
  /** Where profiles come from. Default: the registry. */
  readonly profileOf?: (name: string) => Profile
}

/**
 * The pods that one thread plays. A plain object: a target thread wraps it in messages, tests use it as it is.
 *
 * The log of a container outlives it, until the run's end. One that is opened again under its uid is another run of it: its
 * page begins anew, and its requests are numbered on.
 */
export class TargetServer implements PodRuntime {
  readonly #context: TargetContext
  #secureContext: Promise<SecureContext> | undefined
  readonly #bindRetries: number
  readonly #profileOf: (name: string) => Profile
  readonly #pods = new Map<string, OpenContainer>()
  readonly #logs = new Map<string, ScrapeLog>()
  readonly #orders = new Map<string, MisbehaviourOrder>()

  constructor(clock: Clock, truth: TruthTable, options: TargetServerOptions) {
    this.#context = {
      clock,
      truth,
      answers: new Answers(clock),
      secureContext: () => (this.#secureContext ??= createTargetContext(clock)),
      originNs: options.originNs,
      onFault:
        options.onFault ??
        (error => {
          throw error
        }),
    }
    this.#bindRetries = options.bindRetries ?? 0
    this.#profileOf = options.profileOf ?? profileByName
  }

  /** Pods that are open or being opened. */
  get count(): number {
    return this.#pods.size
  }

  /** @throws CodedError CHURN_TARGET_BIND, CHURN_FD_LIMIT, CHURN_PROFILE_UNKNOWN. */
  async open(target: TargetSpec): Promise<void> {
    if (this.#pods.has(target.uid)) {
      throw targetError('CHURN_TARGET_BIND', `pod ${target.namespace}/${target.pod} (${target.uid}) is open already`)
    }
    const { runs = 'page', uid } = target
    const log = runs === 'page' || runs === 'memcached-exporter' ? this.#logOf(uid) : undefined
    log?.beginRun(target.startedUnixMs)
    for (let attempt = 1; ; attempt++) {
      const pod = this.#containerOf(target, log)
      this.#pods.set(uid, pod)
      pod.misbehave?.(this.#orders.get(uid))
      try {
        await pod.listen()
        return
      } catch (error) {
        if (attempt <= this.#bindRetries && (error as CodedError).code === 'CHURN_TARGET_BIND') {
          await new Promise<void>(resolve => this.#context.clock.schedule(BIND_RETRY_MS, resolve))
          if (this.#pods.get(uid) === pod) continue
        }
        if (this.#pods.get(uid) === pod) this.#pods.delete(uid)
        throw error
      }
    }
  }

  /** Done when it returns; a promise for the interface's sake. */
  close(uid: string): Promise<void> {
    this.#pods.get(uid)?.close()
    this.#pods.delete(uid)
    return Promise.resolve()
  }

  closeAll(): void {
    for (const pod of this.#pods.values()) pod.close()
    this.#pods.clear()
  }

  setPartitioned(uids: readonly string[], partitioned: boolean): void {
    for (const uid of uids) this.#pods.get(uid)?.setPartitioned(partitioned)
  }

  /** A pod that is opened again goes on misbehaving, until it is told otherwise. */
  misbehave(uids: readonly string[], order: MisbehaviourOrder | undefined): void {
    for (const uid of uids) {
      if (order === undefined) this.#orders.delete(uid)
      else this.#orders.set(uid, order)
      this.#pods.get(uid)?.misbehave?.(order)
    }
  }

  feed(uid: string, feed: Feed): void {
    this.#pods.get(uid)?.feed?.(feed)
  }

  /** The requests of every pod that was ever opened here, in the order of their opening. */
  logs(): TargetScrapeLog[] {
    return Array.from(this.#logs.values(), log => log.snapshot())
  }

  #containerOf(target: TargetSpec, log: ScrapeLog | undefined): OpenContainer {
    const { clock } = this.#context
    if (target.runs === 'memcached') return new MemcachedServer(clock, target, error => this.#context.onFault(error))
    if (log === undefined) return new MemcachedLoad(clock, target)
    if (target.runs === 'memcached-exporter') return new MemcachedExporter(this.#context, target, log)
    return new PodTarget(this.#context, target, this.#profileOf(target.profile).page(target), log)
  }

  #logOf(uid: string): ScrapeLog {
    let log = this.#logs.get(uid)
    if (log === undefined) {
      log = new ScrapeLog(uid)
      this.#logs.set(uid, log)
    }
    return log
  }
}
