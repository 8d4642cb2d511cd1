// What a pod that was told to misbehave does on real sockets, and that truth and log stay exact about it.
import { once } from 'node:events'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import t from 'tap'
import { SystemClock } from '../../../base/index.ts'
import type { TargetSpec } from '../../../sim/kubelet/pod-runtime.ts'
import {
  misbehaviourOrder,
  MISBEHAVIOURS,
  profileByName,
  TargetServer,
  TruthTable,
} from '../../../sim/targets/index.ts'
import { reordered, withBadLine } from '../../../sim/targets/misbehaviour/bodies.ts'
import { faultOfParams } from '../../../sim/targets/misbehaviour/order.ts'
import { freePort, specOf, until } from './fixtures.ts'

const port = await freePort()

interface Rig {
  readonly server: TargetServer
  readonly truth: TruthTable
  readonly spec: TargetSpec
  tell(kind: string | undefined, params?: Parameters<typeof misbehaviourOrder>[1]): void
  /** Of the log: what each request came to. */
  served(): number[]
}

async function rig(t: { teardown(fn: () => void): void }): Promise<Rig> {
  const truth = new TruthTable(16)
  const server = new TargetServer(new SystemClock(), truth, { originNs: 0n })
  t.teardown(() => server.closeAll())
  const spec = specOf(0, { ports: [port] })
  await server.open(spec)
  return {
    server,
    truth,
    spec,
    tell: (kind, params) =>
      server.misbehave([spec.uid], kind === undefined ? undefined : misbehaviourOrder(kind, params)),
    served: () => [...server.logs()[0]!.served],
  }
}

interface Heard {
  readonly head: string
  readonly body: Buffer
  /** `reset`: with an error; `end`: in order; `open`: it is open still. */
  readonly ending: 'reset' | 'end' | 'open'
}

/** Sends one request and listens until the answer is complete by its `Content-Length`, or the connection is over. */
async function ask(spec: TargetSpec, path = '/metrics', headers = ''): Promise<Heard> {
  const socket = connect(port, spec.address)
  const chunks: Buffer[] = []
  let ending: Heard['ending'] = 'open'
  socket.on('error', () => (ending = 'reset'))
  socket.on('end', () => (ending = 'end'))
  const heard = (): Heard => {
    const all = Buffer.concat(chunks)
    const at = all.indexOf('\r\n\r\n')
    return { head: all.toString('latin1', 0, Math.max(0, at)), body: all.subarray(at + 4), ending }
  }
  const complete = new Promise<void>(resolve => {
    socket.on('close', () => resolve())
    socket.on('data', chunk => {
      chunks.push(chunk)
      const { head, body } = heard()
      const length = /content-length: (\d+)/i.exec(head)?.[1]
      if (length !== undefined && body.length >= Number(length)) resolve()
    })
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: pod\r\n${headers}\r\n`)
  await complete
  socket.destroy()
  return heard()
}

/** Waits until the fate of that many requests is known. */
async function settled(one: Rig, count: number): Promise<void> {
  await until(() => {
    const { scrapesServed, scrapesFailed } = one.truth.read(one.spec.slot)
    return scrapesServed + scrapesFailed === count
  })
}

const rendered = ({ spec }: Rig, sequence: number, body: Buffer): string => {
  const at = Number(/^churnbench_target_time_seconds\S* (\S+)$/m.exec(body.toString())![1]) * 1000
  return profileByName('web-service').page(spec).render(Math.round(at), sequence).toString()
}

void t.test('the catalogue is sound: names, bounds, and what an outcome must say', t => {
  t.equal(new Set(MISBEHAVIOURS.map(({ name }) => name)).size, MISBEHAVIOURS.length)
  for (const { name, description, params, samples, extraSeries, prometheus, victoriametrics } of MISBEHAVIOURS) {
    t.match(description, /^[A-Z].*\.$/, name)
    for (const param of params) {
      t.ok(param.min <= param.default && param.default <= param.max, `${name} ${param.name}`)
      t.equal(faultOfParams(name, { [param.name]: param.default }), undefined)
      t.match(faultOfParams(name, { [param.name]: param.max + 1 }), `a ${param.name} from ${param.min} to`)
    }
    for (const { up, error, page, extra } of [prometheus, victoriametrics]) {
      t.equal(up === 0, error !== undefined, `${name}: a failure has a reason`)
      t.equal(up === 1, page, `${name}: what is up is stored`)
      t.equal(extra === undefined, extraSeries === undefined, `${name}: what is added has an outcome`)
      if (samples === 'counted') t.equal(up, 1, `${name}: what counts is stored by both`)
      if (samples === 'not served') t.equal(up, 0, `${name}: nothing comes of nothing`)
    }
  }
  t.match(faultOfParams('not-found', { delay: 1 }), 'has no use for delay with the kind not-found; it takes none')
  t.end()
})

void t.test('what is served whole counts or is excused, by its kind; what is not, is not', async t => {
  for (const { name, samples, hangs, stage } of MISBEHAVIOURS) {
    if (hangs === true || stage === 'readiness' || name.startsWith('redirect') || name === 'reset-accept') continue
    const one = await rig(t)
    one.tell(name, name === 'oversized-body' || name === 'gzip-bomb' ? { bytes: 1 << 21 } : {})
    const { head, body } = await ask(one.spec)
    await settled(one, 1)
    t.same(one.served(), [samples === 'counted' ? 1 : samples === 'excused' ? 2 : 0], name)
    const { samplesServed, scrapesServed } = one.truth.read(one.spec.slot)
    t.equal(samplesServed > 0, samples === 'counted', `${name}: samples`)
    t.equal(scrapesServed, samples === 'counted' ? 1 : 0, `${name}: scrapes`)
    if (samples !== 'not served') {
      const text = head.includes('gzip') ? gunzipSync(body) : body
      const page = rendered(one, 1, text)
      if (name === 'changing-order' || name === 'bad-line') {
        const lines = text
          .toString()
          .split('\n')
          .filter(line => !line.startsWith('this'))
        t.same(lines.toSorted(), page.split('\n').toSorted(), `${name}: the page is in it`)
      } else t.ok(text.toString().startsWith(page), `${name}: the page is in it`)
    }
    one.tell(undefined)
    const well = await ask(one.spec)
    t.equal(well.body.toString(), rendered(one, 2, well.body), `${name}: well again`)
    one.server.closeAll()
  }
})

void t.test('a redirected scrape is one scrape, that is served when it is followed', async t => {
  const one = await rig(t)
  one.tell('redirect')
  t.match((await ask(one.spec)).head, /^HTTP\/1.1 302 Found\r\nLocation: \/metrics\/moved/)
  t.same(one.served(), [0])
  const followed = await ask(one.spec, '/metrics/moved')
  t.equal(followed.body.toString(), rendered(one, 1, followed.body))
  await settled(one, 1)
  t.same(one.served(), [1])
  await ask(one.spec)
  await ask(one.spec)
  t.same(one.served(), [1, 0, 0])
  t.equal(one.truth.read(0).scrapesFailed, 1, 'the first of the two was not followed')
  one.tell('redirect-loop')
  t.match((await ask(one.spec)).head, 'Location: /metrics/again')
  t.match((await ask(one.spec, '/metrics/again')).head, 'Location: /metrics/again')
  t.same(one.served(), [1, 0, 0, 0], 'going round is no scrape of its own')
  one.tell(undefined)
  t.match((await ask(one.spec, '/metrics/moved')).head, /^HTTP\/1.1 404/)
})

void t.test('a slow answer is excused when it may come too late for who asks', async t => {
  const one = await rig(t)
  one.tell('slow-first-byte', { delay: 60 })
  await ask(one.spec, '/metrics', 'X-Prometheus-Scrape-Timeout-Seconds: 1\r\n')
  await ask(one.spec, '/metrics', 'X-Prometheus-Scrape-Timeout-Seconds: 0.1\r\n')
  await settled(one, 2)
  t.same(one.served(), [1, 2])
  // Who hangs up meanwhile was not served.
  const socket = connect(port, one.spec.address)
  socket.write('GET /metrics HTTP/1.1\r\nHost: pod\r\n\r\n')
  await until(() => one.served().length === 3)
  socket.destroy()
  await settled(one, 3)
  t.same(one.served(), [1, 2, 0])
})

void t.test('hanging ends when the pod behaves again; a reset at accept is a scrape that failed', async t => {
  const one = await rig(t)
  for (const [i, kind] of ['hang-accept', 'hang-body'].entries()) {
    one.tell(kind)
    const answer = ask(one.spec)
    await until(() => one.served().length === i + 1)
    one.tell(undefined)
    t.not((await answer).ending, 'open', kind)
  }
  await settled(one, 2)
  one.tell('reset-accept')
  const { head, ending } = await ask(one.spec)
  t.same([head, ending], ['', 'reset'])
  await settled(one, 3)
  t.same(one.served(), [0, 0, 0])
  one.tell(undefined)
  t.match((await ask(one.spec)).body.toString(), /^churnbench_target_scrapes_total\S* 4$/m, 'its number was used up')
})

void t.test('a body is broken off after half of it, or when all is there but what was promised', async t => {
  const one = await rig(t)
  one.tell('reset-body')
  const { head, body, ending } = await ask(one.spec)
  // Node shows a reset behind data as an end.
  t.not(ending, 'open')
  const promised = Number(/content-length: (\d+)/i.exec(head)![1])
  t.ok(body.length <= promised / 2 + 1, `${body.length} of ${promised} bytes`)
  one.tell('truncated-body', { bytes: 7 })
  const cut = await ask(one.spec)
  t.equal(cut.ending, 'end')
  t.equal(Number(/content-length: (\d+)/i.exec(cut.head)![1]) - cut.body.length, 7)
})

void t.test('a connection that is open when resets begin is reset', async t => {
  const one = await rig(t)
  const socket = connect(port, one.spec.address)
  socket.on('error', () => {})
  socket.write('GET /metrics HTTP/1.1\r\nHost: pod\r\n\r\n')
  await once(socket, 'data')
  one.tell('reset-accept')
  await new Promise<void>(resolve => socket.once('close', () => resolve()))
  t.pass('it is closed')
})

void t.test('a pod that is closed and opened again goes on misbehaving', async t => {
  const one = await rig(t)
  one.tell('not-found')
  await one.server.close(one.spec.uid)
  await one.server.open(one.spec)
  t.match((await ask(one.spec)).head, /^HTTP\/1.1 404/)
})

void t.test('another order is the same page: every line of it, its families whole', t => {
  const text = fc.array(fc.array(fc.nat(99), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(text, fc.nat(50), (families, by) => {
      const lines = families.flatMap((values, f) => [
        `# HELP f${f} h`,
        `# TYPE f${f} gauge`,
        ...values.map((value, i) => `f${f}{i="${i}"} ${value}`),
      ])
      const page = Buffer.from(`${lines.join('\n')}\n`)
      const other = reordered(page, by).toString()
      const otherLines = other.trimEnd().split('\n')
      const names = otherLines.map(line => /f(\d+)/.exec(line)![1])
      // Each family stands together.
      const runs = names.filter((name, i) => name !== names[i - 1]).length
      return (
        other.endsWith('\n') &&
        otherLines.toSorted().join('\n') === lines.toSorted().join('\n') &&
        runs === families.length
      )
    }),
  )
  t.match(withBadLine(Buffer.from('a 1\nb 2\nc 3\n')).toString(), /^a 1\nthis line is no sample\nb 2\nc 3\n$/)
  t.end()
})
