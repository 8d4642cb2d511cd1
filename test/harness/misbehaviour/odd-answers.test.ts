// Goal: the embedded scraper makes of odd answers what Prometheus makes of them: up or not, and which samples are stored.
// Method: raw sockets that send the same bytes to both, from static configuration. Where both differ and are to, it says why.
import { createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { SystemClock } from '../../../base/index.ts'
import { detectPeers, peersByName } from '../../../harness/peers/index.ts'
import { embeddedSubject, prometheusSubject, type Subject } from '../../../harness/subjects/index.ts'
import { addressOf, freePort } from '../../sim/targets/fixtures.ts'
import { optionsFor } from '../subjects/finds-the-pod.ts'

const clock = new SystemClock()
const PATIENCE_MS = 60_000
const FIRST_INDEX = 400
/** Written by the scraper itself. */
const OWN = /^(up|scrape_.*)$/

interface Answer {
  readonly bytes: Buffer
  readonly ending?: 'end'
}

function answer(body: string | Buffer, type: string | undefined = 'text/plain; version=0.0.4', more = ''): Answer {
  const bytes = Buffer.from(body)
  const head = `HTTP/1.1 200 OK\r\n${type === undefined ? '' : `Content-Type: ${type}\r\n`}${more}Content-Length: ${bytes.length}\r\n\r\n`
  return { bytes: Buffer.concat([Buffer.from(head, 'latin1'), bytes]) }
}

const raw = (text: string, ending?: 'end'): Answer => ({
  bytes: Buffer.from(text, 'latin1'),
  ...(ending === undefined ? {} : { ending }),
})
const typed = (type: string): Answer => answer('a 1\n', type)
const coded = (coding: string, body: Buffer): Answer => answer(body, 'text/plain', `Content-Encoding: ${coding}\r\n`)
const zipped = gzipSync('a 1\n')
const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
const CHUNKED = `${PLAIN}Transfer-Encoding: chunked\r\n\r\n`

/** Everything that both are to agree about. */
const ALIKE: Readonly<Record<string, Answer>> = {
  empty: answer(''),
  'no newline': answer('a 1'),
  'carriage returns': answer('a 1\r\nb 2\r\n'),
  'only a comment': answer('# hello\n'),
  'no content': raw('HTTP/1.1 204 No Content\r\n\r\n'),
  partial: raw('HTTP/1.1 206 Partial Content\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\na 1\n'),
  'not modified': raw('HTTP/1.1 304 Not Modified\r\n\r\n'),
  'multiple choices': raw('HTTP/1.1 300 Multiple\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n'),
  'redirect to nowhere': raw('HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n'),
  'redirect to no URL': raw('HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n'),
  'redirect to another scheme': raw('HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/\r\nContent-Length: 0\r\n\r\n'),
  'capital type': typed('TEXT/PLAIN; VERSION=0.0.4'),
  'malformed parameter': typed('text/plain; charset'),
  'parameter twice': typed('text/plain; version=0.0.4; version=0.0.5'),
  'no type at all': typed('blah'),
  'type with three parts': typed('text/plain/x'),
  'semicolon at the end': typed('text/plain;'),
  'quoted parameter': typed('text/plain; version="0.0.4"'),
  'unknown version': typed('text/plain; version=9.9'),
  json: typed('application/json'),
  'two types': answer('a 1\n', 'text/plain', 'Content-Type: text/html\r\n'),
  identity: coded('identity', Buffer.from('a 1\n')),
  deflate: coded('deflate', Buffer.from('a 1\n')),
  'gzip, cut': coded('gzip', zipped.subarray(0, -4)),
  'gzip and more': coded('gzip', Buffer.concat([zipped, Buffer.from('garbage')])),
  'gzip in two parts': coded('gzip', Buffer.concat([zipped, gzipSync('b 1\n')])),
  'gzip of nothing': coded('gzip', Buffer.alloc(0)),
  'gzip, damaged': coded('gzip', Buffer.from(zipped.map((byte, i) => (i === zipped.length - 6 ? byte ^ 1 : byte)))),
  chunked: raw(`${CHUNKED}4\r\na 1\n\r\n0\r\n\r\n`),
  'chunked with a trailer': raw(`${CHUNKED}4\r\na 1\n\r\n0\r\nX: y\r\n\r\n`),
  'chunked badly': raw(`${CHUNKED}zz\r\na 1\n\r\n0\r\n\r\n`),
  'chunked, cut': raw(`${CHUNKED}4\r\na 1\n\r\n`, 'end'),
  'until the end': raw(`${PLAIN}\r\na 1\n`, 'end'),
  'until the end, 1.0': raw('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\na 1\n', 'end'),
  'early hints': raw(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${PLAIN}Content-Length: 4\r\n\r\na 1\n`),
  'another protocol': raw('SSH-2.0-OpenSSH\r\n', 'end'),
  'two lengths': answer('a 1\n', 'text/plain', 'Content-Length: 5\r\n'),
  'negative length': raw(`${PLAIN}Content-Length: -1\r\n\r\na 1\n`),
  'more than promised': raw(`${PLAIN}Content-Length: 4\r\n\r\na 1\nmore`),
  'header without a name': answer('a 1\n', 'text/plain', ': x\r\n'),
  'no UTF-8': answer(Buffer.from('a{b="\xff\xfe"} 1\n', 'latin1')),
  'zero byte': answer('a{b="x\0y"} 1\n'),
  'label twice': answer('a{b="1",b="2"} 1\n'),
  'name as a label': answer('a{__name__="b"} 1\n'),
  'unknown escape': answer('a{b="\\x"} 1\n'),
  'no quotes': answer('a{b=1} 1\n'),
  'comma at the end': answer('a{b="1",} 1\n'),
  'two commas': answer('a{b="1",,} 1\n'),
  'empty braces': answer('a{} 1\n'),
  'quoted name': answer('{"my.metric",b="1"} 1\n', 'text/plain; version=1.0.0; escaping=allow-utf-8'),
  hexadecimal: answer('a 0x1f\n'),
  underscore: answer('a 1_000\n'),
  infinities: answer('a +Inf\nb -Inf\nc inf\nd INFINITY\n'),
  'beyond a double': answer('a 1e309\n'),
  'hardly anything': answer('a 1e-400\n'),
  'points and signs': answer('a +1\nb .5\nc 5.\n'),
  'negative time': answer('a 1 -5\n'),
  'time zero': answer('a 1 0\n'),
  'time with a fraction': answer('a 1 1700000000000.5\n'),
  'time beyond all': answer('a 1 99999999999999999999\n'),
  exemplar: answer('a_bucket{le="1"} 1 # {t="x"} 1\n'),
  'end of OpenMetrics': answer('a 1\n# EOF\nb 1\n'),
  'type afterwards': answer('a 1\n# TYPE a counter\n'),
  'type twice': answer('# TYPE a counter\n# TYPE a gauge\na 1\n'),
  'unknown type': answer('# TYPE a nonsense\na 1\n'),
  'no help': answer('# HELP a\na 1\n'),
  'help of nothing': answer('# HELP\na 1\n'),
  'no type': answer('# TYPE a\na 1\n'),
  tabs: answer('a\t{b="1"}\t1\t\n'),
  'byte order mark': answer('\ufeffa 1\n'),
  colons: answer('a:b 1\n:c 1\n'),
  'digit first': answer('1a 1\n'),
  dash: answer('a-b 1\n'),
  'no value': answer('a\n'),
  'long value': answer(`a{b="${'x'.repeat(1 << 18)}"} 1\n`),
  'only blanks': answer('   \n\n'),
}

/** What both judge differently, and why that is left so. */
const OTHERWISE: Readonly<Record<string, readonly [answer: Answer, why: string]>> = {
  'GZIP in capitals': [
    coded('GZIP', zipped),
    'codings are case-insensitive (RFC 9110, 8.4.1); Prometheus takes it for text',
  ],
  'blanks first': [answer('  a 1\n'), 'Prometheus takes the blanks for part of the name'],
  'OpenMetrics unasked': [
    answer('a 1\n# EOF\n', 'application/openmetrics-text; version=1.0.0'),
    'it is not parsed here',
  ],
  'line feeds alone': [raw('HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 4\n\na 1\n'), 'Node is strict'],
  'blank in a header’s name': [answer('a 1\n', 'text/plain', 'Bad Header: x\r\n'), 'Node is strict'],
  'length and chunks': [
    raw(`${PLAIN}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n0\r\n\r\n`),
    'Node is strict',
  ],
}

const [prometheus] = await detectPeers(peersByName(['prometheus']))
const skip = prometheus!.missing === undefined ? false : `prometheus: ${prometheus!.missing.reason}`

/** By name of the answer: health, and series with their values. */
async function outcomes(subject: Subject, names: readonly string[], since: number): Promise<Map<string, string>> {
  const untilMs = Math.ceil(clock.unixMs())
  const stored = await subject.rawSamples('{job="odd"}', since - 60_000, untilMs)
  const out = new Map<string, string>()
  for (const { labels, health } of await subject.targets!()) {
    const own = stored.filter(series => series.labels['answer'] === labels['answer'])
    const ups = own.find(series => series.labels['__name__'] === 'up')?.values.length ?? 0
    if (ups < 2) continue
    const series = own
      .filter(each => !OWN.test(each.labels['__name__'] ?? ''))
      .map(each => {
        const { answer: _, instance: __, job: ___, ...rest } = each.labels
        return `${JSON.stringify(rest)} ${[...new Set(each.values)].join(',')}`
      })
    out.set(labels['answer'] ?? '', [health, ...series.toSorted()].join('\n'))
  }
  return out.size === names.length ? out : new Map()
}

void t.test('odd answers come to the same in the embedded scraper as in Prometheus', { skip }, async t => {
  const port = await freePort()
  const all = { ...ALIKE, ...Object.fromEntries(Object.entries(OTHERWISE).map(([name, [odd]]) => [name, odd])) }
  const names = Object.keys(all)
  const sockets = new Set<Socket>()
  const targets: string[] = []
  for (const [i, name] of names.entries()) {
    const { bytes, ending } = all[name]!
    const address = addressOf(FIRST_INDEX + i)
    const server = createServer(socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('data', () => socket.write(bytes, () => void (ending === 'end' && socket.end())))
    })
    await new Promise<void>(resolve => server.listen(port, address, resolve))
    t.teardown(() => server.close())
    targets.push(`      - {targets: ['${address}:${port}'], labels: {answer: ${JSON.stringify(name)}}}`)
  }
  t.teardown(() => sockets.forEach(socket => socket.destroy()))
  const config = [
    'global: {scrape_interval: 2s, scrape_timeout: 2s}',
    'scrape_configs:',
    '  - job_name: odd',
    '    scrape_protocols: [PrometheusText1.0.0, PrometheusText0.0.4]',
    '    static_configs:',
    ...targets,
    '',
  ].join('\n')
  const since = Math.floor(clock.unixMs())
  const dir = t.testdir({ embedded: {}, prometheus: {} })
  const [own, real] = await Promise.all([
    embeddedSubject().start(clock, optionsFor(`${dir}/embedded`, config)),
    prometheusSubject().start(
      clock,
      optionsFor(`${dir}/prometheus`, config, { args: ['--scrape.discovery-reload-interval=100ms'] }),
    ),
  ])
  t.teardown(() => Promise.all([own.stop(), real.stop()]))
  t.comment(`${real.kind} ${real.version}`)

  // Again until they agree: a machine that stalls may spoil a scrape.
  let different: string[] = []
  let judged = false
  while ((!judged || different.length > 0) && clock.unixMs() - since < PATIENCE_MS) {
    await pause(250)
    const [ours, theirs] = await Promise.all([own, real].map(subject => outcomes(subject, names, since)))
    judged = ours!.size > 0 && theirs!.size > 0
    if (!judged) continue
    different = names.flatMap(name => {
      const isSame = ours!.get(name) === theirs!.get(name)
      if (Object.hasOwn(OTHERWISE, name)) return isSame ? [`${name}: both agree now`] : []
      return isSame ? [] : [`${name}: ${ours!.get(name)} instead of ${theirs!.get(name)}`]
    })
  }
  t.ok(judged, 'all were scraped twice by both')
  t.strictSame(different, [])
})
