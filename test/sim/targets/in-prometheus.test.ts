// Goal: what real Prometheus stores of every profile is what was served, whatever format it asks for.
// Method: one Prometheus scrapes one pod per profile by every protocol it knows, one job each; each stored row tells the
// scrape that it came from, and all others are compared with valueAt. Skipped, and said so, where there is no Prometheus.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { SystemClock } from '../../../base/index.ts'
import { detectPeers, peersByName } from '../../../harness/peers/index.ts'
import type { TargetSpec } from '../../../sim/kubelet/pod-runtime.ts'
import { DEFAULT_SERVING } from '../../../sim/kubelet/target-serving.ts'
import { ExpositionTemplate } from '../../../sim/targets/exposition-template.ts'
import { fillIdentity, IDENTITY_ROWS, identityTemplate } from '../../../sim/targets/identity.ts'
import {
  type MetricsPage,
  type Profile,
  PROFILES,
  SEQUENCE_SERIES,
  TargetServer,
  TIME_SERIES,
  TruthTable,
} from '../../../sim/targets/index.ts'
import { escapeName, type Escaping } from '../../../sim/targets/name-escaping.ts'
import { TextPage } from '../../../sim/targets/text-page.ts'
import { freePort, specOf } from './fixtures.ts'
import { seriesKey } from './metrics-proto.ts'

const PROTOCOLS = [
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusProto',
] as const
/** Rows that each target must have stored. */
const ROWS_MIN = 2
const WAIT_MS = 100

/** What no real thing of PROFILES has: names that are no legacy names, NaN, a native histogram beside a classic one. */
const odd: Profile = {
  name: 'odd',
  description: 'for tests',
  page(spec: TargetSpec): MetricsPage {
    const template = new ExpositionTemplate([
      { name: 'böse.name', help: 'h', type: 'gauge', samples: [{ labels: { 'lab el': 'v"\n' } }] },
      { name: 'nothing', help: 'h', type: 'unknown', samples: [{}] },
      { name: 'below', help: 'h', type: 'gauge', samples: [{ decimals: 1 }] },
      {
        name: 'work_seconds',
        help: 'h',
        type: 'histogram',
        samples: [
          { suffix: '_bucket', labels: { le: '1.0' }, exemplar: { idLabel: 'trace_id', decimals: 2 } },
          { suffix: '_bucket', labels: { le: '+Inf' } },
          { suffix: '_sum', decimals: 1 },
          { suffix: '_count' },
        ],
        native: [{ schema: 0, zeroThreshold: 0.001, firstIndex: 0, buckets: 2 }],
      },
    ])
    const compute = (row: Float64Array, unixMs: number, sequence: number): void => {
      fillIdentity(row, unixMs, sequence)
      row.set([7, NaN, -15, sequence, 3 * sequence, 35 * sequence, 3 * sequence], IDENTITY_ROWS)
      row.set([sequence, 50, unixMs, 0, sequence, 2 * sequence], IDENTITY_ROWS + 7)
    }
    return new TextPage([identityTemplate(spec), template], { compute }, { createdUnixMs: spec.startedUnixMs })
  },
}

const [prometheus] = await detectPeers(peersByName(['prometheus']))
const skip = prometheus!.missing === undefined ? false : `prometheus: ${prometheus!.missing.reason}`

void t.test('every profile by every protocol', { skip }, async t => {
  const clock = new SystemClock()
  const profiles = [...PROFILES, odd]
  const server = new TargetServer(clock, new TruthTable(profiles.length), {
    originNs: clock.monotonicNs(),
    profileOf: name => profiles.find(profile => profile.name === name)!,
  })
  t.teardown(() => server.closeAll())
  const port = await freePort()
  const specs = profiles.map(({ name }, i) =>
    specOf(i, {
      ports: [port],
      profile: name,
      startedUnixMs: clock.unixMs() - 60_000,
      serving: { ...DEFAULT_SERVING, offers: ['openmetrics', 'text-1.0.0', 'protobuf', 'native-histograms'] },
    }),
  )
  await Promise.all(specs.map(spec => server.open(spec)))

  const folder = t.testdir()
  const listen = await localPort()
  writeFileSync(path.join(folder, 'prometheus.yml'), configFor(specs, port))
  const child = spawn(
    prometheus!.found[0]!.path,
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${listen}`,
      '--enable-feature=exemplar-storage',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const ask = async <T>(at: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${listen}/api/v1/${at}`)
    return ((await response.json()) as { data: T }).data
  }
  const isServed = (log: { readonly served: Uint8Array }): boolean =>
    log.served.reduce((sum, one) => sum + one, 0) >= PROTOCOLS.length * (ROWS_MIN + 1)
  while (!server.logs().every(isServed)) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${said}`)
    await sleep(WAIT_MS)
  }

  const targets = await ask<{ activeTargets: { scrapePool: string; lastError: string }[] }>('targets?state=active')
  t.same(
    targets.activeTargets.filter(({ lastError }) => lastError !== ''),
    [],
  )
  for (const spec of specs) {
    const page = profiles.find(({ name }) => name === spec.profile)!.page(spec)
    for (const protocol of PROTOCOLS) {
      const query = encodeURIComponent(`{job="${protocol}",instance="${spec.address}:${port}"}[1m]`)
      const { result } = await ask<{ result: readonly Stored[] }>(`query?query=${query}`)
      t.same(
        differences(page, result, protocol.endsWith('1.0.0') ? 'allow-utf-8' : 'underscores'),
        [],
        `${spec.profile} by ${protocol}`,
      )
    }
  }
  await t.test('native histograms and exemplars', async t => {
    const histograms = await ask<{
      result: { histogram: [number, { count: string; sum: string; buckets: unknown[] }] }[]
    }>(`query?query=${encodeURIComponent('work_seconds{job="PrometheusProto"}')}`)
    const [, { count, sum, buckets }] = histograms.result[0]!.histogram
    const sequence = Number(count) / 3
    t.equal(Number(sum), 3.5 * sequence)
    t.same(
      buckets.map(bucket => (bucket as unknown[]).slice(1)),
      [
        ['0.5', '1', String(sequence)],
        ['1', '2', String(2 * sequence)],
      ],
    )
    const now = clock.unixMs() / 1000
    const exemplars = await ask<{ seriesLabels: { job: string }; exemplars: { labels: object; value: string }[] }[]>(
      `query_exemplars?query=work_seconds_bucket&start=${now - 60}&end=${now + 1}`,
    )
    const jobs = exemplars.filter(({ exemplars: [first] }) => first?.value === '0.5').map(one => one.seriesLabels.job)
    t.ok(jobs.includes('OpenMetricsText1.0.0') && jobs.includes('PrometheusProto'), jobs.join(' '))
  })
})

interface Stored {
  readonly metric: Readonly<Record<string, string>>
  readonly values?: readonly (readonly [number, string])[]
}

function configFor(specs: readonly TargetSpec[], port: number): string {
  const targets = specs.map(({ address }) => `${address}:${port}`)
  return JSON.stringify({
    global: { scrape_interval: '2s', scrape_timeout: '2s' },
    scrape_configs: PROTOCOLS.map(protocol => ({
      job_name: protocol,
      scrape_protocols: [protocol],
      scrape_native_histograms: true,
      always_scrape_classic_histograms: true,
      static_configs: [{ targets }],
    })),
  })
}

async function localPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Prometheus takes other names only in formats whose version says so. What was stored and not served, or served and not stored; the first few, in words. */
function differences(page: MetricsPage, stored: readonly Stored[], escaping: Escaping): string[] {
  const rows = new Map<number, Map<string, number>>()
  for (const { metric, values = [] } of stored) {
    const { __name__: name = '', job: _, instance: __, ...labels } = metric
    if (name === 'up' || name.startsWith('scrape_')) continue
    for (const [at, value] of values) {
      if (!rows.has(at)) rows.set(at, new Map())
      rows.get(at)!.set(seriesKey(name, labels), Number(value.replace('Inf', 'Infinity')))
    }
  }
  const out: string[] = []
  if (rows.size < ROWS_MIN) out.push(`${rows.size} rows`)
  const identity = (name: string): string => {
    const series = page.series.find(candidate => candidate.name === name)!
    return seriesKey(name, series.labels)
  }
  for (const row of rows.values()) {
    const sequence = row.get(identity(SEQUENCE_SERIES))!
    const unixMs = Math.round(row.get(identity(TIME_SERIES))! * 1000)
    if (row.size !== page.sampleCount) out.push(`${row.size} samples of ${page.sampleCount}`)
    for (const [i, { name, labels }] of page.series.entries()) {
      // A label without a value is no label.
      const present = Object.entries(labels).filter(([, value]) => value !== '')
      const escaped = present.map(([label, value]) => [escapeName(label, escaping), value])
      const found = row.get(seriesKey(escapeName(name, escaping), Object.fromEntries(escaped) as typeof labels))
      if (!Object.is(found, page.valueAt(i, unixMs, sequence))) {
        out.push(`${name}${JSON.stringify(labels)}: ${found}, served ${page.valueAt(i, unixMs, sequence)}`)
      }
    }
  }
  return out.slice(0, 5)
}
