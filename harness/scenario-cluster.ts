import type { ClusterInput, TimingsInput, WorkloadInput } from '../scenarios/index.ts'
import {
  type ClusterSpec,
  type ClusterTimings,
  type Jittered,
  LEARNED_PREFIX,
  profileFaults,
  profileText,
  type WorkloadSpec,
} from '../sim/index.ts'
import { completeContainers } from './scenario-containers.ts'

/** Reads a duration in ms, or notes a fault at the path and returns 0. */
export type ToMs = (path: string, text: string) => number

/** Kubernetes' own delays where people would notice; pod start and stop as on a cluster with warm images. */
export const DEFAULT_TIMINGS: TimingsInput = {
  schedule: ['5ms', '20ms'],
  start: ['300ms', '900ms'],
  ready: ['100ms', '400ms'],
  terminate: ['200ms', '1000ms'],
  leaseRenew: '10s',
  nodeMonitorGrace: '50s',
  nodeMonitorPeriod: '5s',
  eviction: '5m',
}

export const DEFAULT_ZONES = 3
export const DEFAULT_PODS_PER_NODE_MAX = 110
export const DEFAULT_WORKLOAD = {
  namespace: 'default',
  port: 8080,
  profile: 'web-service',
  maxSurge: '25%',
  maxUnavailable: '25%',
} as const satisfies Partial<WorkloadInput>

/** Label of pods whose Service is shared, by which each of its Deployments knows its own. */
const DEPLOYMENT_LABEL = 'deployment'

export function completeCluster(input: ClusterInput, ms: ToMs, faults: string[]): ClusterSpec {
  const workloads = Object.entries(input.workloads).map(([name, workload]) => ({
    ...DEFAULT_WORKLOAD,
    ...workload,
    name,
  }))
  const servedBy = (service: string, namespace: string): readonly string[] =>
    workloads
      .filter(each => each.namespace === namespace && (each.service ?? each.name) === service)
      .map(({ name }) => name)
  const completed = workloads.map((workload): WorkloadSpec => {
    const { name, namespace, port, maxSurge, maxUnavailable, labels = {}, service = name } = workload
    const profile = profileOf(workload)
    const path = `cluster.workloads.${name}`
    // Those that are learned from a page were judged when it was read.
    if (!profile.startsWith(LEARNED_PREFIX)) {
      const where = workload.profileOptions === undefined ? `${path}.profile` : `${path}.profileOptions`
      faults.push(...profileFaults(profile).map(fault => `${where}: ${fault}`))
    }
    const sharers = servedBy(service, namespace)
    const selector = sharers.length > 1 ? { app: service, [DEPLOYMENT_LABEL]: name } : { app: service }
    for (const label of Object.keys(selector)) {
      if (label in labels) faults.push(`${path}.labels.${label}: is given by churnbench; choose another name`)
    }
    const first = workloads.find(each => each.name === sharers[0])
    if (first !== undefined && first.port !== port) {
      faults.push(`${path}.port: must be ${first.port} as of "${first.name}", for they share the Service "${service}"`)
    }
    const { replicas } = workload
    const containers = completeContainers(workload.containers, path, faults)
    return {
      namespace,
      name,
      replicas,
      port: containers?.find(({ metrics }) => metrics)?.port ?? port,
      profile:
        containers === undefined ? profile : (containers.find(each => each.profile !== undefined)?.profile ?? ''),
      ...(workload.formats === undefined ? {} : { formats: workload.formats }),
      labels: { ...labels, ...selector },
      selector,
      service,
      maxSurge,
      maxUnavailable,
      ...(containers === undefined ? {} : { containers }),
      ...(workload.optional === undefined ? {} : { optional: workload.optional }),
    }
  })
  return {
    nodes: input.nodes,
    zones: input.zones ?? Math.min(DEFAULT_ZONES, input.nodes),
    podsPerNodeMax: input.podsPerNodeMax ?? DEFAULT_PODS_PER_NODE_MAX,
    workloads: completed,
    ...(input.kubeletPorts === undefined ? {} : { kubeletPorts: input.kubeletPorts }),
    ...(input.addresses === undefined ? {} : { addresses: input.addresses }),
    timings: completeTimings({ ...DEFAULT_TIMINGS, ...input.timings }, ms, faults),
  }
}

/** A workload's profile with its options, in one text. */
export function profileOf({ profile = DEFAULT_WORKLOAD.profile, profileOptions = {} }: WorkloadInput): string {
  return profileText(profile, profileOptions)
}

function completeTimings(timings: TimingsInput, ms: ToMs, faults: string[]): ClusterTimings {
  const jittered = (name: 'schedule' | 'start' | 'ready' | 'terminate'): Jittered => ({
    base: ms(`cluster.timings.${name}`, timings[name][0]),
    jitter: ms(`cluster.timings.${name}`, timings[name][1]),
  })
  return {
    scheduleMs: jittered('schedule'),
    startMs: jittered('start'),
    readyMs: jittered('ready'),
    terminateMs: jittered('terminate'),
    ...(timings.pull === undefined ? {} : { pullMs: pullTimes(timings.pull, ms, faults) }),
    leaseRenewMs: ms('cluster.timings.leaseRenew', timings.leaseRenew),
    nodeMonitorGraceMs: ms('cluster.timings.nodeMonitorGrace', timings.nodeMonitorGrace),
    nodeMonitorPeriodMs: ms('cluster.timings.nodeMonitorPeriod', timings.nodeMonitorPeriod),
    evictionMs: ms('cluster.timings.eviction', timings.eviction),
  }
}

function pullTimes(
  pull: NonNullable<TimingsInput['pull']>,
  ms: ToMs,
  faults: string[],
): NonNullable<ClusterTimings['pullMs']> {
  const path = 'cluster.timings.pull'
  const [p50, p99] = [ms(path, pull[0]), ms(path, pull[1])]
  if (p50 <= 0 || p99 < p50) faults.push(`${path}: is a median above 0 and a 99th percentile that is no less`)
  return { p50, p99 }
}
