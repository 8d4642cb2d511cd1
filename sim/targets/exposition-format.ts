import { type Escaping, isEscaping } from './name-escaping.ts'

/** Formats that a body can be written in. Both OpenMetrics versions are the same bytes. */
export type Format = 'text-0.0.4' | 'text-1.0.0' | 'openmetrics-0.0.1' | 'openmetrics-1.0.0' | 'protobuf'

/** In the order of their numbers in a log, from 1. */
export const FORMATS: readonly Format[] = [
  'text-0.0.4',
  'text-1.0.0',
  'openmetrics-0.0.1',
  'openmetrics-1.0.0',
  'protobuf',
]

/** What a body is written as. There is one object for each combination: compare by identity. */
export interface Exposition {
  readonly format: Format
  readonly escaping: Escaping
  /** Whether counters, histograms and summaries say when they began: lines of their own in OpenMetrics. */
  readonly created: boolean
  /** Whether histograms that have a native form show it; protobuf only. */
  readonly native: boolean
  readonly contentType: string
}

/** What a target offers. Text 0.0.4 is always offered. */
export interface Offers {
  readonly openMetrics: boolean
  readonly text1: boolean
  readonly protobuf: boolean
  /** Of OpenMetrics: lines that say when a metric began. A client library writes them when told to. */
  readonly created: boolean
  readonly native: boolean
}

/** In order of preference among what a scraper wants equally. `type`, `params`: what an Accept clause must name. */
const MEDIA = {
  'openmetrics-1.0.0': openMetrics('1.0.0'),
  'openmetrics-0.0.1': openMetrics('0.0.1'),
  protobuf: {
    type: 'application/vnd.google.protobuf',
    params: { proto: 'io.prometheus.client.MetricFamily', encoding: 'delimited' },
    contentType: 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
  },
  'text-1.0.0': text('1.0.0'),
  'text-0.0.4': text('0.0.4'),
} as const satisfies Record<Format, Media>

interface Media {
  readonly type: string
  readonly params: Readonly<Record<string, string>>
  readonly contentType: string
}

function openMetrics(version: string): Media {
  const type = 'application/openmetrics-text'
  return { type, params: { version }, contentType: `${type}; version=${version}; charset=utf-8` }
}

function text(version: string): Media {
  return { type: 'text/plain', params: { version }, contentType: `text/plain; version=${version}; charset=utf-8` }
}

const interned = new Map<string, Exposition>()

/** The one object for this combination. */
export function expositionOf(
  format: Format,
  escaping: Escaping,
  { created, native }: { readonly created: boolean; readonly native: boolean },
): Exposition {
  const isOpenMetrics = format === 'openmetrics-1.0.0' || format === 'openmetrics-0.0.1'
  const isProtobuf = format === 'protobuf'
  const has = { created: isProtobuf || (isOpenMetrics && created), native: isProtobuf && native }
  const key = [format, escaping, has.created, has.native].join(' ')
  let found = interned.get(key)
  if (found === undefined) {
    const contentType = `${MEDIA[format].contentType}; escaping=${escaping}`
    interned.set(key, (found = { format, escaping, ...has, contentType }))
  }
  return found
}

/** What a scraper gets that does not say what it wants. */
export const PLAIN_TEXT = expositionOf('text-0.0.4', 'underscores', { created: false, native: false })

/**
 * Chooses as `expfmt.NegotiateAccept` of Prometheus' Go libraries does (common 0.72), peculiarities included: the clause
 * with the greatest weight wins; an `escaping` term holds for the clauses after it, too; a
 * range of everything names no format, since parameters must agree; what is left gets text 0.0.4. Text 1.0.0 is no format of that library and offered beside its own.
 */
export function negotiate(accept: string, offers: Offers): Exposition {
  const offered = offeredFormats(offers)
  let escaping: Escaping = 'underscores'
  for (const clause of parseAccept(accept)) {
    const wanted = clause.params.get('escaping') ?? ''
    if (isEscaping(wanted)) escaping = wanted
    const format = offered.find(candidate => matches(clause, MEDIA[candidate]))
    if (format !== undefined) return expositionOf(format, escaping, offers)
  }
  return expositionOf('text-0.0.4', escaping, offers)
}

function offeredFormats({ openMetrics, text1, protobuf }: Offers): Format[] {
  return [
    ...(openMetrics ? (['openmetrics-1.0.0', 'openmetrics-0.0.1'] as const) : []),
    ...(protobuf ? (['protobuf'] as const) : []),
    ...(text1 ? (['text-1.0.0'] as const) : []),
    'text-0.0.4',
  ]
}

interface AcceptClause {
  readonly type: string
  readonly subtype: string
  readonly weight: number
  readonly params: ReadonlyMap<string, string>
}

function matches({ type, subtype, params }: AcceptClause, media: Media): boolean {
  const [mediaType, mediaSubtype] = media.type.split('/')
  if (type !== '*' && type !== mediaType) return false
  if (subtype !== '*' && subtype !== mediaSubtype) return false
  const versions: Readonly<Record<string, string>> = { 'application/openmetrics-text': '0.0.1', 'text/plain': '0.0.4' }
  return Object.entries(media.params).every(([name, value]) => {
    const said = params.get(name) ?? ''
    return (name === 'version' && said === '' ? versions[`${type}/${subtype}`] : said) === value
  })
}

/** Heaviest first, then the more particular ones. Clauses that make no sense are left out. */
function parseAccept(accept: string): AcceptClause[] {
  const clauses: AcceptClause[] = []
  for (const part of accept.split(',')) {
    const [range = '', ...terms] = part.split(';').map(term => term.trim())
    const [type = '', subtype = type === '*' ? '*' : undefined, ...rest] = range.split('/').map(word => word.trim())
    if (subtype === undefined || rest.length > 0) continue
    let weight = 1
    const params = new Map<string, string>()
    for (const term of terms) {
      const [name = '', value, ...more] = term.split('=').map(word => word.trim())
      if (value === undefined || value === '' || more.length > 0) continue
      if (name === 'q') weight = Number.isFinite(Number(value)) ? Number(value) : 0
      else params.set(name, value)
    }
    clauses.push({ type, subtype, weight, params })
  }
  const stars = ({ type, subtype }: AcceptClause): number => (type === '*' ? 2 : 0) + (subtype === '*' ? 1 : 0)
  return clauses.toSorted((a, b) => b.weight - a.weight || stars(a) - stars(b))
}
