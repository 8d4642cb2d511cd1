import { nearest } from '../../../base/index.ts'
import { TraceError } from '../errors.ts'
import type { Distribution } from './distribution.ts'
import type { ClusterModel, TraceModel, WorkloadClass } from './model.ts'
import { type Rate, scaledRate } from './rate.ts'

/**
 * The model with one field replaced: `cluster.nodes=80`, `classes.web.pod.readyMs={"kind":"constant","value":500}`. Items of a
 * list are named by their `name` or their number; values are JSON, or texts where they are none. The result is not judged.
 *
 * @throws TraceError CHURN_TRACE_OPTIONS when the path leads nowhere.
 */
export function withField(model: unknown, assignment: string): unknown {
  const equals = assignment.indexOf('=')
  if (equals < 1) throw fault(`--set ${assignment}: write path=value, for instance cluster.nodes=80`)
  const path = assignment.slice(0, equals).split('.')
  return replaced(model, path, 0, valueOf(assignment.slice(equals + 1)))
}

function replaced(target: unknown, path: readonly string[], depth: number, value: unknown): unknown {
  if (depth === path.length) return value
  const key = path[depth]!
  const where = path.slice(0, depth).join('.')
  if (Array.isArray(target)) {
    const index = indexOf(target, key)
    if (index === -1) throw fault(`--set ${path.join('.')}: ${where} has no item ${key}${hint(key, namesOf(target))}`)
    return target.map((item: unknown, i) => (i === index ? replaced(item, path, depth + 1, value) : item))
  }
  if (typeof target !== 'object' || target === null) {
    throw fault(`--set ${path.join('.')}: ${where} is no object${where === '' ? '' : `; set it as a whole`}`)
  }
  const fields = target as Readonly<Record<string, unknown>>
  // A new field may be meant: whether there can be one of that name is for the schema to say.
  return { ...fields, [key]: replaced(fields[key] ?? {}, path, depth + 1, value) }
}

function indexOf(items: readonly unknown[], key: string): number {
  const byName = items.findIndex(item => (item as { name?: unknown } | null)?.name === key)
  if (byName !== -1) return byName
  return /^\d+$/.test(key) && Number(key) < items.length ? Number(key) : -1
}

function namesOf(items: readonly unknown[]): string[] {
  return items.map(item => (item as { name?: unknown } | null)?.name).filter(name => typeof name === 'string')
}

function hint(key: string, names: readonly string[]): string {
  const near = nearest(key, names)
  if (near !== undefined) return `; did you mean ${near}?`
  return names.length === 0 ? '' : `; there are ${names.join(', ')}`
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function fault(message: string): TraceError {
  return new TraceError('CHURN_TRACE_OPTIONS', message)
}

/** The same cluster, so many times as large: nodes, workloads, what arrives and what fails. */
export function enlarged(model: TraceModel, factor: number): TraceModel {
  const times = (count: number): number => Math.max(1, Math.round(count * factor))
  const { nodes, nodeFailures, autoscaling } = model.cluster
  const cluster: ClusterModel = {
    ...model.cluster,
    nodes: times(nodes),
    ...(nodeFailures === undefined ? {} : { nodeFailures: oftener(nodeFailures, factor) }),
    ...(autoscaling === undefined ? {} : { autoscaling: { ...autoscaling, nodesMax: times(autoscaling.nodesMax) } }),
  }
  return { ...model, namespaces: times(model.namespaces), cluster, classes: model.classes.map(enlargedClass) }

  function enlargedClass(workloadClass: WorkloadClass): WorkloadClass {
    const { kind, workloads, arrivals, initial } = workloadClass
    // DaemonSets grow with the nodes by themselves.
    if (kind === 'DaemonSet') return workloadClass
    return {
      ...workloadClass,
      workloads: times(workloads),
      ...(arrivals === undefined ? {} : { arrivals: oftener(arrivals, factor) }),
      ...(initial === undefined ? {} : { initial: { ...initial, pods: Math.round(initial.pods * factor) } }),
    }
  }
}

/** The same cluster, with so many times as much going on in it. */
export function livelier(model: TraceModel, factor: number): TraceModel {
  const { nodeFailures } = model.cluster
  return {
    ...model,
    cluster: {
      ...model.cluster,
      ...(nodeFailures === undefined ? {} : { nodeFailures: oftener(nodeFailures, factor) }),
    },
    classes: model.classes.map(workloadClass => {
      const { rollouts, scaling, arrivals, cron, pod, kind } = workloadClass
      const isReplaced = kind === 'Deployment' || kind === 'StatefulSet' || kind === 'DaemonSet'
      const { restarts, lifetimeMs } = pod
      return {
        ...workloadClass,
        ...(rollouts === undefined ? {} : { rollouts: oftener(rollouts, factor) }),
        ...(scaling === undefined ? {} : { scaling: oftener(scaling, factor) }),
        ...(arrivals === undefined ? {} : { arrivals: oftener(arrivals, factor) }),
        ...(cron === undefined
          ? {}
          : { cron: { ...cron, everyMs: Math.max(1_000, Math.round(cron.everyMs / factor)) } }),
        pod: {
          ...pod,
          ...(restarts === undefined ? {} : { restarts: { ...restarts, perHour: restarts.perHour * factor } }),
          ...(lifetimeMs === undefined || !isReplaced ? {} : { lifetimeMs: timesAsLong(lifetimeMs, 1 / factor) }),
        },
      }
    }),
  }
}

function oftener<T extends { readonly perHour?: Rate; readonly count?: number }>(model: T, factor: number): T {
  const { perHour, count } = model
  return {
    ...model,
    ...(perHour === undefined ? {} : { perHour: scaledRate(perHour, factor) }),
    ...(count === undefined ? {} : { count: Math.round(count * factor) }),
  }
}

function timesAsLong(distribution: Distribution, factor: number): Distribution {
  switch (distribution.kind) {
    case 'constant':
      return { ...distribution, value: distribution.value * factor }
    case 'uniform':
      return { ...distribution, min: distribution.min * factor, max: distribution.max * factor }
    case 'exponential':
      return { ...distribution, mean: distribution.mean * factor }
    case 'lognormal':
      return 'p90' in distribution
        ? { ...distribution, median: distribution.median * factor, p90: distribution.p90 * factor }
        : { ...distribution, median: distribution.median * factor }
    case 'weibull':
      return { ...distribution, scale: distribution.scale * factor }
    case 'pareto':
      return { ...distribution, min: distribution.min * factor }
    case 'empirical':
      return { ...distribution, quantiles: distribution.quantiles.map(([p, value]) => [p, value * factor] as const) }
    case 'mixture':
      return { ...distribution, of: distribution.of.map(part => ({ ...part, of: timesAsLong(part.of, factor) })) }
    case 'never':
      return distribution
  }
}
