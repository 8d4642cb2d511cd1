import type { Clock } from '../../base/index.ts'
import type { Feed, PodRuntime, TargetSpec } from '../kubelet/pod-runtime.ts'
import { Answers } from './answers.ts'
import { targetError } from './errors.ts'
import type { TargetScrapeLog } from './messages.ts'
import { PodTarget, type TargetContext } from './pod-target.ts'
import type { Profile } from './profile.ts'
import { profileByName } from './profiles/index.ts'
import { ScrapeLog } from './scrape-log.ts'
import type { TruthTable } from './truth-table.ts'

export interface TargetServerOptions {
  /** Monotonic nanoseconds that logs count from. */
  readonly originNs: bigint
  /** A listener failed after it had been opened: what is measured from now on is not true. Default: throws. */
  readonly onFault?: (error: Error) => void
  /** Where profiles come from. Default: the registry. */
  readonly profileOf?: (name: string) => Profile
}

/**
 * The pods that one thread plays. A plain object: a target thread wraps it in messages, tests use it as it is.
 *
 * The log of a pod outlives it, until the run's end. A pod that is opened again under its uid goes on counting.
 */
export class TargetServer implements PodRuntime {
  readonly #context: TargetContext
  readonly #profileOf: (name: string) => Profile
  readonly #pods = new Map<string, PodTarget>()
  readonly #logs = new Map<string, ScrapeLog>()

  constructor(clock: Clock, truth: TruthTable, options: TargetServerOptions) {
    this.#context = {
      clock,
      truth,
      answers: new Answers(clock),
      originNs: options.originNs,
      onFault:
        options.onFault ??
        (error => {
          throw error
        }),
    }
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
    const page = this.#profileOf(target.profile).page(target)
    const pod = new PodTarget(this.#context, target, page, this.#logOf(target.uid))
    this.#pods.set(target.uid, pod)
    try {
      await pod.listen()
    } catch (error) {
      if (this.#pods.get(target.uid) === pod) this.#pods.delete(target.uid)
      throw error
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

  feed(uid: string, feed: Feed): void {
    this.#pods.get(uid)?.feed(feed)
  }

  /** The requests of every pod that was ever opened here, in the order of their opening. */
  logs(): TargetScrapeLog[] {
    return Array.from(this.#logs.values(), log => log.snapshot())
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
