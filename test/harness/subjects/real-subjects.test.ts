// Goal: the real programs find, scrape and answer with the default configuration, over TLS and with the token filled in.
// Method: one pod of a fake API server, found by all three roles at once. Skipped, and said so, where a program is absent.
import path from 'node:path'
import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { SystemClock } from '../../../base/index.ts'
import { detectPeers, findProgram, peersByName, runProgram } from '../../../harness/peers/index.ts'
import {
  defaultPrometheusConfig,
  embeddedSubject,
  prometheusSubject,
  type RawSeries,
  type Subject,
  type SubjectDefinition,
  SubjectError,
  type SubjectOptions,
  victoriaMetricsSubject,
} from '../../../harness/subjects/index.ts'
import { FAKE_SUBJECT, nodeProgram, shellProgram } from './fake-program.ts'
import { fakeKubernetes, fakeTarget } from './fake-kubernetes.ts'

const ROLES = ['pod', 'endpointslice', 'endpoints'] as const
const JOBS_KEY = 'scrape_configs:\n'
const clock = new SystemClock()
const [prometheus, victoria] = await detectPeers(peersByName(['prometheus', 'victoria-metrics']))

/** The default configuration of each role, as one. */
function allRoles(scrapeIntervalMs: number): string {
  const texts = ROLES.map(role =>
    defaultPrometheusConfig({ scrapeIntervalMs, role }).replace('kubernetes-pods', `kubernetes-${role}`),
  )
  return (
    texts[0]! +
    texts
      .slice(1)
      .map(text => text.slice(text.indexOf(JOBS_KEY) + JOBS_KEY.length))
      .join('')
  )
}

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise<void>(resolve => clock.schedule(50, resolve))
  }
}

async function findsThePod(t: Test, definition: SubjectDefinition, args: readonly string[]): Promise<void> {
  const target = await fakeTarget(t)
  const { port } = target
  const kubernetes = await fakeKubernetes(t, port)
  const startUnixMs = Date.now()
  const subject: Subject = await definition.start(clock, {
    config: allRoles(250),
    api: kubernetes.api,
    workDir: t.testdir(),
    readyTimeoutMs: 30_000,
    args,
  })
  t.teardown(() => subject.stop())
  t.comment(`${subject.kind} ${subject.version}`)
  t.match(subject.version, /^\d+\.\d+/)
  t.strictSame(subject.warnings, [])

  // Nobody is asked before there is something: VictoriaMetrics remembers for ten seconds that it found nothing.
  await eventually(async () => (target.served() >= 4 * ROLES.length ? true : undefined))
  const series: RawSeries = await eventually(async () => {
    const [only] = await subject.rawSamples('hits_total{job="kubernetes-pod"}', startUnixMs, Date.now())
    return only !== undefined && only.tMs.length >= 3 ? only : undefined
  })
  const up = await eventually(async () => {
    const found = await subject.query('hits_total')
    return found.length === ROLES.length ? found : undefined
  })
  const common = {
    __name__: 'hits_total',
    namespace: 'shop',
    pod: 'web-1',
    node: 'node-7',
    app: 'web',
    instance: `127.0.0.1:${port}`,
  }
  t.strictSame(
    up.map(sample => sample.labels).sort((a, b) => (a['job']! < b['job']! ? -1 : 1)),
    [
      { ...common, job: 'kubernetes-endpoints', service: 'front' },
      { ...common, job: 'kubernetes-endpointslice', service: 'front' },
      { ...common, job: 'kubernetes-pod' },
    ],
  )
  t.ok(kubernetes.requests.length > 0 && kubernetes.requests.every(each => each.authorization === 'Bearer s3cret'))

  t.ok(
    series.tMs.every((at, i) => at >= startUnixMs && (i === 0 || at > series.tMs[i - 1]!)),
    'times are in order',
  )
  t.ok(
    series.values.every((value, i) => i === 0 || value > series.values[i - 1]!),
    'each scrape has its own value',
  )
  const [at] = series.tMs
  const [exact] = await subject.rawSamples('hits_total{job="kubernetes-pod"}', at!, at!)
  t.strictSame([[...exact!.tMs], [...exact!.values]], [[at], [series.values[0]]], 'both ends of a window belong to it')
  const before = await subject.rawSamples('hits_total{job="kubernetes-pod"}', at! - 5, at! - 1)
  t.strictSame(before, [])
  const [third] = await subject.rawSamples('third{job="kubernetes-pod"}', startUnixMs, Date.now())
  t.equal(third!.values[0], 0.3125)
  await t.rejects(subject.query('sum('), { code: 'CHURN_SUBJECT_QUERY' })
  await t.rejects(subject.rawSamples('{a=}', 1, 2), { code: 'CHURN_SUBJECT_QUERY' })
  t.ok(subject.resources()!.rssBytes > 1e6)
  t.match(await subject.stop(), { signal: null, code: 0 })
}

async function refusal(definition: SubjectDefinition, options: SubjectOptions): Promise<SubjectError> {
  const outcome: unknown = await definition.start(clock, options).then(
    subject => subject.stop(),
    (error: unknown) => error,
  )
  if (!(outcome instanceof SubjectError)) throw new Error('it was not refused', { cause: outcome })
  return outcome
}

function optionsFor(workDir: string, config: string, more: Partial<SubjectOptions> = {}): SubjectOptions {
  const api = { url: 'http://127.0.0.1:1', token: 'x', caPem: '' }
  return { config, api, workDir, readyTimeoutMs: 30_000, ...more }
}

const noPrometheus = prometheus!.missing === undefined ? false : `prometheus: ${prometheus!.missing.reason}`
const noVictoria = victoria!.missing === undefined ? false : `victoria-metrics: ${victoria!.missing.reason}`

void t.test('the embedded scraper finds the pod by every role', t => findsThePod(t, embeddedSubject(), []))

void t.test('Prometheus finds the pod by every role', { skip: noPrometheus }, t =>
  findsThePod(t, prometheusSubject(), ['--scrape.discovery-reload-interval=100ms']),
)

void t.test('VictoriaMetrics finds the pod by every role', { skip: noVictoria }, t =>
  findsThePod(t, victoriaMetricsSubject(), ['-promscrape.kubernetesSDCheckInterval=1s', '-search.latencyOffset=1ms']),
)

const FAULTY = `global:
  scrape_interval: 1s
scrape_configs:
  - job_name: a
    kubernetes_sd_configs:
      - role: pod
        nonsense: 1
  - job_name: b
    rubbish: 2
`

void t.test('Prometheus’ own refusals are listed with the lines of the user', { skip: noPrometheus }, async t => {
  const error = await refusal(prometheusSubject(), optionsFor(t.testdir(), FAULTY))
  t.equal(error.code, 'CHURN_SUBJECT_CONFIG')
  t.match(error.message, /\n {2}line 7: field nonsense .*\n {2}line 9: field rubbish /)
  const flag = await refusal(
    prometheusSubject(),
    optionsFor(t.testdir(), 'scrape_configs: []', { args: ['--nonsense'] }),
  )
  t.equal(flag.code, 'CHURN_SUBJECT_CONFIG')
  t.match(flag.message, /unknown long flag '--nonsense'/)
})

void t.test(
  'VictoriaMetrics is told to ignore what it does not know, and the user which',
  { skip: noVictoria },
  async t => {
    const subject = await victoriaMetricsSubject().start(clock, optionsFor(t.testdir(), `rule_files: []\n${FAULTY}`))
    t.strictSame(subject.warnings, [
      'line 1: victoriametrics does not know rule_files and ignores it',
      'line 8: victoriametrics does not know nonsense and ignores it',
      'line 10: victoriametrics does not know rubbish and ignores it',
    ])
    await subject.stop()
    const duration = await refusal(
      victoriaMetricsSubject(),
      optionsFor(t.testdir(), 'global:\n  scrape_interval: soon\n'),
    )
    t.equal(duration.code, 'CHURN_SUBJECT_CONFIG')
    t.match(duration.message, 'soon')
    const flag = await refusal(
      victoriaMetricsSubject(),
      optionsFor(t.testdir(), 'scrape_configs: []', { args: ['-nonsense'] }),
    )
    t.equal(flag.code, 'CHURN_SUBJECT_CONFIG')
    t.match(flag.message, 'flag provided but not defined: -nonsense')
  },
)

void t.test('promtool accepts the default configuration but for what it was built without', async t => {
  const promtool = findProgram('promtool')
  if (promtool === undefined) return t.comment('no promtool here')
  const file = path.join(t.testdir(), 'prometheus.yml')
  writeFileSync(file, allRoles(5_000))
  const said = await runProgram(promtool, ['check', 'config', file])
  const lines = `${said.stdout}\n${said.stderr}`.split('\n').filter(line => /line \d+/.test(line))
  t.ok(said.code === 0 || lines.every(line => line.includes('kubernetes_sd_configs')), lines.join('; '))
  return undefined
})

/** Says what a Prometheus says, with or without kubernetes_sd. */
function fakePrometheus(kubernetesSd: boolean): string {
  return `${FAKE_SUBJECT}
    if (process.argv[2] === '--version') {
      console.log('prometheus, version 9.9.9 (branch: x, revision: y)')
      process.exit(0)
    }
    const config = fs.readFileSync(flag('config.file'), 'utf8')
    const unknown = [...config.matchAll(/kubernetes_sd_configs|churnbench_probe/g)].map(match => match[0])
      .filter(field => field === 'churnbench_probe' || !${kubernetesSd})
    if (unknown.length > 0) {
      const list = unknown.map(field => '\\\\n  line 3: field ' + field + ' not found in type x').join('')
      console.error('level=ERROR msg="Error loading config" err="parsing YAML: yaml: unmarshal errors:' + list + '"')
      process.exit(2)
    }
    listen()`
}

void t.test('which Prometheus is taken', async t => {
  const dir = t.testdir()
  const at = (...parts: string[]): string => path.join(dir, ...parts)
  const without = nodeProgram(at('path1'), 'prometheus', fakePrometheus(false))
  const env = { PATH: at('path1'), CHURNBENCH_CACHE: at('cache') }
  const needy = optionsFor(dir, 'scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod}]}]')
  const refused = await refusal(prometheusSubject(env), needy)
  t.equal(refused.code, 'CHURN_SUBJECT_BINARY')
  t.equal(refused.exitCode, 2)
  t.match(refused.message, `${without} (9.9.9) is built without kubernetes_sd, which the configuration needs; `)
  t.match(refused.message, 'npm run peers -- --install')

  const fileOf = async (options: SubjectOptions, more: object = {}): Promise<string> => {
    const subject = await prometheusSubject({ ...env, ...more }).start(clock, options)
    t.equal(subject.version, '9.9.9')
    await subject.stop()
    return subject.command[0]!
  }
  t.equal(await fileOf(optionsFor(dir, 'scrape_configs: []')), without, 'good enough where nothing is to be discovered')
  const onPath = nodeProgram(at('path2'), 'prometheus', fakePrometheus(true))
  const PATH = `${at('path1')}:${at('path2')}`
  t.equal(await fileOf(needy, { PATH }), onPath)
  const cached = nodeProgram(at('cache', 'bin'), 'prometheus', fakePrometheus(true))
  t.equal(await fileOf(needy, { PATH }), cached)
  const named = nodeProgram(at('named'), 'prometheus', fakePrometheus(true))
  t.equal(await fileOf(needy, { PATH, CHURNBENCH_PROMETHEUS: named }), named)
  t.equal(await fileOf({ ...needy, bin: onPath }, { PATH, CHURNBENCH_PROMETHEUS: named }), onPath)

  const foreign = shellProgram(at('foreign'), 'prometheus', 'echo something else')
  t.match((await refusal(prometheusSubject(env), { ...needy, bin: foreign })).message, 'does not answer --version')
  t.match(
    (await refusal(prometheusSubject(env), { ...needy, bin: at('nothing') })).message,
    'is not an executable file',
  )
  t.match(
    (await refusal(prometheusSubject({ PATH: at('empty'), CHURNBENCH_CACHE: dir }), needy)).message,
    /neither as .* nor on PATH/,
  )
  const noVm = await refusal(victoriaMetricsSubject({ PATH: at('empty') }), needy)
  t.equal(noVm.code, 'CHURN_SUBJECT_BINARY')
  t.match(noVm.message, 'victoria-metrics is not on PATH')
})
