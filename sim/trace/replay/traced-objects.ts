import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Container, Pod, PodTemplateSpec, Service } from 'kubernetes-types/core/v1.js'
import type { OwnerReference } from 'kubernetes-types/meta/v1.js'
import { createHash } from 'node:crypto'
import { METRICS_PORT } from '../../kubelet/index.ts'
import type { Labels, PodEvent, ServiceEvent, TraceContainer, WorkloadEvent } from '../churn-event.ts'

/** Annotation that tells templates apart which a trace calls new: what else changed in them, it does not say. */
export const REVISION = 'churnbench.io/replayed-revision'

/** What pods are given that the trace knows nothing about. */
const FALLBACK_CONTAINER: TraceContainer = { name: 'main', ports: [] }
const FALLBACK_PORT = 8080
const API_VERSION_OF_OWNER: Readonly<Record<string, string>> = { Job: 'batch/v1', CronJob: 'batch/v1', Node: 'v1' }

/** A pod as it is created. Its owner need not exist: traces tell of what somebody wrote, not of what controllers made of it. */
export function podObject(event: PodEvent, dress: Dress): Pod {
  const { namespace, name, uid, owner, labels = {}, annotations, containers = [] } = event
  const dressed = dress === 'all' ? dressedAsTarget(annotations, containers) : { annotations, containers }
  return {
    metadata: {
      namespace,
      name,
      uid,
      labels: { ...labels },
      ...(dressed.annotations === undefined ? {} : { annotations: { ...dressed.annotations } }),
      ...(owner === undefined ? {} : { ownerReferences: [ownerReference(owner, namespace)] }),
    },
    spec: { containers: containerObjects(dressed.containers) },
    status: { phase: 'Pending' },
  }
}

/** Whether pods are made targets that do not say so themselves. */
export type Dress = 'annotated' | 'all'

/** What a pod needs for being found by the customary annotations and for answering. Pods that say `false` stay as they are. */
function dressedAsTarget(
  annotations: Labels = {},
  containers: readonly TraceContainer[],
): { readonly annotations: Labels; readonly containers: readonly TraceContainer[] } {
  const isAnnotated = annotations['prometheus.io/scrape'] !== undefined
  if (isAnnotated) return { annotations, containers }
  const [first = FALLBACK_CONTAINER, ...others] = containers
  const ports = containers.flatMap(container => container.ports)
  const port = (ports.find(({ name }) => name === METRICS_PORT) ?? ports[0])?.port ?? FALLBACK_PORT
  const withPort = ports.length > 0 ? first : { ...first, ports: [{ name: METRICS_PORT, port }] }
  return {
    annotations: { ...annotations, 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(port) },
    containers: [withPort, ...others],
  }
}

/** A workload of any of the kinds that are applied, as a Deployment: what is used of them is the same. */
export function workloadObject(event: WorkloadEvent, current: Deployment | undefined): Deployment {
  const { namespace, name, replicas, selector, strategy, labels = {}, annotations, containers = [] } = event
  const { type: kind, ...rollingUpdate } = strategy ?? { type: undefined }
  const template: PodTemplateSpec = {
    metadata: { labels: { ...labels }, ...(annotations === undefined ? {} : { annotations: { ...annotations } }) },
    spec: { containers: containerObjects(containers) },
  }
  return {
    metadata: { ...current?.metadata, namespace, name },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: selector === undefined ? {} : { matchLabels: { ...selector } },
      ...(kind === undefined
        ? {}
        : { strategy: kind === 'Recreate' ? { type: kind } : { type: kind, rollingUpdate: { ...rollingUpdate } } }),
      template,
    },
  }
}

export function serviceObject({ namespace, name, labels = {}, selector = {}, ports = [] }: ServiceEvent): Service {
  return {
    metadata: { namespace, name, labels: { ...labels } },
    spec: {
      selector: { ...selector },
      ports: ports.map(({ name: portName, port, targetPort }) => ({
        port,
        protocol: 'TCP',
        ...(portName === undefined ? {} : { name: portName }),
        ...(targetPort === undefined ? {} : { targetPort }),
      })),
    },
  }
}

function containerObjects(containers: readonly TraceContainer[]): Container[] {
  return containers.map(({ name, image, ports }) => ({
    name,
    ...(image === undefined ? {} : { image }),
    ports: ports.map(({ name: portName, port }) => ({
      containerPort: port,
      protocol: 'TCP',
      ...(portName === undefined ? {} : { name: portName }),
    })),
  }))
}

/** The owner's uid is not in the trace: one that depends on its name alone stands in. */
function ownerReference(owner: string, namespace: string): OwnerReference {
  const slash = owner.indexOf('/')
  const kind = owner.slice(0, slash)
  return {
    apiVersion: API_VERSION_OF_OWNER[kind] ?? 'apps/v1',
    kind,
    name: owner.slice(slash + 1),
    uid: uuidOf(`${namespace}/${owner}`),
    controller: true,
    blockOwnerDeletion: true,
  }
}

function uuidOf(text: string): string {
  const hex = createHash('sha1').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
