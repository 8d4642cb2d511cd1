import type { ScrapeErrorClass } from '../../sim/index.ts'

/** In this order: what is more particular comes first, for texts also quote one another. */
const CLASSES: readonly (readonly [ScrapeErrorClass, RegExp])[] = [
  ['sample limit', /sample.?limit exceeded|exceeds sample_limit/i],
  ['label limit', /label_(name_length_|value_length_)?limit exceeded/i],
  ['too large', /body size limit|exceeds -promscrape\.maxScrapeSize|body size exceeds/i],
  ['headers too large', /header.*(too large|exceeded|overflow|maxResponseHeadersSize)|small read buffer/i],
  ['redirects', /stopped after \d+ redirects|too many redirects/i],
  ['content type', /content.type/i],
  ['HTTP status', /HTTP status|unexpected status code/i],
  ['timeout', /deadline exceeded|timeout|timed out|time-out|Client\.Timeout/i],
  ['connection lost', /reset by peer|ECONNRESET|\bEOF\b|broken pipe|closed connection|connection was lost/i],
  ['syntax', /^line \d+:|expected .* got|invalid .*(token|value)|parse error|while parsing/i],
]

/** What kind of failure a scraper means, by its own words; `undefined` for what none of the known scrapers says. */
export function scrapeErrorClass(text: string): ScrapeErrorClass | undefined {
  return CLASSES.find(([, pattern]) => pattern.test(text))?.[0]
}
