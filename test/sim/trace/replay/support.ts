import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { ClusterSpec, PlannedAction, ReplaySpec } from '../../../../sim/index.ts'
import { type ChurnEvent, TraceReader, TraceState, TraceWriter } from '../../../../sim/trace/index.ts'
import { workload as workloadOf } from '../../controllers/harness.ts'
import { runVirtually, type VirtualRun } from '../../../../sim/virtual-run.ts'

export const dir = mkdtempSync(join(tmpdir(), 'churnbench-replay-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const TIMINGS = {
  scheduleMs: { base: 5, jitter: 20 },
  startMs: { base: 100, jitter: 400 },
  readyMs: { base: 50, jitter: 200 },
  terminateMs: { base: 50, jitter: 400 },
  leaseRenewMs: 500,
  nodeMonitorGraceMs: 2000,
  nodeMonitorPeriodMs: 500,
  evictionMs: 2000,
}

export function clusterOf(workloads: readonly { readonly name: string; readonly replicas: number }[]): ClusterSpec {
  return {
    nodes: 4,
    zones: 2,
    podsPerNodeMax: 110,
    workloads: workloads.map(({ name, replicas }) =>
      workloadOf(name, replicas, { namespace: name.startsWith('b') ? 'billing' : 'shop' }),
    ),
    timings: TIMINGS,
  }
}

export const ORIGIN = { source: { kind: 'run' }, targets: 'annotated' } as const

/** Writes what a run tells. */
export function record(
  name: string,
  cluster: ClusterSpec,
  plan: readonly PlannedAction[],
  durationMs: number,
): Promise<VirtualRun> {
  const path = join(dir, name)
  return runVirtually({ seed: 'replay', cluster, plan, durationMs, record: { path, force: true, origin: ORIGIN } })
}

export async function write(
  name: string,
  events: readonly ChurnEvent[],
  targets: 'annotated' | 'all' = 'annotated',
): Promise<string> {
  const path = join(dir, name)
  const writer = TraceWriter.create(path, { source: { kind: 'generated' }, targets }, { force: true })
  for (const event of events) {
    const fault = writer.write(event)
    if (fault !== undefined) throw new Error(fault)
  }
  await writer.finish()
  return path
}

export async function eventsOf(path: string): Promise<ChurnEvent[]> {
  const reader = await TraceReader.open(path)
  const events: ChurnEvent[] = []
  for await (const batch of reader.batches()) events.push(...batch)
  return events
}

export function fold(events: readonly ChurnEvent[]): TraceState {
  const state = new TraceState()
  for (const event of events) state.apply(event)
  return state
}

/** Plays a trace in virtual time and writes what the cluster shows beside it. */
export async function replay(
  path: string,
  options: Partial<ReplaySpec> = {},
): Promise<VirtualRun & { readonly shown: ChurnEvent[] }> {
  const reader = await TraceReader.open(path)
  await reader.close()
  const { scale = 1, speed = 1, fromMs = 0 } = options
  const { durationMs = 0, scale: peak, targets } = reader.header
  const bounds = { ...peak!, pods: peak!.pods * scale }
  const shown = `${path}.shown`
  const run = await runVirtually({
    seed: 'replay',
    cluster: clusterOf([]),
    plan: [],
    durationMs: Math.ceil((durationMs - fromMs) / speed) + 1,
    replay: {
      path,
      mode: 'exact',
      speed,
      targets,
      nodes: 0,
      zones: 1,
      lenient: false,
      bounds,
      ...options,
    },
    record: { path: shown, force: true, origin: ORIGIN },
  })
  return { ...run, shown: await eventsOf(shown) }
}
