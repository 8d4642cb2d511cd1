import type { ParsedProtocol } from '../config/index.ts'

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const VALUE = `(?:${TOKEN}|"(?:\\\\.|[^"\\\\])*")`
const PARAMETER = `;\\s*(${TOKEN})\\s*=\\s*(${VALUE})\\s*`
const PARAMETERS = new RegExp(PARAMETER, 'g')
/** RFC 9110, 8.3.1, with the liberties that Go's `mime.ParseMediaType` takes: no subtype, a semicolon at the end. */
const MEDIA_TYPE = new RegExp(`^\\s*(${TOKEN}(?:/${TOKEN})?)\\s*((?:${PARAMETER})*);?\\s*$`)
/** What is longer is not looked at: a target may send megabytes of blanks, for which the pattern takes their square. */
const CHARACTERS_MAX = 1024

/**
 * Whether a body with this Content-Type can be read.
 *
 * @returns why not, or `undefined`. As in Prometheus 3, an answer that does not say what it is fails the scrape unless
 * the job has a fallback.
 */
export function refuseContentType(contentType: string, fallback: ParsedProtocol | undefined): string | undefined {
  const mediaType = mediaTypeOf(contentType)
  if (mediaType === 'text/plain') return undefined
  if (mediaType === 'application/openmetrics-text' || mediaType === 'application/vnd.google.protobuf') {
    return `received Content-Type ${JSON.stringify(contentType)}, which was not asked for and is not supported by this scraper`
  }
  if (fallback !== undefined) return undefined
  if (contentType.trim() === '') {
    return 'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target'
  }
  if (mediaType === undefined) {
    return `cannot parse Content-Type ${JSON.stringify(contentType)} and no fallback_scrape_protocol for target`
  }
  return `received unsupported Content-Type ${JSON.stringify(contentType)} and no fallback_scrape_protocol specified for target`
}

/** In small letters, without its parameters; `undefined` where these are malformed, or one is given twice and differently. */
function mediaTypeOf(contentType: string): string | undefined {
  // What nearly all say: nothing to look at closely.
  if (contentType === 'text/plain; version=0.0.4; charset=utf-8') return 'text/plain'
  const match = contentType.length > CHARACTERS_MAX ? null : MEDIA_TYPE.exec(contentType)
  if (match === null) return undefined
  const given = new Map<string, string>()
  for (const [, name, value] of (match[2] ?? '').matchAll(PARAMETERS)) {
    const known = given.get(name!.toLowerCase())
    if (known !== undefined && known !== value) return undefined
    given.set(name!.toLowerCase(), value!)
  }
  return match[1]!.toLowerCase()
}
