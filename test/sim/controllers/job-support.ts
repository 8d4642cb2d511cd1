import type { Job, JobSpec } from 'kubernetes-types/batch/v1.js'
import type { Event, Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import { Prng } from '../../../base/index.ts'
import {
  admitJob,
  Events,
  Jobs,
  Pods,
  type ResourceType,
  type Stored,
  type StoreEvent,
  type Writable,
} from '../../../sim/cluster/index.ts'
import type { Sim } from './harness.ts'

/** Pods of it end when a test says so, whatever kubelets do by themselves. */
export function jobTemplate(more: PodTemplateSpec = {}): PodTemplateSpec {
  return {
    metadata: { annotations: { 'churnbench.io/run-for': '8760h' }, ...more.metadata },
    spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'work:1' }], ...more.spec },
  }
}

/** With what the API would fill in. */
export function jobSpec(spec: Partial<JobSpec> = {}): JobSpec {
  return {
    ...(spec.completions === undefined && spec.parallelism === undefined ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
    manualSelector: false,
    template: jobTemplate(),
    ...spec,
  }
}

export function createJob(sim: Sim, name: string, spec: Partial<JobSpec> = {}): Stored<Job> {
  const uid = new Prng(name).uuid()
  const job: Writable<Job> = { metadata: { namespace: 'default', name, uid }, spec: structuredClone(jobSpec(spec)) }
  admitJob(job)
  return sim.store.create<Job>(Jobs, job, { uid })
}

export function getJob(sim: Sim, name: string): Stored<Job> {
  return sim.store.get<Job>(Jobs, 'default', name)!
}

export function changeJob(sim: Sim, name: string, spec: Partial<JobSpec>): void {
  sim.store.modify<Job>(Jobs, 'default', name, job => ({ ...job, spec: { ...job.spec!, ...spec } }))
}

/** In order of creation. */
export function podsOf(sim: Sim, job: string): Stored<Pod>[] {
  return sim.store
    .list<Pod>(Pods, 'default')
    .filter(pod => pod.metadata.labels?.['batch.kubernetes.io/job-name'] === job)
}

/** As the kubelet says that all containers have ended. */
export function endPod(sim: Sim, { metadata }: Stored<Pod>, exitCode = 0): void {
  const finishedAt = new Date(sim.clock.unixMs()).toISOString()
  sim.store.modify<Pod>(Pods, metadata.namespace, metadata.name, pod => ({
    ...pod,
    status: {
      ...pod.status,
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      conditions: (pod.status?.conditions ?? []).map(condition =>
        condition.type === 'Ready' ? { ...condition, status: 'False', reason: 'PodCompleted' } : condition,
      ),
      containerStatuses: (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
        name,
        image,
        imageID: image,
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', finishedAt } },
      })),
    },
  }))
}

/** `type status reason` of each condition that is there. */
export function conditionsOf(job: Job): string[] {
  return (job.status?.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`)
}

/** Reasons of what was said about an object, in order, with their messages. */
export function saidAbout(sim: Sim, name: string): string[] {
  return sim.store
    .list<Event>(Events)
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
}

/** Follows the writes to some kinds from now on: what each changed, in a word. */
export function writesTo(
  sim: Sim,
  types: readonly ResourceType[],
  told: (event: StoreEvent) => string | undefined,
): string[] {
  const writes: string[] = []
  sim.store.subscribe(event => {
    if (!types.includes(event.resource)) return
    const text = told(event)
    if (text !== undefined) writes.push(text)
  })
  return writes
}
