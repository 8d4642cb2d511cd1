import type { CronJob, CronJobStatus, Job } from 'kubernetes-types/batch/v1.js'
import type { ObjectReference } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import {
  admitJob,
  apiVersionOf,
  applyDefaults,
  CronJobs,
  Jobs,
  keyOf,
  type Stored,
  type StoreEvent,
  timestamp,
  type Writable,
} from '../cluster/index.ts'
import { controllerOf, controllerReference, splitKey, WorkQueue } from '../informers/index.ts'
import { type CronSchedule, parseCronSchedule } from './cron-schedule.ts'
import { nextStartMs, recentStart } from './cron-times.ts'
import type { ControllerEnvironment } from './environment.ts'
import { finishedCondition } from './job-facts.ts'
import { TimeZone, UTC } from './time-zone.ts'

const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
/** Kubernetes looks a little after the start, so that no clock that is slightly behind makes it miss it. */
const LATER_MS = 100
const KEY_SPACING_MS = 5
const SOURCE = { component: 'cronjob-controller' }

interface Reading {
  readonly schedule: string
  readonly timeZone: string | undefined
  readonly times: CronSchedule
}

/**
 * Makes the Jobs of each CronJob when its schedule says so.
 *
 * ```
 *   look ─▶ old jobs deleted (history) ─▶ active list brought up to date ─▶ due? ─▶ [Replace: active ones deleted] ─▶ Job
 *      ▲                                                                      │             status: active, lastScheduleTime
 *      └── one timer, at the next start ──────────────────────────────────────┘
 * ```
 *
 * Between two starts nothing happens but what Jobs do. Starts follow the calendar: they depend on the planned Unix time,
 * and so on when a run begins, which nothing else here does; names of jobs hold the minute of their start.
 *
 * Left out: a zone in the schedule itself (`TZ=…`), which Kubernetes refuses in new objects.
 */
export class CronJobController {
  readonly #env: ControllerEnvironment
  readonly #prng: Prng
  readonly #queue: WorkQueue
  /** Names of the jobs of a cron job, by its uid. */
  readonly #jobs = new Map<string, Set<string>>()
  /** Schedules that were read, by uid of the cron job. */
  readonly #readings = new Map<string, Reading>()

  constructor(env: ControllerEnvironment, prng: Prng) {
    this.#env = env
    this.#prng = prng
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key), { keySpacingMs: KEY_SPACING_MS })
    env.router.on<CronJob>(CronJobs, event => this.#onCronJob(event))
    env.router.on<Job>(Jobs, event => this.#onJob(event))
  }

  #onCronJob({ type, object, previous }: StoreEvent<CronJob>): void {
    const key = keyOf(object)
    if (type === 'DELETED') {
      this.#queue.drop(key)
      this.#readings.delete(object.metadata.uid)
      return
    }
    const { schedule, timeZone } = object.spec ?? {}
    const before = previous?.spec
    if (before === undefined || (before.schedule === schedule && before.timeZone === timeZone)) {
      this.#queue.add(key)
      return
    }
    // Another schedule does not make a start due at once. A planned look that is too early finds nothing to do.
    const times = this.#read(
      object,
      'UnParseableCronJobSchedule',
      () => `unparseable schedule for cronjob: ${schedule}`,
    )
    if (times !== undefined) this.#planNext(key, object, times)
  }

  #onJob({ type, object }: StoreEvent<Job>): void {
    const owner = controllerOf(object)
    if (owner?.kind !== CronJobs.kind) return
    const { namespace = '', name } = object.metadata
    const names = this.#jobs.get(owner.uid) ?? new Set()
    if (type === 'DELETED') names.delete(name)
    else names.add(name)
    if (names.size === 0) this.#jobs.delete(owner.uid)
    else this.#jobs.set(owner.uid, names)
    const cronJob = this.#env.store.get<CronJob>(CronJobs, namespace, owner.name)
    if (cronJob?.metadata.uid === owner.uid) this.#queue.add(keyOf(cronJob))
  }

  #reconcile(key: string): void {
    const { namespace, name } = splitKey(key)
    const cronJob = this.#env.store.get<CronJob>(CronJobs, namespace, name)
    if (cronJob === undefined) return
    const jobs = this.#jobsOf(cronJob)
    const deleted = this.#trimHistory(cronJob, jobs)
    const status = this.#follow(cronJob, jobs, this.#without(cronJob.status ?? {}, deleted))
    this.#writeStatus(cronJob, this.#start(key, { ...cronJob, status }))
  }

  #jobsOf({ metadata }: Stored<CronJob>): Stored<Job>[] {
    const names = this.#jobs.get(metadata.uid) ?? []
    return [...names].flatMap(name => this.#env.store.get<Job>(Jobs, metadata.namespace, name) ?? [])
  }

  /** Deletes the oldest finished jobs beyond the limits of the history. Returns their uids. */
  #trimHistory(cronJob: Stored<CronJob>, jobs: readonly Stored<Job>[]): Set<string> {
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec ?? {}
    const limits = { Complete: successfulJobsHistoryLimit, Failed: failedJobsHistoryLimit }
    const deleted = new Set<string>()
    for (const [type, limit] of Object.entries(limits)) {
      if (limit === undefined) continue
      const finished = jobs.filter(job => finishedCondition(job)?.type === type)
      finished.sort(byStartTime)
      for (const job of finished.slice(0, Math.max(0, finished.length - limit))) {
        this.#deleteJob(cronJob, job)
        deleted.add(job.metadata.uid)
      }
    }
    return deleted
  }

  /** Its pods go after it, as with any deletion in the background. */
  #deleteJob(cronJob: Stored<CronJob>, { metadata }: Stored<Job>): void {
    const { store, events } = this.#env
    const { namespace, name, uid } = metadata
    if (store.get(Jobs, namespace, name)?.metadata.uid !== uid) return
    store.delete(Jobs, namespace, name, { uid })
    events.normal(SOURCE, CronJobs, cronJob, 'SuccessfulDelete', `Deleted job ${name}`)
  }

  /** The status after what jobs have done since it was written. */
  #follow(cronJob: Stored<CronJob>, jobs: readonly Stored<Job>[], before: CronJobStatus): CronJobStatus {
    const { events, store } = this.#env
    let status = before
    for (const job of jobs) {
      const { uid, name } = job.metadata
      const isListed = (status.active ?? []).some(reference => reference.uid === uid)
      const end = finishedCondition(job)
      if (end === undefined) {
        if (isListed) continue
        const message = `Saw a job that the controller did not create or forgot: ${name}`
        events.warning(SOURCE, CronJobs, cronJob, 'UnexpectedJob', message)
        continue
      }
      if (isListed) {
        status = this.#without(status, new Set([uid]))
        const message = `Saw completed job: ${name}, condition: ${end.type}`
        events.normal(SOURCE, CronJobs, cronJob, 'SawCompletedJob', message)
      }
      const { completionTime } = job.status ?? {}
      if (end.type !== 'Complete' || completionTime === undefined) continue
      const { lastSuccessfulTime } = status
      if (lastSuccessfulTime === undefined || Date.parse(completionTime) > Date.parse(lastSuccessfulTime)) {
        status = { ...status, lastSuccessfulTime: completionTime }
      }
    }
    const uids = new Set(jobs.map(job => job.metadata.uid))
    for (const { uid = '', namespace, name = '' } of status.active ?? []) {
      if (uids.has(uid) || store.get(Jobs, namespace, name) !== undefined) continue
      events.normal(SOURCE, CronJobs, cronJob, 'MissingJob', `Active job went missing: ${name}`)
      status = this.#without(status, new Set([uid]))
    }
    return status
  }

  /** Makes the job that is due, if one is and nothing is in its way, and plans the next look. Returns the status then. */
  #start(key: string, cronJob: Stored<CronJob>): CronJobStatus {
    const { clock, events } = this.#env
    const { spec, status = {}, metadata } = cronJob
    const warn = (reason: string, message: string): void => events.warning(SOURCE, CronJobs, cronJob, reason, message)
    if (metadata.deletionTimestamp !== undefined || spec === undefined || spec.suspend === true) return status
    const times = this.#read(
      cronJob,
      'UnparseableSchedule',
      error => `unparseable schedule: "${spec.schedule}" : ${error}`,
    )
    if (times === undefined) return status
    const nowMs = clock.unixMs()
    let dueMs: number | undefined
    try {
      const recent = recentStart(cronJob, nowMs, times, true)
      dueMs = recent.dueMs
      if (dueMs !== undefined && recent.missed === 'many') {
        warn(
          'TooManyMissedTimes',
          'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
        )
      }
    } catch (error) {
      warn('InvalidSchedule', `invalid schedule: ${spec.schedule} : ${sentenceOf(error)}`)
      return status
    }
    const next = dueMs === undefined || !this.#mayStart(cronJob, dueMs) ? status : this.#make(cronJob, dueMs)
    this.#planNext(key, { ...cronJob, status: next }, times)
    return next
  }

  #mayStart(cronJob: Stored<CronJob>, dueMs: number): boolean {
    const { clock, events } = this.#env
    const { spec, status = {} } = cronJob
    const deadlineS = spec?.startingDeadlineSeconds
    if (deadlineS !== undefined && dueMs + deadlineS * 1000 < clock.unixMs()) {
      const message = `Missed scheduled time to start a job: ${rfc1123(dueMs)}`
      events.warning(SOURCE, CronJobs, cronJob, 'MissSchedule', message)
      return false
    }
    const name = jobName(cronJob, dueMs)
    const active = status.active ?? []
    if (active.some(reference => reference.name === name) || status.lastScheduleTime === timestamp(dueMs)) return false
    if (spec?.concurrencyPolicy === 'Forbid' && active.length > 0) {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
      events.normal(SOURCE, CronJobs, cronJob, 'JobAlreadyActive', message)
      return false
    }
    return true
  }

  #make(cronJob: Stored<CronJob>, dueMs: number): CronJobStatus {
    const { store, events } = this.#env
    const { namespace = '' } = cronJob.metadata
    let { status = {} } = cronJob
    if (cronJob.spec?.concurrencyPolicy === 'Replace') {
      for (const { name = '', uid = '' } of status.active ?? []) {
        const job = store.get<Job>(Jobs, namespace, name)
        if (job?.metadata.uid === uid) this.#deleteJob(cronJob, job)
        status = this.#without(status, new Set([uid]))
      }
    }
    const name = jobName(cronJob, dueMs)
    let job = store.get<Job>(Jobs, namespace, name)
    // A name that is taken, by a job that is still going away, is taken for the job of this start.
    if (job !== undefined && controllerOf(job)?.uid !== cronJob.metadata.uid) return status
    if (job === undefined) {
      job = this.#create(cronJob, name, dueMs)
      events.normal(SOURCE, CronJobs, cronJob, 'SuccessfulCreate', `Created job ${name}`)
    }
    return {
      ...status,
      active: [...(status.active ?? []), referenceTo(job)],
      lastScheduleTime: timestamp(dueMs),
    }
  }

  #create(cronJob: Stored<CronJob>, name: string, dueMs: number): Stored<Job> {
    const { metadata, spec } = structuredClone(cronJob.spec!.jobTemplate)
    const uid = this.#prng.fork(`cronjob/${cronJob.metadata.uid}/${name}`).uuid()
    const zone = cronJob.spec!.timeZone === undefined ? UTC : new TimeZone(cronJob.spec!.timeZone)
    const scheduledAt = timestamp(dueMs + zone.offsetMs(dueMs)).slice(0, -1) + zone.suffix(dueMs)
    const job: Writable<Job> = {
      metadata: {
        ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
        annotations: { ...metadata?.annotations, [SCHEDULED_AT]: scheduledAt },
        namespace: cronJob.metadata.namespace!,
        name,
        uid,
        ownerReferences: [controllerReference(CronJobs, cronJob)],
      },
      spec: spec!,
    }
    applyDefaults(Jobs, job)
    admitJob(job)
    return this.#env.store.create<Job>(Jobs, job, { uid })
  }

  #planNext(key: string, cronJob: Stored<CronJob>, times: CronSchedule): void {
    const nowMs = this.#env.clock.unixMs()
    let atMs: number | undefined
    try {
      atMs = nextStartMs(cronJob, nowMs, times)
    } catch {
      // It is said when the cron job is looked at.
      atMs = times.next(nowMs)
    }
    if (atMs !== undefined) this.#queue.add(key, Math.max(0, atMs + LATER_MS - nowMs))
  }

  /** The schedule as it was read, or `undefined` after a warning about it. */
  #read(cronJob: Stored<CronJob>, reason: string, message: (error: string) => string): CronSchedule | undefined {
    const { uid } = cronJob.metadata
    const { schedule = '', timeZone } = cronJob.spec ?? {}
    const known = this.#readings.get(uid)
    if (known?.schedule === schedule && known.timeZone === timeZone) return known.times
    try {
      const times = parseCronSchedule(schedule, timeZone)
      this.#readings.set(uid, { schedule, timeZone, times })
      return times
    } catch (error) {
      const isZone = error instanceof RangeError && timeZone !== undefined && !isKnownZone(timeZone)
      const said = isZone
        ? (['UnknownTimeZone', `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`] as const)
        : ([reason, message(sentenceOf(error))] as const)
      this.#env.events.warning(SOURCE, CronJobs, cronJob, ...said)
      return undefined
    }
  }

  #without(status: CronJobStatus, uids: ReadonlySet<string>): CronJobStatus {
    const { active = [], ...rest } = status
    const left = active.filter(({ uid = '' }) => !uids.has(uid))
    if (left.length === active.length) return status
    return left.length === 0 ? rest : { ...rest, active: left }
  }

  #writeStatus({ metadata }: Stored<CronJob>, status: CronJobStatus): void {
    this.#env.store.modify<CronJob>(CronJobs, metadata.namespace, metadata.name, current =>
      current.metadata.uid === metadata.uid ? { ...current, status } : undefined,
    )
  }
}

function jobName({ metadata }: Stored<CronJob>, dueMs: number): string {
  return `${metadata.name}-${Math.floor(dueMs / 60_000)}`
}

function referenceTo({ metadata }: Stored<Job>): ObjectReference {
  const { namespace = '', name, uid, resourceVersion } = metadata
  return { kind: Jobs.kind, namespace, name, uid, apiVersion: apiVersionOf(Jobs), resourceVersion }
}

/** The oldest first; those that have not started last. */
function byStartTime(a: Stored<Job>, b: Stored<Job>): number {
  const [startA, startB] = [a, b].map(job => Date.parse(job.status?.startTime ?? '') || Infinity)
  if (startA !== startB) return startA! < startB! ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}

/** As Go writes RFC 1123 with a numeric zone. */
function rfc1123(unixMs: number): string {
  return new Date(unixMs).toUTCString().replace('GMT', '+0000')
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function isKnownZone(name: string): boolean {
  try {
    new TimeZone(name)
    return true
  } catch {
    return false
  }
}
