import type { CronJob, CronJobSpec, Job, JobSpec } from 'kubernetes-types/batch/v1.js'
import type { Writable } from './objects.ts'
import { defaultTemplate } from './pod-defaults.ts'

const INT32_MAX = 2 ** 31 - 1

/** The selector, and labels that follow from it, are given at admission: they hold the job's uid (`job-admission.ts`). */
export function defaultJob(job: Writable<Job>): void {
  const spec = (job.spec ??= {} as JobSpec)
  const labels = spec.template?.metadata?.labels
  if (labels !== undefined && Object.keys(job.metadata?.labels ?? {}).length === 0) {
    job.metadata = { ...job.metadata, labels: { ...labels } }
  }
  defaultJobSpec(spec)
  job.status ??= {}
}

function defaultJobSpec(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : INT32_MAX
  spec.completionMode ||= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
  spec.manualSelector ??= false
  defaultFailurePolicy(spec)
  defaultTemplate((spec.template ??= {}))
}

function defaultFailurePolicy({ podFailurePolicy }: JobSpec): void {
  for (const { onPodConditions } of podFailurePolicy?.rules ?? []) {
    for (const pattern of onPodConditions ?? []) pattern.status ||= 'True'
  }
}

/** The job template is defaulted when a job is made of it, but for its pod template. */
export function defaultCronJob(cronJob: Writable<CronJob>): void {
  const spec = (cronJob.spec ??= {} as CronJobSpec)
  spec.concurrencyPolicy ||= 'Allow'
  spec.suspend ??= false
  spec.successfulJobsHistoryLimit ??= 3
  spec.failedJobsHistoryLimit ??= 1
  const template = (spec.jobTemplate ??= {})
  template.metadata ??= {}
  const jobSpec = (template.spec ??= {} as JobSpec)
  defaultFailurePolicy(jobSpec)
  defaultTemplate((jobSpec.template ??= {}))
  cronJob.status ??= {}
}
