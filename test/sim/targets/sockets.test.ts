// What a scraper finds at a pod's address, on real sockets: answers, refusals, silence, and exact counts of all of them.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import t from 'tap'
import { Client } from 'undici'
import { SystemClock } from '../../../base/index.ts'
import type { TargetSpec } from '../../../sim/kubelet/pod-runtime.ts'
import {
  descriptorsNeeded,
  planSockets,
  probePodNetwork,
  profileByName,
  readDescriptorLimits,
  servedPage,
  TargetServer,
  TruthTable,
} from '../../../sim/targets/index.ts'
import { HttpConnection } from '../../../sim/targets/http-connection.ts'
import type { Profile } from '../../../sim/targets/profile.ts'
import { parseRequestHead } from '../../../sim/targets/request-head.ts'
import { addressOf, freePort, HandClock, specOf, until } from './fixtures.ts'

const GET = 'GET /metrics HTTP/1.1\r\nHost: pod\r\n\r\n'
const HUGE_BYTES = 32 * 1024 * 1024

const port = await freePort()

/** A page too large for any socket buffer. */
const huge: Profile = {
  name: 'huge',
  description: 'for tests',
  page: () => ({
    series: [{ name: 'x', labels: {} }],
    sampleCount: 1,
    valueAt: () => 1,
    render: () => Buffer.concat([Buffer.alloc(HUGE_BYTES, '#'), Buffer.from('\nx 1\n')]),
  }),
}

interface Rig {
  readonly clock: HandClock
  readonly truth: TruthTable
  readonly server: TargetServer
}

function rig(t: { teardown(fn: () => void): void }): Rig {
  const clock = new HandClock()
  const truth = new TruthTable(512)
  const server = new TargetServer(clock, truth, {
    originNs: 0n,
    profileOf: name => (name === 'huge' ? huge : profileByName(name)),
  })
  t.teardown(() => server.closeAll())
  return { clock, truth, server }
}

function pod(index: number, overrides: Partial<TargetSpec> = {}): TargetSpec {
  return specOf(index, { ports: [port], ...overrides })
}

void t.test('a connection that is being shut down is let go by a reset, so that its thread can end', async t => {
  const responder = { respond: () => undefined, refuse: () => undefined, settled: () => {} }
  let states: readonly boolean[] = []
  const closed = new Promise<boolean>(resolve => {
    const listener = createServer(socket => {
      const connection = new HttpConnection(socket, responder, () => {})
      socket.once('close', () => resolve(true))
      // The peer's FIN makes Node end our side a tick later; the shutdown is then under way until the loop turns.
      const reset = (): void => {
        states = [socket.writableEnded, socket.writableFinished]
        connection.reset()
        // A handle that is lost never closes: a few turns of the loop are plenty for one that is not.
        let turns = 20
        const turn = (): void => void (--turns === 0 ? resolve(false) : setImmediate(turn))
        turn()
      }
      socket.once('end', () => process.nextTick(() => process.nextTick(() => process.nextTick(reset))))
    }).listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as AddressInfo
      const peer = connect(port, '127.0.0.1', () => peer.end())
      peer.on('error', () => {})
    })
    t.teardown(() => listener.close())
  })
  t.ok(await closed)
  t.same(states, [true, false], 'the reset came while the shutdown was under way')
})

void t.test('a pod answers as an exporter does, over one connection', async t => {
  const { clock, truth, server } = rig(t)
  const spec = pod(0)
  await server.open(spec)
  const client = new Client(`http://${spec.address}:${port}`, { pipelining: 1 })
  t.teardown(() => client.destroy())
  let connections = 0
  client.on('connect', () => connections++)
  const page = profileByName('web-service').page(spec)
  for (let sequence = 1; sequence <= 3; sequence++) {
    clock.nowUnixMs += 5_000
    const { statusCode, headers, body } = await client.request({ method: 'GET', path: '/metrics' })
    t.equal(statusCode, 200)
    t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
    t.equal(headers['content-encoding'], undefined)
    t.equal(headers.date, new Date(clock.nowUnixMs).toUTCString())
    t.equal(await body.text(), page.render(clock.nowUnixMs, sequence).toString('utf8'))
  }
  t.equal(connections, 1)
  const row = truth.read(0)
  t.match(row, { scrapesServed: 3, scrapesFailed: 0, samplesServed: 3 * page.sampleCount, closedNs: undefined })
  t.ok(row.listeningNs! < row.firstScrapeNs! && row.firstScrapeNs! < row.lastScrapeNs!)
  const [log] = server.logs()
  t.equal(log?.uid, spec.uid)
  t.same([...log!.served], [1, 1, 1])
  t.equal(log!.requestMs[0], Number(row.firstScrapeNs) / 1e6)
  t.equal(log!.requestMs[2], Number(row.lastScrapeNs) / 1e6)
})

void t.test('a target’s clock does not go back when the machine’s does', async t => {
  const { clock, server } = rig(t)
  const spec = pod(0)
  await server.open(spec)
  const before = await ask(spec, GET)
  clock.nowUnixMs -= 30_000
  const after = await ask(spec, GET)
  t.equal(valueOf(after.body, 'churnbench_target_time_seconds'), valueOf(before.body, 'churnbench_target_time_seconds'))
})

void t.test('gzip is for those who ask for it', async t => {
  const { clock, truth, server } = rig(t)
  const spec = pod(0)
  await server.open(spec)
  const plain = profileByName('web-service').page(spec)
  let sequence = 0
  for (const [accept, zipped] of [
    ['gzip', true],
    ['deflate, gzip;q=1.0, *;q=0.5', true],
    ['*', true],
    ['identity', false],
    ['gzip;q=0', false],
    ['gzip; q=0.000, *', false],
    ['br', false],
  ] as const) {
    const { head, bytes } = await ask(spec, `GET /metrics HTTP/1.1\r\nHost: pod\r\nAccept-Encoding: ${accept}\r\n\r\n`)
    t.equal(/^content-encoding: gzip$/im.test(head), zipped, accept)
    t.match(head, /^vary: accept-encoding$/im)
    const expected = plain.render(clock.nowUnixMs, ++sequence).toString('utf8')
    t.equal((zipped ? gunzipSync(bytes) : bytes).toString('utf8'), expected)
    if (zipped) t.ok(bytes.length < expected.length / 4)
  }
  t.equal(truth.read(0).scrapesServed, sequence)
  t.ok(truth.read(0).bytesServed > sequence * 5000, 'bytes are counted before compression')
})

void t.test('only GET /metrics is a scrape', async t => {
  const { truth, server } = rig(t)
  const spec = pod(0)
  await server.open(spec)
  const host = 'Host: pod\r\n'
  for (const [request, status, closes] of [
    [`HEAD /metrics HTTP/1.1\r\n${host}\r\n`, 200, false],
    [`GET / HTTP/1.1\r\n${host}\r\n`, 404, false],
    [`GET /metricsx HTTP/1.1\r\n${host}\r\n`, 404, false],
    [`HEAD /nothing HTTP/1.1\r\n${host}\r\n`, 404, false],
    [`DELETE /metrics HTTP/1.1\r\n${host}\r\n`, 405, false],
    [`POST /metrics HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`, 405, true],
    [`nonsense\r\n\r\n`, 400, true],
    [`GET /metrics HTTP/1.1\r\n\r\n`, 400, true],
    [`GET /metrics HTTP/1.1\r\n${host}${host}\r\n`, 400, true],
    [`GET /metrics HTTP/1.1\r\n${host} folded\r\n\r\n`, 400, true],
    [`GET /metrics HTTP/2.0\r\n${host}\r\n`, 505, true],
    [`GET /metrics HTTP/1.1\r\n${host}X: ${'x'.repeat(20_000)}\r\n\r\n`, 431, true],
    [`GET /metrics HTTP/1.1\r\n${host}X: ${'x'.repeat(20_000)}`, 431, true],
  ] as const) {
    const answer = await ask(spec, request)
    const line = request.slice(0, 40)
    t.equal(answer.status, status, line)
    t.equal(/^connection: close$/im.test(answer.head), closes, `${line} closes`)
    if (request.startsWith('HEAD')) t.equal(answer.bytes.length, 0)
    if (status === 405) t.match(answer.head, /^allow: GET, HEAD$/im)
  }
  t.match(truth.read(0), { scrapesServed: 0, scrapesFailed: 0, firstScrapeNs: undefined })
})

void t.test('other ways to write the same request', async t => {
  const { truth, server } = rig(t)
  const spec = pod(0)
  await server.open(spec)
  const requests = [
    [GET, false],
    ['\r\n\r\nGET /metrics?collect[]=cpu HTTP/1.1\r\nhost:pod\r\n\r\n', false],
    [`GET http://${spec.address}:${port}/metrics HTTP/1.1\r\nHost: pod\r\n\r\n`, false],
    ['GET /metrics HTTP/1.1\r\nHost: pod\r\nConnection: keep-alive, Close\r\n\r\n', true],
    ['GET /metrics HTTP/1.0\r\n\r\n', true],
    ['GET /metrics HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n', false],
  ] as const
  for (const [request, closes] of requests) {
    const { status, head } = await ask(spec, request)
    t.equal(status, 200, request)
    t.equal(/^connection: close$/im.test(head), closes, request)
  }
  t.equal(truth.read(0).scrapesServed, requests.length)
})

void t.test('a connection that was told to close is closed, one that is kept is not', async t => {
  const { server } = rig(t)
  const spec = pod(0)
  await server.open(spec)
  const socket = await dial(spec)
  socket.resume()
  socket.write('GET /metrics HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n')
  await once(socket, 'end')
  t.pass('closed')
})

void t.test('requests may come in any pieces, and several at once', async t => {
  const { clock, truth, server } = rig(t)
  const spec = pod(0)
  await server.open(spec)
  const stream = `${GET}GET /nope HTTP/1.1\r\nHost: pod\r\n\r\n${GET}`
  let sent = 0
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(stream.length), { maxLength: 12 }), async cuts => {
      const socket = await dial(spec)
      const reader = new AnswerReader(socket)
      let at = 0
      for (const cut of [...cuts.sort((a, b) => a - b), stream.length]) {
        socket.write(stream.slice(at, cut))
        at = cut
        await new Promise(resolve => setImmediate(resolve))
      }
      const page = profileByName('web-service').page(spec)
      const statuses = []
      for (let i = 0; i < 3; i++) {
        const { status, body } = await reader.next()
        statuses.push(status)
        if (status !== 200) continue
        if (body !== page.render(clock.nowUnixMs, ++sent).toString('utf8')) throw new Error(`answer ${sent} is wrong`)
      }
      socket.destroy()
      if (statuses.join(' ') !== '200 404 200') throw new Error(statuses.join(' '))
    }),
    { numRuns: 30 },
  )
  t.match(truth.read(0), { scrapesServed: sent, scrapesFailed: 0 })
})

void t.test('a closed pod refuses at once and resets what was open; its neighbours do not notice', async t => {
  const { truth, server } = rig(t)
  const [spec, neighbour] = [pod(0), pod(1)]
  await Promise.all([server.open(spec), server.open(neighbour)])
  const idle = await dial(spec)
  const other = await dial(neighbour)
  const reset = t.rejects(once(idle, 'end'), { code: 'ECONNRESET' })
  void server.close(spec.uid)
  const refused = connect(port, spec.address)
  await t.rejects(once(refused, 'connect'), { code: 'ECONNREFUSED' })
  await reset
  t.ok(truth.read(0).closedNs! > truth.read(0).listeningNs!)
  t.equal(truth.read(1).closedNs, undefined)
  other.write(GET)
  t.equal((await new AnswerReader(other).next()).status, 200)
  other.destroy()
  t.equal(server.count, 1)
  await server.close('unknown')
})

void t.test('a container that starts again counts anew, and each of its answers can be told from the log', async t => {
  const { clock, truth, server } = rig(t)
  const spec = pod(0)
  const bodies: { readonly body: string; readonly sequence: number; readonly unixMs: number }[] = []
  const scrape = async (): Promise<number> => {
    clock.nowUnixMs += 60_000
    const { body } = await ask(spec, GET)
    bodies.push({ body, sequence: bodies.length + 1, unixMs: clock.nowUnixMs })
    return valueOf(body, 'process_cpu_seconds_total')
  }
  await server.open(spec)
  await scrape()
  const before = await scrape()
  await server.close(spec.uid)
  const startedUnixMs = clock.nowUnixMs + 59_000
  await server.open({ ...spec, startedUnixMs })
  const after = await scrape()
  t.ok(after < before / 10, `${before} before, ${after} after`)
  t.ok((await scrape()) > after)
  t.equal(valueOf(bodies[3]!.body, 'churnbench_target_scrapes_total'), 4, 'requests are numbered on')
  t.match(truth.read(0), { scrapesServed: 4 })
  await t.rejects(server.open(spec), { code: 'CHURN_TARGET_BIND' })
  const [log, ...more] = server.logs()
  t.same(more, [])
  t.same(log!.runs, [
    { firstSequence: 1, startedUnixMs: spec.startedUnixMs },
    { firstSequence: 3, startedUnixMs },
  ])
  const page = servedPage(spec, log!)
  for (const { body, sequence, unixMs } of bodies) {
    page.series.forEach(({ name, labels }, index) => {
      const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
      const line = `\n${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} `
      const shown = body.slice(body.indexOf(line) + line.length).split('\n')[0]
      if (Number(shown) !== page.valueAt(index, unixMs, sequence)) t.fail(`${line} ${shown} of scrape ${sequence}`)
    })
  }
})

void t.test('a partitioned pod accepts and never answers; healing resets, then it answers again', async t => {
  const { truth, server } = rig(t)
  const spec = pod(0)
  await server.open(spec)
  const old = await dial(spec)
  const oldAnswers = new AnswerReader(old)
  old.write(GET)
  t.equal((await oldAnswers.next()).status, 200)
  server.setPartitioned([spec.uid, 'unknown'], true)
  const fresh = await dial(spec)
  let heard = 0
  for (const socket of [old, fresh]) {
    socket.on('data', chunk => (heard += chunk.length))
    socket.write(GET)
    socket.write('GET /other HTTP/1.1\r\nHost: pod\r\n\r\nrubbish\r\n\r\n')
  }
  await until(() => truth.read(0).scrapesFailed === 2)
  const resets = [old, fresh].map(socket => t.rejects(once(socket, 'end'), { code: 'ECONNRESET' }))
  server.setPartitioned([spec.uid], false)
  await Promise.all(resets)
  t.equal(heard, 0)
  const { status, body } = await ask(spec, GET)
  t.equal(status, 200)
  t.equal(valueOf(body, 'churnbench_target_scrapes_total'), 4, 'unanswered requests have their numbers')
  t.match(truth.read(0), { scrapesServed: 2, scrapesFailed: 2 })
  t.same([...server.logs()[0]!.served], [1, 0, 0, 1])
})

void t.test('counts are exact when scrapers give up half-way', async t => {
  const { truth, server } = rig(t)
  const spec = pod(0, { profile: 'huge' })
  await server.open(spec)
  const ends = ['abort', 'read', 'abort', 'close', 'read'] as const
  let closed = false
  for (const end of ends) {
    if (closed) await server.open(spec)
    closed = false
    const requests = server.logs()[0]!.requestMs.length
    const socket = await dial(spec)
    socket.on('error', () => {})
    socket.pause()
    socket.write(GET)
    await until(() => server.logs()[0]!.requestMs.length > requests)
    if (end === 'read') {
      const { bytes } = await new AnswerReader(socket).next()
      t.equal(bytes.length, HUGE_BYTES + 5)
      socket.destroy()
    } else if (end === 'abort') {
      const { scrapesFailed } = truth.read(0)
      socket.destroy()
      await until(() => truth.read(0).scrapesFailed > scrapesFailed)
    } else {
      const { scrapesFailed } = truth.read(0)
      void server.close(spec.uid)
      t.equal(truth.read(0).scrapesFailed, scrapesFailed + 1, 'known when close returns')
      socket.destroy()
      closed = true
    }
  }
  t.match(truth.read(0), {
    scrapesServed: 2,
    scrapesFailed: 3,
    samplesServed: 2,
    bytesServed: 2 * (HUGE_BYTES + 5),
  })
  t.same([...server.logs()[0]!.served], [0, 1, 0, 0, 1])
})

void t.test('several ports are one pod', async t => {
  const { truth, server } = rig(t)
  const second = await freePort()
  const spec = pod(0, { ports: [port, second, port] })
  await server.open(spec)
  await ask(spec, GET)
  const { body } = await ask(spec, GET, second)
  t.equal(valueOf(body, 'churnbench_target_scrapes_total'), 2)
  t.equal(truth.read(0).scrapesServed, 2)
  await server.open(pod(1, { ports: [] }))
  t.not(truth.read(1).listeningNs, undefined, 'a pod that serves nothing is open all the same')
})

void t.test('a port that is taken is told, and nothing stays open', async t => {
  const { truth, server } = rig(t)
  const squatter = createServer()
  squatter.listen(0, addressOf(0))
  await once(squatter, 'listening')
  const taken = (squatter.address() as { port: number }).port
  const spec = pod(0, { ports: [port, taken] })
  await t.rejects(server.open(spec), {
    code: 'CHURN_TARGET_BIND',
    exitCode: 2,
    message: new RegExp(`${spec.address}:${taken}.*taken`),
  })
  await t.rejects(once(connect(port, spec.address), 'connect'), { code: 'ECONNREFUSED' })
  t.equal(server.count, 0)
  t.equal(truth.read(0).listeningNs, undefined)
  squatter.close()
  await t.rejects(server.open(pod(1, { profile: 'nope' })), { code: 'CHURN_PROFILE_UNKNOWN' })
})

void t.test('a port that is taken for a moment is waited for', async t => {
  const clock = new SystemClock()
  const server = new TargetServer(clock, new TruthTable(512), { originNs: 0n, bindRetries: 50 })
  t.teardown(() => server.closeAll())
  const spec = pod(0)
  const other = createServer().listen(port, spec.address)
  await once(other, 'listening')
  const opened = server.open(spec)
  clock.schedule(30, () => other.close())
  await opened
  t.equal((await ask(spec, GET)).status, 200)
  t.same(server.logs()[0]!.runs, [{ firstSequence: 1, startedUnixMs: spec.startedUnixMs }])
})

void t.test('a pod that is closed while it opens does not stay', async t => {
  const { server } = rig(t)
  const spec = pod(0)
  const opening = t.rejects(server.open(spec), { code: 'CHURN_TARGET_BIND' })
  void server.close(spec.uid)
  await opening
  await t.rejects(once(connect(port, spec.address), 'connect'), { code: 'ECONNREFUSED' })
  await server.open(spec)
  t.equal((await ask(spec, GET)).status, 200, 'and can be opened again')
})

void t.test('300 pods are opened, scraped and closed', async t => {
  const { truth, server } = rig(t)
  const specs = Array.from({ length: 300 }, (_, i) => pod(i, { app: `app-${i % 5}` }))
  await Promise.all(specs.map(spec => server.open(spec)))
  t.equal(server.count, 300)
  await Promise.all(specs.map(spec => ask(spec, GET)))
  const rows = specs.map(spec => truth.read(spec.slot))
  t.ok(rows.every(row => row.scrapesServed === 1 && row.scrapesFailed === 0))
  for (const spec of specs) void server.close(spec.uid)
  const refusals = await Promise.all(
    specs.map(spec => once(connect(port, spec.address), 'connect').catch((error: unknown) => error)),
  )
  t.ok(refusals.every(refusal => (refusal as NodeJS.ErrnoException).code === 'ECONNREFUSED'))
})

void t.test('request heads are never misread', async () => {
  fc.assert(
    fc.property(fc.string(), text => [400, 505].includes(parseRequestHead(text) as number) || text.includes(' ')),
  )
})

void t.test(
  'sockets have their places before the start: threads of this process, then more processes, then none',
  async t => {
    const plan = { pods: 1000, portsPerPod: 2, threads: 2 }
    const enough = { limit: descriptorsNeeded(plan) + 40, inUse: 40 }
    t.same(planSockets(plan, enough), { processes: 0, threads: 2 })
    t.same(planSockets({ ...plan, pods: 1001 }, enough), { processes: 1, threads: 2 }, 'one pod more than fits')
    t.same(planSockets({ ...plan, pods: 2000 }, enough), { processes: 2, threads: 1 })
    t.same(planSockets(plan, { limit: Infinity, inUse: 40 }), { processes: 0, threads: 2 })
    // Ten thousand pods, and half as many on their way out, where a process may open 20 000.
    t.same(planSockets({ pods: 15_000, threads: 1 }, { limit: 20_000, inUse: 60 }), { processes: 2, threads: 1 })
    t.throws(() => planSockets({ ...plan, pods: 1e6 }, enough), {
      code: 'CHURN_FD_LIMIT',
      exitCode: 2,
      message: /^1000000 pods need 4000000 file descriptors .*\(ulimit -n \d+\) or run at most \d+ pods$/,
    })
    t.throws(() => planSockets(plan, { limit: 100, inUse: 40 }), { message: /at most 0 pods/ })
    // What it recommends is what it accepts.
    for (const limits of [enough, { limit: 1024, inUse: 60 }, { limit: 4096, inUse: 60 }]) {
      for (const pods of [100_000, 1_000_000]) {
        let said = ''
        try {
          planSockets({ ...plan, pods }, limits)
          continue
        } catch (error) {
          said = (error as Error).message
        }
        const [, limit, podsMax] = /ulimit -n (\d+)\) or run at most (\d+) pods/.exec(said)!
        planSockets({ ...plan, pods }, { limit: Number(limit), inUse: limits.inUse })
        planSockets({ ...plan, pods: Number(podsMax) }, limits)
        t.throws(() => planSockets({ ...plan, pods: Number(podsMax) + 1 }, limits), `${pods} pods, ${limits.limit}`)
      }
    }
    const { limit, inUse } = readDescriptorLimits()
    t.ok(limit > inUse && inUse > 3)
  },
)

void t.test('the pod network is tried before the start', async t => {
  const network = await probePodNetwork([port])
  t.equal(network.mode, process.platform === 'linux' ? 'address-per-pod' : 'port-per-pod')
  if (network.mode === 'port-per-pod') return
  const squatter = createServer()
  squatter.listen(0, '0.0.0.0')
  await once(squatter, 'listening')
  const taken = (squatter.address() as { port: number }).port
  await t.rejects(probePodNetwork([taken]), { code: 'CHURN_TARGET_BIND', exitCode: 2 })
  squatter.close()
})

interface Reply {
  readonly status: number
  readonly head: string
  readonly bytes: Buffer
  readonly body: string
}

async function dial(spec: TargetSpec, at = port): Promise<Socket> {
  const socket = connect(at, spec.address)
  await once(socket, 'connect')
  return socket
}

/** One request on a connection of its own. */
async function ask(spec: TargetSpec, request: string, at = port): Promise<Reply> {
  const socket = await dial(spec, at)
  const reader = new AnswerReader(socket, request.startsWith('HEAD'))
  socket.write(request)
  const reply = await reader.next()
  socket.destroy()
  return reply
}

/** Reads answers off a socket as RFC 9112 frames them. */
class AnswerReader {
  readonly #socket: Socket
  readonly #isHead: boolean
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(socket: Socket, isHead = false) {
    this.#socket = socket
    this.#isHead = isHead
  }

  async next(): Promise<Reply> {
    let bodyStart = -1
    let end = Infinity
    let head = ''
    for (;;) {
      if (bodyStart < 0) {
        const all = Buffer.concat(this.#chunks)
        this.#chunks = [all]
        const found = all.indexOf('\r\n\r\n')
        if (found >= 0) {
          head = all.toString('latin1', 0, found)
          bodyStart = found + 4
          const length = /^content-length: (\d+)$/im.exec(head)?.[1]
          end = bodyStart + (this.#isHead || length === undefined ? 0 : Number(length))
        }
      }
      if (this.#bytes >= end) break
      const chunk = this.#socket.read() as Buffer | null
      if (chunk === null) {
        await once(this.#socket, 'readable')
        continue
      }
      this.#chunks.push(chunk)
      this.#bytes += chunk.length
    }
    const all = Buffer.concat(this.#chunks)
    const bytes = all.subarray(bodyStart, end)
    this.#chunks = [all.subarray(end)]
    this.#bytes = all.length - end
    return { status: Number(head.split(' ')[1]), head, bytes, body: bytes.toString('utf8') }
  }
}

function valueOf(body: string, name: string): number {
  return Number(new RegExp(`^${name}\\S* (\\S+)$`, 'm').exec(body)?.[1])
}
