import type { Labels } from '../churn-event.ts'

/** What stands for the owner of pods that have none. */
export const NO_OWNER = '(no owner)'

const JOB_OF_CRONJOB = /^Job\/(.+)-\d{8,10}$/

/**
 * The workload that a person knows, from the controller that a pod names: `ReplicaSet/cart-5d8f7c` is of `Deployment/cart`
 * when the pod's label `pod-template-hash` says so, `Job/backup-29403120` of `CronJob/backup`: the number is the minute (or
 * the second) it was due at.
 */
export function workloadOf(owner: string | undefined, labels: Labels | undefined): string {
  if (owner === undefined) return NO_OWNER
  if (owner.startsWith('ReplicaSet/')) {
    const hash = labels?.['pod-template-hash']
    const suffix = `-${hash}`
    if (
      hash !== undefined &&
      hash !== '' &&
      owner.endsWith(suffix) &&
      owner.length > 'ReplicaSet/'.length + suffix.length
    ) {
      return `Deployment/${owner.slice('ReplicaSet/'.length, -suffix.length)}`
    }
  }
  const job = JOB_OF_CRONJOB.exec(owner)
  return job === null ? owner : `CronJob/${job[1]}`
}
