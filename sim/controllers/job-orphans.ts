import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { Jobs, keyOf, Pods, type Stored } from '../cluster/index.ts'
import { controllerOf, controllerReference, splitKey, WorkQueue } from '../informers/index.ts'
import { selects } from './adoption.ts'
import type { ControllerEnvironment } from './environment.ts'
import { finishedCondition, isManagedElsewhere, isTracked, TRACKING_FINALIZER } from './job-facts.ts'
import { withFinalizer } from './job-pods.ts'
import { KeyedSets } from './keyed-sets.ts'

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'
/** One write after the other. */
const WRITE_MS = 1

/**
 * Pods that no job counts any more, or none yet: those that a living job's selector matches are adopted, all others lose
 * the finalizer that nobody else would take away.
 *
 * A pod whose selector was generated names its job by uid; only jobs with a selector of their own are asked one by one.
 */
export class JobOrphans {
  readonly #env: ControllerEnvironment
  readonly #queue: WorkQueue
  /** Keys of all jobs, by uid. */
  readonly #keys = new Map<string, string>()
  /** Keys of jobs that were made with a selector of their own, by namespace. */
  readonly #manual = new KeyedSets()

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key), { spacingMs: WRITE_MS })
  }

  add(job: Stored<Job>): void {
    const { namespace = '', uid } = job.metadata
    this.#keys.set(uid, keyOf(job))
    if (job.spec?.manualSelector === true) this.#manual.add(namespace, keyOf(job))
    for (const pod of this.#env.pods.unowned(namespace))
      if (selects(job.spec?.selector, pod.metadata.labels)) this.look(pod)
  }

  remove(job: Stored<Job>): void {
    const { namespace = '', uid } = job.metadata
    this.#keys.delete(uid)
    this.#manual.drop(namespace, keyOf(job))
    this.release(uid)
  }

  /** The job is over, or gone: what is left of its pods waits for nobody. */
  release(uid: string): void {
    for (const { pod } of this.#env.pods.ownedBy(uid).entries.values()) if (isTracked(pod)) this.look(pod)
  }

  /** A pod without a job, or whose job is over. */
  look(pod: Stored<Pod>): void {
    this.#queue.add(keyOf(pod))
  }

  /** Lets go of a pod that its job's selector does not match any more. */
  releaseUnmatched(job: Stored<Job>, pod: Stored<Pod>): void {
    if (selects(job.spec?.selector, pod.metadata.labels)) return
    this.#modify(pod, current => {
      const { ownerReferences = [], ...metadata } = current.metadata
      const owners = ownerReferences.filter(({ uid }) => uid !== job.metadata.uid)
      return { ...current, metadata: owners.length === 0 ? metadata : { ...metadata, ownerReferences: owners } }
    })
    withoutFinalizer(this.#env, pod)
  }

  #reconcile(key: string): void {
    const { namespace, name } = splitKey(key)
    const pod = this.#env.store.get<Pod>(Pods, namespace, name)
    if (pod === undefined) return
    const owner = controllerOf(pod)
    if (owner === undefined) {
      const job = this.#candidates(pod).find(candidate => this.#adopts(candidate, pod))
      if (job !== undefined) this.#adopt(job, pod)
      else if (isTracked(pod)) withoutFinalizer(this.#env, pod)
      return
    }
    if (owner.kind !== Jobs.kind || !isTracked(pod)) return
    const job = this.#env.store.get<Job>(Jobs, namespace, owner.name)
    const isLiving = job?.metadata.uid === owner.uid && finishedCondition(job) === undefined
    if (isLiving || (job !== undefined && isManagedElsewhere(job))) return
    withoutFinalizer(this.#env, pod)
  }

  #candidates(pod: Stored<Pod>): Stored<Job>[] {
    const { namespace = '', labels = {} } = pod.metadata
    const named = this.#keys.get(labels[CONTROLLER_UID] ?? '')
    const keys = [...(named === undefined ? [] : [named]), ...this.#manual.of(namespace)]
    return keys.flatMap(key => {
      const { namespace: of, name } = splitKey(key)
      return of === namespace ? (this.#env.store.get<Job>(Jobs, of, name) ?? []) : []
    })
  }

  #adopts(job: Stored<Job>, pod: Stored<Pod>): boolean {
    if (job.metadata.deletionTimestamp !== undefined || pod.metadata.deletionTimestamp !== undefined) return false
    return (
      finishedCondition(job) === undefined &&
      !isManagedElsewhere(job) &&
      selects(job.spec?.selector, pod.metadata.labels)
    )
  }

  #adopt(job: Stored<Job>, pod: Stored<Pod>): void {
    this.#modify(pod, current => ({
      ...current,
      metadata: {
        ...current.metadata,
        ownerReferences: [...(current.metadata.ownerReferences ?? []), controllerReference(Jobs, job)],
        finalizers: withFinalizer(current.metadata.finalizers),
      },
    }))
  }

  #modify({ metadata }: Stored<Pod>, change: (pod: Stored<Pod>) => Pod): void {
    this.#env.store.modify<Pod>(Pods, metadata.namespace, metadata.name, current =>
      current.metadata.uid === metadata.uid ? change(current) : undefined,
    )
  }
}

/** Takes the tracking finalizer from a pod: a pod that was deleted before goes with it. */
export function withoutFinalizer({ store }: ControllerEnvironment, { metadata }: Stored<Pod>): void {
  store.modify<Pod>(Pods, metadata.namespace, metadata.name, current => {
    if (current.metadata.uid !== metadata.uid || !isTracked(current)) return undefined
    const { finalizers = [], ...rest } = current.metadata
    const others = finalizers.filter(finalizer => finalizer !== TRACKING_FINALIZER)
    return { ...current, metadata: others.length === 0 ? rest : { ...rest, finalizers: others } }
  })
}
