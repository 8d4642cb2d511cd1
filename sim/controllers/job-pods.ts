import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Container, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import { type AdmissionOptions, Jobs, type Stored } from '../cluster/index.ts'
import { controllerReference } from '../informers/index.ts'
import {
  COMPLETION_INDEX,
  failureCount,
  INDEX_FAILURES,
  INDEX_IGNORED_FAILURES,
  isIndexed,
  TRACKING_FINALIZER,
} from './job-facts.ts'
import { judgeFailure } from './job-policies.ts'
import { PodPrototypes } from './pod-prototypes.ts'

/** Kubernetes cuts what it adds five random characters to. */
const GENERATE_NAME_MAX = 58
const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX'

/** Pods as a job makes them, but for their names. Those of one template share what they have in common. */
export class JobPods {
  readonly #prototypes: PodPrototypes

  constructor(admission: AdmissionOptions) {
    this.#prototypes = new PodPrototypes(admission)
  }

  /** @param replaced the failed pod of the same index that this one stands in for. */
  build(job: Stored<Job>, index: number | undefined, replaced: Pod | undefined): Pod {
    const { metadata, spec, ...rest } = this.#prototype(job)
    const common = {
      ...metadata,
      namespace: job.metadata.namespace!,
      finalizers: withFinalizer(metadata?.finalizers),
      ownerReferences: [controllerReference(Jobs, job)],
    }
    if (index === undefined) {
      return { ...rest, metadata: { ...common, generateName: prefix(job.metadata.name, '-') }, spec: spec! }
    }
    const annotations = { ...metadata?.annotations, [COMPLETION_INDEX]: String(index), ...failures(job, replaced) }
    return {
      ...rest,
      metadata: {
        ...common,
        generateName: prefix(job.metadata.name, `-${index}-`),
        annotations,
        labels: { ...metadata?.labels, [COMPLETION_INDEX]: String(index) },
      },
      spec: { ...spec!, hostname: `${job.metadata.name}-${index}` },
    }
  }

  #prototype(job: Stored<Job>): Pod {
    return this.#prototypes.of(job.spec!.template, ({ spec }) => {
      if (isIndexed(job) && spec !== undefined) addIndexVariable(spec)
    })
  }
}

/** The finalizers with that of the job tracking among them. */
export function withFinalizer(finalizers: readonly string[] | undefined): string[] {
  const list = finalizers ?? []
  return list.includes(TRACKING_FINALIZER) ? [...list] : [...list, TRACKING_FINALIZER]
}

function prefix(name: string, ending: string): string {
  return name.slice(0, GENERATE_NAME_MAX - ending.length) + ending
}

function failures(job: Job, replaced: Pod | undefined): Record<string, string> {
  if (job.spec?.backoffLimitPerIndex === undefined) return {}
  if (replaced === undefined) return { [INDEX_FAILURES]: '0' }
  const counts = judgeFailure(job, replaced).counts
  const failed = failureCount(replaced, INDEX_FAILURES) + (counts ? 1 : 0)
  const ignored = failureCount(replaced, INDEX_IGNORED_FAILURES) + (counts ? 0 : 1)
  return { [INDEX_FAILURES]: String(failed), ...(ignored > 0 ? { [INDEX_IGNORED_FAILURES]: String(ignored) } : {}) }
}

function addIndexVariable(spec: PodSpec): void {
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) withIndexVariable(container)
}

function withIndexVariable(container: Container): void {
  if ((container.env ?? []).some(({ name }) => name === INDEX_VARIABLE)) return
  const fieldRef = { apiVersion: 'v1', fieldPath: `metadata.labels['${COMPLETION_INDEX}']` }
  container.env = [...(container.env ?? []), { name: INDEX_VARIABLE, valueFrom: { fieldRef } }]
}
