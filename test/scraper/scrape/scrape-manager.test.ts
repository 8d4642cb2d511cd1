import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { type Config, loadConfig } from '../../../scraper/config/index.ts'
import type { TargetGroup } from '../../../scraper/discovery/index.ts'
import { MetricsRegistry } from '../../../scraper/metrics.ts'
import { ScrapeManager, type ScrapeManagerOptions } from '../../../scraper/scrape/index.ts'
import { TurnBudget } from '../../../scraper/scrape/turn-budget.ts'
import { RecordingStorage } from '../recording-storage.ts'
import { FakeTarget } from './fake-target.ts'

function configOf(job: object): Config {
  const full = { scrape_interval: '10s', scrape_timeout: '2s', ...job }
  return loadConfig(JSON.stringify({ scrape_configs: [{ job_name: 'j', ...full }] }), { baseDir: '/' })
}

function group(source: string, ...targets: Record<string, string>[]): TargetGroup {
  return { source, labels: {}, targets }
}

class Rig {
  readonly clock = new VirtualClock()
  readonly storage = new RecordingStorage()
  readonly registry = new MetricsRegistry()
  readonly manager: ScrapeManager

  constructor(job: object = {}, options: ScrapeManagerOptions = {}) {
    this.manager = new ScrapeManager(this.clock, new Prng('test'), this.storage, {
      registry: this.registry,
      ...options,
    })
    this.manager.applyConfig(configOf(job))
  }

  /** Waits for real answers without moving time. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise(resolve => setImmediate(resolve))
  }

  ups(instance: string): (number | 'stale')[] {
    return this.storage.values(`up{instance="${instance}", job="j"}`)
  }

  get scrapes(): number {
    return Number(/^prometheus_target_scrapes_total (\d+)/m.exec(this.registry.render())![1])
  }

  /** Moves time to the next scrape and hardly beyond: its answer comes in real time, its time-out in virtual time. */
  advanceToScrape(): void {
    const before = this.scrapes
    while (this.scrapes === before) this.clock.advance(50)
  }

  async nextScrape(instance: string): Promise<void> {
    const before = this.ups(instance).length
    this.advanceToScrape()
    await this.until(() => this.ups(instance).length > before)
  }
}

async function open(t: Pick<Test, 'teardown'>): Promise<FakeTarget> {
  const target = await FakeTarget.open()
  t.teardown(() => target.close())
  return target
}

t.test('a target that is found is scraped at once, then at its instants, aligned', async t => {
  const target = await open(t)
  const { address } = target
  const rig = new Rig()
  rig.clock.advance(1234)
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 1)
  t.equal(target.requests.length, 1)
  t.equal(rig.storage.samples[0]!.tMs, Date.UTC(2026, 0, 1) + 1234)
  for (let i = 0; i < 3; i++) await rig.nextScrape(address)
  const times = rig.storage.samples.filter(({ series }) => series.startsWith('up')).map(({ tMs }) => tMs)
  t.equal(times[2]! - times[1]!, 10_000)
  t.equal(times[3]! - times[2]!, 10_000)
  const gap = times[1]! - times[0]!
  t.ok(gap >= 1000 && gap <= 11_000, `first gap ${gap} ms`)
  t.equal(target.connections, 1, 'the connection is kept')
  t.match(rig.manager.activeTargets(), [
    { scrapePool: 'j', scrapeUrl: `http://${address}/metrics`, health: 'up', lastError: '', scrapeIntervalMs: 10_000 },
  ])
  rig.manager.stop()
})

t.test('as Prometheus does: with `offset` the first scrape waits for its instant', async t => {
  const target = await open(t)
  const rig = new Rig({}, { initialScrape: 'offset' })
  rig.manager.update('j', [group('g', { __address__: target.address })])
  await rig.clock.advanceAsync(0)
  t.equal(target.requests.length, 0)
  await rig.nextScrape(target.address)
  t.ok(rig.clock.elapsedMs <= 10_000)
  t.equal(target.requests.length, 1)
  rig.manager.stop()
})

t.test('the request says who asks, what it can read and for how long it waits', async t => {
  const target = await open(t)
  const rig = new Rig({
    metrics_path: '/probe',
    params: { module: ['a b', 'c'] },
    basic_auth: { username: 'u', password: 'p' },
    http_headers: { 'X-Own': { values: ['v'] } },
  })
  rig.manager.update('j', [group('g', { __address__: target.address, __param_target: 'x' })])
  await target.arrival(1)
  const { url, headers } = target.requests[0]!
  t.equal(url, '/probe?module=a+b&module=c&target=x')
  t.match(headers, {
    'user-agent': 'churnbench-scraper',
    accept: 'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4',
    'accept-encoding': 'gzip',
    'x-prometheus-scrape-timeout-seconds': '2',
    'x-own': 'v',
    authorization: `Basic ${Buffer.from('u:p').toString('base64')}`,
  })
  rig.manager.stop()
})

t.test('what fails is up 0 with a reason, and the series end', async t => {
  const target = await open(t)
  const rig = new Rig({ body_size_limit: '1KB' })
  const { address } = target
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 1)
  const cases: [string, FakeTarget['answer'], RegExp][] = [
    ['status', (_, response) => response.writeHead(503).end('a 1\n'), /^server returned HTTP status 503/],
    ['no content type', (_, response) => response.end('a 1\n'), /blank Content-Type/],
    [
      'OpenMetrics',
      (_, response) => response.setHeader('content-type', 'application/openmetrics-text').end('a 1\n# EOF\n'),
      /openmetrics-text.*not supported/,
    ],
    [
      'too large',
      (_, response) => response.setHeader('content-type', 'text/plain').end(`#${'x'.repeat(2000)}\n`),
      /body size limit exceeded/,
    ],
    [
      'too large when unpacked',
      (_, response) => {
        response.setHeader('content-type', 'text/plain').setHeader('content-encoding', 'gzip')
        response.end(gzipSync(`#${'x'.repeat(2000)}\n`))
      },
      /body size limit exceeded/,
    ],
    ['not gzip', (_, response) => response.setHeader('content-encoding', 'gzip').end('a 1\n'), /not valid gzip/],
    [
      'broken off',
      (_, response) => response.writeHead(200, { 'content-length': 9 }).write('a', () => response.destroy()),
      /^Get/,
    ],
    ['not the format', (_, response) => response.setHeader('content-type', 'text/plain').end('a\n'), /^line 1/],
  ]
  for (const [what, answer, reason] of cases) {
    target.answer = answer
    await rig.nextScrape(address)
    t.equal(rig.ups(address).at(-1), 0, what)
    t.match(rig.manager.activeTargets()[0]!.lastError, reason, what)
  }
  t.same(rig.storage.values(`a{instance="${address}", job="j"}`), [1, 'stale'])
  target.close()
  await rig.nextScrape(address)
  t.match(rig.manager.activeTargets()[0], { health: 'down', lastError: /ECONNREFUSED/ })
  rig.manager.stop()
})

t.test('as many headers as Prometheus takes are taken', async t => {
  const target = await open(t)
  target.answer = (_, response) => {
    for (let i = 0; i < 64; i++) response.setHeader(`x-flood-${i}`, 'f'.repeat(1000))
    response.setHeader('content-type', 'text/plain').end('a 1\n')
  }
  const rig = new Rig()
  rig.manager.update('j', [group('g', { __address__: target.address })])
  await rig.until(() => rig.ups(target.address).length === 1)
  t.same(rig.ups(target.address), [1])
  rig.manager.stop()
})

t.test('a connection that is lost says how far the answer had come', async t => {
  const target = await open(t)
  const rig = new Rig()
  const { address } = target
  target.answer = request => request.socket.destroy()
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 1)
  t.match(rig.manager.activeTargets()[0]!.lastError, /^Get ".*": the connection was lost before there was an answer$/)
  target.answer = (request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 9 })
    response.write('a 1\n', () => request.socket.resetAndDestroy())
  }
  await rig.nextScrape(address)
  t.match(
    rig.manager.activeTargets()[0]!.lastError,
    /^Get ".*": the connection was lost before the answer was complete$/,
  )
  rig.manager.stop()
})

t.test('without a limit of its own, a body that has no end or unpacks to one is refused at 256 MiB', async t => {
  const target = await open(t)
  const rig = new Rig({ scrape_timeout: '10s', extra_scrape_metrics: true })
  const { address } = target
  const mebibyte = Buffer.alloc(1 << 20, '# a comment that has no end\n')
  const member = gzipSync(mebibyte)
  target.answer = (_, response) => {
    response.setHeader('content-type', 'text/plain').setHeader('content-encoding', 'gzip')
    response.end(Buffer.concat([gzipSync('a 1\n'), ...Array.from({ length: 256 }, () => member)]))
  }
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 1)
  const { lastError } = rig.manager.activeTargets()[0]!
  t.match(lastError, /body size limit exceeded: .*256 MiB/)
  let sent = 0
  target.answer = (_, response) => {
    response.setHeader('content-type', 'text/plain')
    const more = (): void => {
      if (response.destroyed) return
      sent++
      response.write(mebibyte)
      response.once('drain', more)
    }
    more()
  }
  await rig.nextScrape(address)
  t.same(rig.ups(address), [0, 0])
  t.equal(rig.manager.activeTargets()[0]!.lastError, lastError)
  t.ok(sent > 250 && sent < 300, `it hangs up: ${sent} MiB were sent`)
  t.same(rig.storage.values(`scrape_body_size_bytes{instance="${address}", job="j"}`), [-1, -1])
  rig.manager.stop()
})

t.test('gzip is unpacked; the synthetic series tell the truth', async t => {
  const target = await open(t)
  target.answer = (_, response) => {
    response.setHeader('content-type', 'text/plain').setHeader('content-encoding', 'gzip')
    response.end(gzipSync('a 1\nb 2\n'))
  }
  const rig = new Rig({ extra_scrape_metrics: true, sample_limit: 9 })
  const { address } = target
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 1)
  const last = (name: string): unknown => rig.storage.values(`${name}{instance="${address}", job="j"}`).at(-1)
  t.equal(last('scrape_samples_scraped'), 2)
  t.equal(last('scrape_samples_post_metric_relabeling'), 2)
  t.equal(last('scrape_series_added'), 2)
  t.equal(last('scrape_body_size_bytes'), 8)
  t.equal(last('scrape_timeout_seconds'), 2)
  t.equal(last('scrape_sample_limit'), 9)
  t.type(last('scrape_duration_seconds'), 'number')
  rig.manager.stop()
})

t.test('redirects are followed, and not when that is off', async t => {
  const target = await open(t)
  const other = await open(t)
  target.answer = (_, response) => response.writeHead(302, { location: `http://${other.address}/there` }).end()
  const rig = new Rig({ authorization: { credentials: 'secret' } })
  rig.manager.update('j', [group('g', { __address__: target.address })])
  await rig.until(() => rig.ups(target.address).length === 1)
  t.same(rig.ups(target.address), [1])
  t.equal(other.requests[0]!.url, '/there')
  t.equal(target.requests[0]!.headers.authorization, 'Bearer secret')
  t.equal(other.requests[0]!.headers.authorization, undefined, 'another host gets no credentials')
  rig.manager.applyConfig(configOf({ follow_redirects: false }))
  await rig.until(() => rig.manager.activeTargets()[0]?.health === 'down')
  t.match(rig.manager.activeTargets()[0]!.lastError, /^server returned HTTP status 302 Found, a redirect/)
  rig.manager.stop()
})

t.test('a target that closes idle connections is not taken for down', async t => {
  const target = await open(t)
  const rig = new Rig()
  const { address } = target
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 1)
  let isFirst = true
  target.answer = (request, response) => {
    // As when the connection is closed at the moment of the request.
    if (isFirst) request.socket.destroy()
    else response.setHeader('content-type', 'text/plain').end('a 2\n')
    isFirst = false
  }
  await rig.nextScrape(address)
  t.same(rig.ups(address), [1, 1])
  rig.manager.stop()
})

t.test('a hanging target times out; its removal delays nobody and ends its series at once', async t => {
  const hanging = await open(t)
  const healthy = await open(t)
  const rig = new Rig()
  rig.manager.update('j', [group('h', { __address__: hanging.address })])
  await rig.until(() => rig.ups(hanging.address).length === 1)
  hanging.answer = () => {}
  rig.advanceToScrape()
  await hanging.arrival(2)
  await rig.clock.advanceAsync(2000)
  await rig.until(() => rig.ups(hanging.address).length === 2)
  t.same(rig.ups(hanging.address), [1, 0])
  t.match(rig.manager.activeTargets()[0]!.lastError, /scrape timeout/)
  rig.advanceToScrape()
  await hanging.arrival(3)
  rig.manager.update('j', [group('h'), group('g', { __address__: healthy.address })])
  t.equal(rig.ups(hanging.address).at(-1), 'stale', 'ended in the same turn')
  t.same(rig.storage.values(`a{instance="${hanging.address}", job="j"}`), [1, 'stale'])
  await rig.until(() => rig.ups(healthy.address).length === 1)
  t.equal(rig.manager.activeTargets().length, 1)
  const times = rig.storage.samples.filter(({ series }) => series.startsWith(`up{instance="${hanging.address}"`))
  t.ok(times.every((sample, i) => i === 0 || sample.tMs > times[i - 1]!.tMs))
  rig.manager.stop()
})

t.test('a target that goes and comes back in one instant loses nothing', async t => {
  const target = await open(t)
  const rig = new Rig()
  const { address } = target
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 1)
  rig.manager.update('j', [group('g')])
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 3)
  t.same(rig.ups(address), [1, 'stale', 1])
  t.same(rig.storage.values(`a{instance="${address}", job="j"}`), [1, 'stale', 1])
  rig.manager.stop()
})

t.test('the same target in two groups is one target; new meta labels do not disturb it', async t => {
  const target = await open(t)
  const rig = new Rig()
  const { address } = target
  rig.manager.update('j', [group('a', { __address__: address }), group('b', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 1)
  rig.manager.update('j', [group('a')])
  rig.manager.update('j', [group('b', { __address__: address, __meta_x: 'new' })])
  t.equal(rig.manager.activeTargets().length, 1)
  t.equal(rig.manager.activeTargets()[0]!.discoveredLabels.get('__meta_x'), 'new')
  t.same(rig.ups(address), [1])
  t.equal(target.requests.length, 1)
  rig.manager.update('j', [group('b')])
  t.same(rig.ups(address), [1, 'stale'])
  rig.manager.stop()
})

t.test('a target that was down is tried again when discovery tells something new about it', async t => {
  const target = await open(t)
  const rig = new Rig()
  const { address } = target
  target.answer = (_, response) => response.writeHead(500).end()
  rig.manager.update('j', [group('p', { __address__: address, __meta_ready: 'false' })])
  await rig.until(() => rig.ups(address).length === 1)
  target.answer = (_, response) => response.setHeader('content-type', 'text/plain').end('a 1\n')
  rig.manager.update('j', [group('p', { __address__: address, __meta_ready: 'true' })])
  await rig.until(() => rig.ups(address).length === 2)
  t.same(rig.ups(address), [0, 1])
  rig.manager.update('j', [group('p', { __address__: address, __meta_ready: 'maybe' })])
  await rig.clock.advanceAsync(10)
  t.equal(target.requests.length, 2, 'a target that is up is left alone')
  rig.manager.stop()
})

t.test('relabelling: dropped targets are told, limited and counted; bad ones are not scraped', async t => {
  const rig = new Rig({
    keep_dropped_targets: 1,
    relabel_configs: [
      { source_labels: ['drop'], regex: 'yes', action: 'drop' },
      { source_labels: ['own_interval'], regex: '(.+)', target_label: '__scrape_interval__' },
    ],
  })
  rig.manager.update('j', [
    group(
      'g',
      { __address__: 'a:1', drop: 'yes' },
      { __address__: 'b:1', drop: 'yes' },
      { __address__: 'c:1/path' },
      { __address__: '' },
      { __address__: 'd:1', own_interval: '1s' },
      { __address__: 'e:1', own_interval: '3m' },
    ),
  ])
  t.equal(rig.manager.droppedTargets().length, 1)
  t.same([...rig.manager.droppedTargetCounts()], [['j', 2]])
  // An interval of 1 s is below the timeout of 2 s.
  t.match(rig.manager.activeTargets(), [{ scrapeUrl: 'http://e:1/metrics', scrapeIntervalMs: 180_000 }])
  t.equal(rig.manager.activeTargets().length, 1)
  rig.manager.stop()
})

t.test('target_limit fails all scrapes of the job until it is kept again', async t => {
  const one = await open(t)
  const two = await open(t)
  const rig = new Rig({ target_limit: 1 })
  rig.manager.update('j', [group('a', { __address__: one.address }), group('b', { __address__: two.address })])
  t.same([rig.ups(one.address), rig.ups(two.address)], [[0], [0]])
  t.match(rig.manager.activeTargets()[0]!.lastError, /target_limit exceeded \(number of targets: 2, limit: 1\)/)
  t.equal(one.requests.length, 0)
  rig.manager.update('j', [group('b')])
  await rig.nextScrape(one.address)
  t.equal(rig.ups(one.address).at(-1), 1)
  rig.manager.stop()
})

t.test('a new configuration: unchanged jobs go on, changed ones begin anew, removed ones end', async t => {
  const target = await open(t)
  const { address } = target
  const rig = new Rig()
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.ups(address).length === 1)
  rig.manager.applyConfig(configOf({}))
  t.same(rig.ups(address), [1])
  rig.manager.applyConfig(configOf({ metrics_path: '/new' }))
  await rig.until(() => rig.ups(address).length === 3)
  t.same(rig.ups(address), [1, 'stale', 1])
  t.equal(target.requests[1]!.url, '/new')
  rig.manager.applyConfig(loadConfig('', { baseDir: '/' }))
  t.equal(rig.ups(address).at(-1), 'stale')
  t.same(rig.manager.activeTargets(), [])
})

t.test('at the end of the process series are left as they are', async t => {
  const target = await open(t)
  const rig = new Rig()
  rig.manager.update('j', [group('g', { __address__: target.address })])
  await rig.until(() => rig.ups(target.address).length === 1)
  rig.manager.stop()
  t.same(rig.ups(target.address), [1])
  t.equal(rig.clock.pending, 0, 'no timer is left')
})

t.test('a storage that cannot take the samples makes the scrape fail, not the scraper', async t => {
  const target = await open(t)
  const { address } = target
  const rig = new Rig()
  rig.storage.commitError = new Error('disk full')
  rig.manager.update('j', [group('g', { __address__: address })])
  await rig.until(() => rig.manager.activeTargets()[0]!.health === 'down')
  t.equal(rig.manager.activeTargets()[0]!.lastError, 'disk full')
  rig.storage.commitError = undefined
  await rig.nextScrape(address)
  t.same(rig.ups(address), [1])
  rig.manager.stop()
})

t.test('instants of many targets are spread over the interval', async t => {
  const rig = new Rig({}, { initialScrape: 'offset' })
  const targets = Array.from({ length: 400 }, (_, i) => ({ __address__: `127.0.${i >> 8}.${i & 255}:9` }))
  rig.manager.update('j', [group('g', ...targets)])
  const perSecond: number[] = []
  for (let second = 0; second < 10; second++) {
    const before = rig.scrapes
    rig.clock.advance(1000)
    perSecond.push(rig.scrapes - before)
  }
  t.ok(
    perSecond.every(count => count > 15 && count < 75),
    perSecond.join(' '),
  )
  rig.manager.stop()
})

t.test('bodies take turns with the rest of the event loop, in the order of their arrival', async t => {
  let nowNs = 0n
  const clock = { unixMs: () => 0, monotonicNs: () => nowNs, schedule: () => ({ cancel: () => {} }) }
  const budget = new TurnBudget(clock)
  const done: number[] = []
  for (let i = 0; i < 10; i++) {
    budget.run(() => {
      done.push(i)
      nowNs += 2_000_000n
    })
  }
  const perTurn = [done.length]
  while (done.length < 10) {
    await new Promise(resolve => setImmediate(resolve))
    perTurn.push(done.length - perTurn.reduce((sum, count) => sum + count, 0))
  }
  t.same(perTurn, [2, 2, 2, 2, 2])
  t.same(done, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})
