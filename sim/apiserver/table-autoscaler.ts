import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricValueStatus,
} from 'kubernetes-types/autoscaling/v2.js'
import { HorizontalPodAutoscalers } from '../cluster/index.ts'
import { age, layout, type LayoutOfKind, NONE, UNSET } from './table-layout.ts'

const METRICS_MAX = 2
const UNKNOWN = '<unknown>'

export const AUTOSCALER_TABLE: LayoutOfKind = [
  HorizontalPodAutoscalers,
  layout<HorizontalPodAutoscaler>(
    ['Name', 'Reference', 'Targets', 'MinPods', 'MaxPods', 'Replicas', 'Age'],
    (autoscaler, nowMs) => {
      const { metadata, spec, status } = autoscaler
      return [
        metadata.name,
        `${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}`,
        targets(spec?.metrics ?? [], status?.currentMetrics ?? []),
        spec?.minReplicas === undefined ? UNSET : String(spec.minReplicas),
        spec?.maxReplicas ?? 0,
        status?.currentReplicas ?? 0,
        age(autoscaler, nowMs),
      ]
    },
  ),
]

/** What each metric is, over what it shall be: `cpu: 43%/80%, 12/50 (avg) + 1 more...` */
function targets(metrics: readonly MetricSpec[], currents: readonly MetricStatus[]): string {
  if (metrics.length === 0) return NONE
  const cells = metrics.map((metric, i) => target(metric, currents[i]))
  const shown = cells.slice(0, METRICS_MAX).join(', ')
  return cells.length > METRICS_MAX ? `${shown} + ${cells.length - METRICS_MAX} more...` : shown
}

function target(metric: MetricSpec, current: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'Resource':
      return resourceTarget(metric.resource, current?.resource?.current)
    case 'ContainerResource':
      return resourceTarget(metric.containerResource, current?.containerResource?.current)
    case 'Pods':
      return `${current?.pods?.current.averageValue ?? UNKNOWN}/${metric.pods?.target.averageValue}`
    case 'Object':
      return valueTarget(metric.object, current?.object?.current)
    case 'External':
      return valueTarget(metric.external, current?.external?.current)
    default:
      return '<unknown type>'
  }
}

function resourceTarget(source: MetricSpec['resource'], current: MetricValueStatus | undefined): string {
  const { averageValue, averageUtilization } = source?.target ?? {}
  if (averageValue !== undefined) return `${source?.name}: ${current?.averageValue ?? UNKNOWN}/${averageValue}`
  const is = current?.averageUtilization === undefined ? UNKNOWN : `${current.averageUtilization}%`
  return `${source?.name}: ${is}/${averageUtilization === undefined ? '<auto>' : `${averageUtilization}%`}`
}

function valueTarget(
  source: Pick<NonNullable<MetricSpec['external']>, 'target'> | undefined,
  current: MetricValueStatus | undefined,
): string {
  const { averageValue, value } = source?.target ?? {}
  if (averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${averageValue} (avg)`
  return `${current?.value ?? UNKNOWN}/${value}`
}
