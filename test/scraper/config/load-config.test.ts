import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  type Config,
  ConfigError,
  formatFault,
  formatPromDuration,
  loadConfig,
  parsePromDuration,
} from '../../../scraper/config/index.ts'

const PEER_DATA = join('..', 'shared', 'peer-data', 'prometheus', 'config')

function load(text: string): Config {
  return loadConfig(text, { baseDir: '/etc/prom', env: { TEST: 'env' } })
}

function faultsOf(text: string): string[] {
  try {
    load(text)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(formatFault)
    throw error
  }
  return []
}

t.test('an empty file is a configuration with defaults', async t => {
  const config = load('')
  t.equal(config.global.scrapeIntervalMs, 60_000)
  t.equal(config.global.scrapeTimeoutMs, 10_000)
  t.same(config.scrapeConfigs, [])
})

t.test('defaults are those of Prometheus, and the job inherits from global', async t => {
  const { scrapeConfigs } = load(`
global: { scrape_interval: 5s, sample_limit: 7, external_labels: { cluster: "\${TEST}-$$1" } }
scrape_configs:
  - job_name: a
    static_configs: [{ targets: ['x:1'], labels: { zone: b } }]
  - job_name: b
    scrape_interval: 1m30s
    sample_limit: 3
    metrics_path: /m
    scheme: https
    params: { module: [m1, m2] }
    body_size_limit: 2MB
`)
  const [a, b] = scrapeConfigs
  t.match(a, {
    scrapeIntervalMs: 5000,
    // The default of 10 s is cut to the interval.
    scrapeTimeoutMs: 5000,
    metricsPath: '/metrics',
    scheme: 'http',
    honorTimestamps: true,
    honorLabels: false,
    enableCompression: true,
    sampleLimit: 7,
    scrapeProtocols: ['PrometheusText1.0.0', 'PrometheusText0.0.4'],
    escapingScheme: 'allow-utf-8',
  })
  t.same(a!.discoveries, [{ kind: 'static', groups: [{ targets: ['x:1'], labels: { zone: 'b' } }] }])
  t.match(b, {
    scrapeIntervalMs: 90_000,
    scrapeTimeoutMs: 5000,
    sampleLimit: 3,
    bodySizeLimitBytes: 2 * 1024 * 1024,
    params: { module: ['m1', 'm2'] },
  })
  t.ok(Object.isFrozen(a) && Object.isFrozen(b!.params), 'what comes out is frozen')
  const { global } = load('global: { external_labels: { cluster: "${TEST}-$$1" } }')
  t.equal(global.externalLabels.get('cluster'), 'env-$1')
})

t.test('all faults are told at once, each with its line and path', async t => {
  const faults = faultsOf(`global:
  scrape_interval: soon
scrape_configs:
  - job_name: a
    colour: red
    kubernetes_sd_configs:
      - role: pods
        api_server: https://127.0.0.1:6443
  - job_name: a
    relabel_configs:
      - { action: hashmod, target_label: x }
      - { regex: '(', target_label: y }
    consul_sd_configs: [{ server: localhost }]
`)
  t.equal(faults.length, 7, faults.join('\n'))
  t.match(faults[0], /^line 2: global\.scrape_interval: not a valid duration string: "soon"/)
  t.match(faults[1], /^line 5: scrape_configs\[0\]\.colour: field colour not found/)
  t.match(
    faults[2],
    /^line 7: scrape_configs\[0\]\.kubernetes_sd_configs\[0\]\.role: unknown Kubernetes SD role "pods"/,
  )
  t.match(faults[3], /^line 9: scrape_configs\[1\]: found multiple scrape configs with job name "a"/)
  t.match(faults[4], /^line 11: scrape_configs\[1\]\.relabel_configs\[0\]: .*non-zero modulus/)
  t.match(faults[5], /^line 12: .*relabel_configs\[1\]\.regex: .*regular expression/)
  t.match(faults[6], /^line 13: .*consul_sd_configs is not supported/)
})

t.test('broken YAML is a fault with a line, and the exit code is that of usage', async t => {
  try {
    load('a: [1\nb: 2')
    t.fail('must throw')
  } catch (error) {
    t.ok(error instanceof ConfigError)
    t.equal((error as ConfigError).exitCode, 2)
    t.equal((error as ConfigError).code, 'CHURN_CONFIG')
    t.ok((error as ConfigError).faults.every(fault => fault.line > 0))
  }
})

t.test('what is not built is refused by name when it would change results, else warned about', async t => {
  const job = (lines: string): string => `scrape_configs:\n  - job_name: a\n    ${lines}\n`
  t.match(faultsOf(job('scrape_native_histograms: true')), [/scrape_native_histograms is not supported/])
  t.match(faultsOf(job('oauth2: { client_id: x }')), [/oauth2 is not supported/])
  t.match(faultsOf(job('proxy_url: http://p')), [/proxy_url is not supported/])
  t.match(faultsOf(job('scrape_protocols: [PrometheusProto]')), [/none of the scrape_protocols/])
  t.same(faultsOf(job('scrape_protocols: [PrometheusProto, PrometheusText0.0.4]')), [])
  t.same(faultsOf(job('enable_http2: false')), [], 'harmless')
  const { warnings } = load(`
rule_files: [a.yml]
remote_write: [{ url: http://x }]
alerting: { alertmanagers: [{ static_configs: [{ targets: [a] }] }] }
storage: { tsdb: { out_of_order_time_window: 5m } }
`)
  t.same(warnings.map(warning => warning.path).toSorted(), ['alerting', 'remote_write', 'rule_files', 'storage.tsdb'])
})

t.test('Kubernetes discovery: every option arrives, files start at the folder of the config', async t => {
  const [job] = load(`
scrape_configs:
  - job_name: k
    kubernetes_sd_configs:
      - role: endpointslice
        api_server: https://127.0.0.1:6443/base/
        authorization: { credentials_file: token }
        tls_config: { ca_file: /abs/ca.crt, insecure_skip_verify: yes, server_name: kube, min_version: TLS12 }
        namespaces: { names: [a, b] }
        selectors: [{ role: pod, label: 'app in (x, y),!z', field: 'status.phase=Running' }]
        attach_metadata: { node: true }
`).scrapeConfigs
  t.match(job!.discoveries, [
    {
      kind: 'kubernetes',
      role: 'endpointslice',
      apiServer: 'https://127.0.0.1:6443/base',
      http: {
        authorization: { type: 'Bearer', credentialsFile: '/etc/prom/token' },
        tls: { caFile: '/abs/ca.crt', insecureSkipVerify: true, serverName: 'kube', minVersion: 'TLSv1.2' },
      },
      namespaces: ['a', 'b'],
      selectors: [{ role: 'pod', label: 'app in (x, y),!z', field: 'status.phase=Running' }],
      attachNode: true,
    },
  ])
})

t.test('scrape_config_files are read, with globs, and their faults name the file', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'churn-config-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, 'a.yml'), 'scrape_configs: [{ job_name: from-a, basic_auth: { password_file: pw } }]\n')
  writeFileSync(join(dir, 'b.yml'), 'scrape_configs:\n  - job_name: from-b\n')
  const config = loadConfig("scrape_config_files: ['*.yml']", { baseDir: dir })
  t.same(
    config.scrapeConfigs.map(job => job.jobName),
    ['from-a', 'from-b'],
  )
  t.equal(config.scrapeConfigs[0]!.http.basicAuth!.passwordFile, join(dir, 'pw'))
  writeFileSync(join(dir, 'b.yml'), 'scrape_configs:\n  - job_name: from-a\n    colour: red\n')
  try {
    loadConfig("scrape_config_files: ['*.yml']", { baseDir: dir })
    t.fail('must throw')
  } catch (error) {
    const { faults } = error as ConfigError
    t.same(
      faults.map(({ file, line }) => [file, line]),
      [
        [join(dir, 'b.yml'), 2],
        [join(dir, 'b.yml'), 3],
      ],
    )
  }
})

t.test('durations are read and written as Prometheus does', async t => {
  t.equal(parsePromDuration('1m30s'), 90_000)
  t.equal(parsePromDuration('1d2h'), 93_600_000)
  for (const wrong of ['', '15', '1.5s', '30s1m', '-1s', '1 m']) t.equal(parsePromDuration(wrong), undefined, wrong)
  for (const text of ['0s', '15s', '1m', '1m30s', '1h', '1d', '1w', '250ms', '8d', '25h']) {
    t.equal(formatPromDuration(parsePromDuration(text)!), text)
  }
})

/** Good files that ask for what this scraper does not have, or need a file that the data set leaves out. */
const REFUSED_GOOD: Readonly<Record<string, RegExp>> = {
  'conf.good.yml': /_sd_configs is not supported|oauth2|proxy_url/,
  'roundtrip.good.yml': /_sd_configs is not supported/,
  'scrape_interval_larger.good.yml': /dns_sd_configs is not supported/,
  'global_convert_classic_hist_to_nhcb.good.yml': /convert_classic_histograms_to_nhcb is not supported/,
  'global_enable_scrape_native_hist.good.yml': /scrape_native_histograms is not supported/,
  'local_enable_scrape_native_hist.good.yml': /scrape_native_histograms is not supported/,
  'scrape_config_files_only.good.yml': /ENOENT/,
}

t.test(
  "Prometheus' own test files: the good ones load, the bad ones are refused",
  { skip: existsSync(PEER_DATA) ? false : `no test data in ${PEER_DATA}` },
  async t => {
    const outcome = (file: string): string[] => {
      const text = readFileSync(join(PEER_DATA, file), 'utf8')
      try {
        loadConfig(text, { baseDir: PEER_DATA, env: {} })
        return []
      } catch (error) {
        if (error instanceof ConfigError) return error.faults.map(formatFault)
        throw error
      }
    }
    const files = readdirSync(PEER_DATA)
    const good = files.filter(file => file.endsWith('.good.yml'))
    const bad = files.filter(file => file.endsWith('.bad.yml'))
    t.ok(good.length > 30 && bad.length > 80, `${good.length} good, ${bad.length} bad`)
    for (const file of good) {
      const faults = outcome(file)
      const expected = REFUSED_GOOD[file]
      if (expected === undefined) t.same(faults, [], file)
      else t.match(faults.join('\n'), expected, file)
    }
    for (const file of bad) t.not(outcome(file).length, 0, file)
  },
)
