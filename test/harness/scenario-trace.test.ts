// A scenario that plays a trace: what follows from the trace's header, and what cannot stand beside it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { podBounds } from '../../harness/pod-bounds.ts'
import { resolveScenario, type Scenario } from '../../harness/scenario.ts'
import type { ScenarioInput, TraceInput } from '../../scenarios/index.ts'
import replay from '../../scenarios/replay.scenario.ts'
import { type ChurnEvent, TraceWriter } from '../../sim/trace/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-scenario-trace-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

async function write(
  name: string,
  events: readonly ChurnEvent[],
  targets: 'all' | 'annotated' = 'all',
): Promise<string> {
  const path = join(dir, name)
  const writer = TraceWriter.create(path, { source: { kind: 'generated' }, targets })
  for (const event of events) t.equal(writer.write(event), undefined)
  await writer.finish(60_000)
  return path
}

function resolve(trace: TraceInput, more: Partial<ScenarioInput> = {}): Scenario {
  const { profiles: _, ...input } = replay as ScenarioInput
  return resolveScenario({ ...input, ...more, trace }, { profile: 'quick', seed: '1', set: [] })
}

const pod = { kind: 'pod', namespace: 'a', name: 'p', uid: 'u' } as const
const EXACT: ChurnEvent[] = [
  { t: 0, kind: 'node', op: 'added', name: 'n' },
  { t: 0, ...pod, op: 'created' },
  { t: 0, ...pod, op: 'bound', node: 'n' },
]

void t.test('duration, size and way of playing follow from the trace', async t => {
  const file = await write('exact.jsonl', EXACT, 'annotated')
  const whole = resolve({ file })
  t.match(whole, { durationMs: 60_000, cluster: { nodes: 1, workloads: [] } })
  t.match(whole.replay, { path: file, mode: 'exact', speed: 1, targets: 'annotated', nodes: 0 })
  t.notOk('toMs' in whole.replay!, 'to the end, the last event included')
  const part = resolve({ file, speed: 10, from: '10s', to: '40s', scale: 4, targets: 'all', mode: 'controllers' })
  t.match(part, { durationMs: 3000, cluster: { nodes: 4 } })
  t.match(part.replay, {
    fromMs: 10_000,
    toMs: 40_000,
    targets: 'all',
    mode: 'controllers',
    bounds: { pods: 4, podsPerNode: 1 },
  })
  t.ok(podBounds(part).ever >= 4)
  t.not(whole.sha256, part.sha256)
})

void t.test('sub-metrics of a trace may have any value, for nobody knows its names', async t => {
  const file = await write('tags.jsonl', EXACT)
  const thresholds = (tag: string): Partial<ScenarioInput> => ({
    thresholds: { [`discovery_latency{${tag}}`]: ['p(99)<1'] },
  })
  t.ok(resolve({ file }, thresholds('namespace=whatever')))
  t.throws(() => resolve({ file }, thresholds('zone=a')), /pods have no tag "zone"/)
})

void t.test('intents alone go through the controllers, on nodes that are made up', async t => {
  const workload = { kind: 'workload', namespace: 'a', name: 'w', type: 'Deployment' } as const
  const file = await write('intents.jsonl', [{ t: 0, ...workload, op: 'applied', replicas: 3 }])
  t.match(resolve({ file }).replay, { mode: 'controllers', nodes: 3 })
  t.match(resolve({ file }, { cluster: { nodes: 20, zones: 2, workloads: {} } }).replay, { nodes: 20, zones: 2 })
})

void t.test('another trace makes another scenario', async t => {
  const one = resolve({ file: await write('one.jsonl', EXACT) })
  const two = resolve({ file: await write('two.jsonl', EXACT.slice(0, 2)) })
  t.not(
    (one.resolved as { trace: { sha256: string } }).trace.sha256,
    (two.resolved as { trace: { sha256: string } }).trace.sha256,
  )
})

void t.test('what the trace decides cannot be given beside it', async t => {
  const file = await write('beside.jsonl', EXACT)
  const reuse = { cluster: { nodes: 3, workloads: {}, addresses: 'reuse' } } as const
  t.throws(() => resolve({ file }, reuse), /cluster\.addresses: pods have the addresses of the trace/)
  t.equal(resolve({ file, mode: 'controllers' }, reuse).cluster.addresses, 'reuse')
  const entry = { executor: 'shared-iterations', exec: 'fail-node', args: { node: 'node-0' } } as const
  t.throws(
    () => resolve({ file }, { cluster: { nodes: 3, workloads: { api: { replicas: 1 } } }, scenarios: { x: entry } }),
    /cluster\.workloads: come from the trace.*\n.*scenarios\.x\.exec: the cluster follows its trace/,
  )
  const watches = { executor: 'shared-iterations', startTime: '1s', exec: 'drop-watches' } as const
  t.equal(resolve({ file }, { scenarios: { x: watches } }).plan.length, 1, 'the API server can be disturbed')
  t.throws(() => resolve({ file, from: '2m' }), { code: 'CHURN_TRACE_OPTIONS' })
  t.throws(() => resolve({ file, speed: 0 }), /trace\.speed: must be > 0/)
})
