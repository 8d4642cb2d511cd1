import fc from 'fast-check'
import t from 'tap'
import { VirtualClock } from '../../base/index.ts'
import { Punctuality } from '../../harness/probes/punctuality.ts'
import { measureSamples } from '../../harness/probes/samples.ts'
import { VisibilityProbe } from '../../harness/probes/visibility.ts'
import { PodHistories } from '../../harness/probes/pods.ts'
import { measureDiscovery } from '../../harness/probes/discovery.ts'
import type { RawSeries } from '../../harness/subjects/index.ts'
import { profileByName, SEQUENCE_SERIES, type TargetSpec, TIME_SERIES, TruthTable, UID_LABEL } from '../../sim/index.ts'

const INTERVAL_MS = 1000

function punctuality(requestMs: readonly number[]) {
  const probe = new Punctuality(INTERVAL_MS)
  probe.add(Float64Array.from(requestMs))
  const { lateness, missed, duplicates } = probe.result()
  return { count: lateness.count, maxMs: lateness.max / 1e6, missed, duplicates }
}

t.test('punctuality counts lateness, missed and duplicate scrapes of a schedule that it is not told', t => {
  t.same(punctuality([100, 730, 1730, 2730, 3730]), { count: 4, maxMs: 0, missed: 0, duplicates: 0 })
  const late = punctuality([100, 730, 1730, 2780, 3730])
  t.ok(Math.abs(late.maxMs - 50) < 0.1, `50 ms late, not ${late.maxMs}`)
  t.match(punctuality([100, 730, 1730, 4730, 5730]), { missed: 2, duplicates: 0 })
  t.match(punctuality([100, 730, 1730, 1900, 2730]), { missed: 0, duplicates: 1 })
  t.match(punctuality([100, 730]), { count: 0 }, 'too few to know a schedule')
  t.end()
})

t.test('a late first scrape on schedule does not hide behind itself', t => {
  const { maxMs } = punctuality([0, 780, 1730, 2730, 3730])
  t.ok(Math.abs(maxMs - 50) < 0.1, `the scrape at 780 was 50 ms late, not ${maxMs}`)
  t.end()
})

t.test('any jitter below half an interval is lateness, never a missed scrape', t => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { minLength: 3, maxLength: 30 }), jitters => {
      const result = punctuality([0, ...jitters.map((jitter, i) => 500 + i * INTERVAL_MS + jitter)])
      return result.missed === 0 && result.duplicates === 0 && result.count === jitters.length
    }),
  )
  t.end()
})

const TARGET: TargetSpec = {
  uid: 'uid-1',
  slot: 0,
  address: '127.9.9.9',
  ports: [8080],
  profile: 'web-service',
  namespace: 'shop',
  pod: 'api-1',
  node: 'node-0',
  container: 'app',
  app: 'api',
  seed: 'test',
  startedUnixMs: 1_700_000_000_000,
}

/** What a faultless subject stores of scrapes answered at these instants of the target's clock. */
function storedRows(target: TargetSpec, answeredMs: readonly number[]): RawSeries[] {
  const page = profileByName(target.profile).page(target)
  return page.series.map(({ name, labels }, index) => ({
    labels: { __name__: name, ...labels, namespace: target.namespace, pod: target.pod, instance: 'x:1' },
    tMs: Float64Array.from(answeredMs, ms => ms - 3),
    values: Float64Array.from(answeredMs, (ms, i) => page.valueAt(index, ms, i + 1)),
  }))
}

async function ask(stored: readonly RawSeries[], served: readonly number[] = [1, 1, 1]) {
  return measureSamples({
    rawSamples: () => Promise.resolve([...stored]),
    identities: new Map([
      [
        TARGET.uid,
        [
          {
            uid: TARGET.uid,
            targetLabels: new Map([
              ['namespace', 'shop'],
              ['pod', 'api-1'],
              ['instance', 'x:1'],
            ]),
          },
        ],
      ],
    ]),
    targets: new Map([[TARGET.uid, TARGET]]),
    logs: [
      { uid: TARGET.uid, requestMs: Float64Array.from(served, (_, i) => i * 1000), served: Uint8Array.from(served) },
    ],
    minUnixMs: 0,
    maxUnixMs: 1e15,
    cutMs: 1e9,
    logsUntilUnixMs: 1e15,
    valueErrorRatioMax: 0,
  })
}

t.test('a faultless subject loses nothing; each fault is counted exactly', async t => {
  const answered = [1_700_000_001_234, 1_700_000_002_240, 1_700_000_003_231]
  const good = storedRows(TARGET, answered)
  const all = good.length * 3
  t.match(await ask(good), { served: all, stored: all, lost: 0, wrong: 0 })

  const first = good.find(series => ![SEQUENCE_SERIES, TIME_SERIES].includes(series.labels.__name__!))!
  const others = good.filter(series => series !== first)
  const lossy = [{ ...first, tMs: first.tMs.slice(1), values: first.values.slice(1) }, ...others]
  t.match(await ask(lossy), { served: all, stored: all - 1, lost: 1, wrong: 0 })

  const bent = [{ ...first, values: first.values.map((value, i) => (i === 1 ? value + 1 : value)) }, ...others]
  const wrong = await ask(bent)
  t.match(wrong, { stored: all - 1, lost: 1, wrong: 1 })
  t.match(wrong.examples.join('\n'), /scrape 2: stored/)

  t.match(await ask([]), { served: all, stored: 0, lost: all, wrong: 0 }, 'nothing stored at all')
  t.match(
    await ask(good, [1, 0, 1]),
    { served: good.length * 2, lost: 0 },
    'a scrape that was cut short was not served',
  )
  const twice = good.map(series => ({
    ...series,
    tMs: Float64Array.of(...series.tMs, series.tMs[2]! + 7),
    values: Float64Array.of(...series.values, series.values[2]!),
  }))
  t.match(await ask(twice), { lost: 0, wrong: good.length }, 'the same scrape stored twice')
})

t.test('labels that relabelling renamed because of a conflict are recognised', async t => {
  const stored = storedRows(TARGET, [1_700_000_001_234, 1_700_000_002_240, 1_700_000_003_231])
  const renamed = stored.map(series => {
    const { route, ...labels } = series.labels
    return {
      ...series,
      labels: { ...labels, ...(route === undefined ? {} : { exported_route: route }), route: 'target' },
    }
  })
  const result = await measureSamples({
    rawSamples: () => Promise.resolve(renamed),
    identities: new Map([
      [
        TARGET.uid,
        [
          {
            uid: TARGET.uid,
            targetLabels: new Map(
              Object.entries({ namespace: 'shop', pod: 'api-1', instance: 'x:1', route: 'target' }),
            ),
          },
        ],
      ],
    ]),
    targets: new Map([[TARGET.uid, TARGET]]),
    logs: [{ uid: TARGET.uid, requestMs: Float64Array.of(0, 1, 2), served: Uint8Array.of(1, 1, 1) }],
    minUnixMs: 0,
    maxUnixMs: 1e15,
    cutMs: 1e9,
    logsUntilUnixMs: 1e15,
    valueErrorRatioMax: 0,
  })
  t.match(result, { lost: 0, wrong: 0, stored: stored.length * 3 })
})

t.test('visibility and staleness are the instants of the first answers that say so', async t => {
  const clock = new VirtualClock()
  const queryable = new Set<string>()
  let failing = false
  const probe = new VisibilityProbe(clock, {
    query: promql => {
      if (failing) return Promise.reject(new Error('down'))
      return Promise.resolve(
        [...queryable].filter(uid => promql.includes(uid)).map(uid => ({ labels: { [UID_LABEL]: uid }, value: 1 })),
      )
    },
  })
  probe.start()
  probe.expectVisible('a', 0n)
  probe.expectVisible('never', 0n)
  clock.schedule(100, () => queryable.add('a'))
  await clock.advanceAsync(400)
  t.equal(probe.visibleCount, 1)
  t.ok(probe.visibility.max / 1e6 >= 100 && probe.visibility.max / 1e6 <= 130, `${probe.visibility.max / 1e6} ms`)

  probe.expectGone('a', clock.monotonicNs())
  await clock.advanceAsync(200)
  t.equal(probe.staleness.count, 0, 'still returned')
  queryable.delete('a')
  await clock.advanceAsync(100)
  t.equal(probe.staleness.count, 1)
  t.ok(probe.staleness.max / 1e6 >= 200 && probe.staleness.max / 1e6 <= 260)

  failing = true
  await clock.advanceAsync(1000)
  t.ok(probe.failures.count > 0)
  const stopped = probe.stop()
  await clock.advanceAsync(1000)
  await stopped
  t.same(probe.censored, { visibility: 1, staleness: 0 }, 'what never happened stands at its deadline')
  t.ok(probe.visibility.max / 1e6 > 1600)
})

t.test('discovery is measured from the planned instant; a pod that was never scraped stands at its deadline', t => {
  const truth = new TruthTable(4)
  const pods = new PodHistories()
  const at = (ms: number) => ({
    plannedMs: ms,
    plannedNs: BigInt(ms) * 1_000_000n,
    committedNs: BigInt(ms) * 1_000_000n,
  })
  for (const slot of [0, 1, 2]) {
    pods.apply({ type: 'target-opened', target: { ...TARGET, uid: `u${slot}`, slot }, ...at(1) })
    pods.apply({ type: 'pod-addressed', uid: `u${slot}`, ...at(10) })
  }
  truth.recordRequest(0, 30_000_000n)
  truth.recordRequest(0, 50_000_000n)
  pods.apply({ type: 'pod-terminating', uid: 'u1', ...at(70) })
  pods.apply({ type: 'pod-deleted', uid: 'u1', ...at(90) })
  const { latency, missed, discovered } = measureDiscovery(pods, truth, 'pod-addressed', 210_000_000n)
  t.same({ missed, discovered, count: latency.count }, { missed: 2, discovered: 1, count: 3 })
  t.same(
    [0, 50, 100].map(p => Math.round(latency.atPercentile(p) / 1e6)),
    [20, 60, 200],
  )
  t.end()
})
