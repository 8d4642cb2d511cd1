import type { Job, JobCondition, JobStatus } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import { Jobs, keyOf, Pods, type Stored, type StoreEvent } from '../cluster/index.ts'
import { controllerOf, isFinished, splitKey, stampOf, WorkQueue } from '../informers/index.ts'
import { firstToDelete } from './deletion-order.ts'
import type { ControllerEnvironment } from './environment.ts'
import { backoffLeftMs, continued, type FailureRun, NO_FAILURES } from './job-backoff.ts'
import { withSuspended } from './job-conditions.ts'
import { countPods, indexesOf, type JobCounts } from './job-counts.ts'
import {
  completionIndexOf,
  finishedCondition,
  indexFailures,
  isIndexed,
  isManagedElsewhere,
  isSuspended,
  isTerminating,
  isTracked,
  replacesFailedOnly,
} from './job-facts.ts'
import { JobOrphans, withoutFinalizer } from './job-orphans.ts'
import { JobPods } from './job-pods.ts'
import { finalCondition, settled, track, type Tracking } from './job-tracking.ts'
import { completion, type Verdict, verdictOf } from './job-verdict.ts'
import { SUFFIX_ALPHABET } from './template-hash.ts'

/** What happens to pods is taken together for a second before the job is looked at. Kubernetes' own. */
const SYNC_BATCH_MS = 1000
/**
 * Writes go out in batches, each followed by a pause of `WRITE_MS` for each of its writes, as those of a ReplicaSet do;
 * creations start slowly, 1, 2, 4.
 */
const BATCH_MAX = 4
const WRITE_MS = 3
const KEY_SPACING_MS = 5
const SOURCE = { component: 'job-controller' }

/** The pods of a job that has come to its end are deleted, as they were when that was found. */
interface Ending {
  readonly verdict: Verdict
  readonly counts: JobCounts
  readonly failures: FailureRun
  next: number
}

/** Finalizers that go, one batch after the other. */
interface Release {
  readonly pods: readonly Stored<Pod>[]
  readonly verdict: Verdict | undefined
  readonly isCapped: boolean
  next: number
}

interface Progress {
  readonly names: Prng
  /** Size of the next batch of creations. */
  batch: number
  failures: FailureRun
  /** Planned time that `startTime` stands for. */
  startedMs: number | undefined
  ending: Ending | undefined
  release: Release | undefined
}

/**
 * Runs the pods of each Job to completion. Writes what Kubernetes writes, in its order:
 *
 * ```
 *   Job ─▶ pods created ─▶ status: startTime, active ─▶ ready … pods end
 *      ─▶ status: their uids uncounted; SuccessCriteriaMet or FailureTarget at the end ─▶ finalizers go, pod by pod
 *      ─▶ status: counted; Complete or Failed once no pod is terminating
 *
 *   one look at a job:   counted ─┬─ over ──▶ active pods deleted ──┬─▶ status ─▶ finalizers ─▶ status
 *                                 └─ not ──▶ pods created/deleted ──┘
 *             every arrow is left for the pauses between batches, and gone on with at the next run
 * ```
 *
 * Both completion modes, back-off (for the job and by index), deadline, suspension, policies for pod failures, success and
 * replacement. Left out: gangs (`PodGroup`), which are alpha; quota refusals, which nobody here makes.
 */
export class JobController {
  readonly #env: ControllerEnvironment
  readonly #prng: Prng
  readonly #queue: WorkQueue
  readonly #pods: JobPods
  readonly #orphans: JobOrphans
  /** By uid of the job. */
  readonly #progress = new Map<string, Progress>()
  /** Planned time at which a pod of a job ended, or was deleted, by its uid. */
  readonly #endedMs = new Map<string, number>()

  constructor(env: ControllerEnvironment, prng: Prng) {
    this.#env = env
    this.#prng = prng
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key), { keySpacingMs: KEY_SPACING_MS })
    this.#pods = new JobPods(env.admission)
    this.#orphans = new JobOrphans(env)
    env.router.on<Job>(Jobs, event => this.#onJob(event))
    env.router.on<Pod>(Pods, event => this.#onPod(event))
  }

  #onJob({ type, object, previous }: StoreEvent<Job>): void {
    const key = keyOf(object)
    const { uid, deletionTimestamp } = object.metadata
    if (type === 'DELETED') {
      this.#queue.drop(key)
      this.#progress.delete(uid)
      this.#orphans.remove(object)
      return
    }
    if (type === 'ADDED') this.#orphans.add(object)
    if (finishedCondition(object) !== undefined) {
      this.#queue.drop(key)
      this.#progress.delete(uid)
      if (previous !== undefined && finishedCondition(previous) === undefined) this.#orphans.release(uid)
      return
    }
    // A status is mostly this controller's own, and what it says is known.
    const isStatusOnly = previous?.spec === object.spec && previous?.metadata.deletionTimestamp === deletionTimestamp
    if (!isStatusOnly) this.#queue.add(key)
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const owner = controllerOf(object)
    if (owner === undefined) {
      const wasOwned = previous !== undefined && controllerOf(previous) !== undefined
      const isNew = type === 'ADDED' || wasOwned || previous?.metadata.labels !== object.metadata.labels
      if (type !== 'DELETED' && (isTracked(object) || isNew)) this.#orphans.look(object)
      return
    }
    if (owner.kind !== Jobs.kind) return
    this.#time(type, object)
    const { namespace = '' } = object.metadata
    const job = this.#env.store.get<Job>(Jobs, namespace, owner.name)
    if (job?.metadata.uid !== owner.uid || finishedCondition(job) !== undefined) {
      if (type !== 'DELETED' && isTracked(object)) this.#orphans.look(object)
      return
    }
    this.#queue.add(keyOf(job), SYNC_BATCH_MS)
    const isRelabelled = type === 'MODIFIED' && previous?.metadata.labels !== object.metadata.labels
    if (isRelabelled) this.#orphans.releaseUnmatched(job, object)
  }

  /** Remembers when a pod ended: at its deletion, or when its containers have. */
  #time(type: StoreEvent['type'], pod: Stored<Pod>): void {
    const { uid, deletionTimestamp } = pod.metadata
    if (type === 'DELETED') {
      this.#endedMs.delete(uid)
    } else if (!this.#endedMs.has(uid) && (isFinished(pod) || deletionTimestamp !== undefined)) {
      this.#endedMs.set(uid, this.#env.clock.elapsedMs)
    }
  }

  #reconcile(key: string): void {
    const job = this.#get(key)
    if (job === undefined || isManagedElsewhere(job) || finishedCondition(job) !== undefined) return
    const progress = this.#progressOf(job)
    if (progress.release !== undefined) this.#release(key, job, progress, progress.release)
    else if (progress.ending !== undefined) this.#end(key, job, progress, progress.ending)
    else this.#look(key, job, progress)
  }

  #look(key: string, job: Stored<Job>, progress: Progress): void {
    const { clock, pods } = this.#env
    const owned = pods.ownedBy(job.metadata.uid)
    const endedMs = (pod: Stored<Pod>): number => this.#endedMs.get(pod.metadata.uid) ?? clock.elapsedMs
    const counts = countPods(
      job,
      [...owned.entries.values()].map(({ pod }) => pod),
      endedMs,
    )
    const failures = continued(progress.failures, counts.newlySucceeded.map(endedMs), counts.newlyFailed.map(endedMs))
    const verdict = verdictOf(job, counts, this.#isPastDeadline(key, job, progress), stampOf(clock))
    if (verdict !== undefined) {
      progress.ending = { verdict, counts, failures, next: 0 }
      this.#end(key, job, progress, progress.ending)
      return
    }
    const isKept = job.metadata.deletionTimestamp === undefined
    if (isKept && !this.#manage(key, job, progress, counts, failures)) return
    const { completions } = job.spec!
    const { active, ready } = pods.ownedBy(job.metadata.uid)
    const isComplete =
      active === 0 && (completions === undefined ? counts.succeeded > 0 : counts.succeeded >= completions)
    const terminating = [...pods.ownedBy(job.metadata.uid).entries.values()].filter(({ pod }) => isTerminating(pod))
    const conditions = job.status?.conditions ?? []
    const turned = isComplete || !isKept ? undefined : withSuspended(conditions, isSuspended(job), stampOf(clock))
    const state = {
      active,
      ready,
      terminating: terminating.length,
      startTime: turned === undefined ? this.#started(job, progress) : this.#restarted(job, progress),
      conditions: turned ?? conditions,
    }
    const found = isComplete ? completion(stampOf(clock)) : undefined
    this.#write(key, job, progress, track(job, counts, state, found), failures, found)
    if (turned === undefined) return
    const reason = isSuspended(job) ? 'Suspended' : 'Resumed'
    this.#env.events.normal(SOURCE, Jobs, job, reason, `Job ${reason.toLowerCase()}`)
  }

  /** Deletes what is still active; their finalizers go later, as they are counted. */
  #end(key: string, job: Stored<Job>, progress: Progress, ending: Ending): void {
    const { counts, verdict, failures } = ending
    const until = Math.min(ending.next + BATCH_MAX, counts.active.length)
    for (; ending.next < until; ending.next++) this.#delete(job, counts.active[ending.next]!)
    if (until < counts.active.length) {
      this.#queue.add(key, BATCH_MAX * WRITE_MS)
      return
    }
    progress.ending = undefined
    const state = {
      active: 0,
      ready: 0,
      terminating: counts.terminating + counts.active.length,
      startTime: this.#started(job, progress),
      conditions: job.status?.conditions ?? [],
    }
    this.#write(key, job, progress, track(job, counts, state, verdict), failures, verdict)
  }

  /** The first write of the counting; what follows it, where there is something. */
  #write(
    key: string,
    job: Stored<Job>,
    progress: Progress,
    { status, release, isCapped }: Tracking,
    failures: FailureRun,
    verdict: Verdict | undefined,
  ): void {
    const written = this.#writeStatus(job, status)
    if (written === undefined) return
    // As in Kubernetes, where a status that needs no write leaves the record of failures alone, too.
    if (written.metadata.resourceVersion !== job.metadata.resourceVersion) progress.failures = failures
    if (release.length === 0 && verdict === undefined) return
    progress.release = { pods: release, verdict, isCapped, next: 0 }
    this.#release(key, written, progress, progress.release)
  }

  #release(key: string, job: Stored<Job>, progress: Progress, release: Release): void {
    const until = Math.min(release.next + BATCH_MAX, release.pods.length)
    for (; release.next < until; release.next++) withoutFinalizer(this.#env, release.pods[release.next]!)
    if (until < release.pods.length) {
      this.#queue.add(key, BATCH_MAX * WRITE_MS)
      return
    }
    progress.release = undefined
    this.#conclude(key, job, release)
  }

  #conclude(key: string, job: Stored<Job>, { verdict, isCapped }: Release): void {
    const owned = this.#env.pods.ownedBy(job.metadata.uid)
    const tracked = [...owned.entries.values()].filter(({ pod }) => isTracked(pod)).map(({ pod }) => pod.metadata.uid)
    const status = settled(job.status ?? {}, new Set(tracked))
    const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
    const isCounted = !isCapped && succeeded.length + failed.length === 0
    // What is terminating as the job was looked at: the end waits for the next look.
    if (verdict === undefined || !isCounted || (status.terminating ?? 0) > 0) {
      this.#writeStatus(job, status)
      this.#queue.add(key, isCapped ? 0 : SYNC_BATCH_MS)
      return
    }
    const end = finalCondition(verdict, stampOf(this.#env.clock))
    const completionTime = end.type === 'Complete' ? { completionTime: end.lastTransitionTime! } : {}
    this.#writeStatus(job, { ...status, ...completionTime, conditions: [...(status.conditions ?? []), end] })
    this.#announce(job, status, end)
  }

  #announce(job: Stored<Job>, status: JobStatus, end: JobCondition): void {
    const { events } = this.#env
    if (end.type === 'Failed') {
      events.warning(SOURCE, Jobs, job, end.reason ?? '', end.message ?? '')
      return
    }
    if ((status.succeeded ?? 0) > (job.spec?.completions ?? Infinity)) {
      const message = 'Too many succeeded pods running after completion count reached'
      events.warning(SOURCE, Jobs, job, 'TooManySucceededPods', message)
    }
    events.normal(SOURCE, Jobs, job, 'Completed', 'Job completed')
  }

  /** Brings the number of active pods where it should be. False while there is more to do, which is planned then. */
  #manage(key: string, job: Stored<Job>, progress: Progress, counts: JobCounts, failures: FailureRun): boolean {
    const active = counts.active.length
    const { parallelism = 1, completions } = job.spec!
    if (isSuspended(job)) return this.#removeSome(key, job, counts.active, active)
    let wanted = parallelism
    if (completions !== undefined) wanted = Math.min(parallelism, Math.max(0, completions - counts.succeeded))
    else if (counts.succeeded > 0) wanted = active
    const surplus = this.#surplus(job, counts.active, Math.max(0, active - wanted))
    if (surplus.length > 0) return this.#removeSome(key, job, surplus, surplus.length)
    const missing = wanted - active - (replacesFailedOnly(job) ? counts.terminating : 0)
    if (missing <= 0) {
      progress.batch = 1
      return true
    }
    return this.#createSome(key, job, progress, counts, failures, missing)
  }

  #createSome(
    key: string,
    job: Stored<Job>,
    progress: Progress,
    counts: JobCounts,
    failures: FailureRun,
    missing: number,
  ): boolean {
    const nowMs = this.#env.clock.elapsedMs
    if (job.spec?.backoffLimitPerIndex === undefined) {
      const leftMs = backoffLeftMs(failures, nowMs)
      if (leftMs > 0) {
        this.#queue.add(key, leftMs)
        return true
      }
    }
    let count = Math.min(missing, progress.batch)
    let indexes: (number | undefined)[] = Array.from({ length: count })
    let isLast = count === missing
    if (isIndexed(job)) {
      const pending = this.#pendingIndexes(key, job, counts, missing)
      indexes = pending.slice(0, count)
      count = indexes.length
      isLast = count === pending.length
    }
    for (const index of indexes)
      this.#create(job, progress, index, index === undefined ? undefined : counts.lastFailed.get(index))
    progress.batch = isLast ? 1 : Math.min(progress.batch * 2, BATCH_MAX)
    if (!isLast) this.#queue.add(key, count * WRITE_MS)
    return isLast
  }

  /** Indexes that may start now, lowest first. With a limit for each index, one that failed waits for its own back-off. */
  #pendingIndexes(key: string, job: Stored<Job>, counts: JobCounts, missing: number): number[] {
    let taken = counts.completed.union(indexesOf(counts.active))
    if (replacesFailedOnly(job)) taken = taken.union(indexesOf(counts.pods.filter(isTerminating)))
    if (counts.failedIndexes !== undefined) taken = taken.union(counts.failedIndexes)
    const pending = taken.firstMissing(missing, job.spec?.completions ?? 0)
    let soonestMs = Infinity
    const ready = pending.filter(index => {
      const last = counts.lastFailed.get(index)
      if (last === undefined) return true
      const lastMs = this.#endedMs.get(last.metadata.uid) ?? this.#env.clock.elapsedMs
      const leftMs = backoffLeftMs({ count: indexFailures(last) + 1, lastMs }, this.#env.clock.elapsedMs)
      if (leftMs > 0) soonestMs = Math.min(soonestMs, leftMs)
      return leftMs === 0
    })
    if (soonestMs < Infinity) this.#queue.add(key, soonestMs)
    return ready
  }

  #create(job: Stored<Job>, { names }: Progress, index: number | undefined, replaced: Stored<Pod> | undefined): void {
    const { store, events } = this.#env
    const pod = this.#pods.build(job, index, replaced)
    const { namespace, generateName = '' } = pod.metadata!
    let name: string
    do name = generateName + names.word(5, SUFFIX_ALPHABET)
    while (store.get(Pods, namespace, name) !== undefined)
    store.create<Pod>(Pods, { ...pod, metadata: { ...pod.metadata, name } })
    events.normal(SOURCE, Jobs, job, 'SuccessfulCreate', `Created pod: ${name}`)
  }

  /** Takes pods that shall not count: their finalizer goes first. */
  #removeSome(key: string, job: Stored<Job>, pods: readonly Stored<Pod>[], total: number): boolean {
    const count = Math.min(total, BATCH_MAX)
    for (const pod of pods.slice(0, count)) {
      withoutFinalizer(this.#env, pod)
      this.#delete(job, pod)
    }
    if (count < total) this.#queue.add(key, count * WRITE_MS * 2)
    return count === total
  }

  #delete(job: Stored<Job>, { metadata }: Stored<Pod>): void {
    const { store, events } = this.#env
    const { namespace, name, uid } = metadata
    if (store.get(Pods, namespace, name)?.metadata.uid !== uid) return
    store.delete(Pods, namespace, name, { uid })
    events.normal(SOURCE, Jobs, job, 'SuccessfulDelete', `Deleted pod: ${name}`)
  }

  /** Pods that are too many: of an index that another pod has, or that the job does not have, and then as many as it takes. */
  #surplus(job: Stored<Job>, active: readonly Stored<Pod>[], count: number): Stored<Pod>[] {
    const chosen: Stored<Pod>[] = []
    let left = [...active]
    if (isIndexed(job)) {
      left = []
      for (const [index, pods] of byCompletionIndex(active)) {
        const isValid = index !== undefined && index < (job.spec?.completions ?? 0)
        const doomed = isValid ? this.#first(pods, pods.length - 1) : pods
        chosen.push(...doomed)
        left.push(...pods.filter(pod => !doomed.includes(pod)))
      }
    }
    return count > chosen.length ? [...chosen, ...this.#first(left, count - chosen.length)] : chosen
  }

  #first(pods: readonly Stored<Pod>[], count: number): Stored<Pod>[] {
    if (count <= 0) return []
    const entries = pods.map(pod => this.#env.pods.get(pod.metadata.uid)!)
    return firstToDelete(entries, count, () => 0, this.#env.clock.elapsedMs).map(({ pod }) => pod)
  }

  #isPastDeadline(key: string, job: Stored<Job>, progress: Progress): boolean {
    const seconds = job.spec?.activeDeadlineSeconds
    if (seconds === undefined || isSuspended(job)) return false
    this.#started(job, progress)
    const leftMs = progress.startedMs! + seconds * 1000 - this.#env.clock.elapsedMs
    if (leftMs > 0) this.#queue.add(key, leftMs)
    return job.status?.startTime !== undefined && leftMs <= 0
  }

  /** When the job began, now if it begins now; a suspended one has not begun. */
  #started(job: Stored<Job>, progress: Progress): string | undefined {
    const { clock } = this.#env
    const startTime = job.status?.startTime
    if (startTime === undefined) return isSuspended(job) ? undefined : this.#start(progress)
    progress.startedMs ??= clock.elapsedMs - Math.max(0, clock.unixMs() - Date.parse(startTime))
    return startTime
  }

  /** Suspension takes the time away; the deadline counts from the resumption. */
  #restarted(job: Stored<Job>, progress: Progress): string | undefined {
    return isSuspended(job) ? undefined : this.#start(progress)
  }

  #start(progress: Progress): string {
    progress.startedMs = this.#env.clock.elapsedMs
    return stampOf(this.#env.clock)
  }

  #writeStatus(job: Stored<Job>, status: JobStatus): Stored<Job> | undefined {
    return this.#env.store.modify<Job>(Jobs, job.metadata.namespace, job.metadata.name, current =>
      current.metadata.uid === job.metadata.uid ? { ...current, status } : undefined,
    )
  }

  #progressOf({ metadata }: Stored<Job>): Progress {
    let progress = this.#progress.get(metadata.uid)
    if (progress === undefined) {
      const names = this.#prng.fork(`job/${metadata.uid}`)
      progress = { names, batch: 1, failures: NO_FAILURES, startedMs: undefined, ending: undefined, release: undefined }
      this.#progress.set(metadata.uid, progress)
    }
    return progress
  }

  #get(key: string): Stored<Job> | undefined {
    const { namespace, name } = splitKey(key)
    return this.#env.store.get<Job>(Jobs, namespace, name)
  }
}

/** Pods without an index come first. */
function byCompletionIndex(pods: readonly Stored<Pod>[]): [index: number | undefined, pods: Stored<Pod>[]][] {
  const groups = new Map<number | undefined, Stored<Pod>[]>()
  for (const pod of pods) {
    const index = completionIndexOf(pod)
    const group = groups.get(index)
    if (group === undefined) groups.set(index, [pod])
    else group.push(pod)
  }
  return [...groups].sort(([a = -1], [b = -1]) => a - b)
}
