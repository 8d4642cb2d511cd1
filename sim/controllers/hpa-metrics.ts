import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from 'kubernetes-types/autoscaling/v2.js'
import type { Container } from 'kubernetes-types/core/v1.js'
import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import { formatBytes, formatMilli, milliOf } from '../cluster/index.ts'
import { isReady, type PodEntry } from '../informers/index.ts'
import type { PodSample } from '../load/index.ts'
import { type HpaTarget, NoProposal, type PodUsage, propose, type ScaledPod } from './hpa-proposal.ts'
import type { HpaSpec } from './hpa-rule.ts'

/** A pod of the target, with what is known of it. */
export interface MeasuredPod {
  readonly entry: PodEntry
  readonly sample: PodSample | undefined
  readonly startedMs: number
  readonly readyChangedMs: number
}

/** What one of the object's metrics comes to. */
export type MetricResult =
  | { readonly replicas: number; readonly metric: string; readonly status: MetricStatus }
  /** `reason` and `cause` for the condition and the event; `error` as it is told of all metrics. */
  | { readonly replicas: undefined; readonly reason: string; readonly cause: string; readonly error: string }

interface Look {
  readonly nowMs: number
  readonly current: number
  readonly pods: readonly MeasuredPod[]
}

/** What Kubernetes has where the object names no metrics. */
export const DEFAULT_METRICS: readonly MetricSpec[] = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
]

const NO_CUSTOM_METRICS =
  'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered'

/** Evaluates one metric. Only resource metrics are served here, as in a cluster with metrics-server and nothing else. */
export function evaluate(hpa: HorizontalPodAutoscaler, spec: HpaSpec, metric: MetricSpec, look: Look): MetricResult {
  const namespace = hpa.metadata?.namespace ?? ''
  const { resource, containerResource, pods, object, external } = metric
  if (metric.type === 'Resource' && resource !== undefined) {
    return resourceResult(spec, resource.name, undefined, resource.target, look)
  }
  if (metric.type === 'ContainerResource' && containerResource !== undefined) {
    const { name, container, target } = containerResource
    return resourceResult(spec, name, container, target, look)
  }
  if (metric.type === 'Pods' && pods !== undefined) {
    const cause = `unable to get metric ${pods.metric.name}: ${NO_CUSTOM_METRICS}`
    return failed('FailedGetPodsMetric', cause, `failed to get pods metric value: ${cause}`)
  }
  if (metric.type === 'Object' && object !== undefined) {
    const { kind, name } = object.describedObject
    const unable = `unable to get metric ${object.metric.name}: ${kind} on ${namespace} ${name}/${NO_CUSTOM_METRICS}`
    const isAverage = object.target.type === 'AverageValue'
    const error = isAverage ? `failed to get ${object.metric.name} object metric: ${unable}` : unable
    return failed('FailedGetObjectMetric', unable, `failed to get object metric value: ${error}`)
  }
  if (metric.type === 'External' && external !== undefined) {
    const { name, selector } = external.metric
    const unable =
      `unable to get external metric ${namespace}/${name}/${selectorText(selector)}: unable to fetch metrics from ` +
      `external metrics API: the server could not find the requested resource (get ${name}.external.metrics.k8s.io)`
    const told = external.target.averageValue === undefined ? `external metric ${name}` : `${name} external metric`
    const told2 = `failed to get ${told}: ${unable}`
    return failed('FailedGetExternalMetric', unable, `failed to get ${name} external metric value: ${told2}`)
  }
  const error = `unknown metric source type ${JSON.stringify(metric.type)}`
  return failed('InvalidMetricSourceType', error, error)
}

function failed(reason: string, cause: string, error: string): MetricResult {
  return { replicas: undefined, reason, cause, error }
}

function resourceResult(
  spec: HpaSpec,
  resource: string,
  container: string | undefined,
  target: MetricTarget,
  look: Look,
): MetricResult {
  const isContainer = container !== undefined
  const averageMilli = milliOf(target.averageValue)
  const { averageUtilization: percent } = target
  const isAverage = averageMilli !== undefined
  try {
    if (!isAverage && percent === undefined) {
      throw new NoProposal(
        'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
      )
    }
    const proposal = within(`failed to get ${resource} ${isAverage ? 'usage' : 'utilization'}`, () => {
      const usage = usageOf(look.pods, resource, container)
      const pods = look.pods.map(scaledPod)
      const wanted: HpaTarget = isAverage
        ? { type: 'average', milli: averageMilli }
        : { type: 'utilization', percent: percent ?? 0, requests: requestsOf(look.pods, resource, container) }
      return propose(spec, { nowMs: look.nowMs, current: look.current, resource, pods, usage, target: wanted })
    })
    const value: MetricValueStatus = {
      ...(proposal.percent === undefined ? {} : { averageUtilization: proposal.percent }),
      averageValue: quantity(resource, proposal.averageMilli),
    }
    const kind = isContainer ? 'container resource' : 'resource'
    return {
      replicas: proposal.replicas,
      metric: isAverage ? `${resource} resource` : `${resource} ${kind} utilization (percentage of request)`,
      status: isContainer
        ? { type: 'ContainerResource', containerResource: { name: resource, container, current: value } }
        : { type: 'Resource', resource: { name: resource, current: value } },
    }
  } catch (error) {
    if (!(error instanceof NoProposal)) throw error
    return isContainer
      ? failed(
          'FailedGetContainerResourceMetric',
          error.message,
          `failed to get ${container} container metric value: ${error.message}`,
        )
      : failed(
          'FailedGetResourceMetric',
          error.message,
          `failed to get ${resource} resource metric value: ${error.message}`,
        )
  }
}

function within<T>(context: string, compute: () => T): T {
  try {
    return compute()
  } catch (error) {
    throw error instanceof NoProposal ? new NoProposal(`${context}: ${error.message}`) : error
  }
}

function scaledPod({ entry: { pod }, startedMs, readyChangedMs }: MeasuredPod): ScaledPod {
  return {
    name: pod.metadata.name,
    phase: pod.status?.phase,
    isDeleting: pod.metadata.deletionTimestamp !== undefined,
    isReady: isReady(pod),
    startedMs,
    readyChangedMs,
  }
}

function usageOf(pods: readonly MeasuredPod[], resource: string, container: string | undefined): Map<string, PodUsage> {
  const usage = new Map<string, PodUsage>()
  let anyMetrics = false
  for (const { entry, sample } of pods) {
    if (sample === undefined) continue
    anyMetrics = true
    let milli = 0
    let found = false
    for (const { name, cpuNanoCores, memoryBytes } of sample.containers) {
      if (container !== undefined && name !== container) continue
      found = true
      milli += resource === 'memory' ? memoryBytes * 1000 : Math.ceil(cpuNanoCores / 1e6)
    }
    if (!found || (resource !== 'cpu' && resource !== 'memory')) continue
    usage.set(entry.pod.metadata.name, { milli, sampledMs: sample.sampledMs, windowMs: sample.windowMs })
  }
  if (!anyMetrics) {
    throw new NoProposal(
      `unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`,
    )
  }
  return usage
}

/** By name of the pod, in thousandths. @throws NoProposal where a container does not say. */
function requestsOf(
  pods: readonly MeasuredPod[],
  resource: string,
  container: string | undefined,
): Map<string, number> {
  const requests = new Map<string, number>()
  for (const { entry } of pods) {
    const { metadata, spec } = entry.pod
    const sidecars = (spec?.initContainers ?? []).filter(
      init => (init as Container & { restartPolicy?: string }).restartPolicy === 'Always',
    )
    const counted = [...(spec?.containers ?? []), ...sidecars].filter(
      each => container === undefined || each.name === container,
    )
    if (counted.length === 0 && container !== undefined) {
      throw new NoProposal(`container ${container} not found in Pod ${metadata.name}`)
    }
    let sum = 0
    for (const { name, resources } of counted) {
      const milli = milliOf(resources?.requests?.[resource])
      if (milli === undefined) {
        throw new NoProposal(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`)
      }
      sum += milli
    }
    requests.set(metadata.name, sum)
  }
  return requests
}

/** Memory in bytes with binary suffixes, unless there is a fraction of a byte: then in thousandths, as Kubernetes does. */
function quantity(resource: string, milli: number): string {
  return resource === 'memory' && milli % 1000 === 0 ? formatBytes(milli / 1000) : formatMilli(milli)
}

/** As Go prints it. */
function selectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return 'nil'
  const labels = Object.entries(selector.matchLabels ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`)
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`
}
