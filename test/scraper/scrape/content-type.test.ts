// Which bodies are read by what they say they are. Each was sent to Prometheus 3.16, which judged as it stands here.
import t from 'tap'
import { refuseContentType } from '../../../scraper/scrape/content-type.ts'

t.test('text is read, however it is written', t => {
  for (const type of [
    'text/plain',
    'TEXT/PLAIN; VERSION=0.0.4',
    'text/plain;',
    'text/plain; version="0.0.4"; charset=utf-8',
    'text/plain; version=9.9',
    'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6',
    'text/plain; version=0.0.4; version=0.0.4',
  ]) {
    t.equal(refuseContentType(type, undefined), undefined, type)
  }
  t.end()
})

t.test('what is malformed or something else is refused, unless there is a fallback', t => {
  for (const [type, reason] of [
    ['', /^non-compliant scrape target sending blank Content-Type/],
    ['text/plain; charset', /^cannot parse Content-Type "text\/plain; charset" and no fallback/],
    ['text/plain; version=0.0.4; version=0.0.5', /^cannot parse Content-Type/],
    ['text/plain/x', /^cannot parse Content-Type/],
    ['text/plain; version="0.0.4', /^cannot parse Content-Type/],
    [`text/plain${' '.repeat(5_000_000)}x`, /^cannot parse Content-Type/],
    ['blah', /^received unsupported Content-Type "blah"/],
    ['application/json', /^received unsupported Content-Type/],
  ] as const) {
    t.match(refuseContentType(type, undefined), reason, type.slice(0, 80))
    t.equal(refuseContentType(type, 'PrometheusText0.0.4'), undefined, `${type.slice(0, 80)} with a fallback`)
  }
  t.match(refuseContentType('application/openmetrics-text', 'PrometheusText0.0.4'), /not supported/)
  t.end()
})
