import type { Job } from 'kubernetes-types/batch/v1.js'
import { Jobs, keyOf, type Stored, type StoreEvent } from '../cluster/index.ts'
import { splitKey, stampOf, WorkQueue } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'
import { finishedCondition } from './job-facts.ts'

const FOREGROUND = 'foregroundDeletion'

/**
 * Deletes finished Jobs that say how long they want to stay, pods first: the job itself goes when they are gone.
 *
 * `ttlSecondsAfterFinished` counts from when the end was seen, on planned time; the stamp in the status is too coarse.
 */
export class TtlAfterFinishedController {
  readonly #env: ControllerEnvironment
  readonly #queue: WorkQueue
  /** Planned time at which a job was first seen finished, by its uid. */
  readonly #finishedMs = new Map<string, number>()

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key))
    env.router.on<Job>(Jobs, event => this.#onJob(event))
  }

  #onJob({ type, object }: StoreEvent<Job>): void {
    const { uid } = object.metadata
    if (type === 'DELETED') {
      this.#finishedMs.delete(uid)
      this.#queue.drop(keyOf(object))
      return
    }
    if (!this.#finishedMs.has(uid) && finishedCondition(object) !== undefined) {
      this.#finishedMs.set(uid, this.#env.clock.elapsedMs)
    }
    const leftMs = this.#leftMs(object)
    if (leftMs !== undefined) this.#queue.add(keyOf(object), Math.max(0, leftMs))
  }

  #reconcile(key: string): void {
    const { store, clock } = this.#env
    const { namespace, name } = splitKey(key)
    const job = store.get<Job>(Jobs, namespace, name)
    const leftMs = job === undefined ? undefined : this.#leftMs(job)
    if (leftMs === undefined) return
    if (leftMs > 0) {
      // The time was made longer since this was planned.
      this.#queue.add(key, leftMs)
      return
    }
    store.modify<Job>(Jobs, namespace, name, ({ metadata, ...rest }) => ({
      ...rest,
      metadata: {
        ...metadata,
        finalizers: [...(metadata.finalizers ?? []), FOREGROUND],
        deletionTimestamp: stampOf(clock),
        deletionGracePeriodSeconds: 0,
      },
    }))
  }

  /** Milliseconds that the job has left; `undefined` for one that is not finished, stays, or is going away already. */
  #leftMs({ metadata, spec }: Stored<Job>): number | undefined {
    const finishedMs = this.#finishedMs.get(metadata.uid)
    const seconds = spec?.ttlSecondsAfterFinished
    if (finishedMs === undefined || seconds === undefined || metadata.deletionTimestamp !== undefined) return undefined
    return finishedMs + seconds * 1000 - this.#env.clock.elapsedMs
  }
}
