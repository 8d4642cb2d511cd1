import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingRules,
  MetricTarget,
} from 'kubernetes-types/autoscaling/v2.js'
import type { Writable } from './objects.ts'
import { canonicalQuantity } from './quantity.ts'

const CPU_UTILIZATION_PERCENT = 80
const PERIOD_S = 15

export function defaultAutoscaler(autoscaler: Writable<HorizontalPodAutoscaler>): void {
  const spec = (autoscaler.spec ??= {} as HorizontalPodAutoscalerSpec)
  spec.minReplicas ??= 1
  if ((spec.metrics ?? []).length === 0) {
    const target: MetricTarget = { type: 'Utilization', averageUtilization: CPU_UTILIZATION_PERCENT }
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }]
  }
  for (const { resource, containerResource, pods, object, external } of spec.metrics ?? []) {
    for (const source of [resource, containerResource, pods, object, external]) canonicalTarget(source?.target)
  }
  const { behavior } = spec
  if (behavior !== undefined) {
    behavior.scaleUp = scalingRules(behavior.scaleUp, 0, [
      { type: 'Pods', value: 4, periodSeconds: PERIOD_S },
      { type: 'Percent', value: 100, periodSeconds: PERIOD_S },
    ])
    behavior.scaleDown = scalingRules(behavior.scaleDown, undefined, [
      { type: 'Percent', value: 100, periodSeconds: PERIOD_S },
    ])
  }
  autoscaler.status ??= { desiredReplicas: 0 }
}

/** The window of scaling down is not written: the controller has its own, 300 s, unless told otherwise. */
function scalingRules(
  rules: HPAScalingRules | undefined,
  windowS: number | undefined,
  policies: NonNullable<HPAScalingRules['policies']>,
): HPAScalingRules {
  return {
    ...(windowS === undefined ? {} : { stabilizationWindowSeconds: windowS }),
    selectPolicy: 'Max',
    policies,
    ...rules,
  }
}

function canonicalTarget(target: MetricTarget | undefined): void {
  if (target?.value !== undefined) target.value = canonicalQuantity(target.value)
  if (target?.averageValue !== undefined) target.averageValue = canonicalQuantity(target.averageValue)
}
