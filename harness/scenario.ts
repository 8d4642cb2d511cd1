import { createHash } from 'node:crypto'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { ExitCode, nearest, parseDuration } from '../base/index.ts'
import { canonicalJson, checkThresholds, metricInfo, METRICS, parseMetricKey } from '../reports/index.ts'
import type {
  ControlPlaneInput,
  GateStatistic,
  ProfileName,
  ScenarioInput,
  SearchInput,
  TargetCapacityInput,
  ThresholdInput,
} from '../scenarios/index.ts'
import type { ClusterSpec, LearnedPage, PlannedAction, ReplaySpec } from '../sim/index.ts'
import { HarnessError } from './errors.ts'
import type { QueryLoad } from './load/planned-load.ts'
import { queryTags } from './load/query-keys.ts'
import { readLearnedPages } from './learned-pages.ts'
import { completeCluster } from './scenario-cluster.ts'
import { planEntries } from './scenario-plan.ts'
import { SCENARIO_SCHEMA } from './scenario-schema.ts'
import { checkBesideTrace, completeTrace } from './scenario-trace.ts'
import { applySet, fieldAt } from './scenario-set.ts'
import { checkSubMetrics } from './sub-metrics.ts'

/** A scenario after judgement: complete, in milliseconds, frozen. Nobody below checks or defaults again. */
export interface Scenario {
  readonly name: string
  readonly description: string
  readonly profile: ProfileName
  readonly seed: string
  readonly cluster: ClusterSpec
  readonly plan: readonly PlannedAction[]
  /** A trace that is played in the place of workloads. */
  readonly replay?: ReplaySpec
  /** Pods that a replayed trace creates in all, its clones included. */
  readonly podsEver?: number
  readonly durationMs: number
  readonly settleMs: number
  readonly scrapeIntervalMs: number
  readonly thresholds: Readonly<Record<string, readonly ThresholdInput[]>>
  /** Loads of queries, by name of their entry. */
  readonly queries: readonly QueryLoad[]
  readonly gates: Readonly<Record<string, readonly GateStatistic[]>>
  readonly search?: SearchInput
  /** The control plane is what is measured. */
  readonly controlPlane?: ControlPlaneInput
  /** A target worker is what is measured. */
  readonly targetCapacity?: TargetCapacity
  /** Pages that workloads' metrics were learned from, by the texts that name them. */
  readonly pages: Readonly<Record<string, LearnedPage>>
  /** The input after profile and `--set`: what the report keeps. */
  readonly resolved: unknown
  /** SHA-256 of `resolved` as canonical JSON. */
  readonly sha256: string
}

/** `TargetCapacityInput`, its duration read. */
export interface TargetCapacity extends Omit<TargetCapacityInput, 'turn'> {
  readonly turnMs: number
}

export interface ScenarioOptions {
  readonly profile: ProfileName
  readonly seed: string
  /** `path.to.field=value`, in order. */
  readonly set: readonly string[]
}

/**
 * Applies profile and `--set`, judges the result and completes it.
 *
 * @throws HarnessError CHURN_SCENARIO (exit 2) that lists every fault with its path; TraceError.
 */
export function resolveScenario(input: ScenarioInput, options: ScenarioOptions): Scenario {
  const faults: string[] = []
  const { profiles, ...base } = input
  let merged: unknown = merge(structuredClone(base), profiles?.[options.profile] ?? {})
  for (const assignment of options.set) merged = applySet(merged, assignment, faults)
  faults.push(...schemaFaults(merged).map(schemaFault))
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
  const replay = scenario.trace === undefined ? undefined : completeTrace(scenario.trace, scenario.cluster, ms)
  const durationMs = scenario.duration === undefined ? (replay?.durationMs ?? 0) : ms('duration', scenario.duration)
  if (scenario.duration === undefined && replay === undefined) faults.push('duration: is missing')
  const pages = readLearnedPages(scenario.cluster)
  const given = completeCluster(scenario.cluster, ms, faults)
  const cluster = replay === undefined ? given : { ...given, ...replay.cluster }
  if (replay !== undefined) faults.push(...checkBesideTrace(scenario, replay.spec.mode))
  const { plan, queries } = planEntries(scenario, cluster, { seed: options.seed, durationMs, ms, faults })
  faults.push(...checkThresholds(scenario.thresholds ?? {}).map(fault => `thresholds.${fault}`))
  faults.push(...checkGates(scenario.gates ?? {}))
  for (const named of ['thresholds', 'gates'] as const) {
    const keys = Object.keys(scenario[named] ?? {})
    faults.push(...checkSubMetrics(keys, cluster, queryTags(queries)).map(fault => `${named}.${fault}`))
  }
  if (scenario.search !== undefined) faults.push(...checkSearch(scenario.search, merged))
  const completed = {
    durationMs,
    settleMs: ms('settle', scenario.settle),
    scrapeIntervalMs: ms('scrapeInterval', scenario.scrapeInterval),
  }
  const hashes = Object.entries(pages).map(([name, page]) => [name, sha256Of(page)] as const)
  const resolved = {
    ...scenario,
    ...(replay === undefined ? {} : { trace: { ...scenario.trace, sha256: replay.sha256 } }),
    ...(hashes.length === 0 ? {} : { pages: Object.fromEntries(hashes) }),
  }
  if (scenario.controlPlane !== undefined) faults.push(...checkControlPlane(scenario, cluster))
  const targetCapacity = completeTargetCapacity(scenario, ms, faults)
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
    ...(scenario.controlPlane === undefined ? {} : { controlPlane: scenario.controlPlane }),
    ...(targetCapacity === undefined ? {} : { targetCapacity }),
    ...(replay === undefined ? {} : { replay: replay.spec, podsEver: replay.podsEver }),
    ...completed,
    thresholds: scenario.thresholds ?? {},
    queries,
    gates: scenario.gates ?? {},
    ...(scenario.search === undefined ? {} : { search: scenario.search }),
    pages,
    resolved,
    sha256: sha256Of(resolved),
  })
}

let compiled: ValidateFunction | undefined

/** Compiled when the first scenario is judged: many commands judge none. */
function schemaFaults(input: unknown): ErrorObject[] {
  compiled ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(SCENARIO_SCHEMA)
  return compiled(input) ? [] : (compiled.errors ?? [])
}

function sha256Of(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

function schemaFault(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.') || 'scenario'
  const { params } = error
  if (error.keyword === 'additionalProperties') {
    const near = nearest(String(params.additionalProperty), Object.keys(error.parentSchema?.properties ?? {}))
    return `${path}: unknown field "${params.additionalProperty}"${near === undefined ? '' : `; did you mean ${near}?`}`
  }
  if (error.keyword === 'enum') return `${path}: must be one of ${(params.allowedValues as string[]).join(', ')}`
  return `${path}: ${error.message ?? 'is not valid'}`
}

function scenarioError(name: string, faults: readonly string[]): HarnessError {
  const unique = [...new Set(faults)]
  const list = unique.map(fault => `\n  ${fault}`).join('')
  return new HarnessError('CHURN_SCENARIO', `scenario ${name} cannot be run:${list}`, { exitCode: ExitCode.usage })
}

/** Gates on what is never measured, or by a statistic that the metric has not, could never fail. */
function checkGates(gates: NonNullable<ScenarioInput['gates']>): string[] {
  const faults: string[] = []
  for (const [key, statistics] of Object.entries(gates)) {
    const { name } = parseMetricKey(key)
    const info = metricInfo(name)
    if (info === undefined) {
      const near = nearest(name, Object.keys(METRICS))
      faults.push(`gates.${key}: there is no metric "${name}"${near === undefined ? '' : `; did you mean ${near}?`}`)
      continue
    }
    for (const statistic of statistics) {
      if ((statistic === 'value') === (info.kind === 'histogram')) {
        const has = info.kind === 'histogram' ? 'mean, p50, p90, p95, p99' : 'value'
        faults.push(`gates.${key}: a ${info.kind} has no "${statistic}"; it has ${has}`)
      }
    }
  }
  return faults
}

function checkSearch({ field, from, to, sustained }: SearchInput, merged: unknown): string[] {
  const faults = checkThresholds(sustained).map(fault => `search.sustained.${fault}`)
  if (typeof fieldAt(merged, field) !== 'number') faults.push(`search.field: "${field}" is no number of this scenario`)
  if (from >= to) faults.push(`search.from: ${from} must be below search.to, ${to}`)
  if (Object.keys(sustained).length === 0) faults.push('search.sustained: must say what sustained means')
  return faults
}

/** Deep merge of plain objects; anything else in `over` replaces. */
function merge(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over
  const out: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) out[key] = key in out ? merge(out[key], value) : value
  return out
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Nothing happens there but what is measured. */
function completeTargetCapacity(
  { targetCapacity, controlPlane, scenarios, cluster, trace, search }: ScenarioInput,
  ms: (path: string, text: string) => number,
  faults: string[],
): TargetCapacity | undefined {
  if (targetCapacity === undefined) return undefined
  const { turn, ...rest } = targetCapacity
  const turnMs = ms('targetCapacity.turn', turn)
  if (turnMs < TURN_MS_MIN) faults.push(`targetCapacity.turn: must be at least ${TURN_MS_MIN}ms`)
  if (rest.metrics * rest.seriesPerMetric > PAGE_SAMPLES_MAX) {
    faults.push(`targetCapacity: a page may have at most ${PAGE_SAMPLES_MAX} samples`)
  }
  if (controlPlane !== undefined) faults.push('controlPlane: cannot stand beside targetCapacity')
  if (Object.keys(scenarios).length > 0) faults.push('scenarios: must be empty beside targetCapacity')
  if (Object.keys(cluster.workloads).length > 0) faults.push('cluster.workloads: must be empty beside targetCapacity')
  if (trace !== undefined) faults.push('trace: cannot stand beside targetCapacity')
  if (search !== undefined) faults.push('search: cannot stand beside targetCapacity')
  return { ...rest, turnMs }
}

/** Shorter ones end before prom-client has served two pages. */
const TURN_MS_MIN = 200
const PAGE_SAMPLES_MAX = 1_000_000

/** Nothing happens there but what is measured, and all pods must find a place. */
function checkControlPlane(
  { controlPlane, scenarios, cluster, trace, search }: ScenarioInput,
  spec: ClusterSpec,
): string[] {
  const faults: string[] = []
  if (controlPlane === undefined) return faults
  if (Object.keys(scenarios).length > 0) faults.push('scenarios: must be empty beside controlPlane')
  if (Object.keys(cluster.workloads).length > 0) faults.push('cluster.workloads: must be empty beside controlPlane')
  if (trace !== undefined) faults.push('trace: cannot stand beside controlPlane')
  if (search !== undefined) faults.push('search: cannot stand beside controlPlane')
  const room = spec.nodes * spec.podsPerNodeMax
  if (controlPlane.pods > room) {
    faults.push(
      `controlPlane.pods: ${controlPlane.pods} pods do not fit on ${spec.nodes} nodes of ${spec.podsPerNodeMax} pods`,
    )
  }
  return faults
}
