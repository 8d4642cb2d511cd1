import { createHash } from 'node:crypto'
import { Ajv, type ErrorObject } from 'ajv'
import { ExitCode, parseDuration } from '../base/index.ts'
import { canonicalJson, checkThresholds } from '../reports/index.ts'
import type {
  ClusterInput,
  GateStatistic,
  ProfileName,
  ScenarioInput,
  SearchInput,
  ThresholdInput,
  TimingsInput,
} from '../scenarios/index.ts'
import {
  ACTIONS,
  type ClusterSpec,
  type ClusterTimings,
  type Jittered,
  type PlannedAction,
  PROFILES,
} from '../sim/index.ts'
import { HarnessError } from './errors.ts'
import type { QueryLoad } from './load/planned-load.ts'
import { timetable } from './load/timetable.ts'
import { SCENARIO_SCHEMA } from './scenario-schema.ts'

/** A scenario after judgement: complete, in milliseconds, frozen. Nobody below checks or defaults again. */
export interface Scenario {
  readonly name: string
  readonly description: string
  readonly profile: ProfileName
  readonly seed: string
  readonly cluster: ClusterSpec
  readonly plan: readonly PlannedAction[]
  readonly durationMs: number
  readonly settleMs: number
  readonly scrapeIntervalMs: number
  readonly thresholds: Readonly<Record<string, readonly ThresholdInput[]>>
  /** Loads of queries, by name of their entry. */
  readonly queries: readonly QueryLoad[]
  readonly gates: Readonly<Record<string, readonly GateStatistic[]>>
  readonly search?: SearchInput
  /** The input after profile and `--set`: what the report keeps. */
  readonly resolved: unknown
  /** SHA-256 of `resolved` as canonical JSON. */
  readonly sha256: string
}

export interface ScenarioOptions {
  readonly profile: ProfileName
  readonly seed: string
  /** `path.to.field=value`, in order. */
  readonly set: readonly string[]
}

/** Kubernetes' own delays where people would notice; pod start and stop as on a cluster with warm images. */
const DEFAULT_TIMINGS: TimingsInput = {
  schedule: ['5ms', '20ms'],
  start: ['300ms', '900ms'],
  ready: ['100ms', '400ms'],
  terminate: ['200ms', '1000ms'],
  leaseRenew: '10s',
  nodeMonitorGrace: '50s',
  nodeMonitorPeriod: '5s',
  eviction: '5m',
}

/**
 * Applies profile and `--set`, judges the result and completes it.
 *
 * @throws HarnessError CHURN_SCENARIO (exit 2) that lists every fault with its path.
 */
export function resolveScenario(input: ScenarioInput, options: ScenarioOptions): Scenario {
  const faults: string[] = []
  const { profiles, ...base } = input
  let merged: unknown = merge(structuredClone(base), profiles?.[options.profile] ?? {})
  for (const assignment of options.set) merged = applySet(merged, assignment, faults)
  if (!validate(merged)) faults.push(...(validate.errors ?? []).map(schemaFault))
  if (faults.length > 0) throw scenarioError(input.name, faults)

  const scenario = merged as ScenarioInput
  const ms = (path: string, text: string): number => {
    try {
      return parseDuration(text)
    } catch (error) {
      faults.push(`${path}: ${(error as Error).message}`)
      return 0
    }
  }
  const durationMs = ms('duration', scenario.duration)
  const cluster = completeCluster(scenario.cluster, ms, faults)
  const plan = planActions(scenario, durationMs, ms, faults)
  faults.push(...checkThresholds(scenario.thresholds ?? {}).map(fault => `thresholds.${fault}`))
  const completed = {
    durationMs,
    settleMs: ms('settle', scenario.settle),
    scrapeIntervalMs: ms('scrapeInterval', scenario.scrapeInterval),
  }
  if (completed.durationMs <= 0) faults.push('duration: must be longer than 0')
  if (completed.scrapeIntervalMs < 100) faults.push('scrapeInterval: must be at least 100ms')
  if (faults.length > 0) throw scenarioError(input.name, faults)
  return Object.freeze({
    name: scenario.name,
    description: scenario.description,
    profile: options.profile,
    seed: options.seed,
    cluster,
    plan,
    ...completed,
    thresholds: scenario.thresholds ?? {},
    queries: [],
    gates: scenario.gates ?? {},
    ...(scenario.search === undefined ? {} : { search: scenario.search }),
    resolved: merged,
    sha256: createHash('sha256').update(canonicalJson(merged)).digest('hex'),
  })
}

const validate = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true }).compile(
  SCENARIO_SCHEMA,
)

function schemaFault(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.') || 'scenario'
  const { params } = error
  if (error.keyword === 'additionalProperties') return `${path}: unknown field "${params.additionalProperty}"`
  if (error.keyword === 'enum') return `${path}: must be one of ${(params.allowedValues as string[]).join(', ')}`
  return `${path}: ${error.message ?? 'is not valid'}`
}

function scenarioError(name: string, faults: readonly string[]): HarnessError {
  const unique = [...new Set(faults)]
  const list = unique.map(fault => `\n  ${fault}`).join('')
  return new HarnessError('CHURN_SCENARIO', `scenario ${name} cannot be run:${list}`, { exitCode: ExitCode.usage })
}

type ToMs = (path: string, text: string) => number

function completeCluster(input: ClusterInput, ms: ToMs, faults: string[]): ClusterSpec {
  const podsPerNodeMax = input.podsPerNodeMax ?? 110
  const workloads = Object.entries(input.workloads).map(([name, workload]) => {
    const profile = workload.profile ?? 'web-service'
    if (!PROFILES.some(known => known.name === profile)) {
      const known = PROFILES.map(({ name: each }) => each).join(', ')
      faults.push(`cluster.workloads.${name}.profile: unknown profile "${profile}"; known are ${known}`)
    }
    return {
      namespace: workload.namespace ?? 'default',
      name,
      replicas: workload.replicas,
      port: workload.port ?? 8080,
      profile,
      maxSurge: workload.maxSurge ?? '25%',
      maxUnavailable: workload.maxUnavailable ?? '25%',
    }
  })
  return {
    nodes: input.nodes,
    zones: input.zones ?? Math.min(3, input.nodes),
    podsPerNodeMax,
    workloads,
    timings: completeTimings({ ...DEFAULT_TIMINGS, ...input.timings }, ms),
  }
}

function completeTimings(timings: TimingsInput, ms: ToMs): ClusterTimings {
  const jittered = (name: 'schedule' | 'start' | 'ready' | 'terminate'): Jittered => ({
    base: ms(`cluster.timings.${name}`, timings[name][0]),
    jitter: ms(`cluster.timings.${name}`, timings[name][1]),
  })
  return {
    scheduleMs: jittered('schedule'),
    startMs: jittered('start'),
    readyMs: jittered('ready'),
    terminateMs: jittered('terminate'),
    leaseRenewMs: ms('cluster.timings.leaseRenew', timings.leaseRenew),
    nodeMonitorGraceMs: ms('cluster.timings.nodeMonitorGrace', timings.nodeMonitorGrace),
    nodeMonitorPeriodMs: ms('cluster.timings.nodeMonitorPeriod', timings.nodeMonitorPeriod),
    evictionMs: ms('cluster.timings.eviction', timings.eviction),
  }
}

function planActions(
  scenario: ScenarioInput,
  durationMs: number,
  ms: ToMs,
  faults: string[],
): readonly PlannedAction[] {
  const plan: PlannedAction[] = []
  for (const [name, churn] of Object.entries(scenario.scenarios)) {
    const path = `scenarios.${name}`
    const action = ACTIONS.find(candidate => candidate.name === churn.exec)
    if (action === undefined) {
      faults.push(
        `${path}.exec: unknown action "${churn.exec}"; known are ${ACTIONS.map(known => known.name).join(', ')}`,
      )
      continue
    }
    const args = churn.args ?? {}
    for (const arg of action.args) {
      const given = args[arg.name]
      if (given === undefined) {
        if (arg.optional !== true) faults.push(`${path}.args.${arg.name}: is missing (${arg.description})`)
      } else if (typeof given !== arg.type) {
        faults.push(`${path}.args.${arg.name}: must be a ${arg.type}`)
      }
    }
    for (const given of Object.keys(args)) {
      if (!action.args.some(arg => arg.name === given))
        faults.push(`${path}.args.${given}: "${churn.exec}" takes no such argument`)
    }
    checkReferences(scenario, path, args, faults)
    for (const atMs of timetable(churn, path, ms)) {
      if (atMs >= durationMs) {
        faults.push(`${path}: an iteration at ${atMs} ms would start after the scenario's duration of ${durationMs} ms`)
        break
      }
      plan.push({ atMs, action: churn.exec, args })
    }
  }
  return plan.toSorted((a, b) => a.atMs - b.atMs)
}

/** Workloads and nodes that an action names must exist: a typing error would otherwise be a quiet cluster. */
function checkReferences(
  scenario: ScenarioInput,
  path: string,
  args: Readonly<Record<string, string | number | boolean>>,
  faults: string[],
): void {
  if (typeof args.workload === 'string') {
    const known = Object.entries(scenario.cluster.workloads).map(
      ([name, workload]) => `${workload.namespace ?? 'default'}/${name}`,
    )
    const wanted = args.workload.includes('/') ? args.workload : `default/${args.workload}`
    if (!known.includes(wanted)) {
      faults.push(`${path}.args.workload: there is no "${args.workload}"; the cluster has ${known.join(', ')}`)
    }
  }
  if (typeof args.node === 'string') {
    const number = /^node-(\d+)$/.exec(args.node)?.[1]
    if (number === undefined || Number(number) >= scenario.cluster.nodes) {
      faults.push(
        `${path}.args.node: there is no "${args.node}"; nodes are node-0 to node-${scenario.cluster.nodes - 1}`,
      )
    }
  }
}

/** Deep merge of plain objects; anything else in `over` replaces. */
function merge(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over
  const out: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) out[key] = key in out ? merge(out[key], value) : value
  return out
}

/** Applies one `path.to.field=value`. The value is JSON where it parses as such, otherwise the text itself. */
function applySet(target: unknown, assignment: string, faults: string[]): unknown {
  const equals = assignment.indexOf('=')
  if (equals < 1) {
    faults.push(`--set ${assignment}: write it as field=value, for instance --set cluster.nodes=50`)
    return target
  }
  const path = assignment.slice(0, equals).split('.')
  const text = assignment.slice(equals + 1)
  let value: unknown = text
  try {
    value = JSON.parse(text)
  } catch {
    // Not JSON: the text is meant as it stands.
  }
  return merge(
    target,
    path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
