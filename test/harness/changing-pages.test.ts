// Stored samples of targets whose series come and go: each scrape is judged by the page that it was taken from.
import t from 'tap'
import { measureSamples } from '../../harness/probes/samples.ts'
import type { RawSeries } from '../../harness/subjects/index.ts'
import { type MetricsPage, pageAt, profileByName, type TargetSpec, UID_LABEL } from '../../sim/index.ts'

const START_UNIX_MS = 1_700_000_000_000
/** Three series of each of two metrics, six while there is a spike, all of them others every five seconds. */
const PROFILE =
  'synthetic?gauges=2&seriesPerMetric=3&labels=2&mode=spike&spikeMultiplier=2&seriesChangeInterval=2s&seriesInterval=5s&valueInterval=1s'
const ANSWERED = Array.from({ length: 8 }, (_, i) => START_UNIX_MS + 500 + i * 1000)

const target = (profile: string): TargetSpec => ({
  uid: 'pod-1',
  slot: 0,
  address: '127.2.0.2',
  ports: [8080],
  profile,
  namespace: 'shop',
  pod: 'tenants-1',
  node: 'node-1',
  container: 'main',
  app: 'tenants',
  seed: '1',
  startedUnixMs: START_UNIX_MS,
})

const TARGET_LABELS = new Map([['instance', '127.2.0.2:8080']])

/** What a faultless subject stores: it has no labels without a value. */
function stored(page: MetricsPage): RawSeries[] {
  const all = new Map<string, { labels: Record<string, string>; tMs: number[]; values: number[] }>()
  ANSWERED.forEach((unixMs, i) => {
    const then = pageAt(page, unixMs, 1)
    then.series.forEach(({ name, labels }, index) => {
      const kept = Object.entries(labels).filter(([, value]) => value !== '')
      const mine = { __name__: name, ...Object.fromEntries(kept), instance: '127.2.0.2:8080' }
      const key = JSON.stringify(mine)
      const series: { labels: Record<string, string>; tMs: number[]; values: number[] } = all.get(key) ?? {
        labels: mine,
        tMs: [],
        values: [],
      }
      series.tMs.push(unixMs - 3)
      series.values.push(then.valueAt(index, unixMs, i + 1))
      all.set(key, series)
    })
  })
  return [...all.values()].map(each => ({
    ...each,
    tMs: Float64Array.from(each.tMs),
    values: Float64Array.from(each.values),
  }))
}

function ask(profile: string, rows: readonly RawSeries[]): ReturnType<typeof measureSamples> {
  return measureSamples({
    rawSamples: () => Promise.resolve([...rows]),
    identities: new Map([['pod-1', [{ uid: 'pod-1', targetLabels: TARGET_LABELS }]]]),
    targets: new Map([['pod-1', target(profile)]]),
    logs: [
      {
        uid: 'pod-1',
        requestMs: Float64Array.from(ANSWERED, unixMs => unixMs - START_UNIX_MS - 1),
        served: Uint8Array.from(ANSWERED, () => 1),
        runs: [],
      },
    ],
    minUnixMs: 0,
    maxUnixMs: 1e15,
    cutMs: 1e9,
    originUnixMs: START_UNIX_MS,
    logsUntilUnixMs: 1e15,
    valueErrorRatioMax: 0,
  })
}

void t.test('series that come and go are looked for in the scrapes that had them, and nowhere else', async t => {
  const page = profileByName(PROFILE).page(target(PROFILE))
  const good = stored(page)
  const counts = ANSWERED.map(unixMs => pageAt(page, unixMs, 1).sampleCount)
  t.same(counts, [8, 8, 14, 14, 8, 8, 14, 14], 'the page has its spikes')
  const all = counts.reduce((a, b) => a + b, 0)
  t.match(await ask(PROFILE, good), { served: all, stored: all, lost: 0, wrong: 0 })

  const returning = good.find(
    ({ labels }) => labels['series_id'] === '4' && labels['cycle_id'] === '0' && labels[UID_LABEL] === undefined,
  )!
  t.same(
    [...returning.tMs].map(tMs => tMs + 3 - START_UNIX_MS),
    [2500, 3500],
    'a series of a spike',
  )
  const without = good.filter(series => series !== returning)
  t.match(await ask(PROFILE, without), { stored: all - 2, lost: 2, wrong: 0 })

  const bent = { ...returning, values: returning.values.map(value => value + 1) }
  t.match(await ask(PROFILE, [...without, bent]), { stored: all - 2, lost: 2, wrong: 2 })

  // A subject that goes on with what is gone, as if nothing had happened.
  const stale = {
    ...returning,
    tMs: Float64Array.of(...returning.tMs, ANSWERED[4]! - 3),
    values: Float64Array.of(...returning.values, returning.values[1]!),
  }
  const result = await ask(PROFILE, [...without, stale])
  t.match(result, { stored: all, lost: 0, wrong: 1 })
  t.match(result.examples.join('\n'), /scrape 5: stored .* served nothing of that name and labels/)
})

void t.test('labels without a value are stored by nobody, and missed by nobody', async t => {
  const page = profileByName('istio-proxy').page(target('istio-proxy'))
  const good = stored(page)
  const all = page.sampleCount * ANSWERED.length
  t.ok(page.series.some(({ labels }) => Object.values(labels).includes('')))
  t.match(await ask('istio-proxy', good), { served: all, stored: all, lost: 0, wrong: 0 })
})
