import type { Prng } from '../../../base/index.ts'
import type { ProfileData } from './model/data-profile.ts'
import { type Deck, kindsDeck, observedDeck } from './model/deck.ts'
import { by, counter, type Dealt, type FamilyData, gauge, histogram, labelled } from './model/family-data.ts'
import {
  constant,
  dealt,
  drawn,
  events,
  noise,
  ONE,
  oneIn,
  type Source,
  steady,
  sum,
  times,
  wobble,
  ZERO,
} from './model/source.ts'

/** Envoy's default bounds, as it writes them: of milliseconds and of bytes. */
const BOUNDS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000,
]
const BOUND_TEXTS = BOUNDS.map(bound => (Number.isInteger(bound) ? `${bound}.0` : String(bound)))

const CODES = ['200', '404', '503']
/** Of 64 requests. */
const CODE_SHARES = [60, 3, 1]

interface Peer {
  readonly workload: string
  readonly namespace: string
  /** Of all requests that this proxy takes or makes to this peer. */
  readonly requests: Source
  readonly codes: Deck
  readonly durations: Deck
  readonly requestBytes: Deck
  readonly responseBytes: Deck
}

/** An Istio sidecar: Istio's standard metrics, and what Envoy and pilot-agent tell by default. Envoy writes no HELP. */
export const istioProxy: ProfileData = {
  name: 'istio-proxy',
  description:
    'Istio sidecar: requests, durations and sizes by source and destination; Envoy’s clusters, listeners, server.',
  families({ app, namespace, prng, faker }): readonly FamilyData[] {
    const names = faker.helpers.uniqueArray(
      () =>
        faker.word
          .noun()
          .toLowerCase()
          .replaceAll(/[^a-z]/g, ''),
      5,
    )
    const [client = 'client', edge = 'edge', ...servers] = names
    const peerOf = (workload: string): Peer => ({ workload, namespace, ...traffic(prng.fork(`peer/${workload}`)) })
    const inbound = [client, edge].map(peerOf)
    const outbound = servers.map(peerOf)
    const all = [...inbound, ...outbound]
    const requests = [
      ...inbound.map(peer => labelsOf(peer, app, namespace, 'in')),
      ...outbound.map(peer => labelsOf(peer, app, namespace, 'out')),
    ]
    const perCode = (value: (peer: Peer, column: number) => Source) =>
      all.flatMap((peer, i) =>
        CODES.map((code, column) => labelled({ ...requests[i]!, response_code: code }, value(peer, column))),
      )
    // Observed for each code; the sizes and durations of one peer do not depend on it.
    const observed = (deck: (peer: Peer) => Deck): Dealt[] =>
      all.flatMap((peer, i) =>
        CODES.map((code, column) => ({
          labels: { ...requests[i]!, response_code: code },
          count: dealt(peer.requests, peer.codes, column),
          deck: deck(peer),
        })),
      )
    const clusters = [
      ...outbound.map(({ workload }) => `outbound|8080||${workload}.${namespace}.svc.cluster.local`),
      'inbound|8080||',
      'xds-grpc',
    ]
    const perCluster = (value: () => Source) => by('cluster_name', clusters, value)
    const connections = clusters.map(() => events(0.01, 0.6))
    const active = clusters.map(() => wobble(1, 12))
    const memory = times(wobble(5_000, 9_000), 4096)
    return [
      counter(
        'istio_requests_total',
        '',
        perCode((peer, column) => dealt(peer.requests, peer.codes, column)),
      ),
      histogram(
        'istio_request_duration_milliseconds',
        '',
        BOUND_TEXTS,
        observed(({ durations }) => durations),
      ),
      histogram(
        'istio_request_bytes',
        '',
        BOUND_TEXTS,
        observed(({ requestBytes }) => requestBytes),
      ),
      histogram(
        'istio_response_bytes',
        '',
        BOUND_TEXTS,
        observed(({ responseBytes }) => responseBytes),
      ),
      gauge('istio_build', '', [labelled({ component: 'proxy', tag: '1.27.1' }, ONE)]),
      counter(
        'envoy_cluster_upstream_cx_total',
        '',
        by('cluster_name', clusters, (_, i) => sum(constant(12), connections[i]!)),
      ),
      gauge(
        'envoy_cluster_upstream_cx_active',
        '',
        by('cluster_name', clusters, (_, i) => active[i]!),
      ),
      counter(
        'envoy_cluster_upstream_cx_connect_fail',
        '',
        by('cluster_name', clusters, (_, i) => oneIn(connections[i]!, 40)),
      ),
      counter(
        'envoy_cluster_upstream_rq_total',
        '',
        by('cluster_name', clusters, (_, i) => outbound[i]?.requests ?? sum(...inbound.map(peer => peer.requests))),
      ),
      gauge(
        'envoy_cluster_membership_healthy',
        '',
        perCluster(() => constant(3)),
      ),
      gauge(
        'envoy_cluster_membership_total',
        '',
        perCluster(() => constant(3)),
      ),
      counter(
        'envoy_cluster_upstream_cx_rx_bytes_total',
        '',
        by('cluster_name', clusters, (_, i) => times(sum(connections[i]!, outbound[i]?.requests ?? ZERO), 2_211)),
      ),
      counter(
        'envoy_cluster_upstream_cx_tx_bytes_total',
        '',
        by('cluster_name', clusters, (_, i) => times(sum(connections[i]!, outbound[i]?.requests ?? ZERO), 934)),
      ),
      counter('envoy_cluster_manager_cluster_added', '', constant(clusters.length + 4)),
      gauge('envoy_cluster_manager_active_clusters', '', constant(clusters.length + 4)),
      gauge('envoy_listener_manager_total_listeners_active', '', constant(9)),
      counter(
        'envoy_listener_downstream_cx_total',
        '',
        by('listener_address', ['0.0.0.0_15006', '0.0.0.0_15001', '0.0.0.0_15021'], () => events(0.05, 2)),
      ),
      gauge(
        'envoy_listener_downstream_cx_active',
        '',
        by('listener_address', ['0.0.0.0_15006', '0.0.0.0_15001', '0.0.0.0_15021'], () => noise(1, 20)),
      ),
      gauge('envoy_server_concurrency', '', constant(2)),
      gauge('envoy_server_live', '', ONE),
      gauge('envoy_server_memory_allocated', '', memory),
      gauge('envoy_server_memory_heap_size', '', sum(memory, times(drawn(900, 3_000), 4096))),
      gauge('envoy_server_total_connections', '', sum(...active)),
      gauge('envoy_server_uptime', '', steady(1)),
      counter(
        'istio_agent_num_outgoing_requests',
        'Number of total outgoing requests (e.g. to a token exchange server, CA, etc.)',
        by('request_type', ['csr'], () => ONE),
      ),
      gauge(
        'istio_agent_startup_duration_seconds',
        'The time from the process starting to being marked ready.',
        drawn(700, 2_400),
        3,
      ),
      gauge('istio_agent_pilot_xds', 'Number of endpoints connected to this pilot using XDS.', [
        labelled({ version: '1.27.1' }, ONE),
      ]),
      counter(
        'istio_agent_xds_proxy_requests',
        'The total number of Xds Proxy Requests',
        sum(constant(9), steady(0.02)),
      ),
      counter(
        'istio_agent_xds_proxy_responses',
        'The total number of Xds Proxy Responses',
        sum(constant(9), steady(0.02)),
      ),
      gauge(
        'istio_agent_cert_expiry_seconds',
        'The time remaining, in seconds, before the certificate chain will expire. A negative value indicates the cert is expired.',
        [labelled({ resource_name: 'default' }, wobble(40_000, 86_000))],
      ),
    ]
  },
}

function traffic(prng: Prng): Omit<Peer, 'workload' | 'namespace'> {
  const bounds = BOUNDS.slice(1)
  // Half a millisecond is no whole number: nothing is as fast as that, and nothing as small.
  const observed = (usual: number, max: number): Deck => observedDeck(prng, { bounds: [0.5, ...bounds], usual, max })
  return {
    requests: events(0.5, 40),
    codes: kindsDeck(prng, CODE_SHARES),
    durations: observed(prng.between(2, 5), 4_000_000),
    requestBytes: observed(prng.between(8, 10), 4_000_000),
    responseBytes: observed(prng.between(8, 12), 4_000_000),
  }
}

/** Istio's standard labels, without the response code; whoever answers reports what comes in, whoever asks what goes out. */
function labelsOf(
  peer: Peer,
  app: string,
  namespace: string,
  direction: 'in' | 'out',
): Readonly<Record<string, string>> {
  const own = { app, namespace }
  const other = { app: peer.workload, namespace: peer.namespace }
  const [source, destination] = direction === 'in' ? [other, own] : [own, other]
  const principal = (who: { readonly app: string; readonly namespace: string }): string =>
    `spiffe://cluster.local/ns/${who.namespace}/sa/${who.app}`
  return {
    reporter: direction === 'in' ? 'destination' : 'source',
    source_workload: source.app,
    source_canonical_service: source.app,
    source_canonical_revision: 'latest',
    source_workload_namespace: source.namespace,
    source_principal: principal(source),
    source_app: source.app,
    source_version: '',
    source_cluster: 'Kubernetes',
    destination_workload: destination.app,
    destination_workload_namespace: destination.namespace,
    destination_principal: principal(destination),
    destination_app: destination.app,
    destination_version: '',
    destination_service: `${destination.app}.${destination.namespace}.svc.cluster.local`,
    destination_canonical_service: destination.app,
    destination_canonical_revision: 'latest',
    destination_service_name: destination.app,
    destination_service_namespace: destination.namespace,
    destination_cluster: 'Kubernetes',
    request_protocol: 'http',
    response_flags: '-',
    grpc_response_status: '',
    connection_security_policy: direction === 'in' ? 'mutual_tls' : 'unknown',
  }
}
