import type { ObjectStore, ResourceType } from '../cluster/index.ts'
import type { RequestInfo } from './request-info.ts'
import { DURATION_BUCKETS_S, type RequestCounts, scopeOf, type UsageMeter } from './usage.ts'
import { KUBERNETES_VERSION } from './version.ts'

/** Content type of the text format. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = readonly (readonly [name: string, value: string])[]

/**
 * `/metrics` of the API server: those of its metrics that dashboards are made of, with their real names and labels. What
 * they count is what clients of this server did.
 */
export function apiMetrics(
  store: ObjectStore,
  usage: UsageMeter,
  watchEvents: ReadonlyMap<ResourceType, number>,
): string {
  const all = [...usage.counts()]
  const lasting = all.filter(({ durations }) => durations === undefined)
  return [
    family('apiserver_request_total', 'counter', 'Counter of apiserver requests.', all.flatMap(requestsOf)),
    family(
      'apiserver_request_duration_seconds',
      'histogram',
      'Response latency distribution in seconds.',
      all.flatMap(durationsOf),
    ),
    family(
      'apiserver_longrunning_requests',
      'gauge',
      'Gauge of all active long-running apiserver requests.',
      lasting.map(({ info, open }) => sample('apiserver_longrunning_requests', labelsOf(info), open)),
    ),
    family(
      'apiserver_watch_events_total',
      'counter',
      'Number of events sent in watch clients.',
      [...watchEvents].map(([{ group, version, kind, plural }, count]) =>
        sample(
          'apiserver_watch_events_total',
          [
            ['group', group],
            ['kind', kind],
            ['resource', plural],
            ['version', version],
          ],
          count,
        ),
      ),
    ),
    family(
      'apiserver_storage_objects',
      'gauge',
      'Number of stored objects at the time of last check split by kind.',
      store.resources
        .stored()
        .map(type =>
          sample(
            'apiserver_storage_objects',
            [['resource', type.group === '' ? type.plural : `${type.plural}.${type.group}`]],
            store.count(type),
          ),
        ),
    ),
    family('kubernetes_build_info', 'gauge', 'Build information of Kubernetes.', [
      sample(
        'kubernetes_build_info',
        [
          ['git_version', KUBERNETES_VERSION.gitVersion],
          ['major', KUBERNETES_VERSION.major],
          ['minor', KUBERNETES_VERSION.minor],
        ],
        1,
      ),
    ]),
  ].join('')
}

function requestsOf({ info, byCode }: RequestCounts): string[] {
  return [...byCode].map(([code, count]) =>
    sample('apiserver_request_total', [['code', String(code)], ...labelsOf(info)], count),
  )
}

function durationsOf({ info, durations, durationSumS }: RequestCounts): string[] {
  if (durations === undefined) return []
  const labels = labelsOf(info)
  let count = 0
  const lines = [...durations].map((inBucket, index) => {
    count += inBucket
    const le = index < DURATION_BUCKETS_S.length ? String(DURATION_BUCKETS_S[index]) : '+Inf'
    return sample('apiserver_request_duration_seconds_bucket', [...labels, ['le', le]], count)
  })
  return [
    ...lines,
    sample('apiserver_request_duration_seconds_sum', labels, durationSumS),
    sample('apiserver_request_duration_seconds_count', labels, count),
  ]
}

/** HTTP methods and verbs as the API server's metrics name them. */
const VERBS: Readonly<Record<RequestInfo['verb'], string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
}

function labelsOf(info: RequestInfo): Labels {
  const { verb, type, subresource = '' } = info
  return [
    ['component', 'apiserver'],
    ['group', type.group],
    ['resource', type.plural],
    ['scope', scopeOf(info)],
    ['subresource', subresource],
    ['verb', subresource === 'log' ? 'CONNECT' : VERBS[verb]],
    ['version', type.version],
  ]
}

function family(name: string, type: string, help: string, samples: readonly string[]): string {
  return samples.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join('')}`
}

/** No value that is shown here has characters to be escaped. */
function sample(name: string, labels: Labels, value: number): string {
  return `${name}{${labels.map(([label, text]) => `${label}="${text}"`).join(',')}} ${value}\n`
}
