import { createHash } from 'node:crypto'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod, PodTemplateSpec, Service } from 'kubernetes-types/core/v1.js'
import type { KubeObject, Stored } from '../../cluster/index.ts'
import { isTracedAnnotation } from '../churn-event.ts'

/**
 * A version as it is compared with the next one: `transitionsOf` finds the same in it as in the whole object.
 *
 * Of a workload's template only what a trace tells of it is left, and a digest that stands for the rest. The other kinds
 * stay as they are.
 */
export function comparable(kind: string, object: Stored): Stored {
  if (kind === 'Pod' || kind === 'Node' || kind === 'Service') return object
  const { metadata, spec } = object as Stored<Deployment> & { spec?: Jobs }
  if (spec === undefined) return object
  const { replicas, parallelism, selector, strategy, template, jobTemplate } = spec
  const reduced = {
    ...(replicas === undefined ? {} : { replicas }),
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(selector === undefined ? {} : { selector }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(template === undefined ? {} : { template: comparableTemplate(template) }),
    ...(jobTemplate?.spec?.template === undefined
      ? {}
      : { jobTemplate: { spec: { template: comparableTemplate(jobTemplate.spec.template) } } }),
  }
  return { metadata, spec: reduced } as unknown as Stored
}

interface Jobs {
  readonly parallelism?: number
  readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplateSpec } }
}

/**
 * What must be kept of a version until the next one comes: some hundred bytes a pod, so that a recorder can hold 150 000.
 * What only the first event of an object tells (owner, containers, annotations of a pod) is not in it.
 *
 * @param object as `comparable` gave it.
 */
export function remembered(kind: string, object: Stored): Stored {
  if (kind === 'Pod') return rememberedPod(object as Stored<Pod>)
  if (kind === 'Node') return rememberedNode(object as Stored<Node>)
  if (kind === 'Service') return rememberedService(object as Stored<Service>)
  return { metadata: metaOf(object), spec: (object as { spec?: unknown }).spec } as unknown as Stored
}

function rememberedPod({ metadata, spec, status }: Stored<Pod>): Stored {
  const { labels, deletionTimestamp } = metadata
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const restartCount = (status?.containerStatuses ?? []).reduce((sum, one) => sum + one.restartCount, 0)
  return {
    metadata: {
      ...nameOf(metadata),
      ...(labels === undefined ? {} : { labels }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    spec: { nodeName: spec?.nodeName },
    status: {
      phase: status?.phase,
      podIP: status?.podIP,
      conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready.status }],
      containerStatuses: restartCount === 0 ? [] : [{ restartCount }],
    },
  } as unknown as Stored
}

function rememberedNode({ metadata, status }: Stored<Node>): Stored {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return {
    metadata: nameOf(metadata),
    status: { conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready.status }] },
  } as unknown as Stored
}

function rememberedService({ metadata, spec }: Stored<Service>): Stored {
  const { labels } = metadata
  const { selector, ports } = spec ?? {}
  return {
    metadata: { ...nameOf(metadata), ...(labels === undefined ? {} : { labels }) },
    spec: { selector, ports },
  } as unknown as Stored
}

function metaOf({ metadata }: Stored): KubeObject['metadata'] {
  const { generation } = metadata
  return { ...nameOf(metadata), ...(generation === undefined ? {} : { generation }) }
}

function nameOf({ namespace, name, uid }: Stored['metadata']): { namespace?: string; name: string; uid: string } {
  return { ...(namespace === undefined ? {} : { namespace }), name, uid }
}

function comparableTemplate(template: PodTemplateSpec): PodTemplateSpec {
  const annotations = Object.entries(template.metadata?.annotations ?? {}).filter(([name]) => isTracedAnnotation(name))
  const containers = (template.spec?.containers ?? []).map(({ name, image, ports }) => ({
    name,
    ...(image === undefined ? {} : { image }),
    ...(ports === undefined ? {} : { ports }),
  }))
  return {
    metadata: {
      labels: template.metadata?.labels ?? {},
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    },
    spec: { containers },
    // One server writes the same template in the same order, however often it is asked.
    digest: createHash('sha1').update(JSON.stringify(template)).digest('base64'),
  } as PodTemplateSpec
}
