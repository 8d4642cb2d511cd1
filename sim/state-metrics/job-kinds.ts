import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import { parseCronSchedule } from '../controllers/cron-schedule.ts'
import {
  created,
  flag,
  info,
  many,
  notAllowed,
  one,
  owners,
  stateKind,
  type StateFamily,
  statusSamples,
  unixSeconds,
} from './state-family.ts'

const FAILURES = ['BackoffLimitExceeded', 'DeadlineExceeded', 'Evicted']

function outcome(name: string, help: string, type: string): StateFamily<Job> {
  return many(name, help, ['condition'], ({ status }) =>
    (status?.conditions ?? []).flatMap(condition => (condition.type === type ? statusSamples(condition.status) : [])),
  )
}

export const jobState = stateKind<Job>(
  'jobs',
  ['namespace', 'job_name'],
  [
    notAllowed('kube_job', 'annotations'),
    notAllowed('kube_job', 'labels'),
    one('kube_job_info', '[STABLE] Information about job.', () => 1),
    created('kube_job'),
    one(
      'kube_job_spec_parallelism',
      '[STABLE] The maximum desired number of pods the job should run at any given time.',
      j => j.spec?.parallelism,
    ),
    one(
      'kube_job_spec_completions',
      '[STABLE] The desired number of successfully finished pods the job should be run with.',
      j => j.spec?.completions,
    ),
    one(
      'kube_job_spec_active_deadline_seconds',
      '[STABLE] The duration in seconds relative to the startTime that the job may be active before the system tries to terminate it.',
      j => j.spec?.activeDeadlineSeconds,
    ),
    one(
      'kube_job_status_succeeded',
      '[STABLE] The number of pods which reached Phase Succeeded.',
      j => j.status?.succeeded ?? 0,
    ),
    {
      name: 'kube_job_status_failed',
      help: '[STABLE] The number of pods which reached Phase Failed and the reason for failure.',
      type: 'gauge',
      labels: ['reason'],
      samples({ status }) {
        const failed = status?.failed ?? 0
        // Without a label where none has failed.
        if (failed === 0) return [{ labels: [], value: 0 }]
        const found = (status?.conditions ?? []).filter(({ type }) => type === 'Failed')
        const known = found.flatMap(({ reason }) =>
          FAILURES.map(each => ({ labels: [each], value: flag(each === reason) })),
        )
        return known.some(({ value }) => value === 1) ? known : [...known, { labels: [''], value: failed }]
      },
    },
    one('kube_job_status_active', '[STABLE] The number of actively running pods.', j => j.status?.active ?? 0),
    outcome('kube_job_complete', '[STABLE] The job has completed its execution.', 'Complete'),
    outcome('kube_job_failed', '[STABLE] The job has failed its execution.', 'Failed'),
    one(
      'kube_job_status_start_time',
      '[STABLE] StartTime represents time when the job was acknowledged by the Job Manager.',
      j => unixSeconds(j.status?.startTime),
    ),
    one('kube_job_status_completion_time', '[STABLE] CompletionTime represents time when the job was completed.', j =>
      unixSeconds(j.status?.completionTime),
    ),
    one('kube_job_status_suspended', 'The number of pods which reached Phase Suspended.', ({ status }) => {
      const condition = status?.conditions?.find(({ type }) => type === 'Suspended')
      return condition && flag(condition.status === 'True')
    }),
    owners('kube_job_owner', "[STABLE] Information about the Job's owner."),
  ],
)

function nextSchedule({ metadata, spec, status }: CronJob): number | undefined {
  const since = status?.lastScheduleTime ?? metadata?.creationTimestamp
  if (spec === undefined || spec.suspend === true || since === undefined) return undefined
  const next = parseCronSchedule(spec.schedule, spec.timeZone).next(Date.parse(since))
  return next === undefined ? undefined : next / 1000
}

export const cronJobState = stateKind<CronJob>(
  'cronjobs',
  ['namespace', 'cronjob'],
  [
    notAllowed('kube_cronjob', 'annotations'),
    notAllowed('kube_cronjob', 'labels'),
    info(
      'kube_cronjob_info',
      '[STABLE] Info about cronjob.',
      ['schedule', 'concurrency_policy', 'timezone'],
      ({ spec }) => [[spec?.schedule ?? '', spec?.concurrencyPolicy ?? '', spec?.timeZone ?? 'local']],
    ),
    created('kube_cronjob'),
    one(
      'kube_cronjob_status_active',
      '[STABLE] Active holds pointers to currently running jobs.',
      c => c.status?.active?.length ?? 0,
    ),
    one(
      'kube_cronjob_status_last_schedule_time',
      '[STABLE] LastScheduleTime keeps information of when was the last time the job was successfully scheduled.',
      c => unixSeconds(c.status?.lastScheduleTime),
    ),
    one(
      'kube_cronjob_status_last_successful_time',
      'LastSuccessfulTime keeps information of when was the last time the job was completed successfully.',
      c => unixSeconds(c.status?.lastSuccessfulTime),
    ),
    one(
      'kube_cronjob_spec_suspend',
      '[STABLE] Suspend flag tells the controller to suspend subsequent executions.',
      c => (c.spec?.suspend === undefined ? undefined : flag(c.spec.suspend)),
    ),
    one(
      'kube_cronjob_spec_starting_deadline_seconds',
      '[STABLE] Deadline in seconds for starting the job if it misses scheduled time for any reason.',
      c => c.spec?.startingDeadlineSeconds,
    ),
    one(
      'kube_cronjob_next_schedule_time',
      "[STABLE] Next time the cronjob should be scheduled. The time after lastScheduleTime, or after the cron job's creation time if it's never been scheduled. Use this to determine if the job is delayed.",
      nextSchedule,
    ),
    one(
      'kube_cronjob_metadata_resource_version',
      '[STABLE] Resource version representing a specific version of the cronjob.',
      c => Number(c.metadata?.resourceVersion),
    ),
    one(
      'kube_cronjob_spec_successful_job_history_limit',
      'Successful job history limit tells the controller how many completed jobs should be preserved.',
      c => c.spec?.successfulJobsHistoryLimit,
    ),
    one(
      'kube_cronjob_spec_failed_job_history_limit',
      'Failed job history limit tells the controller how many failed jobs should be preserved.',
      c => c.spec?.failedJobsHistoryLimit,
    ),
  ],
)
