import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { request } from 'undici'
import { SystemClock } from '../../../base/index.ts'
import {
  defaultPrometheusConfig,
  type RawSeries,
  type Subject,
  type SubjectDefinition,
  SubjectError,
  type SubjectOptions,
} from '../../../harness/subjects/index.ts'
import { fakeKubernetes, fakeTarget } from './fake-kubernetes.ts'

const ROLES = ['pod', 'endpointslice', 'endpoints'] as const
const JOBS_KEY = 'scrape_configs:\n'
const clock = new SystemClock()

/** The default configuration of each role, as one. */
export function allRoles(scrapeIntervalMs: number): string {
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

export async function findsThePod(
  t: Test,
  definition: SubjectDefinition,
  args: readonly string[],
  bin?: string,
): Promise<void> {
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
    ...(bin === undefined ? {} : { bin }),
    profile: definition.kind === 'otelcol',
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
    up.map(sample => withoutScope(sample.labels)).sort((a, b) => (a['job']! < b['job']! ? -1 : 1)),
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
  const appended = await subject.samplesAppended!()
  t.ok(appended! >= 2 * target.served(), `${appended} samples by its own counter after ${target.served()} scrapes`)
  if (subject.pprofUrl !== undefined) {
    const { body } = await request(`${subject.pprofUrl}/debug/pprof/heap`)
    t.ok(gunzipSync(Buffer.from(await body.arrayBuffer())).length > 100, 'a profile can be had')
  }
  t.match(await subject.stop(), { signal: null, code: 0 })
}

/** OpenTelemetry marks what it passes on. */
function withoutScope(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith('otel_scope_')))
}

export async function refusal(definition: SubjectDefinition, options: SubjectOptions): Promise<SubjectError> {
  const outcome: unknown = await definition.start(clock, options).then(
    subject => subject.stop(),
    (error: unknown) => error,
  )
  if (!(outcome instanceof SubjectError)) throw new Error('it was not refused', { cause: outcome })
  return outcome
}

export function optionsFor(workDir: string, config: string, more: Partial<SubjectOptions> = {}): SubjectOptions {
  const api = { url: 'http://127.0.0.1:1', token: 'x', caPem: '' }
  return { config, api, workDir, readyTimeoutMs: 30_000, ...more }
}

/** The lines of its faults are 7 and 9. */
export const FAULTY = `global:
  scrape_interval: 1s
scrape_configs:
  - job_name: a
    kubernetes_sd_configs:
      - role: pod
        nonsense: 1
  - job_name: b
    rubbish: 2
`
