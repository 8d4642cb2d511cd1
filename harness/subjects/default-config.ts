import { assert, formatDuration } from '../../base/index.ts'

export interface DefaultConfigOptions {
  readonly scrapeIntervalMs: number
  readonly role: 'pod' | 'endpointslice' | 'endpoints'
}

/** Prometheus' own default. */
const SCRAPE_TIMEOUT_MS_MAX = 10_000

/**
 * The `prometheus.yml` of a run whose user brings none: one job that finds pods by the customary
 * `prometheus.io/{scrape,scheme,port,path}` annotations. One text for all subjects.
 *
 * It keeps to what Prometheus 2.x and 3.x and VictoriaMetrics (from 1.79) all read in their strict modes; that is why it
 * has no `evaluation_interval`. The annotations are the pod's, whatever the role: all three attach the labels of the
 * pod behind an endpoint. For these two roles there is a `service` label beside the others.
 */
export function defaultPrometheusConfig(options: DefaultConfigOptions): string {
  assert(options.scrapeIntervalMs > 0, 'the scrape interval must be positive')
  const interval = formatDuration(options.scrapeIntervalMs)
  const timeout = formatDuration(Math.min(options.scrapeIntervalMs, SCRAPE_TIMEOUT_MS_MAX))
  return `global:
  scrape_interval: ${interval}
  scrape_timeout: ${timeout}

scrape_configs:
  - job_name: kubernetes-pods
    kubernetes_sd_configs:
      - role: ${options.role}
    relabel_configs:
      # Pods ask to be scraped; those that are not running cannot be.
      - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]
        regex: 'true'
        action: keep
      - source_labels: [__meta_kubernetes_pod_phase]
        regex: Pending|Succeeded|Failed
        action: drop
      # A port that speaks something else than HTTP says so in its name, as service meshes want it.
      - source_labels: [__meta_kubernetes_pod_container_port_name]
        regex: tcp(-.*)?
        action: drop
      # Where their metrics are, when not at the port found and /metrics.
      - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scheme]
        regex: (https?)
        target_label: __scheme__
      - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path]
        regex: (.+)
        target_label: __metrics_path__
      - source_labels: [__address__, __meta_kubernetes_pod_annotation_prometheus_io_port]
        regex: ([^:]+)(?::\\d+)?;(\\d+)
        replacement: $1:$2
        target_label: __address__
      # What they are.
      - source_labels: [__meta_kubernetes_namespace]
        target_label: namespace
      - source_labels: [__meta_kubernetes_pod_name]
        target_label: pod
      - source_labels: [__meta_kubernetes_pod_node_name]
        target_label: node
      - source_labels: [__meta_kubernetes_pod_label_app]
        target_label: app
      - source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
        regex: (.+)
        target_label: app
${options.role === 'pod' ? '' : SERVICE_LABEL}`
}

const SERVICE_LABEL = `      - source_labels: [__meta_kubernetes_service_name]
        target_label: service
`
