// Goal: the real programs find, scrape and answer with the default configuration, over TLS and with the token filled in.
// Method: one pod of a fake API server, found by all three roles at once. Skipped, and said so, where a program is absent.
import path from 'node:path'
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { SystemClock } from '../../../base/index.ts'
import { detectPeers, findProgram, peersByName, runProgram } from '../../../harness/peers/index.ts'
import {
  embeddedSubject,
  prometheusSubject,
  type SubjectOptions,
  victoriaMetricsSubject,
} from '../../../harness/subjects/index.ts'
import { FAKE_SUBJECT, nodeProgram, shellProgram } from './fake-program.ts'
import { allRoles, FAULTY, findsThePod, optionsFor, refusal } from './finds-the-pod.ts'

const clock = new SystemClock()
const [prometheus, victoria] = await detectPeers(peersByName(['prometheus', 'victoria-metrics']))

const noPrometheus = prometheus!.missing === undefined ? false : `prometheus: ${prometheus!.missing.reason}`
const noVictoria = victoria!.missing === undefined ? false : `victoria-metrics: ${victoria!.missing.reason}`

void t.test('the embedded scraper finds the pod by every role', t => findsThePod(t, embeddedSubject(), []))

void t.test('Prometheus finds the pod by every role', { skip: noPrometheus }, t =>
  findsThePod(t, prometheusSubject(), ['--scrape.discovery-reload-interval=100ms']),
)

void t.test('VictoriaMetrics finds the pod by every role', { skip: noVictoria }, t =>
  findsThePod(t, victoriaMetricsSubject(), ['-promscrape.kubernetesSDCheckInterval=1s', '-search.latencyOffset=1ms']),
)

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
