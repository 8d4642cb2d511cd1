// Ten thousand pods with their own addresses at once, scraped over connections that stay: what they cost, and that those
// that are deleted refuse and those that are partitioned hang, with all the others there.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { SystemClock } from '../../base/index.ts'
import { processUsage } from '../../harness/subjects/index.ts'
import type { TargetSpec } from '../../sim/index.ts'
import { PodNetwork } from '../../sim/kubelet/index.ts'
import { claimPodNetwork, planSockets, RemoteRuntime, TargetPool, TruthTable } from '../../sim/targets/index.ts'
import { freePort, specOf, until } from '../sim/targets/fixtures.ts'

const PODS = 10_000
const PODS_PER_NODE = 100
const DELETED = 1000
const ONE_BY_ONE = 200
const REFUSES_WITHIN_MS = 50
const AT_ONCE = 64
const REQUEST = 'GET /metrics HTTP/1.1\r\nHost: pod\r\n\r\n'

const clock = new SystemClock({ unref: true })
const sinceMs = (ns: bigint): number => Number(clock.monotonicNs() - ns) / 1e6

t.test(`${PODS} pods in one run`, async t => {
  const port = await freePort()
  const claim = await claimPodNetwork()
  t.teardown(() => claim.release())
  const network = new PodNetwork(PODS_PER_NODE, { first: claim.first })
  const slices = Array.from({ length: PODS / PODS_PER_NODE }, () => network.nextSlice())
  const specs = Array.from({ length: PODS }, (_, i) => {
    const address = slices[Math.floor(i / PODS_PER_NODE)]!.take()
    return specOf(i, { address, ports: [port], app: `app-${i % 40}` })
  })
  const truth = new TruthTable(PODS)
  const places = planSockets({ pods: PODS, threads: 1 })
  const startNs = clock.monotonicNs()
  const pool = await TargetPool.start(clock, { ...places, truth: truth.buffer, originNs: startNs })
  t.teardown(() => pool.stop())
  const runtime = new RemoteRuntime(pool.controlPorts)
  t.teardown(() => runtime.dispose())
  const startedMs = sinceMs(startNs)
  const pids = places.processes === 0 ? [process.pid] : pool.processIds
  const used = (): { rssMiB: number; cpuS: number } => {
    const all = pids.map(pid => processUsage(pid)!)
    const sum = (of: (usage: (typeof all)[number]) => number): number =>
      all.reduce((total, each) => total + of(each), 0)
    return { rssMiB: sum(each => each.rssBytes) / 2 ** 20, cpuS: sum(each => each.cpuSeconds) }
  }
  const empty = used()
  t.comment(`${places.processes} processes of ${places.threads} threads: ready after ${startedMs.toFixed(0)} ms`)

  const openNs = clock.monotonicNs()
  await inTurn(specs, spec => runtime.open(spec))
  const openMs = sinceMs(openNs)
  const open = used()
  t.comment(
    `opened in ${openMs.toFixed(0)} ms, ${((openMs / PODS) * 1000).toFixed(0)} µs each, ${perPod(open.cpuS - empty.cpuS)} µs of CPU each`,
  )
  t.comment(
    `memory ${empty.rssMiB.toFixed(0)} → ${open.rssMiB.toFixed(0)} MiB, ${kib(open.rssMiB - empty.rssMiB)} KiB each`,
  )

  const sockets = new Map<TargetSpec, Socket>()
  const connectNs = clock.monotonicNs()
  await inTurn(specs, async spec => {
    const socket = connect(port, spec.address)
    sockets.set(spec, socket)
    // Those of pods that go are reset.
    await once(socket, 'connect')
    socket.on('error', () => {})
  })
  t.comment(`connected in ${sinceMs(connectNs).toFixed(0)} ms`)
  for (let round = 1; round <= 3; round++) {
    const roundNs = clock.monotonicNs()
    const before = used().cpuS
    await inTurn(specs, spec => scrape(sockets.get(spec)!))
    const { rssMiB, cpuS } = used()
    t.comment(
      `round ${round}: ${sinceMs(roundNs).toFixed(0)} ms, ${perPod(cpuS - before)} µs of target CPU per scrape; ` +
        `memory ${rssMiB.toFixed(0)} MiB, ${kib(rssMiB - empty.rssMiB)} KiB each`,
    )
  }
  await until(() => specs.every(({ slot }) => truth.read(slot).scrapesServed === 3))
  t.pass('each has been scraped three times, and its row says so')

  // Those that go are spread over all nodes.
  const gone = specs.filter((_, i) => i % (PODS / DELETED) === 0)
  const one: number[] = []
  for (const spec of gone.splice(0, ONE_BY_ONE)) {
    const askedNs = clock.monotonicNs()
    const closed = runtime.close(spec.uid)
    while (await accepts(spec.address, port));
    one.push(sinceMs(askedNs))
    await closed
  }
  t.comment(`one by one, from the order to the first refusal: ${quantiles(one)}`)
  t.ok(Math.max(...one) < REFUSES_WITHIN_MS, `a pod that is deleted refuses within ${REFUSES_WITHIN_MS} ms`)
  const allNs = clock.monotonicNs()
  const many = await Promise.all(
    gone.map(async spec => {
      await runtime.close(spec.uid)
      const acknowledgedNs = clock.monotonicNs()
      if (await accepts(spec.address, port)) t.fail('refuses once it is acknowledged')
      return sinceMs(acknowledgedNs)
    }),
  )
  t.comment(`${gone.length} at once: all in ${sinceMs(allNs).toFixed(0)} ms`)
  t.comment(`from its acknowledgement to a refusal, beside so many others: ${quantiles(many)}`)

  const silent = specs[1]!
  runtime.setPartitioned([silent.uid], true)
  await new Promise(resolve => clock.schedule(100, () => resolve(undefined)))
  const answered = scrape(sockets.get(silent)!).then(() => 'answered')
  const fresh = connect(port, silent.address)
  await once(fresh, 'connect')
  const both = Promise.race([answered, scrape(fresh).then(() => 'answered')])
  const hung = new Promise<string>(resolve => clock.schedule(2000, () => resolve('hung')))
  t.equal(await Promise.race([both, hung]), 'hung', 'a partitioned pod accepts and hangs')
  fresh.destroy()
  for (const socket of sockets.values()) socket.destroy()
})

function quantiles(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (share: number): string => `${sorted[Math.ceil(share * sorted.length) - 1]!.toFixed(2)} ms`
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`
}

function perPod(seconds: number): string {
  return ((seconds / PODS) * 1e6).toFixed(0)
}

function kib(mib: number): string {
  return ((mib * 1024) / PODS).toFixed(1)
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

async function scrape(socket: Socket): Promise<void> {
  socket.write(REQUEST)
  let bytes = 0
  let end = Infinity
  let head = ''
  socket.resume()
  for await (const chunk of dataOf(socket)) {
    bytes += chunk.length
    if (end === Infinity) {
      head += chunk.toString('latin1')
      const body = head.indexOf('\r\n\r\n')
      if (body >= 0) end = body + 4 + Number(/^content-length: (\d+)$/im.exec(head)![1])
    }
    if (bytes >= end) return
  }
}

async function* dataOf(socket: Socket): AsyncGenerator<Buffer> {
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    yield chunk
  }
}

async function accepts(address: string, port: number): Promise<boolean> {
  const socket = connect(port, address)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ECONNREFUSED') return false
    // It was in the queue of a listener that was just closed.
    if (code === 'ECONNRESET') return true
    throw error
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}
