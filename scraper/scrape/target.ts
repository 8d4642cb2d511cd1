import { formatPromDuration, isTargetAddress, parsePromDuration, type ScrapeConfig } from '../config/index.ts'
import { type Labels, LabelsBuilder } from '../model/index.ts'
import { relabel } from '../relabel/index.ts'

/** One thing to scrape: where, how often, and the labels of its series. Immutable. */
export interface Target {
  /** Before relabelling, for people and the targets API. */
  readonly discoveredLabels: Labels
  /** As attached to its series. */
  readonly labels: Labels
  readonly url: URL
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Equal for targets that are the same: same labels after relabelling, same URL. */
  readonly identity: string
}

/** A target, a target that relabelling dropped, or why it cannot be one. */
export type TargetOutcome =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'dropped'; readonly discoveredLabels: Labels }
  | { readonly kind: 'refused'; readonly problem: string }

const ADDRESS = '__address__'
const INTERVAL = '__scrape_interval__'
const TIMEOUT = '__scrape_timeout__'
const METRICS_PATH = '__metrics_path__'
const SCHEME = '__scheme__'
const PARAM_PREFIX = '__param_'

type Record_ = Readonly<Record<string, string>>

/**
 * Makes a target from what discovery found.
 *
 * Own labels win over those of the group, both over what the configuration implies; then relabelling; then the labels
 * that begin with `__` have done their work and are not attached to series.
 */
export function makeTarget(own: Record_, group: Record_, config: ScrapeConfig): TargetOutcome {
  const builder = discovered(own, group, config)
  const discoveredLabels = builder.build()
  if (!relabel(config.relabel, builder)) return { kind: 'dropped', discoveredLabels }
  const address = builder.get(ADDRESS)
  if (address === '') return refused('no address')
  if (!isTargetAddress(address)) return refused(`${JSON.stringify(address)} is not a valid hostname`)
  const intervalMs = parsePromDuration(builder.get(INTERVAL))
  if (intervalMs === undefined)
    return refused(`scrape interval ${JSON.stringify(builder.get(INTERVAL))} is no duration`)
  const timeoutMs = parsePromDuration(builder.get(TIMEOUT))
  if (timeoutMs === undefined) return refused(`scrape timeout ${JSON.stringify(builder.get(TIMEOUT))} is no duration`)
  if (intervalMs === 0 || timeoutMs === 0) return refused('scrape interval and scrape timeout cannot be 0')
  if (timeoutMs > intervalMs) return refused('scrape timeout cannot be greater than scrape interval')
  const url = makeUrl(builder, config)
  if (url === undefined) return refused(`${builder.get(SCHEME)}://${address} is not a URL`)
  if (builder.get('instance') === '') builder.set('instance', address)
  for (const name of builder.names()) if (name.startsWith('__meta_')) builder.delete(name)
  const identity = `${builder.build().key()}\u{ff}${url.href}`
  for (const name of builder.names()) if (name.startsWith('__')) builder.delete(name)
  const target: Target = { discoveredLabels, labels: builder.build(), url, intervalMs, timeoutMs, identity }
  return { kind: 'target', target }
}

function discovered(own: Record_, group: Record_, config: ScrapeConfig): LabelsBuilder {
  const builder = new LabelsBuilder()
  for (const name in group) builder.set(name, group[name]!)
  for (const name in own) builder.set(name, own[name]!)
  const imply = (name: string, value: string): void => {
    if (builder.get(name) === '') builder.set(name, value)
  }
  imply('job', config.jobName)
  imply(INTERVAL, formatPromDuration(config.scrapeIntervalMs))
  imply(TIMEOUT, formatPromDuration(config.scrapeTimeoutMs))
  imply(METRICS_PATH, config.metricsPath)
  imply(SCHEME, config.scheme)
  for (const name in config.params) imply(PARAM_PREFIX + name, config.params[name]![0] ?? '')
  return builder
}

function makeUrl(builder: LabelsBuilder, config: ScrapeConfig): URL | undefined {
  const scheme = builder.get(SCHEME)
  const text = `${scheme}://${builder.get(ADDRESS)}`
  if ((scheme !== 'http' && scheme !== 'https') || !URL.canParse(text)) return undefined
  const url = new URL(text)
  url.pathname = builder.get(METRICS_PATH)
  for (const [name, values] of Object.entries(config.params)) {
    const first = builder.get(PARAM_PREFIX + name)
    ;[first, ...values.slice(1)].forEach(value => url.searchParams.append(name, value))
  }
  for (const name of builder.names().toSorted()) {
    if (!name.startsWith(PARAM_PREFIX)) continue
    const param = name.slice(PARAM_PREFIX.length)
    if (!(param in config.params)) url.searchParams.append(param, builder.get(name))
  }
  return url
}

function refused(problem: string): TargetOutcome {
  return { kind: 'refused', problem }
}
