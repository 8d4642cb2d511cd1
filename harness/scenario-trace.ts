import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClusterInput, ScenarioInput, TraceInput } from '../scenarios/index.ts'
import {
  actionByName,
  type ClusterSpec,
  readTraceHeader,
  type ReplayMode,
  type ReplaySpec,
  TraceError,
} from '../sim/index.ts'
import { DEFAULT_PODS_PER_NODE_MAX, DEFAULT_ZONES, type ToMs } from './scenario-cluster.ts'

export interface CompletedTrace {
  readonly spec: ReplaySpec
  /** What of the cluster follows from the trace. */
  readonly cluster: Pick<ClusterSpec, 'nodes' | 'zones' | 'podsPerNodeMax'>
  /** How long the cut lasts at its speed. */
  readonly durationMs: number
  readonly podsEver: number
  /** Of the trace's events. */
  readonly sha256: string
}

/** Most nodes that are made up for a trace that has none. */
const NODES_MAX = 5000

/**
 * Reads a trace's header and completes what a scenario says of it.
 *
 * @throws TraceError CHURN_TRACE_FILE, CHURN_TRACE_FORMAT, CHURN_TRACE_OPTIONS
 */
export function completeTrace(input: TraceInput, cluster: ClusterInput, ms: ToMs): CompletedTrace {
  const { speed = 1, scale = 1, only = [], lenient = false, mode = 'auto', targets = 'auto' } = input
  const path = findTrace(input.file)
  const header = readTraceHeader(path, { lenient })
  const { scale: bounds, counts, durationMs, sha256 } = header
  if (bounds === undefined || counts === undefined || durationMs === undefined || sha256 === undefined) {
    throw new TraceError(
      'CHURN_TRACE_OPTIONS',
      `${path} was never completed, so that nobody knows how large it is; "npm run trace -- convert ${input.file} --out <file>" writes what is there as a whole one`,
    )
  }
  const fromMs = input.from === undefined ? 0 : ms('trace.from', input.from)
  const toMs = input.to === undefined ? durationMs : Math.min(durationMs, ms('trace.to', input.to))
  if (fromMs >= toMs && (input.from !== undefined || input.to !== undefined)) {
    throw new TraceError(
      'CHURN_TRACE_OPTIONS',
      `the part from ${fromMs} to ${toMs} ms is empty; ${path} lasts ${durationMs} ms`,
    )
  }
  const scaled = Object.fromEntries(
    Object.entries(bounds).map(([key, most]) => [key, key === 'podsPerNode' ? most : most * scale]),
  ) as unknown as typeof bounds
  const madeUp = Math.min(NODES_MAX, Math.max(cluster.nodes, Math.ceil(scaled.pods / DEFAULT_PODS_PER_NODE_MAX) + 1))
  const nodes = bounds.nodes === 0 ? madeUp : 0
  const zones = cluster.zones ?? Math.min(DEFAULT_ZONES, Math.max(1, nodes))
  return {
    spec: {
      path,
      mode: mode === 'auto' ? (counts.pod > 0 && bounds.nodes > 0 ? 'exact' : 'controllers') : mode,
      speed,
      ...(fromMs > 0 ? { fromMs } : {}),
      ...(input.to === undefined ? {} : { toMs }),
      scale,
      only,
      targets: targets === 'auto' ? header.targets : targets,
      nodes,
      zones,
      lenient,
      bounds: scaled,
    },
    cluster: {
      nodes: scaled.nodes > 0 ? scaled.nodes : nodes,
      zones: scaled.nodes > 0 ? 0 : zones,
      podsPerNodeMax: Math.max(cluster.podsPerNodeMax ?? DEFAULT_PODS_PER_NODE_MAX, bounds.podsPerNode),
    },
    durationMs: Math.max(1, Math.ceil((toMs - fromMs) / speed)),
    podsEver: counts.podsCreated * scale,
    sha256,
  }
}

/** What a scenario cannot have beside a trace that is played in this mode, with its path. */
export function checkBesideTrace({ cluster, scenarios }: ScenarioInput, mode: ReplayMode): string[] {
  const faults: string[] = []
  if (cluster.addresses !== undefined && mode === 'exact') {
    faults.push(
      'cluster.addresses: pods have the addresses of the trace, taken over from one another as there; leave it out, or set trace.mode to controllers',
    )
  }
  if (Object.keys(cluster.workloads).length > 0) {
    faults.push('cluster.workloads: come from the trace; leave them out')
  }
  for (const [name, { exec }] of Object.entries(scenarios)) {
    if (exec === 'query' || actionByName(exec) === undefined || actionByName(exec)?.on === 'api') continue
    faults.push(`scenarios.${name}.exec: the cluster follows its trace; beside it only the API server can be disturbed`)
  }
  return faults
}

/** Traces that come with churnbench, by their names. */
const OWN_TRACES = new URL('../../scenarios/traces/', import.meta.url)

/** The absolute path of a trace: a file, or one of our own by its name. */
function findTrace(file: string): string {
  const path = resolve(file)
  if (existsSync(path) || /[/.]/.test(file)) return path
  const own = fileURLToPath(new URL(`${file}.trace.jsonl.gz`, OWN_TRACES))
  return existsSync(own) ? own : path
}
