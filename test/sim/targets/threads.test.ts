// Pods in worker threads: opened through ports, seen through shared memory, their logs collected at the end.
import { once } from 'node:events'
import { connect } from 'node:net'
import { MessageChannel, Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { DurationHistogram, SystemClock } from '../../../base/index.ts'
import {
  type FromTargetsMain,
  misbehaviourOrder,
  profileByName,
  RemoteRuntime,
  TargetPool,
  TargetServer,
  TruthTable,
} from '../../../sim/targets/index.ts'
import { TargetThread } from '../../../sim/targets/target-thread.ts'
import { TruthMirror } from '../../../sim/targets/truth-mirror.ts'
import { freePort, HandClock, specOf, until } from './fixtures.ts'

const PODS = 12
const clock = new SystemClock({ unref: true })

for (const processes of [0, 2]) {
  const where = processes === 0 ? 'two threads' : 'two processes of two threads'
  void t.test(`pods in ${where}: open, scrape, partition, close, collect, stop`, t => playPods(t, processes))
}

async function playPods(t: Test, processes: number): Promise<void> {
  const port = await freePort()
  const truth = new TruthTable(PODS)
  const originNs = clock.monotonicNs()
  const failures: Error[] = []
  const pool = await TargetPool.start(clock, {
    threads: 2,
    processes,
    truth: truth.buffer,
    originNs,
    onFailed: error => failures.push(error),
  })
  t.teardown(() => pool.stop())
  t.equal(new Set([process.pid, ...pool.processIds]).size, processes + 1)
  const runtime = new RemoteRuntime(pool.controlPorts)
  t.teardown(() => runtime.dispose())
  const specs = Array.from({ length: PODS }, (_, i) => specOf(i, { ports: [port] }))

  await Promise.all(specs.map(spec => runtime.open(spec)))
  for (const spec of specs) {
    const { statusCode, body } = await request(`http://${spec.address}:${port}/metrics`)
    t.equal(statusCode, 200)
    const text = await body.text()
    const unixMs = Math.round(Number(/^churnbench_target_time_seconds\S* (\S+)$/m.exec(text)![1]) * 1000)
    t.equal(text, profileByName('web-service').page(spec).render(unixMs, 1).toString('utf8'), 'as computed over here')
    // The answer may be here before the other thread has written that it was handed over.
    await until(() => truth.read(spec.slot).scrapesServed === 1)
    const row = truth.read(spec.slot)
    t.ok(originNs < row.listeningNs! && row.listeningNs! < row.firstScrapeNs!)
    t.ok(row.firstScrapeNs! < clock.monotonicNs(), 'stamps of all threads are comparable')
  }

  const bad = specs.slice(2, 6)
  const uids = bad.map(spec => spec.uid)
  const statusOf = async ({ address }: (typeof specs)[number]): Promise<number> => {
    const { statusCode, body } = await request(`http://${address}:${port}/metrics`)
    await body.dump()
    return statusCode
  }
  runtime.misbehave(uids, misbehaviourOrder('server-error', { code: 599 }))
  // What is asked of a thread keeps its order: an answer says that all before it was heard.
  const heard = (): Promise<unknown> => Promise.allSettled(bad.map(spec => runtime.open(spec)))
  await heard()
  for (const spec of bad) t.equal(await statusOf(spec), 599)
  t.equal(await statusOf(specs[6]!), 200)
  runtime.misbehave(uids, undefined)
  await heard()
  for (const spec of bad) t.equal(await statusOf(spec), 200)
  await until(() => bad.every(spec => truth.read(spec.slot).scrapesServed === 2))
  t.equal(truth.read(bad[0]!.slot).scrapesFailed, 1)

  const [silent, closed] = [specs[0]!, specs[1]!]
  runtime.setPartitioned(
    specs.map(spec => spec.uid),
    true,
  )
  runtime.setPartitioned(
    specs.slice(1).map(spec => spec.uid),
    false,
  )
  // Nobody says when a partition has begun; what is asked of the same thread afterwards does.
  await t.rejects(runtime.open(silent), { code: 'CHURN_TARGET_BIND', exitCode: 2 }, 'errors keep their code')
  const socket = connect(port, silent.address)
  await once(socket, 'connect')
  socket.write('GET /metrics HTTP/1.1\r\nHost: pod\r\n\r\n')
  await until(() => truth.read(silent.slot).scrapesFailed === 1)
  socket.destroy()

  await runtime.close(closed.uid)
  // The truth of another process is some milliseconds late.
  await until(() => truth.read(closed.slot).closedNs !== undefined)
  await t.rejects(once(connect(port, closed.address), 'connect'), { code: 'ECONNREFUSED' })
  await runtime.close('unknown')

  const { scrapes, eventLoopDelayHdr } = await pool.collect()
  t.same(new Set(scrapes.map(log => log.uid)), new Set(specs.map(spec => spec.uid)), 'closed pods keep their log')
  const logOf = (uid: string): number[] => [...scrapes.find(log => log.uid === uid)!.served]
  t.same(logOf(silent.uid), [1, 0])
  t.same(logOf(closed.uid), [1])
  const first = scrapes.find(log => log.uid === closed.uid)!.requestMs[0]!
  t.equal(first, Number(truth.read(closed.slot).firstScrapeNs! - originNs) / 1e6)
  t.equal(eventLoopDelayHdr.length, 2 * Math.max(1, processes))
  for (const hdr of eventLoopDelayHdr) DurationHistogram.decode(hdr).destroy()

  const unknown = specOf(99, { profile: 'nope' })
  await t.rejects(runtime.open(unknown), { code: 'CHURN_PROFILE_UNKNOWN', message: /no metric profile "nope"/ })

  await pool.stop()
  await pool.stop()
  await t.rejects(once(connect(port, specs[5]!.address), 'connect'), { code: 'ECONNREFUSED' })
  t.same(failures, [])
  await t.rejects(runtime.open(specs[5]!), { code: 'CHURN_TARGET_THREAD' }, 'nobody is there any more')
  t.same(await pool.collect(), { scrapes: [], eventLoopDelayHdr: [] })
  for (const pid of pool.processIds) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'nothing is left running')
}

void t.test('a target process that dies is told, and nobody waits for it', async t => {
  const failures: Error[] = []
  const pool = await TargetPool.start(clock, {
    threads: 1,
    processes: 1,
    truth: new TruthTable(1).buffer,
    originNs: 0n,
    onFailed: error => failures.push(error),
  })
  t.teardown(() => pool.stop())
  const runtime = new RemoteRuntime(pool.controlPorts)
  t.teardown(() => runtime.dispose())
  process.kill(pool.processIds[0]!, 'SIGKILL')
  await until(() => failures.length > 0)
  t.match(failures, [{ code: 'CHURN_TARGET_THREAD', message: /a target process ended by SIGKILL/ }])
  await t.rejects(runtime.open(specOf(0)), { code: 'CHURN_TARGET_THREAD' })
})

void t.test('a mirror of the truth shows what changed, once', t => {
  const truth = new TruthTable(4)
  const copy = new TruthTable(4)
  const mirror = new TruthMirror(truth)
  const follow = (): number[] => {
    const changed = mirror.changes()
    changed?.slots.forEach((slot, i) => copy.overwrite(slot, changed.cells, i * 8))
    return [...(changed?.slots ?? [])]
  }
  mirror.follow(1)
  mirror.follow(3)
  mirror.follow(3)
  t.same(follow(), [])
  truth.recordRequest(3, 2n ** 60n + 1n)
  truth.recordRequest(0, 5n)
  t.same(follow(), [3], 'nobody asked for row 0')
  t.same(copy.read(3), truth.read(3))
  truth.recordServed(3, 10, 2 ** 40)
  truth.recordListening(1, 7n)
  t.same(follow(), [1, 3])
  t.same(copy.read(1), truth.read(1))
  t.same(copy.read(3), truth.read(3))
  t.same(follow(), [])
  t.end()
})

void t.test('a runtime rejects what its threads will not answer', async t => {
  const { port1, port2 } = new MessageChannel()
  const runtime = new RemoteRuntime([port1])
  const opening = runtime.open(specOf(0))
  port2.close()
  await t.rejects(opening, { code: 'CHURN_TARGET_THREAD' })
  runtime.dispose()
  await t.rejects(runtime.close('x'), { code: 'CHURN_TARGET_THREAD' })
})

void t.test('a pod has the same thread whenever it comes, and threads share the pods', async t => {
  const sent: string[][] = [[], [], []]
  const ports = sent.map(list => ({
    on: () => {},
    close: () => {},
    postMessage: (message: { target?: { uid: string }; uids?: string[] }) =>
      list.push(...(message.uids ?? [message.target!.uid])),
  }))
  const runtime = new RemoteRuntime(ports as never)
  const uids = Array.from({ length: 300 }, (_, i) => specOf(i).uid)
  uids.forEach((_, i) => void runtime.open(specOf(i)).catch(() => {}))
  const opened = sent.map(list => [...list].sort())
  for (const list of sent) list.length = 0
  runtime.setPartitioned(uids, true)
  t.same(
    sent.map(list => [...list].sort()),
    opened,
  )
  t.ok(opened.every(list => list.length > 60))
  runtime.dispose()
})

void t.test('a thread tells failures of open listeners, and answers whatever comes', async t => {
  const said: unknown[] = []
  const mainSaid: FromTargetsMain[] = []
  const server = new TargetServer(new HandClock(), new TruthTable(2), { originNs: 0n })
  const thread = new TargetThread(
    server,
    { postMessage: message => said.push(message) },
    { postMessage: message => mainSaid.push(message) },
  )
  thread.onControl({ type: 'open', id: 1, target: specOf(0, { ports: [await freePort()] }) })
  thread.onControl({ type: 'open', id: 2, target: specOf(1, { profile: 'nope' }) })
  await until(() => said.length === 2)
  thread.onControl({ type: 'close', id: 3, uid: 'unknown' })
  await until(() => said.length === 3)
  t.match(
    said.find(message => (message as { id: number }).id === 2),
    { type: 'done', code: 'CHURN_PROFILE_UNKNOWN' },
  )
  t.same(
    said.filter(message => (message as { id: number }).id !== 2),
    [
      { type: 'done', id: 1 },
      { type: 'done', id: 3 },
    ],
  )
  t.equal(thread.onMain({ type: 'collect' }), false)
  t.match(mainSaid, [{ type: 'log', scrapes: [{ uid: specOf(0).uid }] }])
  t.equal(thread.onMain({ type: 'stop' }), true)
  t.equal(server.count, 0)
})

void t.test('the truth table is one memory for all threads', async t => {
  const truth = new TruthTable(3)
  t.equal(truth.capacity, 3)
  t.equal(truth.firstScrapeNs(1), undefined)
  const url = new URL('../../../sim/targets/truth-table.js', import.meta.url).href
  const writer = `
    const { workerData } = require('node:worker_threads')
    import(workerData.url).then(({ TruthTable }) => {
      const truth = new TruthTable(workerData.buffer)
      truth.recordListening(1, 5n)
      for (let i = 0; i < 1000; i++) {
        truth.recordRequest(1, BigInt(10 + i))
        if (i % 10 === 0) truth.recordFailed(1)
        else truth.recordServed(1, 100, 9000)
      }
      truth.recordClosed(1, 2n ** 60n + 1n)
    })`
  const worker = new Worker(writer, { eval: true, workerData: { url, buffer: truth.buffer } })
  await once(worker, 'exit')
  t.same(truth.read(1), {
    firstScrapeNs: 10n,
    lastScrapeNs: 1009n,
    scrapesServed: 900,
    scrapesFailed: 100,
    samplesServed: 90_000,
    bytesServed: 8_100_000,
    listeningNs: 5n,
    closedNs: 2n ** 60n + 1n,
  })
  t.equal(truth.firstScrapeNs(1), 10n)
  for (const slot of [0, 2]) t.equal(truth.read(slot).lastScrapeNs, undefined, 'rows do not touch')
})
