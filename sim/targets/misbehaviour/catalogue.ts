import type { Misbehaviour, MisbehaviourOutcome, MisbehaviourParam, ScrapeErrorClass } from './misbehaviour.ts'

const KIB = 1024
const MIB = 1024 * 1024

const HTTP = 'net/http, which it scrapes with'
const SCRAPE = 'scrape/scrape.go'
const FASTHTTP = 'fasthttp, which it scrapes with'

const DELAY: MisbehaviourParam = {
  name: 'delay',
  unit: 'ms',
  default: 300,
  min: 1,
  max: 600_000,
  description: 'how long it takes',
}

function down(error: ScrapeErrorClass, source: string): MisbehaviourOutcome {
  return { up: 0, error, page: false, source }
}

function fine(source: string, extra?: MisbehaviourOutcome['extra']): MisbehaviourOutcome {
  return { up: 1, page: true, source, ...(extra === undefined ? {} : { extra }) }
}

/**
 * Everything that a target can do wrong, in the order of a scrape's stages. The only place that says so: answers, actions,
 * checks and documentation are made from it.
 *
 * Outcomes are those of Prometheus 3 and VictoriaMetrics 1.79 with their defaults, as their documentation and source have
 * them; test/harness/misbehaviour/outcomes.test.ts asks the programs themselves.
 */
export const MISBEHAVIOURS: readonly Misbehaviour[] = [
  {
    name: 'reset-accept',
    description: 'Connections are reset as soon as they are accepted; those that are open, at once.',
    stage: 'connection',
    params: [],
    samples: 'not served',
    prometheus: down('connection lost', HTTP),
    victoriametrics: down('connection lost', FASTHTTP),
  },
  {
    name: 'hang-accept',
    description: 'Connections are accepted and requests read, but nothing is ever answered.',
    stage: 'connection',
    params: [],
    samples: 'not served',
    hangs: true,
    prometheus: down('timeout', 'scrape_timeout in its configuration'),
    victoriametrics: down('timeout', 'scrape_timeout in its configuration'),
  },
  {
    name: 'slow-first-byte',
    description: 'The answer is complete, and begins late.',
    stage: 'head',
    params: [DELAY],
    samples: 'counted',
    prometheus: fine('scrape_timeout in its configuration'),
    victoriametrics: fine('scrape_timeout in its configuration'),
  },
  {
    name: 'server-error',
    description: 'Answers an HTTP status of the server’s fault.',
    stage: 'head',
    params: [{ name: 'code', unit: '1', default: 503, min: 500, max: 599, description: 'HTTP status from 500 to 599' }],
    samples: 'not served',
    prometheus: down('HTTP status', SCRAPE),
    victoriametrics: down('HTTP status', 'lib/promscrape/client.go'),
  },
  {
    name: 'not-found',
    description: 'Answers 404, as a program does whose metrics are elsewhere.',
    stage: 'head',
    params: [],
    samples: 'not served',
    prometheus: down('HTTP status', SCRAPE),
    victoriametrics: down('HTTP status', 'lib/promscrape/client.go'),
  },
  {
    name: 'redirect',
    description: 'Redirects to another path of its own, which serves the page.',
    stage: 'head',
    params: [],
    samples: 'counted',
    prometheus: fine('follow_redirects in its configuration'),
    victoriametrics: fine('follow_redirects in its configuration'),
  },
  {
    name: 'redirect-loop',
    description: 'Redirects to a path that redirects to itself.',
    stage: 'head',
    params: [],
    samples: 'not served',
    prometheus: down('redirects', `${HTTP}: ten redirects at most`),
    victoriametrics: down('redirects', `${FASTHTTP}: a few redirects at most`),
  },
  {
    name: 'wrong-content-type',
    description: 'Serves the page as `text/html`.',
    stage: 'head',
    params: [],
    samples: 'excused',
    prometheus: down('content type', 'fallback_scrape_protocol in its configuration, none by default'),
    victoriametrics: fine('lib/promscrape: the content type is not looked at'),
  },
  {
    name: 'no-content-type',
    description: 'Serves the page without a content type.',
    stage: 'head',
    params: [],
    samples: 'excused',
    prometheus: down('content type', 'fallback_scrape_protocol in its configuration, none by default'),
    victoriametrics: fine('lib/promscrape: the content type is not looked at'),
  },
  {
    name: 'header-flood',
    description: 'Serves the page behind many headers.',
    stage: 'head',
    params: [
      {
        name: 'bytes',
        unit: 'bytes',
        default: 64 * KIB,
        min: KIB,
        max: 16 * MIB,
        description: 'size of all headers together',
      },
    ],
    samples: 'excused',
    prometheus: fine(`${HTTP}: 10 MiB of headers at most`),
    victoriametrics: down('headers too large', '-promscrape.maxResponseHeadersSize, 4 KiB by default'),
  },
  {
    name: 'slow-body',
    description: 'The answer is complete, and its body comes piece by piece.',
    stage: 'body',
    params: [DELAY],
    samples: 'counted',
    prometheus: fine('scrape_timeout in its configuration'),
    victoriametrics: fine('scrape_timeout in its configuration'),
  },
  {
    name: 'hang-body',
    description: 'Stops in the middle of the body and says nothing more.',
    stage: 'body',
    params: [],
    samples: 'not served',
    hangs: true,
    prometheus: down('timeout', 'scrape_timeout in its configuration'),
    victoriametrics: down('timeout', 'scrape_timeout in its configuration'),
  },
  {
    name: 'reset-body',
    description: 'Resets the connection in the middle of the body.',
    stage: 'body',
    params: [],
    samples: 'not served',
    prometheus: down('connection lost', HTTP),
    victoriametrics: down('connection lost', FASTHTTP),
  },
  {
    name: 'truncated-body',
    description: 'Closes the connection before as many bytes were sent as `Content-Length` promised.',
    stage: 'body',
    params: [
      { name: 'bytes', unit: 'bytes', default: KIB, min: 1, max: 16 * MIB, description: 'how many are missing' },
    ],
    samples: 'not served',
    prometheus: down('connection lost', HTTP),
    victoriametrics: down('connection lost', FASTHTTP),
  },
  {
    name: 'oversized-body',
    description: 'Serves the page and after it that much of comments, uncompressed.',
    stage: 'body',
    params: [
      { name: 'bytes', unit: 'bytes', default: 20 * MIB, min: KIB, max: 1024 * MIB, description: 'size of the body' },
    ],
    samples: 'excused',
    limit: 'body_size_limit',
    prometheus: fine('body_size_limit in its configuration, none by default'),
    victoriametrics: down('too large', '-promscrape.maxScrapeSize, 16 MiB by default'),
  },
  {
    name: 'gzip-bomb',
    description: 'Serves the page and after it comments, compressed a thousandfold, whatever encoding was asked for.',
    stage: 'body',
    params: [
      {
        name: 'bytes',
        unit: 'bytes',
        default: 32 * MIB,
        min: MIB,
        max: 4096 * MIB,
        description: 'size of the body when it is unpacked',
      },
    ],
    samples: 'excused',
    limit: 'body_size_limit',
    prometheus: fine('body_size_limit in its configuration, none by default'),
    victoriametrics: fine('-promscrape.maxScrapeSize: 1.79 compares the size before unpacking'),
  },
  {
    name: 'bad-line',
    description: 'Serves the page with a line in its middle that is no sample.',
    stage: 'text',
    params: [],
    samples: 'excused',
    prometheus: down('syntax', `${SCRAPE}: all of a body or nothing`),
    victoriametrics: fine('lib/protoparser/prometheus: lines that cannot be read are left out and counted'),
  },
  {
    name: 'duplicate-series',
    description: 'Serves the page and a further series twice, with the same value.',
    stage: 'text',
    params: [],
    samples: 'counted',
    extraSeries: 'churnbench_misbehaviour_duplicate',
    prometheus: fine(`${SCRAPE}: the second is left out and counted`, 'each'),
    victoriametrics: fine('deduplication in its documentation: off by default', 'each'),
  },
  {
    name: 'duplicate-values',
    description: 'Serves the page and a further series twice, with two values.',
    stage: 'text',
    params: [],
    samples: 'counted',
    extraSeries: 'churnbench_misbehaviour_duplicate',
    prometheus: fine(`${SCRAPE}: the second is left out and counted`, 'each'),
    victoriametrics: fine('deduplication in its documentation: off by default', 'each'),
  },
  {
    name: 'old-timestamps',
    description: 'Serves the page and a further series whose time stamps go back from scrape to scrape.',
    stage: 'text',
    params: [
      {
        name: 'back',
        unit: 'ms',
        default: 1000,
        min: 1,
        max: 3_600_000,
        description: 'how far they go back each time',
      },
    ],
    samples: 'counted',
    extraSeries: 'churnbench_misbehaviour_time',
    prometheus: fine('storage.tsdb.out_of_order_time_window in its configuration, none by default', 'first'),
    victoriametrics: fine('backfilling in its documentation: time stamps may go back', 'each'),
  },
  {
    name: 'future-timestamps',
    description: 'Serves the page and a further series whose time stamps are in the future.',
    stage: 'text',
    params: [
      { name: 'ahead', unit: 'ms', default: 3_600_000, min: 1, max: 86_400_000, description: 'how far ahead they are' },
    ],
    samples: 'counted',
    extraSeries: 'churnbench_misbehaviour_time',
    prometheus: fine(`${SCRAPE}: ten minutes ahead at most, what is beyond is left out and counted`, 'none'),
    victoriametrics: fine('lib/storage: two days ahead at most', 'each'),
  },
  {
    name: 'many-labels',
    description: 'Serves the page and a further series with very many labels.',
    stage: 'text',
    params: [{ name: 'labels', unit: '1', default: 100, min: 1, max: 10_000, description: 'number of its labels' }],
    samples: 'excused',
    extraSeries: 'churnbench_misbehaviour_labels',
    limit: 'label_limit',
    prometheus: fine('label_limit in its configuration, none by default', 'each'),
    victoriametrics: fine('-maxLabelsPerTimeseries, 30 by default: what is beyond is dropped', 'each'),
  },
  {
    name: 'long-values',
    description: 'Serves the page and a further series with a very long label value.',
    stage: 'text',
    params: [
      { name: 'bytes', unit: 'bytes', default: 24 * KIB, min: 1, max: 16 * MIB, description: 'length of the value' },
    ],
    samples: 'excused',
    extraSeries: 'churnbench_misbehaviour_long',
    limit: 'label_value_length_limit',
    prometheus: fine('label_value_length_limit in its configuration, none by default', 'each'),
    victoriametrics: fine('-maxLabelValueLen, 16 KiB by default: what is beyond is cut off', 'each'),
  },
  {
    name: 'new-series',
    description: 'Serves the page and further series that are new in each scrape, by a label value of their own.',
    stage: 'text',
    params: [
      { name: 'series', unit: '1', default: 500, min: 1, max: 100_000, description: 'how many are new each time' },
    ],
    samples: 'excused',
    extraSeries: 'churnbench_misbehaviour_new',
    limit: 'sample_limit',
    prometheus: fine('sample_limit in its configuration, none by default', 'each'),
    victoriametrics: fine('sample_limit in its configuration, none by default', 'each'),
  },
  {
    name: 'changing-order',
    description: 'Serves the page with its families, and the samples within each, in another order each time.',
    stage: 'text',
    params: [],
    samples: 'counted',
    prometheus: fine('exposition formats in its documentation: the order has no meaning'),
    victoriametrics: fine('exposition formats in the documentation of Prometheus: the order has no meaning'),
  },
  {
    name: 'flapping-readiness',
    description:
      'Serves the page, while its pod becomes unready again and again for the cluster’s `ready` timing; its endpoint follows.',
    stage: 'readiness',
    params: [
      { name: 'every', unit: 'ms', default: 5000, min: 100, max: 600_000, description: 'from one time to the next' },
    ],
    samples: 'counted',
    prometheus: fine('role pod and endpointslice in its documentation: readiness is a label'),
    victoriametrics: fine('role pod and endpointslice in its documentation: readiness is a label'),
  },
]

const BY_NAME: ReadonlyMap<string, Misbehaviour> = new Map(MISBEHAVIOURS.map(each => [each.name, each]))

export function misbehaviourByName(name: string): Misbehaviour | undefined {
  return BY_NAME.get(name)
}
