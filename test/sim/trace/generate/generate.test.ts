// Generated traces: nothing in them is impossible, they depend on model and seed alone, and the cluster in them behaves.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  enlarged,
  generateEvents,
  judgeModel,
  livelier,
  steady,
  TRACE_PRESETS,
  type TraceModel,
  writeGeneratedTrace,
} from '../../../../sim/trace/generate/index.ts'
import { canonicalLine, type ChurnEvent, TraceReader, TraceState } from '../../../../sim/trace/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-generate-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const HOUR_MS = 3_600_000
type PodEvent = Extract<ChurnEvent, { kind: 'pod' }>
type WorkloadClass = TraceModel['classes'][number]
type PodModel = WorkloadClass['pod']

function eventsOf(model: TraceModel, seed = 'seed'): ChurnEvent[] {
  return [...generateEvents(judgeModel(model, 'of the test'), seed)].flat()
}

/** Runs the events through the fold; whatever it refuses fails the test. `look` sees the state after each. */
function fold(
  events: readonly ChurnEvent[],
  look: (state: TraceState, event: ChurnEvent) => void = () => {},
): TraceState {
  const state = new TraceState()
  const faults: string[] = []
  for (const event of events) {
    const fault = state.apply(event)
    if (fault !== undefined) faults.push(fault)
    look(state, event)
  }
  t.same(faults, [], 'nothing that cannot have happened')
  return state
}

const pods = (events: readonly ChurnEvent[]): PodEvent[] => events.filter(event => event.kind === 'pod')

const FAST: PodModel = {
  containers: [{ name: 'main', ports: [{ port: 8080 }] }],
  graceS: 30,
  scheduleMs: { kind: 'uniform', min: 1, max: 50 },
  startMs: { kind: 'uniform', min: 100, max: 900 },
  readyMs: { kind: 'uniform', min: 500, max: 5_000 },
  terminateMs: { kind: 'uniform', min: 500, max: 9_000 },
}

function modelOf(classes: readonly WorkloadClass[], cluster: Partial<TraceModel['cluster']> = {}): TraceModel {
  return {
    model: 'churnbench-trace',
    version: 1,
    name: 'test',
    durationMs: HOUR_MS,
    startHour: 0,
    namespaces: 2,
    cluster: { nodes: 6, zones: 3, podsPerNodeMax: 30, ...cluster },
    classes,
  }
}

const WEB: WorkloadClass = {
  name: 'web',
  kind: 'Deployment',
  workloads: 3,
  replicas: { kind: 'constant', value: 8 },
  service: true,
  pod: FAST,
}

/** Everything at once, often. */
const LIVELY = modelOf(
  [
    { name: 'agent', kind: 'DaemonSet', workloads: 1, rollouts: { perHour: 3 }, pod: FAST },
    {
      ...WEB,
      rollouts: { perHour: 20, maxSurge: '25%', maxUnavailable: 1 },
      scaling: { perHour: 40, curve: [1], factor: { kind: 'uniform', min: 0.2, max: 2 }, min: 0, max: 20 },
      pod: {
        ...FAST,
        lifetimeMs: { kind: 'exponential', mean: 400_000 },
        restarts: { perHour: 5, downMs: { kind: 'uniform', min: 0, max: 9_000 } },
        outcomes: { failed: { Evicted: 0.4 } },
        lingerMs: { kind: 'exponential', mean: 60_000 },
      },
    },
    {
      name: 'db',
      kind: 'StatefulSet',
      workloads: 2,
      replicas: { kind: 'uniform', min: 2, max: 5 },
      rollouts: { perHour: 6 },
      scaling: { perHour: 20, curve: [1], factor: { kind: 'uniform', min: 0.2, max: 2 }, min: 0 },
      pod: { ...FAST, lifetimeMs: { kind: 'exponential', mean: 900_000 }, outcomes: { failed: { Error: 0.5 } } },
    },
    {
      name: 'cron',
      kind: 'CronJob',
      workloads: 2,
      cron: { everyMs: 300_000, pods: { kind: 'uniform', min: 0, max: 4 } },
      pod: {
        ...FAST,
        lifetimeMs: { kind: 'exponential', mean: 90_000 },
        outcomes: { succeeded: 0.8, failed: { OOMKilled: 0.1 } },
        lingerMs: { kind: 'constant', value: 100_000 },
      },
    },
    {
      name: 'jobs',
      kind: 'Job',
      workloads: 3,
      replicas: { kind: 'uniform', min: 1, max: 4 },
      arrivals: { perHour: 200, burst: { kind: 'uniform', min: 1, max: 5 } },
      initial: { pods: 10 },
      pod: {
        ...FAST,
        lifetimeMs: { kind: 'pareto', min: 1, alpha: 0.5 },
        outcomes: { succeeded: 0.9 },
        lingerMs: { kind: 'constant', value: 0 },
      },
    },
    {
      name: 'bare',
      kind: 'Pod',
      owner: 'ReplicaSet',
      workloads: 2,
      arrivals: { perHour: 300 },
      initial: { pods: 5, remainingMs: { kind: 'constant', value: 0 } },
      pod: {
        ...FAST,
        scheduleMs: { kind: 'exponential', mean: 60_000 },
        pendingMs: { kind: 'exponential', mean: 60_000 },
        lifetimeMs: { kind: 'exponential', mean: 30_000 },
      },
    },
  ],
  {
    autoscaling: { nodesMax: 12, addMs: { kind: 'constant', value: 60_000 }, idleMs: 120_000 },
    nodeFailures: {
      perHour: 30,
      detectMs: { kind: 'uniform', min: 1_000, max: 60_000 },
      evictMs: { kind: 'uniform', min: 0, max: 120_000 },
      removedShare: 0.4,
      repairMs: { kind: 'exponential', mean: 100_000 },
      removeMs: { kind: 'exponential', mean: 100_000 },
      replaceMs: { kind: 'exponential', mean: 100_000 },
    },
  },
)

void t.test('whatever happens at once, nothing impossible comes of it', t => {
  const ops = new Set<string>()
  for (let seed = 0; seed < 6; seed++) {
    const events = eventsOf(LIVELY, `lively/${seed}`)
    const waiting = new Set<string>()
    const state = fold(events, ({ nodes }, { t: atMs, kind, op, ...event }) => {
      ops.add(`${kind} ${op}`)
      if (kind !== 'pod' || op !== 'bound') return
      const node = nodes.get((event as PodEvent).node!)!
      if (!node.ready) waiting.add(`${atMs} ${node.name}`)
    })
    t.same([...waiting], [], 'no pod is bound to a node that is known to be lost')
    t.ok(state.scale.podsPerNode <= 30 + 40, 'pods that ended stay a while, others have a place each')
  }
  const SEEN = ['added', 'failed', 'not-ready', 'ready', 'recovered', 'removed'].map(op => `node ${op}`)
  SEEN.push('workload applied', 'workload scaled', 'workload deleted', 'service applied')
  for (const op of ['created', 'bound', 'addressed', 'ready', 'not-ready', 'restarted']) SEEN.push(`pod ${op}`)
  for (const op of ['succeeded', 'failed', 'terminating', 'deleted']) SEEN.push(`pod ${op}`)
  t.same([...ops].sort(), SEEN.sort(), 'all of it did happen')
  t.end()
})

void t.test('presets make traces that the writer takes and the reader reads', async t => {
  for (const preset of Object.values(TRACE_PRESETS)) {
    const shorter = {
      ...preset,
      durationMs: Math.min(preset.durationMs, HOUR_MS / (preset.name === 'steady' ? 360 : 1)),
    }
    const model = preset.name === 'large' ? enlarged(shorter, 0.1) : shorter
    const path = join(dir, `${model.name}.jsonl.gz`)
    const header = await writeGeneratedTrace(path, model, { seed: '3', details: { model: model.name } })
    const reader = await TraceReader.open(path)
    let events = 0
    for await (const batch of reader.batches()) events += batch.length
    t.equal(events, header.counts!.events, model.name)
    t.equal(header.durationMs, model.durationMs)
    t.equal(header.targets, 'annotated')
    t.same(header.source.details, { model: model.name, seed: '3' })
  }
})

function digest(events: readonly ChurnEvent[]): string {
  const hash = createHash('sha256')
  for (const event of events) hash.update(`${canonicalLine(event)}\n`)
  return hash.digest('hex')
}

void t.test('the same seed gives the same trace, another one another', t => {
  t.equal(digest(eventsOf(LIVELY, 'a')), digest(eventsOf(LIVELY, 'a')))
  t.not(digest(eventsOf(LIVELY, 'a')), digest(eventsOf(LIVELY, 'b')))
  t.end()
})

void t.test('one workload more changes no draw of the others', t => {
  const other: WorkloadClass = { ...WEB, name: 'other', rollouts: { perHour: 5 } }
  const rolling = { ...WEB, rollouts: { perHour: 5 } }
  const lives = (model: TraceModel): string[] =>
    pods(eventsOf(model))
      .filter(({ labels, op }) => op !== 'created' || labels?.['tier'] === 'web')
      // Where a pod is put depends on who else is there; everything else is its own.
      .map(({ t: atMs, op, name, uid }) => `${atMs} ${op} ${name} ${uid}`)
  const alone = lives(modelOf([rolling]))
  const together = new Set(lives(modelOf([other, rolling])))
  t.ok(alone.length > 300)
  t.same(
    alone.filter(line => !together.has(line)),
    [],
  )
  t.end()
})

void t.test('pods are named as Kubernetes does, and live at addresses of their nodes that nobody else has', t => {
  const taken = new Map<string, string>()
  const last = new Map<string, number>()
  let rests = Infinity
  const events = eventsOf(LIVELY, 'names')
  fold(events, (state, event) => {
    if (event.kind !== 'pod') return
    const { op, uid, name, owner } = event
    if (op === 'created' && owner?.startsWith('ReplicaSet/') === true) {
      t.match(name, /^[a-z0-9-]+-[bcdfghjklmnpqrstvwxz2456789]{10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
      t.ok(name.startsWith(`${owner.slice('ReplicaSet/'.length)}-`))
    }
    if (op === 'created' && owner?.startsWith('StatefulSet/') === true) t.match(name, /-\d$/)
    if (op === 'addressed') {
      const { address, node } = state.pods.get(uid)!
      t.match(address, new RegExp(`^10\\.0\\.${node!.slice('node-'.length)}\\.\\d+$`))
      t.notOk(taken.has(address!), `${address} is free`)
      taken.set(address!, uid)
      const before = last.get(address!)
      if (before !== undefined) rests = Math.min(rests, event.t - before)
    }
    if (op !== 'deleted' && op !== 'succeeded' && op !== 'failed') return
    for (const [address, owner] of taken) {
      if (owner !== uid) continue
      taken.delete(address)
      last.set(address, event.t)
    }
  })
  t.ok(rests > 10_000, `an address rests before it is used again: ${rests} ms at least`)
  t.end()
})

void t.test('a rollout replaces all pods within its bounds', t => {
  const bounds = { maxSurge: 2, maxUnavailable: 1 }
  const events = eventsOf(modelOf([{ ...WEB, rollouts: { perHour: 4, ...bounds } }]), 'rollouts')
  const workloads = new Map<string, { active: number; ready: number }>()
  const countOf = (state: TraceState, app: string): { active: number; ready: number } => {
    const count = { active: 0, ready: 0 }
    for (const { labels, graceS, ready } of state.pods.values()) {
      if (labels['app'] !== app || graceS !== undefined) continue
      count.active++
      if (ready) count.ready++
    }
    return count
  }
  let rollouts = 0
  const state = fold(events, (state, event) => {
    if (event.kind === 'workload' && event.t > 0) {
      rollouts++
      t.same(event.strategy, { type: 'RollingUpdate', ...bounds })
    }
    if (event.kind !== 'pod' || event.t === 0) return
    const { app } = state.pods.get(event.uid)?.labels ?? {}
    if (app === undefined) return
    const { active, ready } = countOf(state, app)
    const seen = workloads.get(app) ?? { active: 0, ready: Infinity }
    workloads.set(app, { active: Math.max(seen.active, active), ready: Math.min(seen.ready, ready) })
  })
  t.ok(rollouts >= 6, `${rollouts} rollouts`)
  for (const { active, ready } of workloads.values()) {
    t.ok(active <= 8 + 2, `${active} pods at most`)
    t.ok(ready >= 8 - 1, `${ready} ready at least`)
  }
  // The last rollout may not be over; before it every pod had been replaced.
  t.equal(state.workloads.size, 3)
  const first = new Set(
    events.filter(event => event.kind === 'pod' && event.t === 0).map(event => (event as PodEvent).uid),
  )
  const rolled = new Set(workloads.keys())
  for (const pod of state.pods.values()) if (rolled.has(pod.labels['app']!)) t.notOk(first.has(pod.uid))
  t.end()
})

void t.test('replicas follow the curve of the day', t => {
  const curve = Array.from({ length: 24 }, (_, hour) => (hour >= 8 && hour < 20 ? 3 : 1))
  const scaling = { perHour: 12, curve, factor: { kind: 'constant', value: 1 }, min: 1 } as const
  const model = { ...modelOf([{ ...WEB, scaling }]), durationMs: 24 * HOUR_MS }
  const readyAt = (hour: number): number => {
    const events = eventsOf(model, 'day').filter(event => event.t < hour * HOUR_MS)
    return [...fold(events).pods.values()].filter(pod => pod.ready).length
  }
  t.equal(readyAt(11), 3 * 24, 'by day')
  t.equal(readyAt(24), 24, 'by night')
  t.end()
})

void t.test('a failed node is found out late, loses its pods, and is repaired or replaced', t => {
  const failures = {
    count: 1,
    detectMs: { kind: 'constant', value: 40_000 },
    evictMs: { kind: 'constant', value: 300_000 },
    repairMs: { kind: 'constant', value: 500_000 },
    removeMs: { kind: 'constant', value: 600_000 },
    replaceMs: { kind: 'constant', value: 120_000 },
  } as const
  for (const [removedShare, seed] of [
    [0, 'repaired'],
    [1, 'removed'],
  ] as const) {
    const model = { ...modelOf([WEB], { nodeFailures: { ...failures, removedShare } }), durationMs: 24 * HOUR_MS }
    const events = eventsOf(model, seed)
    const state = fold(events)
    const later = events.filter(event => event.t > 0)
    const { t: failedMs, name } = later.find(event => event.kind === 'node')! as ChurnEvent & { name: string }
    const steps = later.filter(event => event.kind === 'node').map(({ op, t: atMs }) => [op, atMs - failedMs])
    const begun = [
      ['failed', 0],
      ['not-ready', 40_000],
    ] as const
    if (removedShare === 0) {
      t.same(steps.slice(0, 3), [...begun, ['recovered', 500_000]])
      t.equal(steps[3]![0], 'ready')
    } else {
      t.same(steps, [...begun, ['removed', 600_000], ['added', 720_000]])
    }
    const first = pods(events)
      .filter(({ op, node }) => op === 'bound' && node === name)
      .map(({ uid }) => uid)
    const uids = new Set(
      first.slice(
        0,
        pods(events).filter(({ op, node, t: atMs }) => op === 'bound' && node === name && atMs === 0).length,
      ),
    )
    const fates = pods(later).filter(({ uid }) => uids.has(uid))
    t.ok(uids.size > 0)
    const after = (op: string): number[] => [
      ...new Set(fates.filter(fate => fate.op === op).map(fate => fate.t - failedMs)),
    ]
    t.same(after('not-ready'), [40_000])
    t.same(after('terminating'), [340_000])
    t.ok(
      after('deleted').every(ms => ms >= 500_000),
      'nobody on the machine lets them go before',
    )
    t.equal([...state.pods.values()].filter(pod => pod.ready).length, 24, 'all are replaced elsewhere')
  }
  t.end()
})

void t.test('where there is no room pods wait, and nodes come', t => {
  const storm: WorkloadClass = {
    name: 'storm',
    kind: 'Job',
    workloads: 1,
    arrivals: { perHour: { perHour: [60], binMs: HOUR_MS }, burst: { kind: 'constant', value: 50 }, regular: true },
    pod: {
      ...FAST,
      lifetimeMs: { kind: 'constant', value: 40_000 },
      outcomes: { succeeded: 1 },
      lingerMs: { kind: 'constant', value: 1 },
    },
  }
  const full = { nodes: 2, zones: 1, podsPerNodeMax: 10 }
  const peak = (cluster: Partial<TraceModel['cluster']>): { nodes: number; running: number } => {
    const seen = { nodes: 0, running: 0 }
    fold(eventsOf(modelOf([storm], cluster), 'storm'), state => {
      const running = [...state.pods.values()].filter(pod => pod.node !== undefined && pod.ended === undefined).length
      seen.nodes = Math.max(seen.nodes, state.nodes.size)
      seen.running = Math.max(seen.running, running)
    })
    return seen
  }
  t.same(peak(full), { nodes: 2, running: 20 })
  const autoscaling = { nodesMax: 5, addMs: { kind: 'constant', value: 5_000 }, idleMs: 300_000 } as const
  t.same(peak({ ...full, autoscaling }), { nodes: 5, running: 50 })
  t.end()
})

void t.test('steady churn has the rate that was asked for, and no more pods than that', t => {
  for (const rate of [100, 1_000]) {
    const events = eventsOf({ ...steady(rate), durationMs: 40_000 }, 'steady')
    const state = fold(events)
    const measured = events.filter(event => event.t >= 10_000).length / 30
    t.ok(Math.abs(measured - rate) < rate * 0.06, `${measured} events a second of ${rate}`)
    t.ok(state.scale.pods < 1.25 * rate, `${state.scale.pods} pods`)
  }
  t.ok(eventsOf(livelier(steady(100), 3)).length > 2 * eventsOf(steady(100)).length)
  t.end()
})

void t.test('a trace ends after so many events when it must', async t => {
  const path = join(dir, 'cut.jsonl')
  const header = await writeGeneratedTrace(path, steady(100), { seed: '1', eventsMax: 1_234 })
  t.equal(header.counts!.events, 1_234)
  t.ok(header.durationMs! < 60_000, 'and lasts to the last of them')
})
