import { readdirSync } from 'node:fs'
import path from 'node:path'

/** A program of others that this project works with when the machine has it. Nothing of it is ever required to build. */
export interface PeerDefinition {
  readonly name: string
  /** What it is for, here. */
  readonly use: string
  /** Names of its executable, in order of preference. */
  readonly programs: readonly string[]
  /** Where it is looked for beside `PATH`. */
  readonly folders?: () => readonly string[]
  /** Arguments that make it say its version and end. */
  readonly versionArgs: readonly string[]
  /** The version is its first group. */
  readonly versionPattern: RegExp
  /** Whether `--install` builds it with Go into the cache folder, where it is looked for first. */
  readonly built?: true
  /** Whether only the one in the cache folder counts. */
  readonly cachedOnly?: true
  /** Debian package that brings it. */
  readonly aptPackage?: string
  /** Whether a plain `--install` brings it; the others only when named with `--only`. */
  readonly standard: boolean
  /** How to get it where `--install` cannot. */
  readonly how: string
}

const VMAGENT_PROGRAMS: readonly string[] = ['vmagent', 'vmagent-prod']

/** `victoria-metrics-20220414-100000-tags-v1.79.5-0-g…` */
const VICTORIA_VERSION = /tags-v(\d+\.\d+\.\d+)/

const KUBECTL_VERSION = /(?:Client Version: |GitVersion:")v?([^\s"]+)/

/** Programs with Prometheus' own way of telling their version. */
const PROMETHEUS_STYLE = { versionArgs: ['--version'], versionPattern: /version:? v?(\d\S*?)[,\s]/ } as const

const KUBERNETES_VERSION = /Kubernetes v(\d\S*)/

const byPackage = (aptPackage: string): { readonly aptPackage: string; readonly how: string } => ({
  aptPackage,
  how: `install the package ${aptPackage}, or put the program on PATH`,
})

export const PEERS: readonly PeerDefinition[] = [
  {
    name: 'prometheus',
    use: 'subject prometheus; needs kubernetes_sd',
    programs: ['prometheus'],
    ...PROMETHEUS_STYLE,
    standard: true,
    how: 'with Go, --install builds one; or put a release with kubernetes_sd on PATH or into $CHURNBENCH_PROMETHEUS',
  },
  {
    name: 'promtool',
    use: 'checks configurations in tests',
    programs: ['promtool'],
    ...PROMETHEUS_STYLE,
    ...byPackage('prometheus'),
    standard: true,
  },
  {
    name: 'victoria-metrics',
    use: 'subject victoriametrics',
    programs: ['victoria-metrics', 'victoria-metrics-prod'],
    versionArgs: ['-version'],
    versionPattern: VICTORIA_VERSION,
    ...byPackage('victoria-metrics'),
    standard: true,
  },
  {
    name: 'kubectl',
    use: 'looks at the fake cluster',
    programs: ['kubectl'],
    versionArgs: ['version', '--client'],
    versionPattern: KUBECTL_VERSION,
    ...byPackage('kubernetes-client'),
    standard: true,
  },
  {
    name: 'kubectl-current',
    use: 'looks at the fake cluster, beside the one that the system has',
    programs: ['kubectl'],
    built: true,
    cachedOnly: true,
    versionArgs: ['version', '--client'],
    versionPattern: KUBECTL_VERSION,
    standard: false,
    how: 'with Go, --install --only kubectl-current builds it in some minutes',
  },
  {
    name: 'chromium',
    use: 'checks report.html',
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    versionArgs: ['--version'],
    versionPattern: /(?:Chromium|Chrome) (\d\S*)/,
    ...byPackage('chromium'),
    standard: true,
  },
  {
    name: 'go',
    use: 'builds a current prometheus',
    programs: ['go'],
    folders: () => ['/usr/local/go/bin'],
    versionArgs: ['version'],
    versionPattern: /go version go(\S+)/,
    standard: false,
    how: 'install a current Go (Debian 12 has one that is too old for Prometheus 3)',
  },
  {
    name: 'vmagent',
    use: 'subject vmagent',
    programs: VMAGENT_PROGRAMS,
    versionArgs: ['-version'],
    versionPattern: VICTORIA_VERSION,
    ...byPackage('victoria-metrics'),
    standard: false,
  },
  {
    name: 'vmagent-current',
    use: 'subject vmagent, instead of the one that the system has',
    programs: VMAGENT_PROGRAMS,
    built: true,
    cachedOnly: true,
    versionArgs: ['-version'],
    versionPattern: VICTORIA_VERSION,
    standard: false,
    how: 'with Go, --install --only vmagent-current builds it in a minute or two',
  },
  {
    name: 'otelcol',
    use: 'subject otelcol',
    programs: ['otelcol-contrib', 'otelcol'],
    built: true,
    ...PROMETHEUS_STYLE,
    versionPattern: /version v?(\d\S*)/,
    standard: false,
    how: 'with Go, --install --only otelcol builds one in some minutes; or put a release (contrib) on PATH',
  },
  {
    name: 'k6',
    use: 'query load with the real k6',
    programs: ['k6'],
    built: true,
    versionArgs: ['version'],
    versionPattern: /k6 v(\d\S*)/,
    standard: false,
    how: 'with Go, --install --only k6 builds one in some minutes; or put a release on PATH',
  },
  {
    name: 'avalanche',
    use: 'scenario target-capacity',
    programs: ['avalanche'],
    built: true,
    cachedOnly: true,
    versionArgs: ['--version'],
    versionPattern: /version v?(\d\S*)/,
    standard: false,
    how: 'with Go, --install --only avalanche builds it in a minute or two',
  },
  {
    name: 'memcached',
    use: 'scenario sidecar-exporters',
    programs: ['memcached'],
    versionArgs: ['-V'],
    versionPattern: /memcached (\d\S*)/,
    ...byPackage('memcached'),
    standard: false,
  },
  {
    name: 'memcached-exporter',
    use: 'scenario sidecar-exporters',
    programs: ['memcached_exporter', 'prometheus-memcached-exporter'],
    ...PROMETHEUS_STYLE,
    standard: false,
    how: 'put a release of memcached_exporter on PATH',
  },
  {
    name: 'redis-server',
    use: 'scenario sidecar-exporters',
    programs: ['redis-server'],
    versionArgs: ['--version'],
    versionPattern: /v=(\d\S*)/,
    ...byPackage('redis-server'),
    standard: false,
  },
  {
    name: 'redis-exporter',
    use: 'scenario sidecar-exporters',
    programs: ['redis_exporter', 'prometheus-redis-exporter'],
    versionArgs: ['--version'],
    versionPattern: /Exporter v?(\d\S*)|version:? v?(\d\S*)/,
    ...byPackage('prometheus-redis-exporter'),
    standard: false,
  },
  {
    name: 'node-exporter',
    use: 'its page beside the profile of that name, in tests',
    programs: ['node_exporter', 'prometheus-node-exporter'],
    ...PROMETHEUS_STYLE,
    ...byPackage('prometheus-node-exporter'),
    standard: true,
  },
  {
    name: 'nginx-exporter',
    use: 'its page beside the profile of that name, in tests',
    programs: ['nginx-prometheus-exporter', 'prometheus-nginx-exporter'],
    ...PROMETHEUS_STYLE,
    ...byPackage('prometheus-nginx-exporter'),
    standard: false,
  },
  {
    name: 'postgres',
    use: 'scenario sidecar-exporters',
    programs: ['postgres'],
    folders: debianPostgresFolders,
    versionArgs: ['--version'],
    versionPattern: /PostgreSQL\) (\d\S*)/,
    ...byPackage('postgresql'),
    standard: false,
  },
  {
    name: 'postgres-exporter',
    use: 'scenario sidecar-exporters',
    programs: ['postgres_exporter', 'prometheus-postgres-exporter'],
    ...PROMETHEUS_STYLE,
    ...byPackage('prometheus-postgres-exporter'),
    standard: false,
  },
  {
    name: 'kube-state-metrics',
    use: 'what the profile kube-state-metrics is compared with in tests',
    programs: ['kube-state-metrics'],
    built: true,
    versionArgs: ['version'],
    versionPattern: /version v?(\d\S*?)[,\s]/,
    standard: false,
    how: 'with Go, --install --only kube-state-metrics builds it in some minutes',
  },
  comparedPart('etcd', /etcd Version: (\d\S*)/),
  comparedPart('kube-apiserver', KUBERNETES_VERSION),
  comparedPart('kube-controller-manager', KUBERNETES_VERSION),
  comparedPart('kube-scheduler', KUBERNETES_VERSION),
  comparedPart('kwok', /kwok version v?(\d\S*)/),
]

/** A part of KWOK's side, beside which the simulated control plane is measured. */
function comparedPart(name: string, versionPattern: RegExp): PeerDefinition {
  return {
    name,
    use: 'KWOK beside the simulated control plane (scripts/kwok-compare.mjs)',
    programs: [name],
    built: true,
    cachedOnly: true,
    versionArgs: ['--version'],
    versionPattern,
    standard: false,
    how: `with Go, --install --only ${name} builds it in some minutes`,
  }
}

/** Debian keeps its servers off `PATH`, one folder for each major version. */
function debianPostgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    return readdirSync(root).map(version => path.join(root, version, 'bin'))
  } catch {
    return []
  }
}
