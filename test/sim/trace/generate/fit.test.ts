// Learning from traces: what is learned of a trace and what is learned of one generated from that agree; openb's too.
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { Prng } from '../../../../base/index.ts'
import { draw, quantile, type Distribution } from '../../../../sim/trace/generate/distribution.ts'
import { LifeTable } from '../../../../sim/trace/generate/fit/life-table.ts'
import { RateTable } from '../../../../sim/trace/generate/fit/rate-table.ts'
import { TraceFit } from '../../../../sim/trace/generate/fit/trace-fit.ts'
import { generateEvents, judgeModel, TRACE_PRESETS, type TraceModel } from '../../../../sim/trace/generate/index.ts'
import { type ChurnEvent, transitionsOf } from '../../../../sim/trace/index.ts'
import { simulate, TIMINGS, workload } from '../../controllers/harness.ts'

type WorkloadClass = TraceModel['classes'][number]

const HOUR_MS = 3_600_000

function fitted(events: Iterable<readonly ChurnEvent[]>, durationMs?: number): TraceModel {
  const fit = new TraceFit(0)
  for (const batch of events) for (const event of batch) fit.add(event)
  return judgeModel({ ...fit.finish(durationMs).model, name: 'fitted' }, 'that was learned')
}

function near(
  t: { ok(value: unknown, message: string): unknown },
  got: number,
  wanted: number,
  share: number,
  what: string,
): void {
  t.ok(Math.abs(got - wanted) <= Math.abs(wanted) * share, `${what}: ${got}, wanted ${wanted} ± ${share * 100} %`)
}

/** Quantiles agree within a share, or a few milliseconds; those that are never reached in both. */
function agree(
  t: { ok(value: unknown, message: string): unknown },
  got: Distribution | undefined,
  wanted: Distribution | undefined,
  share: number,
  what: string,
): void {
  t.ok(got !== undefined && wanted !== undefined, `${what} was learned both times`)
  for (const p of [0.1, 0.25, 0.5, 0.75, 0.9]) {
    const [a, b] = [quantile(got!, p), quantile(wanted!, p)]
    // A quantile that lies where the rest never happens may be on either side.
    if (a === b) continue
    t.ok(Math.abs(a - b) <= Math.max(5, b * share), `${what} p${p * 100}: ${a}, wanted ${b} ± ${share * 100} %`)
  }
}

void t.test('a table learns a distribution, and what was cut short teaches too', t => {
  const prng = new Prng('life-table')
  const lifetime: Distribution = { kind: 'lognormal', median: 40_000, p90: 200_000 }
  const [whole, cut] = [new LifeTable(), new LifeTable()]
  for (let i = 0; i < 60_000; i++) {
    const livedMs = draw(lifetime, prng)
    const watchedMs = draw({ kind: 'exponential', mean: 80_000 }, prng)
    whole.end(livedMs)
    if (livedMs <= watchedMs) cut.end(livedMs)
    else cut.censor(watchedMs)
  }
  for (const p of [0.05, 0.25, 0.5, 0.75, 0.9]) {
    near(t, quantile(whole.distribution()!, p), quantile(lifetime, p), 0.03, `all seen, p${p * 100}`)
    near(t, quantile(cut.distribution()!, p), quantile(lifetime, p), 0.04, `half of them cut short, p${p * 100}`)
  }
  t.ok(cut.ended < 45_000, 'many were cut short')
  t.end()
})

void t.test('a table of few cases', t => {
  const table = new LifeTable()
  t.equal(table.distribution(), undefined)
  table.censor(50)
  t.same(table.distribution(), { kind: 'never' })
  table.end(70)
  t.same(table.distribution(), { kind: 'constant', value: 70 }, 'the other one may have been like it')
  table.censor(90)
  const half = table.distribution()!
  t.equal(quantile(half, 0.49), 70)
  t.equal(quantile(half, 0.51), Infinity, 'one of the two that lived to 70 outlived it')
  t.end()
})

void t.test('a rate is told along a short trace, and by the hour of a long one', t => {
  const short = new RateTable(0)
  for (let s = 0; s < 60; s++) for (let i = 0; i < (s < 30 ? 1 : 3); i++) short.add(s * 1000 + i)
  const rate = short.rate(60_000) as { perHour: number[]; binMs: number }
  t.equal(rate.binMs, 2_000)
  t.same(
    rate.perHour.slice(0, 15),
    Array.from({ length: 15 }, () => 3600),
  )
  t.same(
    rate.perHour.slice(15),
    Array.from({ length: 15 }, () => 3 * 3600),
  )
  const long = new RateTable(9 * HOUR_MS)
  // Ten days from nine o'clock on, one at every noon.
  for (let day = 0; day < 10; day++) long.add((3 + 24 * day) * HOUR_MS)
  const byHour = long.rate(240 * HOUR_MS, 2) as { perHour: number[] }
  t.same(
    byHour.perHour,
    Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 0.5 : 0)),
  )
  t.end()
})

const DELAYS = ['scheduleMs', 'startMs', 'readyMs', 'terminateMs'] as const

function classOf(model: TraceModel, kind: string): WorkloadClass {
  const found = model.classes.find(workloadClass => workloadClass.kind === kind)
  t.ok(found, `${kind} was learned`)
  return found!
}

const perHour = (rate: TraceModel['classes'][number]['arrivals']): number => {
  const { perHour: bins } = rate!.perHour as { perHour: number[] }
  return bins.reduce((sum, value) => sum + value, 0) / bins.length
}

void t.test('a model is found again in its own trace', t => {
  const shared = {
    containers: [{ name: 'main', ports: [{ name: 'http-metrics', port: 8080 }] }],
    annotations: { 'prometheus.io/port': '8080', 'prometheus.io/scrape': 'true' },
    graceS: 25,
    scheduleMs: { kind: 'lognormal', median: 30, p90: 400 },
    startMs: { kind: 'lognormal', median: 900, p90: 4_000 },
    readyMs: { kind: 'uniform', min: 2_000, max: 9_000 },
    terminateMs: { kind: 'weibull', shape: 1.5, scale: 4_000 },
  } as const
  const model: TraceModel = {
    model: 'churnbench-trace',
    version: 1,
    name: 'known',
    durationMs: 6 * HOUR_MS,
    startHour: 0,
    namespaces: 4,
    cluster: {
      nodes: 40,
      zones: 3,
      podsPerNodeMax: 110,
      nodeFailures: {
        perHour: 8,
        detectMs: { kind: 'uniform', min: 36_000, max: 46_000 },
        evictMs: { kind: 'constant', value: 120_000 },
        removedShare: 0.5,
        repairMs: { kind: 'uniform', min: 300_000, max: 500_000 },
        removeMs: { kind: 'uniform', min: 300_000, max: 500_000 },
        replaceMs: { kind: 'uniform', min: 60_000, max: 90_000 },
      },
    },
    classes: [
      {
        name: 'web',
        kind: 'Deployment',
        workloads: 30,
        replicas: { kind: 'uniform', min: 5, max: 25 },
        service: true,
        rollouts: { perHour: 0.5, maxSurge: '30%', maxUnavailable: 0 },
        scaling: { perHour: 2, curve: [1], factor: { kind: 'uniform', min: 0.8, max: 1.2 }, min: 1 },
        pod: {
          ...shared,
          lifetimeMs: { kind: 'exponential', mean: 20 * HOUR_MS },
          outcomes: { failed: { Evicted: 0.3, OOMKilled: 0.3 } },
          lingerMs: { kind: 'constant', value: 60_000 },
          restarts: { perHour: 0.5, downMs: { kind: 'uniform', min: 1_000, max: 9_000 } },
        },
      },
      {
        name: 'jobs',
        kind: 'Job',
        workloads: 6,
        arrivals: { perHour: 600 },
        initial: { pods: 60 },
        pod: {
          ...shared,
          lifetimeMs: { kind: 'lognormal', median: 240_000, p90: 1_200_000 },
          outcomes: { succeeded: 0.8, failed: { Error: 0.15 } },
          lingerMs: { kind: 'uniform', min: 100_000, max: 200_000 },
        },
      },
    ],
  }
  const learned = fitted(generateEvents(model, 'known'), model.durationMs)
  const [web, jobs] = [classOf(learned, 'Deployment'), classOf(learned, 'Job')]
  for (const [got, wanted] of [
    [web, model.classes[0]!],
    [jobs, model.classes[1]!],
  ] as const) {
    // Jobs are seldom asked to stop: too few cases to compare.
    for (const delay of got === web ? DELAYS : DELAYS.slice(0, 3))
      agree(t, got.pod[delay], wanted.pod[delay], 0.1, `${wanted.name} ${delay}`)
    t.same(got.pod.containers[0]!.ports, wanted.pod.containers[0]!.ports)
    t.same(got.pod.annotations, wanted.pod.annotations)
    t.equal(got.pod.graceS, 25)
  }
  t.equal(web.workloads, 30)
  t.equal(web.service, true)
  agree(t, web.replicas, model.classes[0]!.replicas, 0.35, 'replicas')
  t.equal(web.rollouts?.maxSurge, '30%')
  near(t, perHour(web.rollouts), 0.5, 0.25, 'rollouts of a Deployment in an hour')
  // Most pods outlive the trace: only the first part of the distribution can be learned.
  near(t, quantile(web.pod.lifetimeMs!, 0.1), -20 * HOUR_MS * Math.log(0.9), 0.2, 'how long until a pod is lost, p10')
  near(t, web.pod.outcomes!.failed!['Evicted']!, 0.3, 0.3, 'evicted')
  near(t, web.pod.restarts!.perHour, 0.5, 0.1, 'restarts of a pod in an hour')
  agree(t, web.pod.restarts!.downMs, { kind: 'uniform', min: 1_000, max: 9_000 }, 0.1, 'how long a restart takes')
  near(t, perHour(jobs.arrivals), 600, 0.05, 'Jobs in an hour')
  t.equal(jobs.initial?.pods, 60)
  agree(t, jobs.pod.lifetimeMs, model.classes[1]!.pod.lifetimeMs, 0.1, 'how long a Job runs')
  near(t, jobs.pod.outcomes!.succeeded!, 0.8, 0.03, 'succeeded')
  near(t, jobs.pod.outcomes!.failed!['Error']!, 0.15, 0.1, 'failed')
  agree(t, jobs.pod.lingerMs, { kind: 'uniform', min: 100_000, max: 200_000 }, 0.05, 'until it is tidied up')
  const { nodes, zones, nodeFailures } = learned.cluster
  t.ok(nodes >= 40 && nodes <= 42)
  t.equal(zones, 3)
  near(t, perHour(nodeFailures as WorkloadClass['arrivals']), 8, 0.35, 'failures in an hour')
  agree(t, nodeFailures?.detectMs, { kind: 'uniform', min: 36_000, max: 46_000 }, 0.1, 'detection')
  agree(t, nodeFailures?.evictMs, { kind: 'constant', value: 120_000 }, 0.05, 'eviction')
  agree(t, nodeFailures?.repairMs, { kind: 'uniform', min: 300_000, max: 500_000 }, 0.2, 'repair')
  agree(t, nodeFailures?.replaceMs, { kind: 'uniform', min: 60_000, max: 90_000 }, 0.25, 'replacement')
  near(t, nodeFailures!.removedShare, 0.5, 0.4, 'removed')
  t.end()
})

void t.test('a model holds no name, label or image of the trace it was learned from', t => {
  const events = [...generateEvents(TRACE_PRESETS['mid-size']!, 'names')].flat()
  const learned = JSON.stringify(fitted([events]))
  const secrets = new Set<string>()
  for (const event of events) {
    if (event.kind !== 'workload') continue
    secrets.add(event.name)
    secrets.add(event.namespace)
    for (const { image } of event.containers ?? []) if (image !== undefined) secrets.add(image)
  }
  t.ok(secrets.size > 60)
  t.same(
    [...secrets].filter(secret => learned.includes(`"${secret}`)),
    [],
  )
  t.end()
})

void t.test('generating from what was learned and learning again changes little', t => {
  const first = fitted(generateEvents(TRACE_PRESETS['batch']!, 'again'), TRACE_PRESETS['batch']!.durationMs)
  const second = fitted(generateEvents(first, 'other'), first.durationMs)
  const [before, after] = [classOf(first, 'Job'), classOf(second, 'Job')]
  for (const delay of DELAYS.slice(0, 3)) agree(t, after.pod[delay], before.pod[delay], 0.15, delay)
  agree(t, after.pod.lifetimeMs, before.pod.lifetimeMs, 0.12, 'lifetime')
  near(t, perHour(after.arrivals), perHour(before.arrivals), 0.1, 'arrivals')
  near(t, after.pod.outcomes!.succeeded!, before.pod.outcomes!.succeeded!, 0.03, 'succeeded')
  t.end()
})

/** Some hours of our own simulator: twelve Deployments that are rolled, scaled and lose nodes. */
function simulatedEvents(): ChurnEvent[] {
  const events: ChurnEvent[] = []
  const sim = simulate({
    nodes: 10,
    keep: false,
    timings: { evictionMs: 60_000 },
    onEvent: ({ type, resource, object, previous }, { clock }) => {
      for (const transition of transitionsOf({ type, kind: resource.kind, object, previous })) {
        events.push({ t: Math.floor(clock.elapsedMs), ...transition })
      }
    },
  })
  const { clock, cluster } = sim
  const ground = (op: 'failed' | 'recovered', name: string): void => {
    events.push({ t: Math.floor(clock.elapsedMs), kind: 'node', op, name })
  }
  clock.advance(1_000)
  for (let i = 0; i < 12; i++) cluster.applyWorkload(workload(`app-${i}`, 10 + i))
  for (let round = 0; round < 30; round++) {
    clock.advance(120_000)
    cluster.restart('shop', `app-${round % 12}`)
    clock.advance(90_000)
    cluster.scale('shop', `app-${(round * 5) % 12}`, 6 + ((round * 7) % 16))
    if (round % 6 !== 0) continue
    const node = `node-${round / 6}`
    cluster.failNode(node)
    ground('failed', node)
    clock.advance(180_000)
    cluster.recoverNode(node)
    ground('recovered', node)
  }
  return events
}

void t.test('a run of our own: its timings are learned, and the trace generated from them has them too', t => {
  const events = simulatedEvents()
  const durationMs = events.at(-1)!.t
  const first = fitted([events], durationMs)
  const second = fitted(generateEvents(first, 'simulated'), durationMs)
  const [before, after] = [classOf(first, 'Deployment'), classOf(second, 'Deployment')]
  t.equal(before.workloads, 12)
  for (const delay of DELAYS) {
    const { base, jitter } = TIMINGS[delay]
    const wanted = { kind: 'uniform', min: base, max: base + jitter } as const
    // The kubelet needs some tens of milliseconds from the containers' end to the deletion.
    agree(t, before.pod[delay], wanted, delay === 'terminateMs' ? 0.2 : 0.1, `learned ${delay}`)
    agree(t, after.pod[delay], before.pod[delay], 0.1, `again ${delay}`)
  }
  const rollouts = 30 / 12 / (durationMs / HOUR_MS)
  near(t, perHour(before.rollouts), rollouts, 0.1, 'rollouts of a Deployment in an hour')
  near(t, perHour(after.rollouts), rollouts, 0.4, 'rollouts again')
  t.ok(before.scaling !== undefined)
  t.equal(before.pod.lifetimeMs, undefined, 'no pod was lost for any other reason')
  const { nodeFailures } = first.cluster
  near(t, perHour(nodeFailures as WorkloadClass['arrivals']), 5 / (durationMs / HOUR_MS), 0.1, 'failures in an hour')
  const detected = quantile(nodeFailures!.detectMs, 0.5)
  t.ok(detected >= TIMINGS.nodeMonitorGraceMs - TIMINGS.leaseRenewMs, `found out after ${detected} ms`)
  t.ok(detected <= TIMINGS.nodeMonitorGraceMs + TIMINGS.nodeMonitorPeriodMs, `found out after ${detected} ms`)
  near(t, quantile(nodeFailures!.evictMs, 0.5), 60_000, 0.1, 'eviction')
  t.end()
})

const PEER_DATA = process.env['CHURNBENCH_PEER_DATA'] ?? '../shared/peer-data'
const OPENB = `${PEER_DATA}/traces/openb-gpu-v2023/openb_pod_list_default.csv`

/** Pods of the list as events, in order; a pod that is never scheduled has no more than a beginning and an end. */
function openbEvents(): ChurnEvent[] {
  const [head, ...rows] = readFileSync(OPENB, 'utf8').trim().split('\n')
  const columns = head!.split(',')
  const events: { event: ChurnEvent; order: number }[] = []
  for (const row of rows) {
    const cells = row.split(',')
    const cell = (name: string): string => cells[columns.indexOf(name)]!
    const [created, deleted, scheduled] = ['creation_time', 'deletion_time', 'scheduled_time'].map(
      name => Number(cell(name)) * 1000,
    ) as [number, number, number]
    const pod = { kind: 'pod', namespace: 'openb', name: cell('name'), uid: cell('name') } as const
    const add = (t: number, event: object): void => {
      events.push({ event: { t, ...pod, ...event } as ChurnEvent, order: events.length })
    }
    add(created, { op: 'created' })
    if (cell('scheduled_time') !== '') {
      add(scheduled, { op: 'bound', node: 'one' })
      add(scheduled, { op: 'addressed' })
      add(scheduled, { op: 'ready' })
      if (cell('pod_phase') === 'Failed') add(Math.max(deleted, scheduled), { op: 'failed' })
    }
    add(Math.max(deleted, scheduled, created), { op: 'deleted' })
  }
  const sorted = events.sort((a, b) => a.event.t - b.event.t || a.order - b.order).map(({ event }) => event)
  return [{ t: 0, kind: 'node', op: 'added', name: 'one' }, ...sorted]
}

void t.test(
  'pods of a real cluster: what is learned of them and of a trace generated from that agrees',
  { skip: existsSync(OPENB) ? false : `no test data in ${OPENB}` },
  t => {
    const events = openbEvents()
    const first = fitted([events])
    const pods = classOf(first, 'Pod')
    const created = events.filter(event => event.op === 'created').length
    t.ok(created > 8_000)
    // By hand, from the list itself: running times of those that were scheduled.
    const ran = new Map<string, number>()
    const lived: number[] = []
    for (const event of events) {
      if (event.kind !== 'pod') continue
      if (event.op === 'bound') ran.set(event.uid, event.t)
      else if (event.op === 'deleted' && ran.has(event.uid)) lived.push(event.t - ran.get(event.uid)!)
    }
    lived.sort((a, b) => a - b)
    for (const p of [0.1, 0.5, 0.9]) {
      near(t, quantile(pods.pod.lifetimeMs!, p), lived[Math.floor(p * lived.length)]!, 0.05, `lifetime p${p * 100}`)
    }
    // Nodes enough for all: the list does not say which node a pod was on.
    const roomy = { ...first, cluster: { ...first.cluster, nodes: 100 } }
    const second = fitted(generateEvents(roomy, 'openb'), first.durationMs)
    const again = classOf(second, 'Pod')
    agree(t, again.pod.lifetimeMs, pods.pod.lifetimeMs, 0.15, 'lifetime')
    agree(t, again.pod.scheduleMs, pods.pod.scheduleMs, 0.15, 'wait')
    near(t, perHour(again.arrivals), perHour(pods.arrivals), 0.1, 'arrivals')
    const failed = (model: WorkloadClass): number =>
      Object.values(model.pod.outcomes?.failed ?? {}).reduce((a, b) => a + b, 0)
    near(t, failed(again), failed(pods), 0.1, 'failed')
    t.end()
  },
)
