import type { Labels } from '../model/index.ts'
import type { RelabelRule } from '../relabel/index.ts'
import type { ConfigWarning } from './errors.ts'
import type { NameScheme } from './names.ts'

/** A judged `prometheus.yml`: complete, defaults applied, frozen. Limits of 0 mean no limit, as in Prometheus. */
export interface Config {
  readonly global: GlobalConfig
  readonly scrapeConfigs: readonly ScrapeConfig[]
  readonly ruleFiles: readonly string[]
  /** Accepted settings whose effect is missing here. */
  readonly warnings: readonly ConfigWarning[]
  /** As it was read. */
  readonly text: string
}

export interface GlobalConfig {
  readonly scrapeIntervalMs: number
  readonly scrapeTimeoutMs: number
  readonly evaluationIntervalMs: number
  readonly externalLabels: Labels
}

export const SCRAPE_PROTOCOLS = [
  'PrometheusProto',
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
] as const
export type ScrapeProtocol = (typeof SCRAPE_PROTOCOLS)[number]

/** The formats that are parsed here, in the order of Prometheus' preference. */
export const PARSED_PROTOCOLS = ['PrometheusText1.0.0', 'PrometheusText0.0.4'] as const
export type ParsedProtocol = (typeof PARSED_PROTOCOLS)[number]

export type EscapingScheme = 'allow-utf-8' | 'underscores' | 'dots' | 'values'

export interface ScrapeConfig {
  readonly jobName: string
  readonly scrapeIntervalMs: number
  readonly scrapeTimeoutMs: number
  /** Those of `scrape_protocols` that are parsed here, in the order given; not empty. */
  readonly scrapeProtocols: readonly ParsedProtocol[]
  readonly fallbackScrapeProtocol: ParsedProtocol | undefined
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly trackTimestampsStaleness: boolean
  readonly params: Readonly<Record<string, readonly string[]>>
  readonly metricsPath: string
  readonly scheme: 'http' | 'https'
  readonly enableCompression: boolean
  readonly bodySizeLimitBytes: number
  readonly sampleLimit: number
  readonly targetLimit: number
  readonly labelLimit: number
  /** In bytes of UTF-8. */
  readonly labelNameLengthLimit: number
  /** In bytes of UTF-8. */
  readonly labelValueLengthLimit: number
  readonly keepDroppedTargets: number
  readonly nameScheme: NameScheme
  readonly escapingScheme: EscapingScheme
  readonly extraScrapeMetrics: boolean
  readonly http: HttpClientConfig
  readonly relabel: readonly RelabelRule[]
  readonly metricRelabel: readonly RelabelRule[]
  readonly discoveries: readonly DiscoveryConfig[]
}

/** How requests are made. Paths of files are absolute; their content is read when it is needed. */
export interface HttpClientConfig {
  readonly basicAuth: BasicAuthConfig | undefined
  readonly authorization: AuthorizationConfig | undefined
  readonly tls: TlsConfig
  readonly followRedirects: boolean
  readonly headers: readonly HeaderConfig[]
}

export interface BasicAuthConfig {
  readonly username: string
  readonly usernameFile: string
  readonly password: string
  readonly passwordFile: string
}

export interface AuthorizationConfig {
  /** `Bearer` unless said otherwise. */
  readonly type: string
  readonly credentials: string
  readonly credentialsFile: string
}

/** Empty strings are "not set". */
export interface TlsConfig {
  readonly ca: string
  readonly caFile: string
  readonly cert: string
  readonly certFile: string
  readonly key: string
  readonly keyFile: string
  readonly serverName: string
  readonly insecureSkipVerify: boolean
  readonly minVersion: TlsVersion | undefined
  readonly maxVersion: TlsVersion | undefined
}
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

export interface HeaderConfig {
  readonly name: string
  readonly values: readonly string[]
  readonly files: readonly string[]
}

export type DiscoveryConfig = StaticDiscoveryConfig | KubernetesDiscoveryConfig

export interface StaticDiscoveryConfig {
  readonly kind: 'static'
  readonly groups: readonly StaticGroup[]
}

export interface StaticGroup {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

export const KUBERNETES_ROLES = ['pod', 'service', 'endpoints', 'endpointslice', 'node', 'ingress'] as const
export type KubernetesRole = (typeof KUBERNETES_ROLES)[number]

export interface KubernetesDiscoveryConfig {
  readonly kind: 'kubernetes'
  readonly role: KubernetesRole
  /** Origin and base path; `undefined` with neither this nor a kubeconfig means: from within a pod. */
  readonly apiServer: string | undefined
  readonly kubeconfigFile: string | undefined
  readonly http: HttpClientConfig
  readonly ownNamespace: boolean
  readonly namespaces: readonly string[]
  readonly selectors: readonly KubernetesSelector[]
  readonly attachNode: boolean
  readonly attachNamespace: boolean
}

export interface KubernetesSelector {
  readonly role: KubernetesRole
  readonly label: string
  readonly field: string
}
