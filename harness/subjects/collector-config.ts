import { Document, isMap, isScalar, parseDocument, type YAMLMap } from 'yaml'
import { configError } from './errors.ts'
import type { FilledConfig } from './prometheus-config.ts'

/** What the collector's Prometheus receiver refuses, since it only scrapes. */
const UNSUPPORTED = ['alerting', 'remote_read', 'remote_write', 'rule_files']

export interface CollectorConfig {
  readonly text: string
  /** What was left out of the user's configuration. */
  readonly warnings: readonly string[]
}

/**
 * The configuration of an OpenTelemetry Collector that scrapes by a `prometheus.yml` and writes to a remote store.
 *
 * The user's document stands whole under `receivers.prometheus.config`, comments, quotes and anchors included, but for
 * what the receiver does not support; `$` is doubled, because the collector expands `$NAME` and `${…}` everywhere.
 *
 * Names of components and options are those that all releases of the last years understand.
 */
export function collectorConfig(
  prometheus: FilledConfig,
  options: { readonly writeUrl: string; readonly healthPort: number; readonly pprofPort?: number },
): CollectorConfig {
  const doc = parseDocument(prometheus.text)
  const contents = doc.contents as YAMLMap
  const warnings: string[] = []
  const lineOf = (offset: number): number => prometheus.sourceLine(prometheus.text.slice(0, offset).split('\n').length)
  contents.items = contents.items.filter(({ key }) => {
    if (!isScalar(key) || !UNSUPPORTED.includes(String(key.value))) return true
    warnings.push(`line ${lineOf(key.range![0])}: otelcol does not support ${String(key.value)}, which is left out`)
    return false
  })
  const extensions: Record<string, object> = { health_check: { endpoint: `127.0.0.1:${options.healthPort}` } }
  if (options.pprofPort !== undefined) extensions['pprof'] = { endpoint: `127.0.0.1:${options.pprofPort}` }
  const out = new Document({
    receivers: { prometheus: {} },
    exporters: {
      // Suffixes would rename series: `# UNIT` and the type are in their names already where their author wants that.
      prometheusremotewrite: { endpoint: options.writeUrl, add_metric_suffixes: false },
    },
    extensions,
    service: {
      extensions: Object.keys(extensions),
      // Its own metrics would want a port; nobody asks for them here.
      telemetry: { metrics: { level: 'none' } },
      pipelines: { metrics: { receivers: ['prometheus'], exporters: ['prometheusremotewrite'] } },
    },
  })
  const receiver = out.getIn(['receivers', 'prometheus'])
  if (isMap(receiver)) receiver.set('config', contents)
  try {
    // No line of the user's is folded.
    return { text: out.toString({ lineWidth: 0, flowCollectionPadding: false }).replaceAll('$', () => '$$'), warnings }
  } catch (error) {
    // An alias whose anchor was in a part that is left out.
    throw configError('churnbench', [`it cannot be put into a collector's: ${(error as Error).message}`])
  }
}
