import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Event, Namespace, Node, Pod, Secret, Service } from 'kubernetes-types/core/v1.js'
import type { ReplicaSet } from 'kubernetes-types/apps/v1.js'
import { ApiError } from './errors.ts'
import type { KubeObject } from './objects.ts'
import {
  Events,
  Jobs,
  Namespaces,
  Nodes,
  Pods,
  ReplicaSets,
  type ResourceType,
  Secrets,
  Services,
} from './resources.ts'

/** Says whether an object is selected. */
export type FieldMatcher = (object: KubeObject) => boolean

type Getter = (object: KubeObject) => string

const META: Readonly<Record<string, Getter>> = {
  'metadata.name': object => object.metadata?.name ?? '',
  'metadata.namespace': object => object.metadata?.namespace ?? '',
}

/** Fields that a kind can be selected by, besides name and namespace. */
const FIELDS = new Map<ResourceType, Readonly<Record<string, Getter>>>([
  [
    Pods,
    fields({
      'spec.nodeName': (pod: Pod) => pod.spec?.nodeName,
      'spec.restartPolicy': (pod: Pod) => pod.spec?.restartPolicy,
      'spec.schedulerName': (pod: Pod) => pod.spec?.schedulerName,
      'spec.serviceAccountName': (pod: Pod) => pod.spec?.serviceAccountName,
      'spec.hostNetwork': (pod: Pod) => String(pod.spec?.hostNetwork ?? false),
      'status.phase': (pod: Pod) => pod.status?.phase,
      'status.podIP': (pod: Pod) => pod.status?.podIP,
      'status.podIPs': (pod: Pod) => pod.status?.podIP,
      'status.nominatedNodeName': (pod: Pod) => pod.status?.nominatedNodeName,
    }),
  ],
  [Nodes, fields({ 'spec.unschedulable': (node: Node) => String(node.spec?.unschedulable ?? false) })],
  [Namespaces, fields({ 'status.phase': (namespace: Namespace) => namespace.status?.phase })],
  [
    Services,
    fields({
      'spec.clusterIP': (service: Service) => service.spec?.clusterIP,
      'spec.type': (service: Service) => service.spec?.type,
    }),
  ],
  [ReplicaSets, fields({ 'status.replicas': (set: ReplicaSet) => String(set.status?.replicas ?? 0) })],
  [Jobs, fields({ 'status.successful': (job: Job) => String(job.status?.succeeded ?? 0) })],
  [Secrets, fields({ type: (secret: Secret) => secret.type })],
  [
    Events,
    fields({
      'involvedObject.kind': (event: Event) => event.involvedObject.kind,
      'involvedObject.namespace': (event: Event) => event.involvedObject.namespace,
      'involvedObject.name': (event: Event) => event.involvedObject.name,
      'involvedObject.uid': (event: Event) => event.involvedObject.uid,
      'involvedObject.apiVersion': (event: Event) => event.involvedObject.apiVersion,
      'involvedObject.resourceVersion': (event: Event) => event.involvedObject.resourceVersion,
      'involvedObject.fieldPath': (event: Event) => event.involvedObject.fieldPath,
      reason: (event: Event) => event.reason,
      reportingComponent: (event: Event) => event.reportingComponent,
      source: (event: Event) => event.source?.component ?? event.reportingComponent,
      type: (event: Event) => event.type,
    }),
  ],
])

/** Kinds whose unknown fields Kubernetes refuses with a sentence of their own. */
const OWN_CONVERSION: ReadonlySet<ResourceType> = new Set([
  Pods,
  Nodes,
  Events,
  Namespaces,
  Services,
  ReplicaSets,
  Secrets,
])

/**
 * Reads a field selector as it stands in a query: `spec.nodeName=node-1,status.phase!=Failed`.
 *
 * `\,`, `\=` and `\\` stand for the character itself. Returns `undefined` for "everything".
 *
 * @throws ApiError BadRequest: bad syntax, or a field that this kind cannot be selected by.
 */
export function parseFieldSelector(type: ResourceType, text: string | undefined): FieldMatcher | undefined {
  if (text === undefined || text === '') return undefined
  const terms = splitTerms(text).map(term => parseTerm(type, text, term))
  return object => terms.every(({ get, equal, value }) => (get(object) === value) === equal)
}

interface Term {
  readonly get: Getter
  readonly equal: boolean
  readonly value: string
}

function parseTerm(type: ResourceType, text: string, term: string): Term {
  const match = /^((?:\\.|[^=!\\])*)(!=|==|=)((?:\\.|[^\\])*)$/.exec(term)
  if (match === null) throw new ApiError('BadRequest', `invalid selector: '${text}'; can't understand '${term}'`)
  const [, label, operator, value] = match
  const get = META[label!] ?? FIELDS.get(type)?.[label!]
  if (get === undefined) {
    const sentence = OWN_CONVERSION.has(type)
      ? `field label not supported: ${label!}`
      : type === Jobs
        ? `field label "${label!}" not supported for Job`
        : `"${label!}" is not a known field selector: only "metadata.name", "metadata.namespace"`
    throw new ApiError('BadRequest', sentence)
  }
  return { get, equal: operator !== '!=', value: value!.replaceAll(/\\(.)/g, '$1') }
}

/** Splits at commas that are not escaped; empty terms are skipped, as Kubernetes does. */
function splitTerms(text: string): string[] {
  return (text.match(/(?:\\.|[^,\\])+/g) ?? []).map(term => term.trim()).filter(term => term !== '')
}

/** The getters are written for the type of their kind, and only ever see objects of it. */
function fields(
  getters: Readonly<Record<string, (object: never) => string | undefined>>,
): Readonly<Record<string, Getter>> {
  return Object.fromEntries(
    Object.entries(getters).map(([label, get]) => [label, (object: KubeObject) => get(object as never) ?? '']),
  )
}
