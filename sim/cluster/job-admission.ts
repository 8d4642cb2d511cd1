import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Writable } from './objects.ts'

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'

/**
 * What the API gives a job once, when it is created, before its defaults: a selector of its own pods, and the labels that
 * it selects, which hold the job's name and uid. The meta data must have both. Jobs with `manualSelector` are left alone,
 * and labels that the user has set stay; validation refuses those that are wrong. A job without labels has those of its
 * pods. Changes `job`.
 */
export function admitJob(job: Writable<Job>): void {
  const { spec, metadata } = job
  if (spec?.template === undefined || spec.manualSelector === true) return
  const name = metadata?.name ?? ''
  const uid = metadata?.uid ?? ''
  spec.template.metadata = {
    ...spec.template.metadata,
    labels: {
      'job-name': name,
      'batch.kubernetes.io/job-name': name,
      'controller-uid': uid,
      [CONTROLLER_UID]: uid,
      ...spec.template.metadata?.labels,
    },
  }
  if (Object.keys(metadata?.labels ?? {}).length === 0) {
    job.metadata = { ...metadata, labels: { ...spec.template.metadata.labels } }
  }
  spec.selector = {
    ...spec.selector,
    matchLabels: { [CONTROLLER_UID]: uid, ...spec.selector?.matchLabels },
  }
}
