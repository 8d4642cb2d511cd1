import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import { amountOf } from '../cluster/amounts.ts'
import { conditions, info, many, notAllowed, one, stateKind, type StateSample } from './state-family.ts'

type Metric = NonNullable<NonNullable<HorizontalPodAutoscaler['spec']>['metrics']>[number]
type Current = NonNullable<NonNullable<HorizontalPodAutoscaler['status']>['currentMetrics']>[number]

interface Amounts {
  readonly value?: string
  readonly averageValue?: string
  readonly averageUtilization?: number
}

/** The name of what a metric is of, and its amounts: as wanted (`target`), or as they are (`current`). */
function amountsOf(metric: Metric | Current, which: 'target' | 'current'): StateSample[] {
  const { object, pods, resource, containerResource, external } = metric as Metric
  const source = object ?? pods ?? resource ?? containerResource ?? external
  if (source === undefined) return []
  const name = 'metric' in source ? source.metric.name : 'name' in source ? source.name : ''
  const amounts = (source as unknown as Record<string, Amounts | undefined>)[which]
  const said: readonly (readonly [string, number | undefined])[] = [
    ['value', amountOf(amounts?.value)],
    ['average', amountOf(amounts?.averageValue)],
    ['utilization', amounts?.averageUtilization],
  ]
  return said.flatMap(([type, value]) => (value === undefined ? [] : [{ labels: [name, type], value }]))
}

const TARGET_LABELS = ['metric_name', 'metric_target_type']

export const autoscalerState = stateKind<HorizontalPodAutoscaler>(
  'horizontalpodautoscalers',
  ['namespace', 'horizontalpodautoscaler'],
  [
    info(
      'kube_horizontalpodautoscaler_info',
      'Information about this autoscaler.',
      ['scaletargetref_api_version', 'scaletargetref_kind', 'scaletargetref_name'],
      ({ spec }) => [
        [spec?.scaleTargetRef.apiVersion ?? '', spec?.scaleTargetRef.kind ?? '', spec?.scaleTargetRef.name ?? ''],
      ],
    ),
    one(
      'kube_horizontalpodautoscaler_metadata_generation',
      '[STABLE] The generation observed by the HorizontalPodAutoscaler controller.',
      h => h.metadata?.generation ?? 0,
    ),
    one(
      'kube_horizontalpodautoscaler_spec_max_replicas',
      '[STABLE] Upper limit for the number of pods that can be set by the autoscaler; cannot be smaller than MinReplicas.',
      h => h.spec?.maxReplicas ?? 0,
    ),
    one(
      'kube_horizontalpodautoscaler_spec_min_replicas',
      '[STABLE] Lower limit for the number of pods that can be set by the autoscaler, default 1.',
      h => h.spec?.minReplicas ?? 1,
    ),
    many(
      'kube_horizontalpodautoscaler_spec_target_metric',
      'The metric specifications used by this autoscaler when calculating the desired replica count.',
      TARGET_LABELS,
      h => (h.spec?.metrics ?? []).flatMap(metric => amountsOf(metric, 'target')),
    ),
    many(
      'kube_horizontalpodautoscaler_status_target_metric',
      'The current metric status used by this autoscaler when calculating the desired replica count.',
      TARGET_LABELS,
      h => (h.status?.currentMetrics ?? []).flatMap(metric => amountsOf(metric, 'current')),
    ),
    one(
      'kube_horizontalpodautoscaler_status_current_replicas',
      '[STABLE] Current number of replicas of pods managed by this autoscaler.',
      h => h.status?.currentReplicas ?? 0,
    ),
    one(
      'kube_horizontalpodautoscaler_status_desired_replicas',
      '[STABLE] Desired number of replicas of pods managed by this autoscaler.',
      h => h.status?.desiredReplicas ?? 0,
    ),
    notAllowed('kube_horizontalpodautoscaler', 'annotations'),
    notAllowed('kube_horizontalpodautoscaler', 'labels'),
    conditions(
      'kube_horizontalpodautoscaler_status_condition',
      '[STABLE] The condition of this autoscaler.',
      h => h.status?.conditions,
    ),
  ],
)
