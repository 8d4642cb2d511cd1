// Goal: a user's prometheus.yml reaches the simulated cluster and is otherwise untouched, byte for byte.
// Method: pairs (input with «…» marking what is inserted), faults by line, and a property over generated entries.
import * as fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { applyEdits } from '../../../harness/subjects/text-edit.ts'
import { defaultPrometheusConfig, fillPrometheusConfig, SubjectError } from '../../../harness/subjects/index.ts'

const API = { url: 'https://127.0.0.1:6443', credentialsFile: '/w/api-token', caFile: '/w/api-ca.crt' }

/** Text with «insertions» → [before, after]. */
function pair(marked: string): readonly [string, string] {
  return [marked.replaceAll(/«[^»]*»/g, ''), marked.replaceAll(/[«»]/g, '')]
}

const AUTH = 'authorization: { type: Bearer, credentials_file: "/w/api-token" }'
const TLS = 'tls_config: { ca_file: "/w/api-ca.crt" }'
const URL_ = 'api_server: "https://127.0.0.1:6443"'

void t.test('fills every entry that means the surrounding cluster and touches nothing else', async t => {
  const [before, after] = pair(`# production
global:
    scrape_interval:   15s   # odd   spacing stays
    external_labels: {cluster: "eu-1", replica: '0'}
rule_files: [ rules/*.yml ]

scrape_configs:
- job_name: pods
  kubernetes_sd_configs:
  -   «${URL_}
      ${AUTH}
      ${TLS}
      »role: pod        # the role
      namespaces:
        names: [ a, b ]
  - {« ${URL_}, ${AUTH}, ${TLS}, »role: endpointslice}
  - "kubeconfig_file": /home/me/.kube/config
    role: node
- job_name: static
  static_configs: [{targets: ['localhost:9090']}]
  relabel_configs:
  - regex: '(.*)\\d$'
    replacement: $1
    target_label: x
- job_name: own
  kubernetes_sd_configs:
    - role: service
      api_server: https://10.0.0.1
      tls_config: { ca_file: /x }
    # a comment before the next one
    -
      # and one inside
      «${URL_}
      ${AUTH}
      ${TLS}
      »role: ingress
alerting:
  alertmanagers:
    - kubernetes_sd_configs:
        - «${URL_}
          ${AUTH}
          ${TLS}
          »role: pod
`)
  const filled = fillPrometheusConfig(before, API)
  t.equal(filled.text, after)
  t.equal(filled.kubernetesSdCount, 6)
  t.strictSame(filled.warnings, [
    'line 14: this kubernetes_sd_configs entry has its own kubeconfig_file and is left alone',
    'line 24: this kubernetes_sd_configs entry has its own api_server and is left alone',
  ])
  t.equal(filled.sourceLine(1), 1)
  const line = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length
  for (const part of ['role: pod  ', 'role: endpointslice', "(.*)\\d$'", '# and one inside', 'alertmanagers:']) {
    t.equal(filled.sourceLine(line(filled.text, part)), line(before, part), `a fault at "${part}" has the user's line`)
  }
})

void t.test('follows anchors, aliases and merges, and fills what is shared once', async t => {
  const [before, after] = pair(`scrape_configs:
  - job_name: a
    kubernetes_sd_configs: &sd
      - &entry
        «${URL_}
        ${AUTH}
        ${TLS}
        »role: pod
  - job_name: b
    kubernetes_sd_configs: *sd
  - job_name: c
    kubernetes_sd_configs:
      - *entry
      - «${URL_}
        ${AUTH}
        ${TLS}
        »<<: *entry
        role: node
`)
  t.equal(fillPrometheusConfig(before, API).text, after)
  const inherited = `scrape_configs:
  - job_name: a
    kubernetes_sd_configs: [&base {role: pod, api_server: "http://x"}]
  - job_name: b
    kubernetes_sd_configs: [{<<: *base, role: node}]
`
  t.equal(fillPrometheusConfig(inherited, API).text, inherited, 'an inherited api_server is an api_server')
})

void t.test('keeps CRLF line ends, and fills what has none to fill not at all', async t => {
  const crlf = 'scrape_configs:\r\n- job_name: a\r\n  kubernetes_sd_configs:\r\n  - role: pod\r\n'
  const filled = fillPrometheusConfig(crlf, API).text
  t.notMatch(filled, /[^\r]\n/)
  t.match(parse(filled), { scrape_configs: [{ kubernetes_sd_configs: [{ api_server: API.url, role: 'pod' }] }] })
  const without = 'scrape_configs: []\n# end'
  t.equal(fillPrometheusConfig(without, API).text, without)
})

void t.test('makes relative paths absolute when the folder of the configuration is known', async t => {
  const source = `global: { external_labels: { my_file: rel } }
rule_files: [rules/*.yml, /abs/x.yml]
scrape_configs:
  - job_name: a
    bearer_token_file: secret/token # why
    tls_config: { ca_file: 'ca.crt' }
    file_sd_configs:
      - files:
          - targets.json
    static_configs: [{ targets: [a], labels: { cert_file: no } }]
`
  t.equal(
    fillPrometheusConfig(source, API, '/etc/prometheus').text,
    source
      .replace('rules/*.yml', '"/etc/prometheus/rules/*.yml"')
      .replace('secret/token', '"/etc/prometheus/secret/token"')
      .replace("'ca.crt'", '"/etc/prometheus/ca.crt"')
      .replace('targets.json', '"/etc/prometheus/targets.json"'),
  )
})

void t.test('tells all faults at once, with their lines', async t => {
  const refused = (source: string): string => {
    try {
      fillPrometheusConfig(source, API)
    } catch (error) {
      if (!(error instanceof SubjectError)) throw error
      t.equal(error.code, 'CHURN_SUBJECT_CONFIG')
      t.equal(error.exitCode, 2)
      return error.message
    }
    return t.fail('it was accepted') as never
  }
  const syntax = refused('a: 1\na: 2\nb: "open\n')
  t.match(syntax, /line 2: /)
  t.match(syntax, /line 3: |line 4: /)
  const semantic = refused(`scrape_configs:
  - job_name: a
    kubernetes_sd_configs:
      - role: pod
        basic_auth: { username: x }
      - role: pod
        namespaces: { own_namespace: true }
`)
  t.match(semantic, /line 4: .*basic_auth needs an api_server/)
  t.match(semantic, /line 6: own_namespace/)
  t.match(refused('- just\n- a list\n'), /not a mapping/)
  t.match(refused(''), /not a mapping/)
})

void t.test('the default configuration is one text with the given interval and role', async t => {
  for (const role of ['pod', 'endpointslice', 'endpoints'] as const) {
    const text = defaultPrometheusConfig({ scrapeIntervalMs: 5_000, role })
    const config = parse(text)
    t.match(config, {
      global: { scrape_interval: '5s', scrape_timeout: '5s' },
      scrape_configs: [{ job_name: 'kubernetes-pods', kubernetes_sd_configs: [{ role }] }],
    })
    const targets = config.scrape_configs[0].relabel_configs.map((rule: { target_label?: string }) => rule.target_label)
    t.equal(targets.includes('service'), role !== 'pod')
    t.match(fillPrometheusConfig(text, API), { kubernetesSdCount: 1, warnings: [] })
  }
  t.match(defaultPrometheusConfig({ scrapeIntervalMs: 60_000, role: 'pod' }), /scrape_timeout: 10s/)
  t.match(defaultPrometheusConfig({ scrapeIntervalMs: 250, role: 'pod' }), /scrape_timeout: 250ms/)
})

void t.test('property: edits change nothing outside themselves, and lines are traced back', async t => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n'), maxLength: 6 })
  const kept = fc.string({ unit: fc.constantFrom('a', ' ', '\n'), minLength: 1, maxLength: 6 })
  const inLine = fc.string({ unit: fc.constantFrom('b', ' '), maxLength: 6 })
  fc.assert(
    fc.property(fc.array(fc.record({ kept, replaced: inLine, replacement: text }), { maxLength: 8 }), parts => {
      let source = ''
      let expected = ''
      const edits = []
      /** For every kept character: its line in the result and in the source. */
      const lines: [number, number][] = []
      for (const { kept, replaced, replacement } of parts) {
        for (const char of kept) {
          lines.push([expected.split('\n').length, source.split('\n').length])
          source += char
          expected += char
        }
        edits.push({ start: source.length, end: source.length + replaced.length, text: replacement })
        source += replaced
        expected += replacement
      }
      const edited = applyEdits(source, edits.toReversed())
      return edited.text === expected && lines.every(([line, origin]) => edited.sourceLine(line) === origin)
    }),
    { numRuns: 200 },
  )
  const shortened = applyEdits('a\n|\n b\n|c', [{ start: 2, end: 7, text: '"b" ' }])
  t.equal(shortened.text, 'a\n"b" |c')
  t.equal(shortened.sourceLine(2), 2, 'a line from which breaks were cut out is where it began')
})
