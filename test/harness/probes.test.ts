import fc from 'fast-check'
import t from 'tap'
import { VirtualClock } from '../../base/index.ts'
import { Punctuality } from '../../harness/probes/punctuality.ts'
import { foreignIdentities } from '../../harness/probes/foreign-labels.ts'
import type { StoredIdentity } from '../../harness/probes/identity.ts'
import { measureSamples } from '../../harness/probes/samples.ts'
import { VisibilityProbe } from '../../harness/probes/visibility.ts'
import { PodHistories } from '../../harness/probes/pods.ts'
import { measureDiscovery } from '../../harness/probes/discovery.ts'
import type { RawSeries } from '../../harness/subjects/index.ts'
import {
  profileByName,
  SEQUENCE_SERIES,
  type TargetScrapeLog,
  type TargetSpec,
  TIME_SERIES,
  TruthTable,
  UID_LABEL,
} from '../../sim/index.ts'

const INTERVAL_MS = 1000

/** @param untilMs the last request, unless given: nothing is missed after it then. */
function punctuality(requestMs: readonly number[], untilMs = requestMs.at(-1)!) {
  const probe = new Punctuality(INTERVAL_MS)
  probe.add(Float64Array.from(requestMs), untilMs)
  const { lateness, missed, duplicates } = probe.result()
  return { count: lateness.count, maxMs: lateness.max / 1e6, missed, duplicates }
}

t.test('punctuality counts lateness, missed and duplicate scrapes of a schedule that it is not told', t => {
  t.same(punctuality([100, 730, 1730, 2730, 3730]), { count: 4, maxMs: 0, missed: 0, duplicates: 0 })
  const late = punctuality([100, 730, 1730, 2780, 3730])
  t.ok(Math.abs(late.maxMs - 50) < 0.1, `50 ms late, not ${late.maxMs}`)
  t.match(punctuality([100, 730, 1730, 4730, 5730]), { missed: 2, duplicates: 0 })
  t.match(punctuality([100, 730, 1730, 4730, 5730], 8729), { missed: 3, duplicates: 0 }, 'and one due at 6730')
  t.match(punctuality([100, 730, 1730, 1900, 2730]), { missed: 0, duplicates: 1 })
  t.match(punctuality([100, 730, 1600, 1730, 2730]), { missed: 0, duplicates: 1 }, 'an extra one before its instant')
  t.match(punctuality([100, 730]), { count: 0 }, 'too few to know a schedule')
  t.match(punctuality([100, 730], 900), { count: 0, missed: 0 })
  t.match(punctuality([100], 5000), { missed: 3 }, 'at the latest, those of 1100, 2100 and 3100')
  t.match(punctuality([100, 4730, 5730]), { missed: 4, duplicates: 0 }, 'those of 730, 1730, 2730 and 3730')
  t.match(punctuality([100, 230, 1230, 2230]), { missed: 0, duplicates: 0 }, 'an instant close behind the first')
  t.end()
})

t.test('a subject that stands still is late for all that it did not ask meanwhile', t => {
  // Every 250 ms for ten seconds; nothing from 4.1 s to 7.17 s; then one at once, and on schedule again.
  const instants = Array.from({ length: 40 }, (_, i) => 20 + i * 250)
  const stalled = (requestMs: number[]) => {
    const probe = new Punctuality(250)
    probe.add(Float64Array.from(requestMs), 10_000)
    return probe.result()
  }
  const seen = [0, ...instants.filter(at => at < 4100), 7170, ...instants.filter(at => at > 7170)]
  const { lateness, missed, duplicates } = stalled(seen)
  t.same({ missed, duplicates }, { missed: 11, duplicates: 0 })
  t.equal(lateness.count, 39 + 1, 'an entry for each instant')
  t.ok(
    Math.abs(lateness.max / 1e6 - 2900) < 5,
    `the first one missed, due at 4270, came at 7170: ${lateness.max / 1e6}`,
  )
  t.ok(lateness.atPercentile(90) / 1e6 > 1800, 'a third of the schedule was late, as every user of it saw')
  t.equal(lateness.atPercentile(50), 0, 'the others were not')
  const dead = stalled([0, ...instants.filter(at => at < 4100)])
  t.equal(dead.missed, 22, 'nothing any more from 4.1 s on: all instants whose interval was over by 10 s')
  t.ok(Math.abs(dead.lateness.max / 1e6 - 5730) < 6)
  t.end()
})

t.test('one scrape that is late by more than half an interval does not make all others look late', t => {
  const { maxMs, missed, duplicates } = punctuality([0, 500, 1500, 2500, 4100, 4500, 5500, 6500])
  t.same({ missed, duplicates }, { missed: 0, duplicates: 0 })
  t.ok(Math.abs(maxMs - 600) < 1, `that of 3500 came 600 ms late, not ${maxMs}`)
  const { maxMs: early } = punctuality([0, 500, 1540, 2540, 3540, 4540])
  t.ok(Math.abs(early - 40) < 1, 'whereas a single punctual one tells that the others are late')
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

async function ask(
  stored: readonly RawSeries[],
  served: readonly number[] = [1, 1, 1],
  logsUntilUnixMs = 1e15,
  runs: TargetScrapeLog['runs'] = [{ firstSequence: 1, startedUnixMs: TARGET.startedUnixMs }],
  recorded?: TargetScrapeLog['recorded'],
) {
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
      {
        uid: TARGET.uid,
        requestMs: Float64Array.from(served, (_, i) => i * 1000),
        served: Uint8Array.from(served),
        runs,
        ...(recorded === undefined ? {} : { recorded }),
      },
    ],
    minUnixMs: 0,
    maxUnixMs: 1e15,
    cutMs: 1e9,
    originUnixMs: 1_700_000_001_230,
    logsUntilUnixMs,
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

  const taken = [first.labels.__name__, SEQUENCE_SERIES, TIME_SERIES]
  const other = others.find(series => !taken.includes(series.labels.__name__))
  const copied = { ...other!, tMs: Float64Array.of(...other!.tMs, 9), values: Float64Array.of(...other!.values, 0) }
  copied.tMs[3] = copied.tMs[1]! + 1
  copied.values[3] = copied.values[1]!
  const one = [{ ...first, tMs: first.tMs.filter((_, i) => i !== 1), values: first.values.filter((_, i) => i !== 1) }]
  t.match(
    await ask([...one, copied, ...others.filter(series => series !== other)]),
    { stored: all - 1, lost: 1, wrong: 1 },
    'one that is kept twice does not make up for one that is lost',
  )
})

t.test('of a scrape that is excused nothing is lost, and what is wrong is wrong', async t => {
  const answered = [1_700_000_001_234, 1_700_000_002_240, 1_700_000_003_231]
  const good = storedRows(TARGET, answered)
  const rest = good.length * 2
  const excused = [1, 2, 1]
  t.match(await ask(good, excused), { served: rest, stored: rest, lost: 0, wrong: 0 }, 'stored nevertheless')
  const without = good.map(series => ({
    ...series,
    tMs: series.tMs.filter((_, i) => i !== 1),
    values: series.values.filter((_, i) => i !== 1),
  }))
  t.match(await ask(without, excused), { served: rest, stored: rest, lost: 0, wrong: 0 }, 'left out')
  const last = good.at(-1)!
  const bent = { ...last, values: last.values.map((value, i) => (i === 1 ? value + 1 : value)) }
  t.match(await ask([...good.slice(0, -1), bent], excused), { stored: rest, lost: 0, wrong: 1 }, 'another value')
  const twice = good.map(series => ({
    ...series,
    tMs: Float64Array.of(...series.tMs, series.tMs[1]! + 7),
    values: Float64Array.of(...series.values, series.values[1]!),
  }))
  t.match(await ask(twice, excused), { stored: rest, lost: 0, wrong: good.length }, 'stored twice')
  const further = {
    labels: { ...last.labels, __name__: 'churnbench_misbehaviour_time' },
    tMs: last.tMs,
    values: last.values,
  }
  t.match(await ask([...good, further]), { lost: 0, wrong: 0 }, 'series that no page has are not ours to judge')
})

t.test('what was answered after the logs were taken is not known to them, and not wrong', async t => {
  const answered = [1_700_000_001_234, 1_700_000_002_240, 1_700_000_003_231, 1_700_000_004_236, 1_700_000_005_235]
  const good = storedRows(TARGET, answered)
  const all = good.length * 3
  t.match(await ask(good, [1, 1, 1], 1_700_000_004_000), { served: all, stored: all, lost: 0, wrong: 0 })
  const unnumbered = good.map(series =>
    series.labels.__name__ === SEQUENCE_SERIES
      ? { ...series, tMs: series.tMs.slice(0, 3), values: series.values.slice(0, 3) }
      : series,
  )
  t.match(await ask(unnumbered, [1, 1, 1], 1_700_000_004_000), { stored: all, lost: 0, wrong: 0 })
  t.match(await ask(good), { stored: all, wrong: 2 * good.length }, 'though it is when the logs should know it')
})

t.test('a lost or wrong identity sample is one sample, not a whole scrape', async t => {
  const answered = [1_700_000_001_234, 1_700_000_002_240, 1_700_000_003_231]
  const good = storedRows(TARGET, answered)
  const all = good.length * 3
  const without = (name: string, at: number) => (series: RawSeries) =>
    series.labels.__name__ !== name
      ? series
      : { ...series, tMs: series.tMs.filter((_, i) => i !== at), values: series.values.filter((_, i) => i !== at) }
  const bent = (name: string, at: number, by: number) => (series: RawSeries) =>
    series.labels.__name__ !== name
      ? series
      : { ...series, values: series.values.map((value, i) => (i === at ? value + by : value)) }
  for (const name of [SEQUENCE_SERIES, TIME_SERIES]) {
    t.match(await ask(good.map(without(name, 1))), { stored: all - 1, lost: 1, wrong: 0 }, `${name} lost`)
    for (const by of [1, -1, 0.5, 1e9]) {
      t.match(await ask(good.map(bent(name, 1, by))), { stored: all - 1, lost: 1, wrong: 1 }, `${name} wrong by ${by}`)
    }
  }
  const neither = good.map(without(SEQUENCE_SERIES, 2)).map(without(TIME_SERIES, 2))
  t.match(await ask(neither), { stored: all - 2, lost: 2, wrong: 0 }, 'both lost')
})

t.test('rows of a pod that came later under the same labels are its own', async t => {
  const good = storedRows(TARGET, [1_700_000_001_234, 1_700_000_002_240, 1_700_000_003_231])
  const later = { ...TARGET, uid: 'uid-2', startedUnixMs: 1_700_000_010_000 }
  const next = storedRows(later, [1_700_000_011_000, 1_700_000_012_000])
  const both = good.map((series, i) => {
    if (series.labels[UID_LABEL] !== undefined) return series
    const more = next[i]!
    return {
      ...series,
      tMs: Float64Array.of(...series.tMs, ...more.tMs),
      values: Float64Array.of(...series.values, ...more.values),
    }
  })
  both.push(...next.filter(({ labels }) => labels[UID_LABEL] !== undefined))
  t.match(await ask(both), { stored: good.length * 3, lost: 0, wrong: 0 })
})

t.test('samples of a container that started again are judged by the run that their scrape fell into', async t => {
  const again = { ...TARGET, startedUnixMs: 1_700_000_002_500 }
  const answered = [1_700_000_001_234, 1_700_000_002_240, 1_700_000_003_231]
  const first = storedRows(TARGET, answered)
  const second = storedRows(again, answered)
  const stored = first.map((series, i) => ({
    ...series,
    values: Float64Array.of(series.values[0]!, series.values[1]!, second[i]!.values[2]!),
  }))
  const all = stored.length * 3
  const runs = [
    { firstSequence: 1, startedUnixMs: TARGET.startedUnixMs },
    { firstSequence: 3, startedUnixMs: again.startedUnixMs },
  ]
  t.match(await ask(stored, [1, 1, 1], 1e15, runs), { served: all, stored: all, lost: 0, wrong: 0 })
  const asIfItHadGoneOn = await ask(first, [1, 1, 1], 1e15, runs)
  t.ok(asIfItHadGoneOn.wrong > 40, `${asIfItHadGoneOn.wrong} wrong`)
})

t.test('what an exporter showed is judged by what was written down', async t => {
  const rows = [
    [1, 1_700_000_001.234, 7],
    [2, 1_700_000_002.24, Number.NaN],
    [3, 1_700_000_003.231, 9],
  ]
  const names = [SEQUENCE_SERIES, TIME_SERIES, 'memcached_current_items']
  const recorded = {
    series: names.map((name, i) => ({ name, labels: i < 2 ? { [UID_LABEL]: TARGET.uid } : {} })),
    values: Float64Array.from(rows.flat()),
  }
  const stored = names.map((name, i) => {
    const shown = rows
      .map((row, at) => [1_700_000_001_000 + at * 1000, row[i]!] as const)
      .filter(([, v]) => !Number.isNaN(v))
    return {
      labels: { __name__: name, ...recorded.series[i]!.labels, namespace: 'shop', pod: 'api-1', instance: 'x:1' },
      tMs: Float64Array.from(shown, ([at]) => at),
      values: Float64Array.from(shown, ([, value]) => value),
    }
  })
  t.match(await ask(stored, [1, 1, 1], 1e15, [], recorded), { served: 8, stored: 8, lost: 0, wrong: 0 })
  const bent = [...stored.slice(0, 2), { ...stored[2]!, values: Float64Array.of(7, 8) }]
  t.match(await ask(bent, [1, 1, 1], 1e15, [], recorded), { served: 8, stored: 7, lost: 1, wrong: 1 })
})

t.test('samples that are stored under the labels of the pod that had the address before are misattributed', async t => {
  const answered = [1_700_000_001_234, 1_700_000_002_240, 1_700_000_003_231]
  const before = { ...TARGET, uid: 'uid-0', namespace: 'billing', pod: 'invoices-9', startedUnixMs: 1_690_000_000_000 }
  const own = storedRows(TARGET, answered)
  const labelsOf = ({ namespace, pod }: TargetSpec) => ({ namespace, pod, instance: 'x:1' })
  const first = (series: RawSeries, from: number, to: number): RawSeries => ({
    ...series,
    tMs: series.tMs.slice(from, to),
    values: series.values.slice(from, to),
  })
  // The first scrape went to the old target.
  const stored = [
    ...own.map(series => first(series, 1, 3)),
    ...own.map(series => {
      const taken = first(series, 0, 1)
      return { ...taken, labels: { ...taken.labels, ...labelsOf(before) } }
    }),
  ]
  const identity = (uid: string, target: TargetSpec) => ({
    uid,
    targetLabels: new Map(Object.entries(labelsOf(target))),
  })
  const askOf = (identities: ReadonlyMap<string, readonly StoredIdentity[]>) =>
    measureSamples({
      rawSamples: selector =>
        Promise.resolve(stored.filter(({ labels }) => selector.includes(JSON.stringify(labels.pod)))),
      identities,
      targets: new Map([
        [TARGET.uid, TARGET],
        [before.uid, before],
        ['uid-2', { ...TARGET, uid: 'uid-2' }],
      ]),
      logs: [
        { uid: TARGET.uid, requestMs: Float64Array.of(0, 1000, 2000), served: Uint8Array.of(1, 1, 1), runs: [] },
        { uid: before.uid, requestMs: new Float64Array(0), served: new Uint8Array(0), runs: [] },
      ],
      minUnixMs: 0,
      maxUnixMs: 1e15,
      cutMs: 1e9,
      originUnixMs: 1_700_000_001_230,
      logsUntilUnixMs: 1e15,
      valueErrorRatioMax: 0,
    })
  const all = own.length
  // A pod that was never stored under its own labels: all the same it is known whose those are.
  const only = await askOf(
    new Map([
      [TARGET.uid, [identity(TARGET.uid, before)]],
      [before.uid, [identity(before.uid, before)]],
      ['uid-2', [identity('uid-2', { ...TARGET, uid: 'uid-2' })]],
    ]),
  )
  t.match(only, { stored: 0, lost: 3 * all, wrong: all, misattributed: all })
  const result = await askOf(
    new Map([
      [TARGET.uid, [identity(TARGET.uid, before), identity(TARGET.uid, TARGET)]],
      [before.uid, [identity(before.uid, before)]],
    ]),
  )
  t.match(result, { served: 3 * all, stored: 2 * all, lost: all, wrong: all, misattributed: all })
  t.match(result.examples.join('\n'), /stored under the labels of another pod: .*invoices-9/)
})

t.test('labels that tell no pod from another are nobody else’s, whatever they say', t => {
  const targets = new Map<string, TargetSpec>()
  const identities = new Map<string, StoredIdentity[]>()
  const put = (i: number, labels: Readonly<Record<string, string>>): void => {
    const uid = `uid-${i}`
    const target = { ...TARGET, uid, pod: `api-${i}`, address: `127.9.9.${i}`, namespace: i < 18 ? 'shop' : 'billing' }
    targets.set(uid, target)
    identities.set(uid, [...(identities.get(uid) ?? []), { uid, targetLabels: new Map(Object.entries(labels)) }])
  }
  // A label that is the same for all, as `cluster` is, and one that means something else.
  for (let i = 0; i < 20; i++) put(i, { cluster: 'shop', team: i % 2 === 0 ? 'shop' : 'billing', instance: `x:${i}` })
  t.equal(foreignIdentities(identities, targets).size, 0)
  // A database that comes back under its old name has the same labels, rightly.
  for (let i = 0; i < 20; i++) put(i, { cluster: 'shop', pod: `api-${i}` })
  targets.set('uid-back', { ...TARGET, uid: 'uid-back', pod: 'api-3' })
  identities.set('uid-back', [{ uid: 'uid-back', targetLabels: new Map([['pod', 'api-3']]) }])
  t.equal(foreignIdentities(identities, targets).size, 0)
  put(7, { cluster: 'shop', pod: 'api-8' })
  t.same(
    [...foreignIdentities(identities, targets)].map(({ uid }) => uid),
    ['uid-7'],
  )
  t.end()
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
    logs: [{ uid: TARGET.uid, requestMs: Float64Array.of(0, 1, 2), served: Uint8Array.of(1, 1, 1), runs: [] }],
    minUnixMs: 0,
    maxUnixMs: 1e15,
    cutMs: 1e9,
    originUnixMs: 1_700_000_001_230,
    logsUntilUnixMs: 1e15,
    valueErrorRatioMax: 0,
  })
  t.match(result, { lost: 0, wrong: 0, stored: stored.length * 3 })
})

t.test('a pod that never comes does not make the answers about others come later', async t => {
  const clock = new VirtualClock()
  const shown = new Set<string>()
  let asked = 0
  const probe = new VisibilityProbe(clock, {
    query: promql => {
      asked++
      return Promise.resolve(
        [...shown].filter(uid => promql.includes(uid)).map(uid => ({ labels: { [UID_LABEL]: uid }, value: 1 })),
      )
    },
  })
  probe.start()
  probe.expectVisible('never', clock.monotonicNs())
  await clock.advanceAsync(60_000)
  asked = 0
  await clock.advanceAsync(2000)
  t.equal(asked, 5, 'it is asked for every 400 ms by now')
  const waits: number[] = []
  for (let i = 0; i < 20; i++) {
    await clock.advanceAsync(137)
    probe.expectVisible(`pod-${i}`, clock.monotonicNs())
    shown.add(`pod-${i}`)
    await clock.advanceAsync(100)
    waits.push(probe.visibleCount)
  }
  t.same(
    waits,
    Array.from({ length: 20 }, (_, i) => i + 1),
    'each is found within 100 ms',
  )
  t.ok(probe.visibility.max / 1e6 <= 25, `and none more than a round late: ${probe.visibility.max / 1e6} ms`)
  const stopped = probe.stop()
  await clock.advanceAsync(100)
  await stopped
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
