import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
  HPAScalingRules,
  MetricStatus,
} from 'kubernetes-types/autoscaling/v2.js'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import {
  formatLabelSelector,
  HorizontalPodAutoscalers,
  notFound,
  amountOf,
  type ResourceType,
  type Stored,
  type StoreEvent,
} from '../cluster/index.ts'
import { type Condition, splitKey, stampOf, withCondition, WorkQueue } from '../informers/index.ts'
import type { LoadModel, ResourceMetrics } from '../load/index.ts'
import type { ControllerEnvironment } from './environment.ts'
import { DEFAULT_METRICS, evaluate, type MeasuredPod, type MetricResult } from './hpa-metrics.ts'
import {
  boundOf,
  decide,
  HPA_DEFAULTS,
  type HpaLimit,
  type HpaMemory,
  type HpaScalingRules,
  type HpaSpec,
  remember,
} from './hpa-rule.ts'

type Hpa = Stored<HorizontalPodAutoscaler>
/** Anything with a scale: a Deployment stands for all of them. */
type Target = Stored<Deployment>
type Status = HorizontalPodAutoscalerStatus & { conditions: Condition[] }

const SOURCE = { component: 'horizontal-pod-autoscaler' }

const LIMITS: Readonly<Record<HpaLimit, string>> = {
  DesiredWithinRange: 'the desired count is within the acceptable range',
  ScaleUpLimit: 'the desired replica count is increasing faster than the maximum scale rate',
  ScaleDownLimit: 'the desired replica count is decreasing faster than the maximum scale rate',
  TooManyReplicas: 'the desired replica count is more than the maximum replica count',
  TooFewReplicas: 'the desired replica count is less than the minimum replica count',
}

/**
 * Sets the replicas of workloads by what their pods use. Looks at each autoscaler every 15 s, counted from its creation, as
 * Kubernetes does; the rules are in `hpa-rule.ts` (sizes) and `hpa-proposal.ts` (metrics).
 *
 * ```
 *   look ─▶ get scale ─▶ bounds ─▶ metrics ─▶ stabilise, limit ─▶ scale (if it changes) ─▶ event ─▶ status
 *              │                      └─ none can be had: event, ScalingActive=False, status
 *              └─ cannot be had: event, AbleToScale=False, status
 * ```
 *
 * It scales what has a `/scale`. Pods are those that the target controls, whatever its selector: custom resources, whose
 * pods nobody here makes, therefore have no metrics. Scaling to zero by external metrics is not played.
 */
export class HpaController {
  readonly #env: ControllerEnvironment
  readonly #load: LoadModel
  readonly #metrics: ResourceMetrics
  readonly #queue: WorkQueue
  readonly #memories = new Map<string, HpaMemory>()
  /** Keys of the autoscalers that have looked at a target's pods. */
  readonly #scalersOf = new Map<string, Set<string>>()

  constructor(env: ControllerEnvironment, load: LoadModel, metrics: ResourceMetrics) {
    this.#env = env
    this.#load = load
    this.#metrics = metrics
    this.#queue = new WorkQueue(env.clock, key => this.#look(key))
    env.router.on<HorizontalPodAutoscaler>(HorizontalPodAutoscalers, event => this.#onHpa(event))
  }

  #onHpa({ type, object, previous }: StoreEvent<HorizontalPodAutoscaler>): void {
    const key = keyOf(object)
    if (type !== 'DELETED') {
      // What is planned already stays: a change waits for the next look.
      this.#queue.add(key, HPA_DEFAULTS.syncMs)
      if (previous === undefined || targetKey(previous) === targetKey(object)) return
    } else {
      this.#queue.drop(key)
      this.#memories.delete(key)
    }
    this.#leave(targetKey(previous ?? object), key)
  }

  #leave(target: string, key: string): void {
    const scalers = this.#scalersOf.get(target)
    scalers?.delete(key)
    if (scalers?.size === 0) this.#scalersOf.delete(target)
  }

  #look(key: string): void {
    const { namespace, name } = splitKey(key)
    const hpa = this.#env.store.get<HorizontalPodAutoscaler>(HorizontalPodAutoscalers, namespace, name)
    if (hpa === undefined) return
    this.#queue.add(key, HPA_DEFAULTS.syncMs)
    this.#reconcile(hpa, key)
  }

  #reconcile(hpa: Hpa, key: string): void {
    const { clock } = this.#env
    const status: Status = { desiredReplicas: 0, ...hpa.status, conditions: [...(hpa.status?.conditions ?? [])] }
    const scale = this.#scaleOf(hpa)
    if ('error' in scale) {
      this.#warn(hpa, 'FailedGetScale', scale.error)
      this.#set(
        status,
        'AbleToScale',
        'False',
        'FailedGetScale',
        `the HPA controller was unable to get the target's current scale: ${scale.error}`,
      )
      this.#write(hpa, status)
      return
    }
    const { type, target } = scale
    this.#set(
      status,
      'AbleToScale',
      'True',
      'SucceededGetScale',
      "the HPA controller was able to get the target's current scale",
    )
    const current = target.spec?.replicas ?? 0
    const spec = specOf(hpa)
    const memory = this.#memories.get(key) ?? {
      recommendations: [{ atMs: clock.elapsedMs, replicas: current }],
      changes: [],
    }
    this.#memories.set(key, memory)
    status.currentReplicas = current

    let desired = current
    let reason = ''
    let next = memory
    let metrics: MetricStatus[] | undefined
    const bound = boundOf(spec, current)
    if (current === 0) {
      this.#set(
        status,
        'ScalingActive',
        'False',
        'ScalingDisabled',
        'scaling is disabled since the replica count of the target is zero',
      )
    } else if (bound !== undefined) {
      desired = bound
      reason = `Current number of replicas ${bound < current ? 'above Spec.MaxReplicas' : 'below Spec.MinReplicas'}`
      next = remember(spec, memory, clock.elapsedMs, current, desired)
    } else {
      const asked = this.#evaluate(hpa, key, spec, target, status)
      metrics = asked.metrics
      if (asked.error !== undefined) {
        this.#write(hpa, withMetrics(status, metrics))
        this.#warn(hpa, 'FailedComputeMetricsReplicas', asked.error)
        return
      }
      if (asked.replicas !== current) {
        reason = asked.replicas > current ? `${asked.metric} above target` : 'All metrics below target'
      }
      const decision = decide(spec, memory, clock.elapsedMs, current, asked.replicas)
      desired = decision.replicas
      next = decision.memory
      this.#tell(status, decision)
    }
    this.#memories.set(key, next)

    if (desired !== current) {
      this.#env.store.modify<Deployment>(type, target.metadata.namespace, target.metadata.name, object => ({
        ...object,
        spec: { ...object.spec!, replicas: desired },
      }))
      this.#set(
        status,
        'AbleToScale',
        'True',
        'SucceededRescale',
        `the HPA controller was able to update the target scale to ${desired}`,
      )
      this.#env.events.normal(
        SOURCE,
        HorizontalPodAutoscalers,
        hpa,
        'SuccessfulRescale',
        `New size: ${desired}; reason: ${reason}`,
      )
      status.lastScaleTime = stampOf(clock)
    }
    status.desiredReplicas = desired
    this.#write(hpa, withMetrics(status, metrics))
  }

  /** What the metrics ask for together: the most that any of them does. */
  #evaluate(hpa: Hpa, key: string, spec: HpaSpec, target: Target, status: Status): Asked {
    const current = target.spec?.replicas ?? 0
    const specs = hpa.spec?.metrics ?? []
    const listed = specs.length === 0 ? DEFAULT_METRICS : specs
    const ambiguous = this.#claim(hpa, key, formatLabelSelector(target.spec?.selector))
    if (ambiguous !== undefined) {
      this.#warn(hpa, 'AmbiguousSelector', ambiguous)
      this.#set(status, 'ScalingActive', 'False', 'AmbiguousSelector', ambiguous)
      return { replicas: 0, metric: '', metrics: undefined, error: ambiguous }
    }
    const look = { nowMs: this.#env.clock.elapsedMs, current, pods: this.#podsOf(hpa) }
    const results = listed.map(metric => evaluate(hpa, spec, metric, look))
    let replicas = 0
    let metric = ''
    let invalid = 0
    let first: Extract<MetricResult, { readonly replicas: undefined }> | undefined
    for (const result of results) {
      if (result.replicas === undefined) {
        this.#warn(hpa, result.reason, result.cause)
        first ??= result
        invalid++
      } else if (replicas === 0 || result.replicas > replicas) {
        replicas = result.replicas
        metric = result.metric
      }
    }
    // Kubernetes shows a metric that it could not get as one without a type.
    const metrics = results.map((result): MetricStatus =>
      result.replicas === undefined ? { type: '' } : result.status,
    )
    if (first !== undefined && (invalid === results.length || replicas < current)) {
      const message = `the HPA was unable to compute the replica count: ${first.cause}`
      this.#set(status, 'ScalingActive', 'False', first.reason, message)
      const error = `invalid metrics (${invalid} invalid out of ${results.length}), first error is: ${first.error}`
      return { replicas, metric, metrics, error }
    }
    this.#set(
      status,
      'ScalingActive',
      'True',
      'ValidMetricFound',
      `the HPA was able to successfully calculate a replica count from ${metric}`,
    )
    return { replicas, metric, metrics, error: undefined }
  }

  #tell(status: Status, { stabilized, limit }: Pick<ReturnType<typeof decide>, 'stabilized' | 'limit'>): void {
    if (stabilized === undefined) {
      this.#set(status, 'AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size')
    } else if (stabilized === 'up') {
      this.#set(
        status,
        'AbleToScale',
        'True',
        'ScaleUpStabilized',
        'recent recommendations were lower than current one, applying the lowest recent recommendation',
      )
    } else {
      this.#set(
        status,
        'AbleToScale',
        'True',
        'ScaleDownStabilized',
        'recent recommendations were higher than current one, applying the highest recent recommendation',
      )
    }
    this.#set(status, 'ScalingLimited', limit === 'DesiredWithinRange' ? 'False' : 'True', limit, LIMITS[limit])
  }

  /** Two autoscalers of one target would undo each other's work: none of them does any. */
  #claim(hpa: Hpa, key: string, selector: string): string | undefined {
    const target = targetKey(hpa)
    const scalers = this.#scalersOf.get(target) ?? new Set()
    scalers.add(key)
    this.#scalersOf.set(target, scalers)
    if (scalers.size < 2) return undefined
    return `pods by selector ${selector} are controlled by multiple HPAs: [${[...scalers].toSorted().join(' ')}]`
  }

  #podsOf(hpa: Hpa): MeasuredPod[] {
    const { namespace = '' } = hpa.metadata
    const pods: MeasuredPod[] = []
    for (const uid of this.#load.podsOf(`${namespace}/${hpa.spec?.scaleTargetRef.name}`)) {
      const entry = this.#env.pods.get(uid)
      const times = this.#load.timesOf(uid)
      if (entry === undefined || times === undefined) continue
      const sample = this.#metrics.pod(uid, entry.pod.spec?.nodeName ?? '')
      pods.push({ entry, sample, startedMs: times.admittedMs, readyChangedMs: times.servingChangedMs })
    }
    return pods
  }

  #scaleOf(hpa: Hpa): Scale {
    const { store } = this.#env
    const { apiVersion = '', kind = '', name = '' } = hpa.spec?.scaleTargetRef ?? {}
    const parts = apiVersion.split('/')
    if (parts.length > 2) return { error: `unexpected GroupVersion string: ${apiVersion}` }
    const group = parts.length === 2 ? parts[0]! : ''
    const type = store.resources.stored().find(known => known.group === group && known.kind === kind)
    if (type === undefined) return { error: `no matches for kind "${kind}" in group "${group}"` }
    if (!type.subresources.includes('scale')) return { error: 'the server could not find the requested resource' }
    const target = store.get<Deployment>(type, hpa.metadata.namespace, name)
    return target === undefined ? { error: notFound(type, name).message } : { type, target }
  }

  #set(status: Status, type: string, value: 'True' | 'False', reason: string, message: string): void {
    status.conditions = withCondition(
      status.conditions,
      { type, status: value, reason, message },
      stampOf(this.#env.clock),
    )
  }

  #write(hpa: Hpa, status: Status): void {
    const { namespace, name } = hpa.metadata
    this.#env.store.modify<HorizontalPodAutoscaler>(HorizontalPodAutoscalers, namespace, name, object => ({
      ...object,
      status,
    }))
  }

  #warn(hpa: Hpa, reason: string, message: string): void {
    this.#env.events.warning(SOURCE, HorizontalPodAutoscalers, hpa, reason, message)
  }
}

type Scale = { readonly type: ResourceType; readonly target: Target } | { readonly error: string }

interface Asked {
  readonly replicas: number
  readonly metric: string
  readonly metrics: MetricStatus[] | undefined
  /** Why nothing can be done. */
  readonly error: string | undefined
}

function withMetrics(status: Status, metrics: MetricStatus[] | undefined): Status {
  const { currentMetrics: _, ...rest } = status
  return metrics === undefined ? rest : { ...rest, currentMetrics: metrics }
}

function keyOf({ metadata: { namespace = '', name } }: Hpa): string {
  return `${namespace}/${name}`
}

function targetKey({ metadata, spec }: Hpa): string {
  const { apiVersion = '', kind = '', name = '' } = spec?.scaleTargetRef ?? {}
  return [metadata.namespace, apiVersion, kind, name].join('/')
}

function specOf({ spec }: Hpa): HpaSpec {
  const { minReplicas = 1, maxReplicas = 1, behavior } = spec ?? {}
  return {
    minReplicas,
    maxReplicas,
    tolerance: HPA_DEFAULTS.tolerance,
    scaleUp: rulesOf(behavior?.scaleUp, HPA_DEFAULTS.scaleUp),
    scaleDown: rulesOf(behavior?.scaleDown, HPA_DEFAULTS.scaleDown),
    ...(behavior === undefined ? { withoutBehavior: true } : {}),
  }
}

/** What is not said is as Kubernetes' defaults have it. */
function rulesOf(rules: HPAScalingRules | undefined, defaults: HpaScalingRules): HpaScalingRules {
  if (rules === undefined) return defaults
  const { stabilizationWindowSeconds: seconds, policies, selectPolicy } = rules
  // Younger than the types that are used here.
  const tolerance = amountOf((rules as { tolerance?: unknown }).tolerance)
  return {
    stabilizationWindowMs: seconds === undefined ? defaults.stabilizationWindowMs : seconds * 1000,
    policies:
      policies === undefined
        ? defaults.policies
        : policies.map(({ type, value, periodSeconds }) => ({
            type: type === 'Percent' ? 'Percent' : 'Pods',
            value,
            periodMs: periodSeconds * 1000,
          })),
    ...(selectPolicy === 'Min' || selectPolicy === 'Disabled' ? { selectPolicy } : {}),
    ...(tolerance === undefined ? {} : { tolerance }),
  }
}
