// What inspect says of a trace. Method: by hand where the answer is plain; against a computation that keeps all events and
// sorts them, over random traces; and over a simulated cluster.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { assert } from '../../../../base/index.ts'
import {
  type ChurnEvent,
  type Inspection,
  inspectTrace,
  type PhaseFigures,
  TraceReader,
  type TraceReaderOptions,
  type WindowFigures,
} from '../../../../sim/trace/index.ts'
import { AddressReuse } from '../../../../sim/trace/inspect/address-reuse.ts'
import { areaOf, extremesOf, podsOf, sorted, stepsOf, windowsOf } from './naive.ts'
import { randomTrace } from './random-trace.ts'
import { simulatedChurn, writeTrace } from './simulated-trace.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-inspect-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

let files = 0

async function inspect(
  events: Iterable<ChurnEvent>,
  { durationMs = 0, ...options }: Parameters<typeof inspectTrace>[1] & { readonly durationMs?: number } = {},
): Promise<Inspection> {
  const path = join(dir, `${files++}.jsonl`)
  await writeTrace(path, events, durationMs)
  return inspectTrace(await TraceReader.open(path), options)
}

async function inspectFile(path: string, options: TraceReaderOptions = {}): Promise<Inspection> {
  return inspectTrace(await TraceReader.open(path, options))
}

const pod = (name: string) => ({ kind: 'pod', namespace: 'shop', name, uid: `uid-${name}` }) as const

void t.test('a small trace, by hand', async t => {
  const found = await inspect(
    [
      { t: 0, kind: 'node', op: 'added', name: 'n-0' },
      { t: 0, kind: 'node', op: 'added', name: 'n-1' },
      { t: 1000, ...pod('a'), op: 'created', owner: 'ReplicaSet/cart-6d8', labels: { 'pod-template-hash': '6d8' } },
      { t: 1200, ...pod('a'), op: 'bound', node: 'n-0' },
      { t: 2200, ...pod('a'), op: 'addressed', address: '10.0.0.1' },
      { t: 5200, ...pod('a'), op: 'ready' },
      { t: 6000, kind: 'action', op: 'fail', args: { node: 'n-0' } },
      { t: 6000, kind: 'node', op: 'failed', name: 'n-0' },
      { t: 8500, kind: 'node', op: 'not-ready', name: 'n-0' },
      { t: 8500, ...pod('a'), op: 'not-ready' },
      { t: 9000, ...pod('b'), op: 'created', owner: 'ReplicaSet/cart-6d8', labels: { 'pod-template-hash': '6d8' } },
      { t: 9100, ...pod('b'), op: 'bound', node: 'n-1' },
      { t: 10_000, ...pod('a'), op: 'terminating' },
      { t: 11_000, ...pod('a'), op: 'deleted' },
      { t: 11_500, ...pod('b'), op: 'addressed', address: '10.0.0.1' },
      { t: 12_000, ...pod('b'), op: 'restarted', restarts: 2 },
      { t: 16_000, kind: 'node', op: 'recovered', name: 'n-0' },
      { t: 16_500, kind: 'node', op: 'ready', name: 'n-0' },
    ],
    { durationMs: 20_000 },
  )
  t.match(found, {
    schema: 'churnbench/trace-inspection/v1',
    durationMs: 20_000,
    events: 18,
    eventsAtStart: 2,
    byKind: { node: 6, pod: 11, action: 1 },
    byOp: { 'pod created': 2, 'node failed': 1, 'action fail': 1 },
    rates: { eventsPerS: 0.8 },
    levels: {
      podsAlive: { max: 2, maxAtMs: 9000, atEnd: 1, mean: (8 * 1 + 2 * 2 + 9 * 1) / 20 },
      podsReady: { max: 1, maxAtMs: 5200, atEnd: 0, mean: 0.165 },
      nodes: { max: 2, mean: 2, atEnd: 2 },
      nodesReady: { max: 2, mean: (2 * 20 - 8) / 20, atEnd: 2 },
    },
    pods: {
      created: 2,
      atStart: 0,
      deleted: 1,
      restarts: 2,
      schedule: { ms: { count: 2, min: 100, max: 200, mean: 150 } },
      start: { ms: { count: 2, min: 1000, max: 2400 } },
      ready: { ms: { count: 1, p50: 3000 }, open: 1 },
      lifetime: { ms: { count: 1, max: 10_000 }, open: 1 },
      termination: { ms: { count: 1, max: 1000 } },
      addresses: { given: 2, reused: 1, shared: 0, afterMs: { min: 500, p50: 500 } },
    },
    nodes: {
      added: 2,
      removed: 0,
      failed: 1,
      notReady: 1,
      detection: { ms: { count: 1, max: 2500 } },
      outage: { ms: { count: 1, max: 10_500 }, open: 0 },
      podsMax: { pods: 1, node: 'n-0', atMs: 1200 },
    },
    owners: {
      rows: [
        {
          namespace: 'shop',
          owner: 'Deployment/cart',
          created: 2,
          deleted: 1,
          restarts: 2,
          aliveMax: 2,
          createdPerHour: 360,
        },
      ],
    },
    namespaces: { rows: [{ namespace: 'shop', created: 2, aliveAtEnd: 1 }] },
  })
  t.equal(found.series.binMs, 100)
  t.equal(found.series.bins, 200)
})

void t.test('what was there at the start is no churn, and its age is not told', async t => {
  const snapshot: ChurnEvent[] = [
    { t: 0, kind: 'node', op: 'added', name: 'n-0' },
    { t: 0, kind: 'node', op: 'not-ready', name: 'n-0' },
    { t: 0, ...pod('a'), op: 'created' },
    { t: 0, ...pod('a'), op: 'bound', node: 'n-0' },
    { t: 0, ...pod('a'), op: 'addressed', address: '10.0.0.1' },
    { t: 0, ...pod('a'), op: 'ready' },
    { t: 4000, ...pod('a'), op: 'terminating' },
    { t: 4500, ...pod('a'), op: 'deleted' },
    { t: 6000, kind: 'node', op: 'ready', name: 'n-0' },
  ]
  const { pods, nodes, owners, rates, bursts } = await inspect(snapshot, { durationMs: 10_000 })
  for (const phase of [pods.schedule, pods.start, pods.ready, pods.lifetime, nodes.outage]) {
    t.match(phase, { ms: undefined, atStart: 1, open: 0, never: 0 })
  }
  t.match(pods, { created: 1, atStart: 1, termination: { ms: { count: 1, max: 500 } } })
  t.match(owners.rows, [{ owner: '(no owner)', created: 1, atStart: 1, createdPerHour: 0 }])
  t.equal(rates.events[0]!.max, 2, 'only what happened later')
  t.same(
    bursts.found.map(({ startMs }) => startMs),
    [4000, 6000],
  )
})

void t.test('bursts: busy windows that touch are one, with who and why', async t => {
  const events: ChurnEvent[] = [{ t: 0, kind: 'node', op: 'added', name: 'n-0' }]
  const create = (t: number, i: number, owner: string): void => {
    events.push({ t, ...pod(`p-${i}`), op: 'created', owner })
  }
  create(500, 0, 'StatefulSet/db')
  events.push({ t: 9900, kind: 'action', op: 'scale', args: { workload: 'shop/cart', replicas: 30 } })
  for (let i = 1; i <= 30; i++) create(10_000 + i * 50, i, i % 3 === 0 ? 'StatefulSet/db' : 'StatefulSet/web')
  for (let i = 31; i <= 40; i++) create(40_000, i, 'StatefulSet/web')
  const { bursts } = await inspect(events, { durationMs: 60_000, bursts: 2 })
  t.equal(bursts.windowMs, 1000)
  t.match(bursts.found, [
    {
      startMs: 9000,
      endMs: 12_000,
      events: 31,
      peak: 19,
      peakMs: 10_000,
      owners: [
        { owner: 'StatefulSet/web', events: 20 },
        { owner: 'StatefulSet/db', events: 10 },
      ],
      ops: [{ op: 'pod created', events: 30 }, { op: 'action scale' }],
      causes: [{ t: 9900, what: 'action scale replicas=30 workload=shop/cart' }],
    },
    { startMs: 40_000, events: 10, peak: 10, causes: [] },
  ])
  t.equal(bursts.found.length, 2, 'as many as were asked for')
  const wide = await inspect(events, { durationMs: 60_000, windowMs: 30_000 })
  t.same(
    wide.bursts.found.map(({ startMs, events: n }) => [startMs, n]),
    [[0, 42]],
    'both windows touch',
  )
  t.equal(wide.rates.events[1]!.windowMs, 30_000)
})

void t.test('owners are the workloads that people know', async t => {
  const events: ChurnEvent[] = []
  const cases: [string | undefined, Record<string, string>, string][] = [
    ['ReplicaSet/cart-5d8f7c', { 'pod-template-hash': '5d8f7c' }, 'Deployment/cart'],
    ['ReplicaSet/bare-5d8f7c', { 'pod-template-hash': 'other' }, 'ReplicaSet/bare-5d8f7c'],
    ['ReplicaSet/plain', {}, 'ReplicaSet/plain'],
    ['ReplicaSet/-5d8f7c', { 'pod-template-hash': '5d8f7c' }, 'ReplicaSet/-5d8f7c'],
    ['Job/backup-29403120', {}, 'CronJob/backup'],
    ['Job/migrate-2', {}, 'Job/migrate-2'],
    ['StatefulSet/db', {}, 'StatefulSet/db'],
    [undefined, {}, '(no owner)'],
  ]
  cases.forEach(([owner, labels], i) =>
    events.push({ t: i, ...pod(`p-${i}`), op: 'created', labels, ...(owner === undefined ? {} : { owner }) }),
  )
  const { owners } = await inspect(events)
  t.same(owners.rows.map(({ owner }) => owner!).toSorted(), cases.map(([, , known]) => known).toSorted())
})

void t.test('more owners than are told apart: the smallest are summed, and nothing is lost', async t => {
  const events: ChurnEvent[] = []
  const OWNERS = 12_000
  for (let i = 0; i < OWNERS; i++) {
    // The first ones have two pods each.
    const ones = ['a', 'b']
      .slice(0, i < 100 ? 2 : 1)
      .map(which => ({ ...pod(`p-${i}-${which}`), namespace: `ns-${i % 80}` }))
    for (const one of ones) events.push({ t: i * 10 + 1, ...one, op: 'created', owner: `Job/j-${i}` })
    for (const one of ones) events.push({ t: i * 10 + 5, ...one, op: 'restarted', restarts: 3 })
    for (const one of ones) events.push({ t: i * 10 + 9, ...one, op: 'deleted' })
  }
  const { owners, namespaces, pods, series, durationMs } = await inspect(events)
  t.ok(owners.rows.length <= 10_000)
  t.equal(owners.rows.length + owners.rest!.rows, OWNERS)
  t.equal(owners.rows[99]!.created, 2, 'the largest are there')
  t.equal(owners.rows[100]!.created, 1)
  const sum = (of: (row: { created: number; restarts: number; aliveMean: number }) => number): number =>
    owners.rows.reduce((all, row) => all + of(row), of(owners.rest!))
  t.equal(
    sum(row => row.created),
    pods.created,
  )
  t.equal(
    sum(row => row.restarts),
    3 * pods.created,
  )
  t.ok(Math.abs(sum(row => row.aliveMean) - (8 * pods.created) / durationMs) < 1e-9)
  t.equal(namespaces.rows.length, 80)
  t.equal(series.podsCreatedBy.length, 6, 'five namespaces, and the others')
  t.equal(
    series.podsCreatedBy.flatMap(({ values }) => values).reduce((a, b) => a + b),
    pods.created,
  )
})

void t.test('more addresses than are remembered: the longest left are forgotten, and that is told', async t => {
  const reuse = new AddressReuse()
  const ADDRESSES = 310_000
  const live = (at: number, address: number): void => {
    reuse.take(at, `10.${address}`)
    reuse.leave(at, `10.${address}`)
  }
  for (let i = 0; i < ADDRESSES; i++) live(i, i)
  live(ADDRESSES, 0)
  live(ADDRESSES, ADDRESSES - 1)
  t.match(reuse.finish(), { given: ADDRESSES + 2, reused: 1, forgotten: 150_000, afterMs: { count: 1, max: 1 } })
})

const QUANTILES = [
  ['p50', 50],
  ['p90', 90],
  ['p99', 99],
] as const

/** Comparisons are many thousands: only those that fail are told. */
class Check {
  readonly failed: string[] = []

  equal(found: unknown, wanted: unknown, what = ''): void {
    if (!Object.is(found, wanted)) this.failed.push(`${what}: ${String(found)}, not ${String(wanted)}`)
  }

  ok(found: boolean, what = ''): void {
    if (!found) this.failed.push(what)
  }

  same(found: unknown, wanted: unknown): void {
    this.equal(JSON.stringify(found), JSON.stringify(wanted))
  }
}

function near(t: Check, found: number, wanted: number, what: string): void {
  t.ok(Math.abs(found - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)), `${what}: ${found}, not ${wanted}`)
}

function samePhase(
  t: Check,
  phase: PhaseFigures,
  wanted: Partial<Record<'values', number[]>> & object,
  what: string,
): void {
  const { values = [] } = wanted
  const figures = sorted(values)
  t.equal(phase.ms?.count ?? 0, values.length, `${what}: count`)
  t.equal(
    phase.buckets.reduce((sum, { count }) => sum + count, 0),
    values.length,
    `${what}: buckets`,
  )
  for (const { from, to, count } of phase.buckets) {
    t.equal(
      count,
      values.filter(ms => ms >= from - 1e-6 * from && ms < to - 1e-6 * to).length,
      `${what}: ${from} to ${to}`,
    )
  }
  if (figures === undefined || phase.ms === undefined) return
  t.equal(phase.ms.min, figures.min, `${what}: min`)
  t.equal(phase.ms.max, figures.max, `${what}: max`)
  near(t, phase.ms.mean, figures.mean, `${what}: mean`)
  for (const [name, percentile] of QUANTILES) {
    const exact = figures.at(percentile)
    t.ok(phase.ms[name] >= exact && phase.ms[name] <= exact * 1.001 + 1, `${what}: ${name} ${phase.ms[name]}, ${exact}`)
  }
}

function sameWindows(t: Check, figures: WindowFigures, times: readonly number[], endMs: number, what: string): void {
  const counts = windowsOf(times, figures.windowMs, endMs)
  const all = sorted(counts)!
  t.equal(figures.windows, counts.length, `${what}: windows`)
  near(t, figures.mean, all.mean, `${what}: mean`)
  t.equal(figures.max, all.max, `${what}: max`)
  if (all.max > 0) t.equal(figures.maxAtMs, counts.indexOf(all.max) * figures.windowMs, `${what}: when`)
  for (const [name, percentile] of QUANTILES) t.equal(figures[name], all.at(percentile), `${what}: ${name}`)
  const variance = counts.reduce((sum, count) => sum + (count - all.mean) ** 2, 0) / counts.length
  near(t, figures.fano, all.mean === 0 ? 0 : variance / all.mean, `${what}: Fano`)
}

/** Holds everything against what comes of keeping all events. */
function sameAsNaive(t: Check, found: Inspection, events: readonly ChurnEvent[], durationMs: number): void {
  const endMs = Math.max(durationMs, events.at(-1)!.t)
  const later = events.filter(event => event.t > 0)
  const pods = podsOf(events)
  const at = (one: (typeof pods)[number], ...ops: string[]): number | undefined =>
    one.find(event => ops.includes(event.op))?.t
  t.equal(found.durationMs, endMs)
  t.equal(found.events, events.length)
  for (const [op, count] of Object.entries(found.byOp)) {
    t.equal(count, events.filter(event => `${event.kind} ${event.op}` === op).length, op)
  }

  // How long things took.
  const atStart = (one: (typeof pods)[number]): boolean => one[0]!.t === 0 && at(one, 'addressed') === 0
  const endedMs = (one: (typeof pods)[number]): number | undefined => {
    const end = one.findIndex(event => event.op === 'succeeded' || event.op === 'failed')
    const told = one.findIndex(event => event.op === 'terminating')
    return end === -1 || (told !== -1 && told < end) ? undefined : one[end]!.t
  }
  const spans: [keyof Inspection['pods'], string | undefined, string | undefined][] = [
    ['schedule', 'created', 'bound'],
    ['start', 'bound', 'addressed'],
    ['ready', 'addressed', 'ready'],
    ['lifetime', 'created', 'deleted'],
    ['termination', 'terminating', 'deleted'],
  ]
  for (const [name, from, to] of spans) {
    const begun = pods.filter(one => at(one, from!) !== undefined && !(atStart(one) && at(one, from!) === 0))
    const whole = begun.filter(one => at(one, to!) !== undefined)
    const rest = begun.filter(one => at(one, to!) === undefined)
    const never = rest.filter(
      one =>
        at(one, 'deleted') !== undefined ||
        (name !== 'lifetime' && name !== 'termination' && endedMs(one) !== undefined),
    )
    const phase = found.pods[name] as PhaseFigures
    samePhase(t, phase, { values: whole.map(one => at(one, to!)! - at(one, from!)!) }, name)
    t.equal(phase.never, never.length, `${name}: never`)
    t.equal(phase.open, rest.length - never.length, `${name}: open`)
  }
  const ran = pods.filter(one => endedMs(one) !== undefined && !atStart(one))
  samePhase(t, found.pods.run, { values: ran.map(one => endedMs(one)! - one[0]!.t) }, 'run')

  // Rates.
  const times = later.map(event => event.t)
  const created = later.filter(event => event.kind === 'pod' && event.op === 'created').map(event => event.t)
  for (const figures of found.rates.events) sameWindows(t, figures, times, endMs, `events in ${figures.windowMs}`)
  for (const figures of found.rates.podsCreated) sameWindows(t, figures, created, endMs, `pods in ${figures.windowMs}`)
  const [busiest] = found.bursts.found
  const windows = windowsOf(times, found.bursts.windowMs, endMs)
  if (busiest !== undefined) {
    t.equal(busiest.peak, Math.max(...windows))
    t.equal(busiest.peakMs, windows.indexOf(busiest.peak) * found.bursts.windowMs)
    const within = later.filter(event => event.t >= busiest.startMs && event.t < busiest.endMs)
    t.equal(busiest.events, within.length)
    for (const { op, events: n } of busiest.ops) {
      t.equal(n, within.filter(event => `${event.kind} ${event.op}` === op).length, op)
    }
  }

  // What was there.
  const podChanges = (ons: readonly string[], offs: readonly string[]): [number, number][] => {
    const on = new Set<string>()
    return events.flatMap((event): [number, number][] => {
      if (event.kind !== 'pod') return []
      if (ons.includes(event.op)) {
        on.add(event.uid)
        return [[event.t, 1]]
      }
      if (!offs.includes(event.op) || !on.delete(event.uid)) return []
      return [[event.t, -1]]
    })
  }
  const nodeChanges = events.flatMap((event): [number, number][] => {
    if (event.kind !== 'node' || event.op === 'failed' || event.op === 'recovered') return []
    return [[event.t, event.op === 'not-ready' || event.op === 'removed' ? -1 : 1]]
  })
  const { binMs, bins } = found.series
  for (const [name, changes] of [
    ['podsAlive', podChanges(['created'], ['deleted'])],
    ['podsReady', podChanges(['ready'], ['not-ready', 'deleted'])],
    ['nodesReady', nodeChanges],
  ] as const) {
    const steps = stepsOf(changes)
    const level = found.levels[name]
    t.equal(level.max, Math.max(0, ...steps.map(([, value]) => value)), `${name}: most`)
    if (level.max > 0) t.equal(level.maxAtMs, steps.find(([, value]) => value === level.max)![0], `${name}: when`)
    t.equal(level.atEnd, steps.at(-1)?.[1] ?? 0, `${name}: at the end`)
    if (endMs > 0) near(t, level.mean, areaOf(steps, 0, endMs) / endMs, `${name}: mean`)
    const series = found.series[name]
    for (let bin = 0; bin < bins; bin++) {
      const [from, to] = [bin * binMs, Math.min(endMs, (bin + 1) * binMs)]
      if (to <= from) continue
      near(t, series.mean[bin]!, areaOf(steps, from, to) / (to - from), `${name}: mean in bin ${bin}`)
      const { min, max } = extremesOf(steps, from, (bin + 1) * binMs)
      t.equal(series.max[bin], max, `${name}: most in bin ${bin}`)
      if (to === (bin + 1) * binMs) t.equal(series.min[bin], min, `${name}: least in bin ${bin}`)
    }
  }
  const inBins = windowsOf(times, binMs, endMs)
  t.equal(bins, inBins.length)
  t.same(
    inBins,
    inBins.map((_, bin) => Object.values(found.series.events).reduce((sum, values) => sum + values[bin]!, 0)),
  )

  // Whose they were.
  for (const rows of [found.owners.rows, found.namespaces.rows]) {
    t.equal(
      rows.reduce((sum, row) => sum + row.created, 0),
      pods.length,
    )
    near(
      t,
      rows.reduce((sum, row) => sum + row.aliveMean, 0),
      found.levels.podsAlive.mean,
      'alive, over all rows',
    )
  }
  for (const { namespace, created: n, deleted, restarts, aliveAtEnd } of found.namespaces.rows) {
    const own = pods.filter(one => one[0]!.namespace === namespace)
    t.equal(n, own.length, namespace)
    t.equal(deleted, own.filter(one => at(one, 'deleted') !== undefined).length, namespace)
    t.equal(aliveAtEnd, n - deleted, namespace)
    t.equal(
      restarts,
      own.reduce((sum, one) => sum + (one.findLast(event => event.op === 'restarted')?.restarts ?? 0), 0),
    )
  }

  // Addresses.
  const holders = new Map<string, Set<string>>()
  const leftMs = new Map<string, number>()
  const has = new Map<string, string>()
  const addresses = { given: 0, reused: 0, shared: 0, afterMs: [] as number[] }
  const leave = (uid: string, ms: number): void => {
    const address = has.get(uid)
    if (address === undefined) return
    has.delete(uid)
    holders.get(address)!.delete(uid)
    if (holders.get(address)!.size === 0) leftMs.set(address, ms)
  }
  for (const event of events) {
    if (event.kind !== 'pod') continue
    if (['succeeded', 'failed', 'deleted'].includes(event.op)) leave(event.uid, event.t)
    if (event.op !== 'addressed' || event.address === has.get(event.uid)) continue
    leave(event.uid, event.t)
    const { address } = event
    const own = holders.get(address!) ?? new Set()
    addresses.given++
    if (own.size > 0) addresses.shared++
    else if (leftMs.has(address!)) {
      addresses.reused++
      addresses.afterMs.push(event.t - leftMs.get(address!)!)
    }
    own.add(event.uid)
    holders.set(address!, own)
    has.set(event.uid, address!)
  }
  t.equal(found.pods.addresses.given, addresses.given)
  t.equal(found.pods.addresses.reused, addresses.reused)
  t.equal(found.pods.addresses.shared, addresses.shared)
  t.equal(found.pods.addresses.afterMs?.min, sorted(addresses.afterMs)?.min)
  t.equal(found.pods.addresses.afterMs?.count, sorted(addresses.afterMs)?.count)

  // The busiest node.
  const bound = new Map<string, number>()
  const where = new Map<string, string>()
  let most = 0
  for (const event of events) {
    if (event.kind !== 'pod') continue
    if (event.op === 'bound') {
      where.set(event.uid, event.node!)
      bound.set(event.node!, (bound.get(event.node!) ?? 0) + 1)
      most = Math.max(most, bound.get(event.node!)!)
    }
    const node = where.get(event.uid)
    if (event.op === 'deleted' && node !== undefined) bound.set(node, bound.get(node)! - 1)
  }
  t.equal(found.nodes.podsMax.pods, most)
  t.equal(found.scale.podsPerNode, most)
}

void t.test('random traces: every figure is what keeping all events gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1 }),
      fc.integer({ min: 1, max: 250 }),
      fc.constantFrom(1, 40, 2000, 90_000, 5_000_000),
      fc.integer({ min: 0, max: 100_000 }),
      async (seed, wanted, gapMs, moreMs) => {
        const events = randomTrace(seed, wanted, gapMs)
        const durationMs = events.at(-1)!.t + moreMs
        const found = await inspect(events, { durationMs })
        const check = new Check()
        sameAsNaive(check, found, events, durationMs)
        assert(check.failed.length === 0, () => check.failed.slice(0, 5).join('\n'))
      },
    ),
    { numRuns: 25 },
  )
})

void t.test('a simulated cluster: the same, and the busiest are the rollouts', async t => {
  const events = simulatedChurn({ durationMs: 300_000 })
  const found = await inspect(events, { durationMs: 300_000 })
  const check = new Check()
  sameAsNaive(check, found, events, 300_000)
  t.same(check.failed, [])
  t.ok(found.nodes.detection.ms!.count > 0)
  t.ok(found.owners.rows.every(({ owner }) => owner!.startsWith('Deployment/')))
  const causes = found.bursts.found.flatMap(burst => burst.causes.map(({ what }) => what))
  t.ok(causes.some(what => what.startsWith('action restart workload=')))
})

void t.test('the length need not be known: a trace that was cut off has the same bins', async t => {
  const events = simulatedChurn({ durationMs: 120_000 })
  const path = join(dir, 'cut.jsonl')
  await writeTrace(path, events)
  const whole = await inspectFile(path)
  const [header = '', ...lines] = readFileSync(path, 'utf8').split('\n')
  const { source, targets, trace, version } = JSON.parse(header) as Record<string, unknown>
  writeFileSync(path, [JSON.stringify({ trace, version, source, targets }), ...lines].join('\n'))
  const cut = await inspectFile(path)
  t.same(cut.series, whole.series)
  t.match(cut.completeness, { complete: false, torn: false, faults: 0 })
  truncateSync(path, readFileSync(path).length - 10)
  t.match((await inspectFile(path)).completeness, { complete: false, torn: true })
})

void t.test('what a lenient reading leaves out is told', async t => {
  const path = join(dir, 'faulty.jsonl')
  await writeTrace(path, [
    { t: 0, kind: 'node', op: 'added', name: 'n-0' },
    { t: 5, ...pod('a'), op: 'created' },
    { t: 6, ...pod('a'), op: 'bound', node: 'n-0' },
  ])
  writeFileSync(path, readFileSync(path, 'utf8').replace('"node":"n-0"', '"node":"n-9"'))
  await t.rejects(inspectFile(path), /line 4: pod shop\/a is bound to n-9, and there is no such node/)
  const found = await inspectFile(path, { lenient: true })
  t.match(found.completeness, { complete: true, faults: 1, examples: [/^line 4: /] })
  t.equal(found.events, 2)
})

void t.test('nothing at all', async t => {
  const found = await inspect([])
  t.match(found, { events: 0, durationMs: 0, rates: { eventsPerS: 0 }, bursts: { found: [] }, owners: { rows: [] } })
  t.equal(found.series.bins, 1)
})
