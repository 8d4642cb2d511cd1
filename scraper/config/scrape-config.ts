import type { GlobalSection, ScrapeDefaults } from './global-config.ts'
import { readScrapeDefaults } from './global-config.ts'
import { readHttpClient } from './http-client.ts'
import { readKubernetesDiscovery } from './kubernetes-discovery.ts'
import { readRelabelRules } from './relabel-config.ts'
import { isTargetAddress, readStaticDiscovery } from './static-discovery.ts'
import type { DiscoveryConfig, EscapingScheme, ParsedProtocol, ScrapeConfig, ScrapeProtocol } from './types.ts'
import { PARSED_PROTOCOLS, SCRAPE_PROTOCOLS } from './types.ts'
import { UNSUPPORTED_DISCOVERIES } from './unsupported.ts'
import type { Cursor, Fields } from './yaml-reader.ts'

/** Reads one entry of `scrape_configs`. */
export function readScrapeConfig(at: Cursor, global: GlobalSection, baseDir: string): ScrapeConfig | undefined {
  if (at.isNull) return at.fault('empty or null scrape config section')
  return at.asFields(fields => {
    const jobName = fields.string('job_name')
    if (jobName === '') at.fault('job_name is empty')
    const own = readScrapeDefaults(fields)
    const { defaults } = global
    const nameScheme = own.nameScheme ?? defaults.nameScheme ?? 'utf8'
    const scrapeIntervalMs = fields.durationMs('scrape_interval') || global.config.scrapeIntervalMs
    const timeoutMs = fields.durationMs('scrape_timeout')
    if (timeoutMs > scrapeIntervalMs) {
      at.fault(`scrape timeout greater than scrape interval for scrape config with job name ${JSON.stringify(jobName)}`)
    }
    const relabel = fields.take('relabel_configs', list => readRelabelRules(list, nameScheme), [])
    fields.find('scrape_failure_log_file')?.warn('scrape_failure_log_file is accepted, but no such log is written')
    // These bound native histograms, of which there are none here.
    fields.count('native_histogram_bucket_limit')
    fields.take('native_histogram_min_bucket_factor', value => value.asFloat(), 0)
    return {
      jobName,
      scrapeIntervalMs,
      scrapeTimeoutMs: timeoutMs || Math.min(global.config.scrapeTimeoutMs, scrapeIntervalMs),
      scrapeProtocols: judgeProtocols(at, own, defaults),
      fallbackScrapeProtocol: fields.take('fallback_scrape_protocol', readFallbackProtocol, undefined),
      honorLabels: fields.bool('honor_labels', false),
      honorTimestamps: fields.bool('honor_timestamps', true),
      trackTimestampsStaleness: fields.bool('track_timestamps_staleness', false),
      params: fields.take('params', readParams, {}),
      metricsPath: fields.string('metrics_path') || '/metrics',
      scheme: fields.take('scheme', value => value.asOneOf(['http', 'https'] as const, 'scheme'), 'http'),
      enableCompression: fields.bool('enable_compression', true),
      bodySizeLimitBytes: own.bodySizeLimitBytes || defaults.bodySizeLimitBytes,
      sampleLimit: own.sampleLimit || defaults.sampleLimit,
      targetLimit: own.targetLimit || defaults.targetLimit,
      labelLimit: own.labelLimit || defaults.labelLimit,
      labelNameLengthLimit: own.labelNameLengthLimit || defaults.labelNameLengthLimit,
      labelValueLengthLimit: own.labelValueLengthLimit || defaults.labelValueLengthLimit,
      keepDroppedTargets: own.keepDroppedTargets || defaults.keepDroppedTargets,
      nameScheme,
      escapingScheme: judgeEscaping(at, own, defaults),
      extraScrapeMetrics: own.extraScrapeMetrics ?? defaults.extraScrapeMetrics ?? false,
      http: readHttpClient(fields, baseDir),
      relabel,
      metricRelabel: fields.take('metric_relabel_configs', list => readRelabelRules(list, nameScheme), []),
      discoveries: readDiscoveries(fields, baseDir, relabel.length > 0),
    }
  })
}

function readDiscoveries(fields: Fields, baseDir: string, isRelabelled: boolean): DiscoveryConfig[] {
  const out: DiscoveryConfig[] = []
  const statics = fields.take('static_configs', readStaticDiscovery, undefined)
  if (statics !== undefined) out.push(statics)
  const kubernetes = fields.take(
    'kubernetes_sd_configs',
    list => list.asList(element => readKubernetesDiscovery(element, baseDir)),
    [],
  )
  out.push(...kubernetes)
  for (const name of UNSUPPORTED_DISCOVERIES) {
    fields
      .find(name)
      ?.fault(`${name} is not supported by this scraper; it knows static_configs and kubernetes_sd_configs`)
  }
  // Without relabelling nothing could turn such an address into a valid one.
  for (const group of isRelabelled ? [] : (statics?.groups ?? [])) {
    for (const target of group.targets) {
      if (!isTargetAddress(target)) fields.at.fault(`${JSON.stringify(target)} is not a valid hostname`)
    }
  }
  return out
}

/** What remains of the wanted formats when those that are not parsed here are left out. */
function judgeProtocols(at: Cursor, own: ScrapeDefaults, defaults: ScrapeDefaults): readonly ParsedProtocol[] {
  const nativeHistograms = own.nativeHistograms ?? defaults.nativeHistograms ?? false
  const wanted: readonly ScrapeProtocol[] | undefined = own.scrapeProtocols ?? defaults.scrapeProtocols
  // Native histograms come in protobuf only: with other formats the setting is without effect, in Prometheus too.
  if (nativeHistograms && (wanted === undefined || wanted.includes('PrometheusProto'))) {
    at.fault('scrape_native_histograms is not supported by this scraper; set it to false for this job')
  }
  if (own.convertClassicToNhcb ?? defaults.convertClassicToNhcb ?? false) {
    at.fault('convert_classic_histograms_to_nhcb is not supported by this scraper; set it to false for this job')
  }
  if (wanted === undefined) return PARSED_PROTOCOLS
  const parsed = wanted.filter((name): name is ParsedProtocol => PARSED_PROTOCOLS.some(known => known === name))
  if (parsed.length === 0) {
    at.fault(
      `none of the scrape_protocols (${wanted.join(', ')}) is supported by this scraper; add PrometheusText0.0.4`,
    )
  }
  return parsed
}

function readFallbackProtocol(at: Cursor): ParsedProtocol | undefined {
  const name = at.asOneOf(SCRAPE_PROTOCOLS, 'scrape protocol')
  if (name === undefined) return undefined
  const parsed = PARSED_PROTOCOLS.find(known => known === name)
  return parsed ?? at.fault(`${name} is not supported by this scraper; use PrometheusText0.0.4`)
}

function judgeEscaping(at: Cursor, own: ScrapeDefaults, defaults: ScrapeDefaults): EscapingScheme {
  const inferred = (scheme: 'legacy' | 'utf8'): EscapingScheme => (scheme === 'legacy' ? 'underscores' : 'allow-utf-8')
  const nameScheme = own.nameScheme ?? defaults.nameScheme ?? 'utf8'
  const globalEscaping = defaults.escapingScheme ?? inferred(defaults.nameScheme ?? 'utf8')
  const escaping = own.escapingScheme ?? (own.nameScheme === undefined ? globalEscaping : inferred(own.nameScheme))
  if (escaping === 'allow-utf-8' && nameScheme !== 'utf8') {
    at.fault('utf8 metric names requested but validation scheme is not set to UTF8')
  }
  return escaping
}

function readParams(at: Cursor): Record<string, readonly string[]> | undefined {
  const entries = at.asEntries(value => value.asStringList())
  return entries === undefined ? undefined : Object.fromEntries(entries)
}
