import { LabelsBuilder } from '../model/index.ts'
import { isValidLabelName, type NameScheme } from './names.ts'
import type { EscapingScheme, GlobalConfig, ScrapeProtocol } from './types.ts'
import { SCRAPE_PROTOCOLS } from './types.ts'
import type { Cursor, Fields } from './yaml-reader.ts'

const DEFAULT_INTERVAL_MS = 60_000
const DEFAULT_TIMEOUT_MS = 10_000

export const ESCAPING_SCHEMES = ['allow-utf-8', 'underscores', 'dots', 'values'] as const

/** Settings that exist globally and per job; `undefined` or 0 is "not set here". */
export interface ScrapeDefaults {
  readonly bodySizeLimitBytes: number
  readonly sampleLimit: number
  readonly targetLimit: number
  readonly labelLimit: number
  readonly labelNameLengthLimit: number
  readonly labelValueLengthLimit: number
  readonly keepDroppedTargets: number
  readonly nameScheme: NameScheme | undefined
  readonly escapingScheme: EscapingScheme | undefined
  readonly scrapeProtocols: readonly ScrapeProtocol[] | undefined
  readonly nativeHistograms: boolean | undefined
  readonly convertClassicToNhcb: boolean | undefined
  readonly extraScrapeMetrics: boolean | undefined
}

export interface GlobalSection {
  readonly config: GlobalConfig
  readonly defaults: ScrapeDefaults
}

/** Reads `global`. @param env for `${NAME}` in external labels. */
export function readGlobal(at: Cursor, env: Readonly<Record<string, string | undefined>>): GlobalSection | undefined {
  return at.asFields(fields => {
    const scrapeIntervalMs = fields.durationMs('scrape_interval') || DEFAULT_INTERVAL_MS
    const timeoutMs = fields.durationMs('scrape_timeout')
    if (timeoutMs > scrapeIntervalMs) at.fault('global scrape timeout greater than scrape interval')
    const evaluationIntervalMs = fields.durationMs('evaluation_interval') || DEFAULT_INTERVAL_MS
    fields.durationMs('rule_query_offset')
    const defaults = readScrapeDefaults(fields)
    const externalLabels = fields.take(
      'external_labels',
      labels => readExternalLabels(labels, defaults.nameScheme ?? 'utf8', env),
      new LabelsBuilder(),
    )
    for (const name of ['query_log_file', 'scrape_failure_log_file']) {
      fields.find(name)?.warn(`${name} is accepted, but no such log is written`)
    }
    return {
      config: {
        scrapeIntervalMs,
        scrapeTimeoutMs: timeoutMs || Math.min(DEFAULT_TIMEOUT_MS, scrapeIntervalMs),
        evaluationIntervalMs,
        externalLabels: externalLabels.build(),
      },
      defaults,
    }
  })
}

/** Reads the settings that `global` and a scrape config have in common. */
export function readScrapeDefaults(fields: Fields): ScrapeDefaults {
  // Classic histograms are always scraped, whatever this says.
  fields.bool('always_scrape_classic_histograms', false)
  return {
    bodySizeLimitBytes: fields.take('body_size_limit', value => value.asBytes(), 0),
    sampleLimit: fields.count('sample_limit'),
    targetLimit: fields.count('target_limit'),
    labelLimit: fields.count('label_limit'),
    labelNameLengthLimit: fields.count('label_name_length_limit'),
    labelValueLengthLimit: fields.count('label_value_length_limit'),
    keepDroppedTargets: fields.count('keep_dropped_targets'),
    nameScheme: optional(fields, 'metric_name_validation_scheme', value =>
      value.asOneOf(['legacy', 'utf8'] as const, 'name validation scheme'),
    ),
    escapingScheme: optional(fields, 'metric_name_escaping_scheme', value =>
      value.asOneOf(ESCAPING_SCHEMES, 'name escaping scheme'),
    ),
    scrapeProtocols: optional(fields, 'scrape_protocols', readProtocols),
    nativeHistograms: optional(fields, 'scrape_native_histograms', value => value.asBool()),
    convertClassicToNhcb: optional(fields, 'convert_classic_histograms_to_nhcb', value => value.asBool()),
    extraScrapeMetrics: optional(fields, 'extra_scrape_metrics', value => value.asBool()),
  }
}

function optional<T>(fields: Fields, name: string, read: (value: Cursor) => T | undefined): T | undefined {
  const value = fields.find(name)
  return value === undefined ? undefined : read(value)
}

function readProtocols(at: Cursor): ScrapeProtocol[] | undefined {
  const list = at.asList(element => element.asOneOf(SCRAPE_PROTOCOLS, 'scrape protocol'))
  if (list === undefined) return undefined
  if (list.length === 0) return at.fault('scrape_protocols cannot be empty')
  if (new Set(list).size < list.length) return at.fault(`duplicated protocol in scrape_protocols: ${list.join(', ')}`)
  return list
}

function readExternalLabels(
  at: Cursor,
  scheme: NameScheme,
  env: Readonly<Record<string, string | undefined>>,
): LabelsBuilder | undefined {
  const builder = new LabelsBuilder()
  const entries = at.asEntries((value, name) => {
    if (!isValidLabelName(name, scheme)) return value.fault(`${JSON.stringify(name)} is not a valid label name`)
    return value.asString()
  })
  for (const [name, value] of entries ?? []) builder.set(name, expandEnvironment(value, env))
  return builder
}

/** `$NAME` and `${NAME}` from the environment, unknown ones empty; `$$` is a dollar sign. */
function expandEnvironment(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/\$(?:\$|\{([^}]*)\}|(\w+))/g, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare
    return name === undefined ? '$' : (env[name] ?? '')
  })
}
