/** How a HorizontalPodAutoscaler (autoscaling/v2) behaves; the defaults of Kubernetes are `HPA_DEFAULTS`. */
export interface HpaSpec {
  /** At least 1. */
  readonly minReplicas: number
  readonly maxReplicas: number
  /** No change while current and target value differ by at most this ratio. */
  readonly tolerance: number
  readonly scaleUp: HpaScalingRules
  readonly scaleDown: HpaScalingRules
  /**
   * The object has no `behavior`: up to twice the replicas or 4, with no memory of what was added; down at once, behind
   * the window. Kubernetes decides then by older code, which differs from its own defaults for `behavior`.
   */
  readonly withoutBehavior?: boolean
}

export interface HpaScalingRules {
  /** The most careful recommendation of so long a time counts. */
  readonly stabilizationWindowMs: number
  /** The one that allows the greatest change counts, unless `selectPolicy` says otherwise. */
  readonly policies: readonly HpaPolicy[]
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled'
  /** For this direction, instead of `HpaSpec.tolerance`. */
  readonly tolerance?: number
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

/** Why the size is what it is, as the conditions of the object tell it. */
export type HpaLimit = 'DesiredWithinRange' | 'ScaleUpLimit' | 'ScaleDownLimit' | 'TooManyReplicas' | 'TooFewReplicas'

export interface HpaDecision {
  readonly replicas: number
  readonly memory: HpaMemory
  /** Whether earlier recommendations held this one back, and in which direction. */
  readonly stabilized: 'up' | 'down' | undefined
  readonly limit: HpaLimit
}

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
  const bound = boundOf(spec, current)
  if (bound !== undefined) return { replicas: bound, memory: remember(spec, memory, nowMs, current, bound) }
  return decide(spec, memory, nowMs, current, recommendation(spec, current, total, targetPerPod))
}

/** Where to go from a size that is out of bounds, whatever the metrics say. */
export function boundOf({ minReplicas, maxReplicas }: HpaSpec, current: number): number | undefined {
  if (current > maxReplicas) return maxReplicas
  return current < minReplicas ? minReplicas : undefined
}

/** Whether a change would be too small to be made. */
export function isTolerated({ tolerance, scaleUp, scaleDown }: HpaSpec, ratio: number): boolean {
  return ratio >= 1 - (scaleDown.tolerance ?? tolerance) && ratio <= 1 + (scaleUp.tolerance ?? tolerance)
}

/**
 * What becomes of a recommendation. The memory that comes back takes the change as made.
 *
 * @param recommended the most that any of the metrics asks for
 */
export function decide(
  spec: HpaSpec,
  memory: HpaMemory,
  nowMs: number,
  current: number,
  recommended: number,
): HpaDecision {
  const stabilized = stabilize(spec, memory, nowMs, current, recommended)
  const { replicas, limit } = spec.withoutBehavior
    ? clamped(spec, current, stabilized)
    : limited(spec, memory, nowMs, current, stabilized)
  const recommendations = [...memory.recommendations, { atMs: nowMs, replicas: recommended }]
  return {
    replicas,
    memory: remember(spec, { ...memory, recommendations }, nowMs, current, replicas),
    stabilized:
      stabilized === recommended ? undefined : recommended >= current && !spec.withoutBehavior ? 'up' : 'down',
    limit,
  }
}

function recommendation(spec: HpaSpec, current: number, total: number, targetPerPod: number): number {
  // Quantities are whole thousandths, as in Kubernetes: 2.0000000000000004 pods are two.
  const pods = Math.round(total * 1000) / Math.round(targetPerPod * 1000)
  return isTolerated(spec, pods / current) ? current : Math.ceil(pods)
}

function stabilize(
  { scaleUp, scaleDown, withoutBehavior }: HpaSpec,
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
  // Without behavior the highest of the window counts, whatever the size is now.
  return withoutBehavior ? down : Math.min(Math.max(current, up), down)
}

type Limited = Pick<HpaDecision, 'replicas' | 'limit'>

const WITHIN_RANGE = 'DesiredWithinRange'

function limited(spec: HpaSpec, memory: HpaMemory, nowMs: number, current: number, wanted: number): Limited {
  if (wanted > current) {
    const policy = Math.max(current, limitOf(spec.scaleUp, memory, nowMs, current, 1))
    const most = Math.min(spec.maxReplicas, policy)
    if (wanted > most) return { replicas: most, limit: spec.maxReplicas > policy ? 'ScaleUpLimit' : 'TooManyReplicas' }
  } else if (wanted < current) {
    const policy = Math.min(current, limitOf(spec.scaleDown, memory, nowMs, current, -1))
    const least = Math.max(spec.minReplicas, policy)
    if (wanted < least)
      return { replicas: least, limit: spec.minReplicas < policy ? 'ScaleDownLimit' : 'TooFewReplicas' }
  }
  return { replicas: wanted, limit: WITHIN_RANGE }
}

/** The furthest that the policies of a direction let the size go. */
function limitOf(rules: HpaScalingRules, memory: HpaMemory, nowMs: number, current: number, sign: 1 | -1): number {
  const { policies, selectPolicy = 'Max' } = rules
  if (selectPolicy === 'Disabled') return current
  const limits = policies.map(({ type, value, periodMs }) => {
    const start = current - changeSince(memory, nowMs - periodMs)
    if (type === 'Pods') return start + sign * value
    // Away from where it began, so that one pod can become two; towards it, when it goes down.
    return sign > 0 ? Math.ceil(start * (1 + value / 100)) : Math.floor(start * (1 - value / 100))
  })
  return (selectPolicy === 'Max') === sign > 0 ? Math.max(...limits) : Math.min(...limits)
}

function clamped({ minReplicas, maxReplicas }: HpaSpec, current: number, wanted: number): Limited {
  const limit = Math.max(2 * current, 4)
  if (wanted < minReplicas) return { replicas: minReplicas, limit: 'TooFewReplicas' }
  const most = Math.min(maxReplicas, limit)
  if (wanted > most) return { replicas: most, limit: maxReplicas > limit ? 'ScaleUpLimit' : 'TooManyReplicas' }
  return { replicas: wanted, limit: WITHIN_RANGE }
}

/** What was added less what was taken away after an instant. */
function changeSince({ changes }: HpaMemory, sinceMs: number): number {
  return changes.reduce((sum, { atMs, by }) => (atMs > sinceMs ? sum + by : sum), 0)
}

/** Adds a change, and forgets what no window and no period reaches any more. */
export function remember(
  { scaleUp, scaleDown }: HpaSpec,
  memory: HpaMemory,
  nowMs: number,
  current: number,
  replicas: number,
): HpaMemory {
  const windowMs = Math.max(scaleUp.stabilizationWindowMs, scaleDown.stabilizationWindowMs)
  const periodMs = Math.max(0, ...[...scaleUp.policies, ...scaleDown.policies].map(policy => policy.periodMs))
  const changes = memory.changes.filter(({ atMs }) => atMs > nowMs - periodMs)
  return {
    recommendations: memory.recommendations.filter(({ atMs }) => atMs > nowMs - windowMs),
    changes: replicas === current ? changes : [...changes, { atMs: nowMs, by: replicas - current }],
  }
}
