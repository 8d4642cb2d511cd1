import fc from 'fast-check'
import t from 'tap'
import { VirtualClock } from '../../base/index.ts'
import { discoveryHeatmap, HeatmapBuilder } from '../../harness/probes/heatmaps.ts'
import { PodHistories } from '../../harness/probes/pods.ts'
import { VisibilityProbe } from '../../harness/probes/visibility.ts'
import { type TargetSpec, TruthTable, UID_LABEL } from '../../sim/index.ts'

const ns = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9))

t.test('a wait stands in the column of its beginning and the bucket of its length', t => {
  const builder = new HeatmapBuilder()
  t.equal(builder.build(0n), undefined, 'nothing without waits')
  const startNs = 5_000_000_000n
  for (const [atS, waitS] of [
    [0, 1],
    [0.1, 1.2],
    [0.1, 1.26],
    [1.49, 0.1],
    [-3, 2],
  ] as const) {
    builder.add(startNs + ns(atS), ns(waitS))
  }
  t.same(builder.build(startNs), {
    intervalS: 0.25,
    cells: [
      [0, 0, 2],
      [0, 1, 1],
      [0, 3, 1],
      [5, -10, 1],
    ],
  })
  t.end()
})

t.test('a map is bounded, loses nothing and is in order, whatever was waited for and however long', t => {
  const time = fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 3e6, noNaN: true }))
  fc.assert(
    fc.property(fc.array(fc.tuple(time, fc.double({ min: -1, max: 1e6, noNaN: true })), { minLength: 1 }), waits => {
      const builder = new HeatmapBuilder()
      for (const [atS, waitS] of waits) builder.add(ns(atS), ns(waitS))
      const { intervalS, cells } = builder.build(0n)!
      const [columns, buckets] = [cells.map(cell => cell[0]), cells.map(cell => cell[1])]
      const lastS = Math.max(...waits.map(([atS]) => Number(ns(atS)) / 1e9))
      return (
        Math.max(...columns) < 120 &&
        Math.max(...columns) === Math.floor(lastS / intervalS) &&
        Math.min(...buckets) >= -30 &&
        Math.max(...buckets) <= 29 &&
        cells.reduce((sum, cell) => sum + cell[2], 0) === waits.length &&
        cells.every(
          (cell, i) =>
            i === 0 || cell[0] > cells[i - 1]![0] || (cell[0] === cells[i - 1]![0] && cell[1] > cells[i - 1]![1]),
        )
      )
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: -30, max: 29 }), bucket => {
      const builder = new HeatmapBuilder()
      // Just above its lower bound: whole nanoseconds do not hit it exactly.
      builder.add(0n, BigInt(Math.ceil(10 ** (bucket / 10 + 9))))
      return builder.build(0n)!.cells[0]![1] === bucket
    }),
  )
  t.end()
})

const target = (slot: number): TargetSpec => ({
  uid: `uid-${slot}`,
  slot,
  address: '127.9.9.9',
  ports: [8080],
  profile: 'web-service',
  namespace: 'shop',
  pod: `api-${slot}`,
  node: 'node-0',
  container: 'app',
  app: 'api',
  seed: 'test',
  startedUnixMs: 1_700_000_000_000,
})

t.test('discovery: found pods stand at their wait, those never found at their deadline', t => {
  const truth = new TruthTable(3)
  const pods = new PodHistories()
  for (const slot of [0, 1, 2]) {
    pods.apply({ type: 'target-opened', target: target(slot) } as never)
    if (slot < 2) pods.apply({ type: 'pod-addressed', uid: `uid-${slot}`, plannedNs: ns(10 + slot) } as never)
  }
  pods.apply({ type: 'pod-deleted', uid: 'uid-1', plannedNs: ns(15) } as never)
  truth.recordRequest(0, ns(10.5))
  const map = discoveryHeatmap(pods, truth, 'pod-addressed', { startNs: ns(10), endNs: ns(60) })
  t.same(map, {
    intervalS: 0.25,
    cells: [
      [0, -4, 1],
      [4, 6, 1],
    ],
  })
  t.end()
})

t.test('visibility: every entry of the histogram is told, the censored ones as well', async t => {
  const clock = new VirtualClock()
  const told: [number, number][] = []
  let visible: string[] = []
  const probe = new VisibilityProbe(clock, {
    query: () => Promise.resolve(visible.map(uid => ({ labels: { [UID_LABEL]: uid }, value: 1, tMs: 0 }) as never)),
    onVisibility: (sinceNs, waitNs) => told.push([Number(sinceNs) / 1e9, Number(waitNs) / 1e9]),
  })
  const beganNs = clock.monotonicNs()
  for (const uid of ['seen', 'died', 'never']) probe.expectVisible(uid, beganNs)
  probe.start()
  await clock.advanceAsync(1000)
  visible = ['seen']
  await clock.advanceAsync(1000)
  probe.expectGone('died', beganNs + ns(1.5))
  const stopped = probe.stop()
  await clock.advanceAsync(2000)
  await stopped
  t.equal(told.length, 3)
  t.equal(told.length, probe.visibility.count)
  t.ok(told[0]![1] >= 1 && told[0]![1] < 1.2, `seen after ${told[0]![1]} s`)
  t.same(told[1]![1], 1.5, 'died unseen: until its death')
  t.ok(told[2]![1] >= 2, 'never seen: until the end')
})
