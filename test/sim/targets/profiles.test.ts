// Every profile: text that parses back, values that are a function of time, counters that never fall, related series
// that agree with each other, and labels that name the pod they are of.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as fc from 'fast-check'
import t from 'tap'
import { type MetricsPage, PROFILES, type SeriesDescription } from '../../../sim/targets/index.ts'
import { parsePage } from '../../../sim/targets/profiles/learn/parse-page.ts'
import { specOf, START_UNIX_MS } from './fixtures.ts'

const PROMTOOL = '/usr/bin/promtool'
const elapsed = fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 10_000_000_000 }))

for (const profile of PROFILES) {
  void t.test(profile.name, async t => {
    await t.test('parses back to valueAt for every series', async () => {
      fc.assert(
        fc.property(fc.nat(50), elapsed, fc.integer({ min: 1, max: 1_000_000 }), (index, ms, sequence) => {
          const page = profile.page(specOf(index, { profile: profile.name }))
          const unixMs = START_UNIX_MS + ms
          const samples = parsePage(page.render(unixMs, sequence).toString('utf8'), profile.name).flatMap(
            family => family.samples,
          )
          if (samples.length !== page.sampleCount || page.series.length !== page.sampleCount) return false
          return samples.every(({ name, labels, value }, i) => {
            const series = page.series[i]!
            return keyOf({ name, labels }) === keyOf(series) && Number(value) === page.valueAt(i, unixMs, sequence)
          })
        }),
        { numRuns: 12 },
      )
    })

    await t.test('is the same wherever it is built, and other replicas have other values', async t => {
      const spec = specOf(3, { profile: profile.name })
      const body = profile
        .page(spec)
        .render(START_UNIX_MS + 123_456, 7)
        .toString('utf8')
      const again = profile.page({ ...spec, slot: 9, ports: [1] })
      again.render(START_UNIX_MS + 5, 1)
      t.equal(again.render(START_UNIX_MS + 123_456, 7).toString('utf8'), body)
      const other = profile.page(specOf(4, { profile: profile.name }))
      t.ok(other.render(START_UNIX_MS + 123_456, 7).toString('utf8') !== body)
    })

    await t.test('counters never fall; histograms and summaries are whole', async () => {
      fc.assert(
        fc.property(fc.nat(20), elapsed, fc.nat(5_000), (index, ms, laterMs) => {
          const page = profile.page(specOf(index, { profile: profile.name }))
          const then = START_UNIX_MS + ms
          const before = page.series.map((_, i) => page.valueAt(i, then, 5))
          const after = page.series.map((_, i) => page.valueAt(i, then + laterMs, 6))
          checkWhole(page, before, after)
        }),
        { numRuns: 25 },
      )
    })

    await t.test(
      'promtool can read it',
      { skip: existsSync(PROMTOOL) ? false : `${PROMTOOL} is not installed` },
      async t => {
        const input = profile.page(specOf(7, { profile: profile.name })).render(START_UNIX_MS + 3_600_000, 240)
        const { status, stderr } = spawnSync(PROMTOOL, ['check', 'metrics'], { input, encoding: 'utf8' })
        // 3: read, but the linter would have other names than those of the real thing.
        t.ok(status === 0 || status === 3, stderr.slice(0, 500))
        t.notMatch(stderr, /error while|text format parsing/)
      },
    )
  })
}

void t.test('labels that name the pod agree with it, and belong to nobody else', async t => {
  const spec = specOf(11, { profile: 'node-exporter', node: 'node-42' })
  const page = PROFILES.find(({ name }) => name === 'node-exporter')!.page(spec)
  t.equal(page.series.find(({ name }) => name === 'node_uname_info')?.labels['nodename'], 'node-42')
  for (const profile of PROFILES) {
    const values = profile.page(specOf(1)).series.flatMap(({ labels }) => Object.values(labels))
    t.notOk(
      values.some(value => value.startsWith('$')),
      `${profile.name} leaves no name unsaid`,
    )
  }
})

void t.test('what a node counts goes on when its exporter’s pod is another', async t => {
  const profile = PROFILES.find(({ name }) => name === 'node-exporter')!
  const first = profile.page(specOf(1))
  const second = profile.page(specOf(2, { startedUnixMs: START_UNIX_MS + 50_000 }))
  const index = first.series.findIndex(({ name }) => name === 'node_context_switches_total')
  const at = START_UNIX_MS + 90_000
  t.equal(first.valueAt(index, at, 9), second.valueAt(index, at, 1), 'both tell the same of the same node')
  t.ok(first.valueAt(index, at, 9) > 1_000_000, 'a node has been up for longer than its pods')
  const elsewhere = profile.page(specOf(2, { node: 'node-9' }))
  t.not(first.valueAt(index, at, 9), elsewhere.valueAt(index, at, 9))
})

void t.test('what is related agrees', async t => {
  const at = START_UNIX_MS + 1_234_567
  const valuesOf = (name: string): ((series: string, labels?: Readonly<Record<string, string>>) => number) => {
    const page = PROFILES.find(profile => profile.name === name)!.page(specOf(5, { profile: name }))
    return (series, labels = {}) => {
      let sum = Number.NaN
      page.series.forEach((each, i) => {
        const isMeant = each.name === series && Object.entries(labels).every(([k, v]) => each.labels[k] === v)
        if (isMeant) sum = (Number.isNaN(sum) ? 0 : sum) + page.valueAt(i, at, 40)
      })
      return sum
    }
  }
  const redis = valuesOf('redis')
  t.equal(redis('redis_commands_processed_total'), redis('redis_commands_total'))
  t.equal(
    redis('redis_keyspace_hits_total') + redis('redis_keyspace_misses_total'),
    redis('redis_commands_total', { cmd: 'get' }),
  )
  t.ok(redis('redis_memory_used_bytes') <= redis('redis_memory_used_peak_bytes'))
  t.ok(redis('redis_memory_used_bytes') <= redis('redis_memory_used_rss_bytes'))

  const node = valuesOf('node-exporter')
  t.ok(node('node_memory_MemFree_bytes') <= node('node_memory_MemAvailable_bytes'))
  t.ok(node('node_memory_MemAvailable_bytes') <= node('node_memory_MemTotal_bytes'))
  t.ok(node('node_filesystem_avail_bytes') <= node('node_filesystem_free_bytes'))
  t.ok(node('node_filesystem_free_bytes') <= node('node_filesystem_size_bytes'))
  const uptime = node('node_time_seconds') - node('node_boot_time_seconds')
  t.ok(
    Math.abs(node('node_cpu_seconds_total', { cpu: '2' }) - uptime) < 0.03,
    'a processor’s modes are all the time that has gone by',
  )

  const go = valuesOf('go-runtime')
  t.equal(go('go_memstats_heap_inuse_bytes') + go('go_memstats_heap_idle_bytes'), go('go_memstats_heap_sys_bytes'))
  t.equal(go('go_memstats_mallocs_total') - go('go_memstats_frees_total'), go('go_memstats_heap_objects'))

  const memcached = valuesOf('memcached')
  t.equal(memcached('memcached_slab_current_items'), memcached('memcached_current_items'))
  t.equal(
    memcached('memcached_slab_commands_total', { command: 'get' }),
    memcached('memcached_commands_total', { command: 'get', status: 'hit' }),
  )
  t.ok(memcached('memcached_current_bytes') <= memcached('memcached_malloced_bytes'))

  const jvm = valuesOf('jvm')
  t.equal(jvm('jvm_threads_states_threads'), jvm('jvm_threads_live_threads'))
  t.ok(
    jvm('jvm_memory_used_bytes', { id: 'G1 Eden Space' }) <= jvm('jvm_memory_committed_bytes', { id: 'G1 Eden Space' }),
  )

  const istio = valuesOf('istio-proxy')
  t.equal(istio('istio_requests_total'), istio('istio_request_duration_milliseconds_count'))

  const nginx = valuesOf('nginx')
  t.equal(
    nginx('nginx_connections_reading') + nginx('nginx_connections_writing') + nginx('nginx_connections_waiting'),
    nginx('nginx_connections_active'),
  )
  const postgres = valuesOf('postgres')
  t.ok(postgres('pg_stat_activity_count') > 0)
  t.equal(postgres('pg_stat_activity_count'), postgres('pg_stat_database_numbackends'))
})

function keyOf({ name, labels }: SeriesDescription): string {
  return JSON.stringify([name, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])
}

/** By the page's own types: what is typed a counter rises, buckets are cumulative and end in the count. */
function checkWhole(page: MetricsPage, before: readonly number[], after: readonly number[]): void {
  const families = parsePage(page.render(START_UNIX_MS, 1).toString('utf8'), 'page')
  const indexOf = new Map(page.series.map((series, i) => [keyOf(series), i]))
  const at = (series: SeriesDescription): number => indexOf.get(keyOf(series))!
  for (const { name, type, samples } of families) {
    for (const sample of samples) {
      const isCounted = type === 'counter' || (type !== 'gauge' && type !== 'unknown' && sample.name !== name)
      if (isCounted && after[at(sample)]! < before[at(sample)]!) throw new Error(`${keyOf(sample)} fell`)
      if (isCounted && before[at(sample)]! < 0) throw new Error(`${keyOf(sample)} is negative`)
    }
    if (type !== 'histogram') continue
    for (const count of samples.filter(sample => sample.name === `${name}_count`)) {
      const buckets = samples.filter(
        ({ name: each, labels: { le, ...labels } }) =>
          each === `${name}_bucket` &&
          le !== undefined &&
          keyOf({ name, labels }) === keyOf({ name, labels: count.labels }),
      )
      buckets.forEach((bucket, i) => {
        if (i > 0 && after[at(bucket)]! < after[at(buckets[i - 1]!)]!)
          throw new Error(`${keyOf(bucket)} is not cumulative`)
      })
      if (buckets.length > 0 && after[at(buckets.at(-1)!)] !== after[at(count)])
        throw new Error(`${keyOf(count)} is not +Inf`)
    }
  }
}
