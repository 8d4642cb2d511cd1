import type { ParsedProtocol } from '../config/index.ts'

/**
 * Whether a body with this Content-Type can be read.
 *
 * @returns why not, or `undefined`. As in Prometheus 3, an answer that does not say what it is fails the scrape unless
 * the job has a fallback.
 */
export function refuseContentType(contentType: string, fallback: ParsedProtocol | undefined): string | undefined {
  const mediaType = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (mediaType === 'text/plain') return undefined
  if (mediaType === 'application/openmetrics-text' || mediaType === 'application/vnd.google.protobuf') {
    return `received Content-Type ${JSON.stringify(contentType)}, which was not asked for and is not supported by this scraper`
  }
  if (fallback !== undefined) return undefined
  return mediaType === ''
    ? 'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target'
    : `received unsupported Content-Type ${JSON.stringify(contentType)} and no fallback_scrape_protocol specified for target`
}
