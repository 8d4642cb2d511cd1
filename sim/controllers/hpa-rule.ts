/** How a HorizontalPodAutoscaler (autoscaling/v2) behaves; the defaults of Kubernetes are `HPA_DEFAULTS`. */
export interface HpaSpec {
  /** At least 1. */
  readonly minReplicas: number
  readonly maxReplicas: number
  /** No change while current and target value differ by at most this ratio. */
  readonly tolerance: number
  readonly scaleUp: HpaScalingRules
  readonly scaleDown: HpaScalingRules
}

export interface HpaScalingRules {
  /** The most careful recommendation of so long a time counts. */
  readonly stabilizationWindowMs: number
  /** The one that allows the greatest change counts. */
  readonly policies: readonly HpaPolicy[]
}

/** How much may change within a period. */
export interface HpaPolicy {
  readonly type: 'Pods' | 'Percent'
  readonly value: number
  readonly periodMs: number
}

/** Kubernetes `pkg/apis/autoscaling/v2/defaults.go`; the controller looks every 15 s and tolerates 10 %. */
export const HPA_DEFAULTS: Omit<HpaSpec, 'minReplicas' | 'maxReplicas'> & { readonly syncMs: number } = {
  syncMs: 15_000,
  tolerance: 0.1,
  scaleUp: {
    stabilizationWindowMs: 0,
    policies: [
      { type: 'Pods', value: 4, periodMs: 15_000 },
      { type: 'Percent', value: 100, periodMs: 15_000 },
    ],
  },
  scaleDown: { stabilizationWindowMs: 300_000, policies: [{ type: 'Percent', value: 100, periodMs: 15_000 }] },
}

/** What the controller remembers from one look to the next. Times are of any one clock. */
export interface HpaMemory {
  /** What was recommended, before it was held back. */
  readonly recommendations: readonly { readonly atMs: number; readonly replicas: number }[]
  /** Changes that were made: positive up, negative down. */
  readonly changes: readonly { readonly atMs: number; readonly by: number }[]
}

export const HPA_START: HpaMemory = { recommendations: [], changes: [] }

/**
 * One look of the autoscaler: how many replicas there should be, and what it remembers for the next look. A pure function.
 *
 * The metric is a total over all pods with a target per pod (`AverageValue`). Order of the rules as in Kubernetes'
 * `pkg/controller/podautoscaler/horizontal.go`: out of bounds → into bounds; recommendation; stabilised over both windows;
 * limited by the policies; limited by minReplicas and maxReplicas. Nothing is done at 0 replicas: it is switched off then.
 *
 * @param current replicas now
 * @param total the metric over all pods, in the unit of `targetPerPod`; both count in thousandths
 */
export function hpaReplicas(
  spec: HpaSpec,
  memory: HpaMemory,
  nowMs: number,
  current: number,
  total: number,
  targetPerPod: number,
): { readonly replicas: number; readonly memory: HpaMemory } {
  if (current === 0) return { replicas: 0, memory }
  if (current > spec.maxReplicas) return changed(spec, memory, nowMs, current, spec.maxReplicas)
  if (current < spec.minReplicas) return changed(spec, memory, nowMs, current, spec.minReplicas)
  const recommended = recommendation(spec, current, total, targetPerPod)
  const stabilized = stabilize(spec, memory, nowMs, current, recommended)
  const replicas = limited(spec, memory, nowMs, current, stabilized)
  const recommendations = [...memory.recommendations, { atMs: nowMs, replicas: recommended }]
  return changed(spec, { ...memory, recommendations }, nowMs, current, replicas)
}

function recommendation({ tolerance }: HpaSpec, current: number, total: number, targetPerPod: number): number {
  // Quantities are whole thousandths, as in Kubernetes: 2.0000000000000004 pods are two.
  const pods = Math.round(total * 1000) / Math.round(targetPerPod * 1000)
  const ratio = pods / current
  return ratio >= 1 - tolerance && ratio <= 1 + tolerance ? current : Math.ceil(pods)
}

function stabilize(
  { scaleUp, scaleDown }: HpaSpec,
  { recommendations }: HpaMemory,
  nowMs: number,
  current: number,
  recommended: number,
): number {
  let up = recommended
  let down = recommended
  for (const { atMs, replicas } of recommendations) {
    if (atMs > nowMs - scaleUp.stabilizationWindowMs) up = Math.min(up, replicas)
    if (atMs > nowMs - scaleDown.stabilizationWindowMs) down = Math.max(down, replicas)
  }
  return Math.min(Math.max(current, up), down)
}

function limited(spec: HpaSpec, memory: HpaMemory, nowMs: number, current: number, wanted: number): number {
  if (wanted > current) {
    const limits = spec.scaleUp.policies.map(policy => {
      const start = current - changeSince(memory, nowMs - policy.periodMs)
      return policy.type === 'Pods' ? start + policy.value : Math.ceil(start * (1 + policy.value / 100))
    })
    return Math.min(wanted, spec.maxReplicas, Math.max(current, ...limits))
  }
  if (wanted < current) {
    const limits = spec.scaleDown.policies.map(policy => {
      const start = current - changeSince(memory, nowMs - policy.periodMs)
      return policy.type === 'Pods' ? start - policy.value : Math.floor(start * (1 - policy.value / 100))
    })
    return Math.max(wanted, spec.minReplicas, Math.min(current, ...limits))
  }
  return current
}

/** What was added less what was taken away after an instant. */
function changeSince({ changes }: HpaMemory, sinceMs: number): number {
  return changes.reduce((sum, { atMs, by }) => (atMs > sinceMs ? sum + by : sum), 0)
}

/** Forgets what no window and no period reaches any more. */
function changed(
  { scaleUp, scaleDown }: HpaSpec,
  memory: HpaMemory,
  nowMs: number,
  current: number,
  replicas: number,
): { readonly replicas: number; readonly memory: HpaMemory } {
  const windowMs = Math.max(scaleUp.stabilizationWindowMs, scaleDown.stabilizationWindowMs)
  const periodMs = Math.max(0, ...[...scaleUp.policies, ...scaleDown.policies].map(policy => policy.periodMs))
  const changes = memory.changes.filter(({ atMs }) => atMs > nowMs - periodMs)
  return {
    replicas,
    memory: {
      recommendations: memory.recommendations.filter(({ atMs }) => atMs > nowMs - windowMs),
      changes: replicas === current ? changes : [...changes, { atMs: nowMs, by: replicas - current }],
    },
  }
}
