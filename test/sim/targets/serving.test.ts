// How a body travels: compressed in parts, in chunks, over TLS, to those who know the password; and never torn.
import { once } from 'node:events'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { Agent, Client, request } from 'undici'
import type { TargetSpec } from '../../../sim/kubelet/pod-runtime.ts'
import { DEFAULT_SERVING, type Serving, servingOf } from '../../../sim/kubelet/target-serving.ts'
import { targetSpecs } from '../../../sim/kubelet/target-spec.ts'
import { Answers } from '../../../sim/targets/answers.ts'
import { capacityProfile } from '../../../sim/targets/capacity-page.ts'
import { ExpositionTemplate } from '../../../sim/targets/exposition-template.ts'
import { fillIdentity, identityTemplate } from '../../../sim/targets/identity.ts'
import { type Profile, profileByName, TargetServer, TruthTable } from '../../../sim/targets/index.ts'
import { TextPage } from '../../../sim/targets/text-page.ts'
import { freePort, HandClock, specOf, until } from './fixtures.ts'

const large = capacityProfile({ metrics: 60, seriesPerMetric: 50 })

/** Larger than what the kernel takes at once. */
const huge = { ...capacityProfile({ metrics: 300, seriesPerMetric: 200 }), name: 'huge' }

/** Large enough to be kept, and all but the pod's own part is always the same. */
const still: Profile = {
  name: 'still',
  description: 'for tests',
  page(spec) {
    const samples = Array.from({ length: 1500 }, (_, i) => ({ labels: { i: String(i) } }))
    const template = new ExpositionTemplate([{ name: 'still', help: '', type: 'gauge', samples }])
    const compute = (row: Float64Array, unixMs: number, sequence: number): void => {
      row.fill(sequence < 5 ? 7 : 8)
      fillIdentity(row, unixMs, sequence)
    }
    return new TextPage([identityTemplate(spec), template], { compute })
  },
}

const PROFILES = new Map([large, huge, still].map(profile => [profile.name, profile]))
const profileOf = (name: string): Profile => PROFILES.get(name) ?? profileByName(name)
const port = await freePort()

async function open(t: Test, profile: string, serving: Partial<Serving> = {}) {
  const clock = new HandClock()
  const truth = new TruthTable(1)
  const server = new TargetServer(clock, truth, { originNs: 0n, profileOf })
  t.teardown(() => server.closeAll())
  const spec = specOf(0, { ports: [port], profile, serving: { ...DEFAULT_SERVING, ...serving } })
  await server.open(spec)
  return { clock, truth, server, spec, page: profileOf(profile).page(spec) }
}

function client(t: Test, spec: TargetSpec): Client {
  const client = new Client(`http://${spec.address}:${port}`)
  t.teardown(() => client.destroy())
  return client
}

void t.test('compressed bodies are what they say, whether their parts were known or not', async t => {
  const { clock, spec, page } = await open(t, 'still')
  const scraper = client(t, spec)
  const headers = { 'accept-encoding': 'gzip' }
  for (let sequence = 1; sequence <= 8; sequence++) {
    clock.nowUnixMs += 1000
    const { body, headers: said } = await scraper.request({ method: 'GET', path: '/metrics', headers })
    t.equal(said['content-encoding'], 'gzip')
    const text = gunzipSync(Buffer.from(await body.arrayBuffer())).toString('utf8')
    t.equal(text, page.render(clock.nowUnixMs, sequence).toString('utf8'), `scrape ${sequence}`)
  }
})

void t.test('what repeats is compressed once', async t => {
  const page = still.page(specOf(0)) as TextPage
  const answers = new Answers(new HandClock())
  const zipped = (sequence: number): Buffer => {
    const body = page.render(sequence, sequence)
    const options = { kept: page.kept, contentType: 'x', gzip: true, chunked: false, last: false }
    const answer = answers.metrics(body, options)
    return answer.subarray(answer.indexOf('\r\n\r\n') + 4)
  }
  for (let sequence = 1; sequence <= 3; sequence++) gunzipSync(zipped(sequence))
  // Changed behind its back: what was compressed before no longer agrees with the checksum of the whole.
  page.kept!.memory[page.kept!.end - 2] = 0x39
  t.throws(() => gunzipSync(zipped(4)), { code: 'Z_DATA_ERROR' })
})

void t.test('chunks, but not for HTTP/1.0', async t => {
  const { clock, spec, page } = await open(t, 'capacity', { chunked: true })
  const { body, headers } = await client(t, spec).request({ method: 'GET', path: '/metrics' })
  t.equal(headers['content-length'], undefined)
  t.equal(headers['transfer-encoding'], 'chunked')
  t.equal(await body.text(), page.render(clock.nowUnixMs, 1).toString('utf8'))
  const socket = connect(port, spec.address)
  socket.write('GET /metrics HTTP/1.0\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  t.match(text, /content-length: \d+\r\n/i)
})

void t.test('credentials: who has none is told which', async t => {
  for (const [auth, good, bad, scheme] of [
    ['basic:me:se:cret', `Basic ${Buffer.from('me:se:cret').toString('base64')}`, 'Basic bWU6eA==', 'Basic'],
    ['bearer:abc', 'Bearer abc', 'Bearer abd', 'Bearer'],
  ] as const) {
    await t.test(scheme, async t => {
      const serving = servingOf({ 'churnbench.io/auth': auth })!
      const { spec, truth, server } = await open(t, 'web-service', serving)
      const scraper = client(t, spec)
      const ask = async (authorization?: string) => {
        const headers = authorization === undefined ? {} : { authorization }
        const response = await scraper.request({ method: 'GET', path: '/metrics', headers })
        await response.body.dump()
        return response
      }
      for (const authorization of [undefined, bad]) {
        const { statusCode, headers } = await ask(authorization)
        t.equal(statusCode, 401)
        t.equal(headers['www-authenticate'], `${scheme} realm="metrics"`)
      }
      t.equal((await ask(good)).statusCode, 200)
      t.match(truth.read(0), { scrapesServed: 1, scrapesFailed: 2 })
      t.same([...server.logs()[0]!.served], [0, 0, 1])
      t.same([...server.logs()[0]!.formats!], [0, 0, 1])
    })
  }
})

void t.test('TLS: scraped, reset when the pod goes', async t => {
  const { spec, page, clock, server } = await open(t, 'web-service', { tls: true })
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } })
  t.teardown(() => dispatcher.destroy())
  const { body, statusCode } = await request(`https://${spec.address}:${port}/metrics`, { dispatcher })
  t.equal(statusCode, 200)
  t.equal(await body.text(), page.render(clock.nowUnixMs, 1).toString('utf8'))
  const idle = connectTls({ port, host: spec.address, rejectUnauthorized: false })
  await once(idle, 'secureConnect')
  const gone = once(idle, 'close')
  idle.on('error', () => {})
  void server.close(spec.uid)
  await gone
})

void t.test('two scrapers at once: a body that the kernel has not taken is not changed', async t => {
  const { clock, spec, page, truth } = await open(t, 'huge')
  const get = 'GET /metrics HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n'
  const slow = connect(port, spec.address)
  slow.pause()
  slow.write(get)
  await until(() => truth.read(0).firstScrapeNs !== undefined)
  const at = clock.nowUnixMs
  for (let sequence = 2; sequence <= 4; sequence++) {
    clock.nowUnixMs += 1000
    const { body } = await client(t, spec).request({ method: 'GET', path: '/metrics' })
    // No `t.equal`: showing how megabytes differ takes minutes.
    t.ok((await body.text()) === page.render(clock.nowUnixMs, sequence).toString('utf8'), `scrape ${sequence}`)
  }
  let text = ''
  for await (const chunk of slow) text += String(chunk)
  t.ok(text.slice(text.indexOf('\r\n\r\n') + 4) === page.render(at, 1).toString('utf8'), 'the one that had to wait')
})

void t.test('annotations', async t => {
  t.equal(servingOf({ other: 'x' }), undefined)
  t.same(servingOf({ 'churnbench.io/formats': 'openmetrics, created nonsense' }), {
    offers: ['openmetrics', 'created'],
    chunked: false,
    tls: false,
  })
  t.same(servingOf({ 'churnbench.io/formats': 'text', 'churnbench.io/transfer': 'chunked' }), {
    offers: [],
    chunked: true,
    tls: false,
  })
  t.same(servingOf({ 'churnbench.io/tls': 'true' }), { ...DEFAULT_SERVING, tls: true })
  const scraped = { 'prometheus.io/scrape': 'true' }
  const pod = {
    metadata: { name: 'a', uid: 'u', annotations: { 'churnbench.io/formats': 'openmetrics', ...scraped } },
    spec: { containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] },
  }
  const place = { slot: 0, address: '127.0.0.1', node: 'n', seed: '1', startedUnixMs: 0 }
  t.same(
    targetSpecs(pod as never, place).map(({ serving }) => serving?.offers),
    [['openmetrics']],
  )
  const plain = { ...pod, metadata: { ...pod.metadata, annotations: scraped } }
  t.equal('serving' in targetSpecs(plain as never, place)[0]!, false)
})
