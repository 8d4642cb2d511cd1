export { ConfigError, type ConfigFault, type ConfigWarning, formatFault } from './errors.ts'
export { loadConfig, type LoadOptions } from './load.ts'
export { isValidLabelName, isValidMetricName, type NameScheme } from './names.ts'
export { formatPromDuration, parsePromDuration } from './prom-duration.ts'
export { isTargetAddress } from './static-discovery.ts'
export type {
  Config,
  DiscoveryConfig,
  EscapingScheme,
  GlobalConfig,
  HeaderConfig,
  HttpClientConfig,
  KubernetesDiscoveryConfig,
  KubernetesRole,
  KubernetesSelector,
  ParsedProtocol,
  ScrapeConfig,
  StaticDiscoveryConfig,
  TlsConfig,
  TlsVersion,
} from './types.ts'
