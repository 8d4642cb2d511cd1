// Goal: subjects that store nothing, or that the user runs, are configured, asked and ended like the others, and say what
// they cannot do. Method: small Node programs in the place of an agent; a fake system on HTTP in the place of the user's.
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { SystemClock, VirtualClock } from '../../../base/index.ts'
import { collectorConfig } from '../../../harness/subjects/collector-config.ts'
import { counterTotal } from '../../../harness/subjects/counter-total.ts'
import {
  checkedSpec,
  defaultPrometheusConfig,
  embeddedSubject,
  externalSubject,
  fillPrometheusConfig,
  otelcolSubject,
  requireQueryApi,
  type Subject,
  SUBJECT_KINDS,
  subjectByKind,
  SubjectError,
  type SubjectOptions,
  vmagentSubject,
} from '../../../harness/subjects/index.ts'
import { collectorComplaints } from '../../../harness/subjects/otelcol.ts'
import { SEQUENCE_SERIES } from '../../../sim/index.ts'
import { writeRequest } from '../sink/write-bytes.ts'
import { FAKE_SUBJECT, nodeProgram } from './fake-program.ts'

const clock = new SystemClock()
const API = { url: 'https://127.0.0.1:6443', token: 'secret', caPem: 'CA' }
const STATIC = 'scrape_configs: []\n'

function optionsFor(workDir: string, more: Partial<SubjectOptions> = {}): SubjectOptions {
  return { config: STATIC, api: API, workDir, readyTimeoutMs: 20_000, ...more }
}

async function refusal(promise: Promise<Subject>): Promise<SubjectError> {
  const outcome: unknown = await promise.then(
    subject => subject.stop(),
    (error: unknown) => error,
  )
  if (!(outcome instanceof SubjectError)) throw new Error('it was not refused', { cause: outcome })
  return outcome
}

/** In the place of vmagent: judges nothing, sends `body` to the remote store, once at the start and once at its end. */
const fakeAgent = (first: Buffer, last: Buffer): string => `
import http from 'node:http'
const flag = name => process.argv.find(arg => arg.startsWith('-' + name + '='))?.slice(name.length + 2)
if (process.argv.includes('-version')) { console.log('vmagent-20990101-000000-tags-v9.8.7-0-gabc'); process.exit(0) }
if (process.argv.includes('-dryRun')) process.exit(0)
const send = body => fetch(flag('remoteWrite.url'), { method: 'POST', body: Buffer.from(body, 'base64') })
await send('${first.toString('base64')}')
const listen = flag('httpListenAddr').split(':')
http.createServer((request, response) => response.end()).listen(Number(listen[1]), listen[0])
process.on('SIGTERM', async () => { const { status } = await send('${last.toString('base64')}'); process.exit(status === 204 ? 0 : 7) })
`

void t.test('an agent: its samples are what the sink has received', async t => {
  const now = clock.unixMs()
  const series = (name: string): Buffer =>
    writeRequest([
      {
        labels: [
          ['__name__', name],
          ['pod', 'p-1'],
        ],
        samples: [[5, Math.floor(now)]],
      },
    ])
  const dir = t.testdir()
  const bin = nodeProgram(dir, 'vmagent', fakeAgent(series('hits'), series('last')))
  const virtual = new VirtualClock()
  const subject = await vmagentSubject().start(
    {
      unixMs: () => clock.unixMs(),
      monotonicNs: () => clock.monotonicNs(),
      schedule: (ms, fn) => (ms === 2_500 ? virtual : clock).schedule(ms, fn),
    },
    optionsFor(dir, { bin, args: ['-more=1'] }),
  )
  t.teardown(() => subject.stop())
  t.match(subject, { kind: 'vmagent', version: '9.8.7', warnings: [], pprofUrl: subject.url })
  t.equal(subject.valueErrorRatioMax, undefined)
  t.match(subject.command.slice(1), [
    /^-promscrape\.config=/,
    /^-remoteWrite\.url=http:\/\/127\.0\.0\.1:\d+\/api\/v1\/write$/,
  ])
  t.equal(subject.command.at(-1), '-more=1')
  t.strictSame(await subject.query('hits{pod=~"p-1|p-2"}'), [{ labels: { __name__: 'hits', pod: 'p-1' }, value: 5 }])
  t.strictSame(await subject.query('hits', now - 10_000), [])
  t.equal(await subject.samplesAppended!(), 1)
  t.strictSame(await subject.remarks!(), [])

  // What is under way gets the time that it takes; the many questions about one window wait together.
  const end = now + 3_600_000
  const asked = ['hits', '{pod="p-1"}'].map(selector => subject.rawSamples(selector, now - 1000, end))
  while (virtual.pending === 0) await new Promise<void>(resolve => clock.schedule(1, resolve))
  t.equal(virtual.pending, 1)
  await virtual.advanceAsync(2_500)
  for (const found of await Promise.all(asked))
    t.strictSame(
      found.map(({ labels }) => labels['__name__']),
      ['hits'],
    )
  t.equal((await subject.rawSamples('hits', now - 1000, end)).length, 1, 'and no more later')
  t.equal(virtual.pending, 0)

  const expression = await refusal(subject.query('sum(hits)') as never)
  t.equal(expression.code, 'CHURN_SUBJECT_QUERY')
  t.match(
    expression.message,
    /^vmagent stores nothing, and the sink .* does not answer "sum\(hits\)", for it reads selectors only/,
  )
  t.strictSame(await subject.stop(), { code: 0, signal: null }, 'its last samples found somebody to take them')
  await t.rejects(subject.query('hits'), { code: 'CHURN_SUBJECT_QUERY' })
})

void t.test('an agent that does not start leaves no sink behind', async t => {
  const dir = t.testdir()
  const threads = (): number => readdirSync('/proc/self/task').length
  await refusal(vmagentSubject().start(clock, optionsFor(dir, { bin: nodeProgram(dir, 'warm', 'process.exit(1)') })))
  const before = process.platform === 'linux' ? threads() : 0
  const source = `if (process.argv.includes('-dryRun')) process.exit(0)\nconsole.error('no room'); process.exit(3)`
  const error = await refusal(
    vmagentSubject().start(clock, optionsFor(dir, { bin: nodeProgram(dir, 'agent', source) })),
  )
  t.equal(error.code, 'CHURN_SUBJECT_DIED')
  t.match(error.message, /vmagent ended before it was ready \(exit code 3\); it said last: no room/)
  if (process.platform === 'linux') t.ok(threads() <= before, 'no thread is left')
})

void t.test('what an agent remarks: that its requests were refused', async t => {
  const dir = t.testdir()
  const bin = nodeProgram(dir, 'vmagent', fakeAgent(Buffer.from('rubbish'), Buffer.from('more of it')))
  const subject = await vmagentSubject().start(clock, optionsFor(dir, { bin }))
  t.teardown(() => subject.stop())
  const remarks = await subject.remarks!()
  t.equal(remarks.length, 1)
  t.match(remarks[0], /^1 requests of vmagent were refused; the last with HTTP 400: /)
})

void t.test('query load is refused where there is nobody to ask', t => {
  for (const kind of SUBJECT_KINDS) {
    const definition = subjectByKind(kind)
    if (kind !== 'vmagent' && kind !== 'otelcol') requireQueryApi(definition)
    else {
      t.throws(() => requireQueryApi(definition), {
        code: 'CHURN_SUBJECT_NO_QUERIES',
        exitCode: 2,
        message: `${kind} stores nothing: a query load needs a subject with a query API`,
      })
    }
  }
  t.end()
})

void t.test('what belongs to an external subject belongs to no other', t => {
  const code = 'CHURN_SUBJECT_EXTERNAL'
  const args: readonly string[] = []
  const refused = (message: RegExp, spec: Parameters<typeof checkedSpec>[0]): void =>
    void t.throws(() => checkedSpec(spec), { code, exitCode: 2, message })
  refused(/needs --url/, { kind: 'external', args })
  refused(/is no HTTP URL/, { kind: 'external', args, url: 'localhost:9090' })
  refused(/no --bin/, { kind: 'external', args, url: 'http://127.0.0.1:1', bin: '/bin/true' })
  refused(/no --subject-arg/, { kind: 'external', args: ['-x'], url: 'http://127.0.0.1:1' })
  refused(/no process/, { kind: 'external', args, url: 'http://127.0.0.1:1', pid: 2 ** 22 })
  refused(/--url is for --subject external; prometheus/, { kind: 'prometheus', args, url: 'http://127.0.0.1:1' })
  refused(/--pid is for --subject external/, { kind: 'embedded', args, pid: 1 })
  const good = { kind: 'external', args, url: 'http://127.0.0.1:1' }
  t.equal(checkedSpec(good), good)
  t.end()
})

interface FakeSystem {
  readonly url: string
  readonly asked: string[]
  /** Pods that its instant queries show. */
  pods: number
  ready: boolean
}

async function fakeSystem(t: Test, page: string, prefix = ''): Promise<FakeSystem> {
  const system = { url: '', asked: [] as string[], pods: 0, ready: false }
  const answer: RequestListener = (request, response) => {
    system.asked.push(request.url!)
    request.resume()
    if (!system.ready) return void response.writeHead(503).end()
    if (request.url === `${prefix}/metrics`) return void response.end(page)
    const result = Array.from({ length: system.pods }, (_, i) => ({
      metric: { __name__: SEQUENCE_SERIES, i: `${i}` },
      value: [1, '1'],
    }))
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
  }
  const http = createServer(answer)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.teardown(() => {
    http.closeAllConnections()
    http.close()
  })
  system.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}${prefix}`
  return system
}

void t.test('an external subject: told what to do, waited for, and left alone', async t => {
  const system = await fakeSystem(
    t,
    '# HELP x\nprometheus_build_info{branch="x",version="2.53.0"} 1\nprometheus_tsdb_head_samples_appended_total{type="float"} 41\nprometheus_tsdb_head_samples_appended_total{type="histogram"} 1\n',
    '/prom',
  )
  const workDir = t.testdir()
  const told: string[] = []
  let watches = 0
  const config = defaultPrometheusConfig({ scrapeIntervalMs: 1000, role: 'pod' })
  const options = optionsFor(workDir, {
    config,
    url: `${system.url}/`,
    pid: process.pid,
    tell: line => told.push(line),
    apiWatches: async () => watches,
  })
  system.pods = 3
  let subject: Subject | undefined
  const starting = externalSubject()
    .start(clock, options)
    .then(started => (subject = started))
  const rounds = async (): Promise<void> => {
    const before = system.asked.length
    while (system.asked.length < before + 2) await new Promise<void>(resolve => clock.schedule(5, resolve))
  }
  await rounds()
  t.equal(subject, undefined, 'not ready')
  system.ready = true
  await rounds()
  t.equal(subject, undefined, 'nobody watches')
  watches = 1
  await rounds()
  t.equal(subject, undefined, 'pods of an earlier run are there still')
  system.pods = 0
  const running = await starting
  t.match(
    told.join('\n'),
    /API server is https:\/\/127\.0\.0\.1:6443[^]*prometheus\.yml[^]*\/prom\/-\/reload[^]*waiting until it watches/,
  )
  const written = readFileSync(path.join(workDir, 'prometheus.yml'), 'utf8')
  t.match(written, 'api_server: "https://127.0.0.1:6443"')
  t.equal(readFileSync(path.join(workDir, 'api-token'), 'utf8'), 'secret')

  t.match(running, { kind: 'external', version: '2.53.0', pid: process.pid, command: [], warnings: [] })
  t.equal(running.valueErrorRatioMax, undefined)
  if (process.platform === 'linux') t.ok(running.resources()!.rssBytes > 1e6)
  t.equal(await running.samplesAppended!(), 42)
  t.strictSame(await running.query('x'), [])
  await running.stop()
  system.asked.length = 0
  await t.rejects(running.query('x'), { code: 'CHURN_SUBJECT_QUERY' })
  t.strictSame(system.asked, [])
})

void t.test('an external VictoriaMetrics is asked in its own way, without figures of its process', async t => {
  const system = await fakeSystem(
    t,
    'vm_app_version{version="victoria-metrics-tags-v1.79.5", short_version="v1.79.5"} 1\nvm_rows_inserted_total{type="promscrape"} 9\nvm_rows_inserted_total{type="influx"} 5\n',
  )
  system.ready = true
  const subject = await externalSubject().start(clock, optionsFor(t.testdir(), { url: system.url }))
  t.teardown(() => subject.stop())
  t.match(subject, { version: '1.79.5', pid: 0, valueErrorRatioMax: 1e-11 })
  t.match(subject.warnings, [/--pid/])
  t.equal(subject.resources(), undefined)
  t.equal(await subject.samplesAppended!(), 9)
  await subject.rawSamples('x', 1, 2).catch(() => undefined)
  t.ok(system.asked.includes('/internal/force_flush'))
  t.ok(system.asked.some(url => url.startsWith('/api/v1/export')))
})

void t.test('an external subject that is never ready says what is missing', async t => {
  const system = await fakeSystem(t, '')
  const options = optionsFor(t.testdir(), { url: system.url, readyTimeoutMs: 1, apiWatches: async () => 0 })
  const silent = await refusal(externalSubject().start(clock, options))
  t.equal(silent.code, 'CHURN_SUBJECT_NOT_READY')
  t.match(silent.message, /not ready within 1ms \(--ready-timeout\): .*HTTP 503/)
  system.ready = true
  const config = defaultPrometheusConfig({ scrapeIntervalMs: 1000, role: 'pod' })
  const unwatched = await refusal(externalSubject().start(clock, { ...options, config }))
  t.match(unwatched.message, /nobody watches the API server at https:\/\/127\.0\.0\.1:6443/)
  const stopped = new AbortController()
  stopped.abort(new Error('enough'))
  await t.rejects(externalSubject().start(clock, { ...options, config, signal: stopped.signal }), { message: 'enough' })
})

void t.test('the collector’s configuration holds the user’s whole document', t => {
  const api = { url: 'https://127.0.0.1:1', credentialsFile: '/t', caFile: '/c' }
  const source = `# theirs
rule_files: [a.yml]
global: { scrape_interval: 1s, external_labels: { cost: '$5' } }
scrape_configs:
  - job_name: a   # kept
    kubernetes_sd_configs:
      - role: pod
    relabel_configs: &rules
      - source_labels: [a, b]
        regex: '(\\d+);(yes|1\\.0)'
        replacement: \${1}:$2
        target_label: x
  - job_name: "b"
    static_configs: [{ targets: ['127.0.0.1:1'] }]
    relabel_configs: *rules
alerting:
  alertmanagers: []
`
  const filled = fillPrometheusConfig(source, api)
  const { text, warnings } = collectorConfig(filled, { writeUrl: 'http://127.0.0.1:2/w', healthPort: 3, pprofPort: 4 })
  t.strictSame(warnings, [
    'line 2: otelcol does not support rule_files, which is left out',
    'line 16: otelcol does not support alerting, which is left out',
  ])
  t.match(text, '# kept')
  // What the collector makes of it: it reads the document, then `$$` as `$`.
  const read = JSON.parse(JSON.stringify(parse(text)).replaceAll('$$', () => '$')) as {
    receivers: { prometheus: { config: object } }
    exporters: object
    extensions: object
    service: object
  }
  const theirs = parse(filled.text) as Record<string, unknown>
  delete theirs['rule_files']
  delete theirs['alerting']
  t.strictSame(read.receivers.prometheus.config, theirs)
  t.notOk(/(?<!\$)\$(?!\$)/.test(text), 'no single $ is left')
  t.match(read.exporters, { prometheusremotewrite: { endpoint: 'http://127.0.0.1:2/w' } })
  t.strictSame(read.extensions, { health_check: { endpoint: '127.0.0.1:3' }, pprof: { endpoint: '127.0.0.1:4' } })
  t.strictSame(parse(collectorConfig(filled, { writeUrl: 'w', healthPort: 3 }).text).service.extensions, [
    'health_check',
  ])

  const torn = fillPrometheusConfig(
    'rule_files: &files [a]\nscrape_configs: [{job_name: a, params: {x: *files}}]\n',
    api,
  )
  t.throws(() => collectorConfig(torn, { writeUrl: 'w', healthPort: 3 }), {
    code: 'CHURN_SUBJECT_CONFIG',
    message: /alias/,
  })
  t.end()
})

void t.test('why a collector refuses: its lines, without those that mislead', t => {
  const said = (text: string): string[] | undefined => collectorComplaints(text.split('\n'))
  const unmarshal = `failed to get config: cannot unmarshal the configuration: decoding failed due to the following error(s):

'receivers' error reading configuration for "prometheus": decoding failed due to the following error(s):

'config' prometheus receiver: failed to unmarshal yaml to prometheus config object: yaml: unmarshal errors:
  line 7: field nonsense not found in type config.ScrapeConfig`
  t.strictSame(said(`some log\nError: ${unmarshal}\n2026/11/23 09:50:06 ${unmarshal}`), [
    'field nonsense not found in type config.ScrapeConfig',
  ])
  t.strictSame(said('Error: unknown flag: --nonsense\n2026/11/23 09:50:06 unknown flag: --nonsense'), [
    'unknown flag: --nonsense',
  ])
  t.equal(said('panic: something else'), undefined)
  t.end()
})

void t.test('a collector is started with its own file, on ports of its own', async t => {
  const dir = t.testdir()
  const source = `
import http from 'node:http'
import fs from 'node:fs'
if (process.argv.includes('--version')) { console.log('otelcol version 9.9.9'); process.exit(0) }
const file = process.argv.find(arg => arg.startsWith('--config=file:')).slice('--config=file:'.length)
const text = fs.readFileSync(file, 'utf8')
const port = name => Number(new RegExp(name + ':\\\\s+endpoint: 127\\\\.0\\\\.0\\\\.1:(\\\\d+)').exec(text)?.[1])
http.createServer((request, response) => response.end()).listen(port('health_check'), '127.0.0.1')
console.log('pprof ' + port('pprof'))
process.on('SIGTERM', () => process.exit(0))
`
  const bin = nodeProgram(dir, 'otelcol', source)
  const subject = await otelcolSubject().start(
    clock,
    optionsFor(dir, { bin, profile: true, config: `rule_files: []\n${STATIC}` }),
  )
  t.teardown(() => subject.stop())
  t.match(subject, { kind: 'otelcol', version: '9.9.9', warnings: [/^line 1: otelcol does not support rule_files/] })
  t.match(
    subject.files.map(file => path.basename(file)),
    ['prometheus.yml', 'otelcol.log', 'otelcol.yml'],
  )
  t.match(readFileSync(subject.files[1]!, 'utf8'), `pprof ${new URL(subject.pprofUrl!).port}`)
  t.strictSame(await subject.query('up'), [])
  await subject.stop()
  const plain = await otelcolSubject().start(clock, optionsFor(dir, { bin }))
  t.equal(plain.pprofUrl, undefined, 'no port that nobody asked for')
  await plain.stop()

  const refuses = nodeProgram(
    dir,
    'refuses',
    `console.error('Error: no such thing'); process.exit(process.argv.includes('--version') ? 0 : 1)`,
  )
  const error = await refusal(otelcolSubject().start(clock, optionsFor(dir, { bin: refuses })))
  t.equal(error.code, 'CHURN_SUBJECT_CONFIG')
  t.match(error.message, /otelcol refuses the configuration:\n {2}no such thing/)
})

void t.test('counters on a metrics page', t => {
  const page = `# TYPE a_total counter
a_total{type="x",other="a{}\\""} 1
a_total{type="y"} 2.5e3 1700000000000
a_total_more{type="x"} 7
b_total 3
`
  t.equal(counterTotal(page, 'a_total'), 2501)
  t.equal(counterTotal(page, 'a_total', 'x'), 1)
  t.equal(counterTotal(page, 'b_total'), 3)
  t.equal(counterTotal(page, 'b_total', 'x'), undefined)
  t.equal(counterTotal(page, 'c_total'), undefined)
  t.end()
})

void t.test('the embedded subject writes a V8 profile when it ends', async t => {
  const dir = t.testdir()
  const bin = path.join(dir, 'fake.mjs')
  writeFileSync(bin, `${FAKE_SUBJECT}listen()\nprocess.on('SIGTERM', () => process.exit(0))`)
  const subject = await embeddedSubject().start(clock, optionsFor(dir, { bin, profile: true }))
  t.strictSame(subject.warnings, [])
  await subject.stop()
  const profiles = readdirSync(dir).filter(name => name.endsWith('.cpuprofile'))
  // One more for each start that found its port taken in the meantime.
  t.ok(profiles.length >= 1)
  const profile = JSON.parse(readFileSync(path.join(dir, profiles.at(-1)!), 'utf8')) as {
    nodes: unknown[]
    samples: unknown[]
  }
  t.ok(profile.nodes.length > 1 && profile.samples.length > 0)

  const foreign = nodeProgram(dir, 'foreign', `${FAKE_SUBJECT}listen()\nprocess.on('SIGTERM', () => process.exit(0))`)
  const other = await embeddedSubject().start(clock, optionsFor(dir, { bin: foreign, profile: true }))
  t.match(other.warnings, [/is no JavaScript file: no profile/])
  await other.stop()
})
