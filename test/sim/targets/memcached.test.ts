// The simulated Memcached and its exporter: beside a real Memcached where one is installed, and on real sockets.
import { type ChildProcess, spawn } from 'node:child_process'
import * as fc from 'fast-check'
import t from 'tap'
import { SystemClock } from '../../../base/index.ts'
import { findProgram } from '../../../harness/peers/index.ts'
import { MemcachedClient } from '../../../sim/targets/memcached/memcached-client.ts'
import { MemcachedSession } from '../../../sim/targets/memcached/memcached-session.ts'
import { MemcachedStore } from '../../../sim/targets/memcached/memcached-store.ts'
import { generalStats, slabStats } from '../../../sim/targets/memcached/memcached-stats.ts'
import { servedPage, TargetServer, TruthTable } from '../../../sim/targets/index.ts'
import { addressOf, freePort, specOf } from './fixtures.ts'

const program = findProgram('memcached')
const skip = program === undefined ? 'memcached is not installed' : false

const FACTS = {
  version: '1.6.18',
  uptimeS: 1,
  unixS: 1,
  connections: 1,
  totalConnections: 1,
  connectionsMax: 1,
  bytesRead: 0,
  bytesWritten: 0,
}

function session(): { readonly session: MemcachedSession; readonly store: MemcachedStore } {
  const store = new MemcachedStore(new SystemClock(), 64 * 1_048_576)
  const stats = (): [string, number][] => []
  return { store, session: new MemcachedSession({ store, stats, version: '1.6.18' }) }
}

/** One command: its line, and the data that follows it. */
type Command = readonly [line: string, data?: string]

const key = fc.constantFrom('a', 'bb', 'counter', 'x'.repeat(60))
const data = fc.oneof(
  fc.stringMatching(/^[0-9]{1,6}$/),
  fc.nat(3000).map(length => 'd'.repeat(length)),
)
const command: fc.Arbitrary<Command> = fc.oneof(
  fc
    .tuple(fc.constantFrom('set', 'add', 'replace', 'append', 'prepend'), key, fc.constantFrom(0, 7), data)
    .map(([verb, k, flags, d]) => [`${verb} ${k} ${flags} 0 ${d.length}`, d] as const),
  fc.tuple(key, data).map(([k, d]) => [`cas ${k} 0 0 ${d.length} 99999`, d] as const),
  fc.tuple(fc.constantFrom('get', 'delete'), key).map(([verb, k]) => [`${verb} ${k}`] as const),
  fc.tuple(key, key).map(([a, b]) => [`get ${a} ${b} none`] as const),
  fc.tuple(fc.constantFrom('incr', 'decr'), key, fc.nat(1e6)).map(([verb, k, n]) => [`${verb} ${k} ${n}`] as const),
  key.map(k => [`touch ${k} 1000`] as const),
  fc.constantFrom<Command>(
    ['verbosity 1'],
    ['nonsense'],
    ['get'],
    ['incr a'],
    ['incr a none'],
    ['delete'],
    ['set big 0 0 1048577', 'b'.repeat(1_048_577)],
  ),
)
const commands = fc.array(command, { minLength: 1, maxLength: 60 })

/** Counters and gauges that follow from the commands alone. */
const COMPARED = [
  'cmd_get cmd_set cmd_flush cmd_touch get_hits get_misses get_expired get_flushed delete_hits delete_misses incr_hits',
  'incr_misses decr_hits decr_misses cas_hits cas_misses cas_badval touch_hits touch_misses store_too_large bytes',
  'curr_items total_items evictions limit_maxbytes max_connections',
]
  .join(' ')
  .split(' ')
  .filter(name => name !== 'max_connections')

t.test('it does not matter in which pieces commands arrive', async t => {
  fc.assert(
    fc.property(commands, fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1 }), (list, sizes) => {
      const bytes = Buffer.from(list.map(([line, d]) => `${line}\r\n${d === undefined ? '' : `${d}\r\n`}`).join(''))
      const whole = session().session.receive(bytes)
      const pieces = session().session
      const out: Buffer[] = []
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const next = at + sizes[i % sizes.length]! * (bytes.length > 100_000 ? 1000 : 1)
        out.push(pieces.receive(bytes.subarray(at, next)))
        at = next
      }
      return whole.equals(Buffer.concat(out))
    }),
    { numRuns: 60 },
  )
  const quits = session().session
  t.equal(quits.receive(Buffer.from('version\r\nquit\r\nversion\r\n')).toString(), 'VERSION 1.6.18\r\n')
  t.ok(quits.isOver)
  const long = `set ${'k'.repeat(300)} 0 0 1\r\nx\r\n`
  t.equal(session().session.receive(Buffer.from(long)).toString(), 'CLIENT_ERROR bad command line format\r\nERROR\r\n')
  const expired = session()
  t.equal(expired.session.receive(Buffer.from('set a 0 -1 1\r\nx\r\nget a\r\n')).toString(), 'STORED\r\nEND\r\n')
  t.match(expired.store.counters, { get_misses: 1, get_expired: 1, total_items: 1 })
  const longer = session().session.receive(Buffer.from('set a 0 0 1\r\nxyz\r\nversion\r\n'))
  t.match(longer.toString(), /^CLIENT_ERROR bad data chunk\r\n/)
})

/** A real one on an address of our own. */
async function startReal(
  t: { teardown(fn: () => unknown): void },
  address: string,
  port: number,
): Promise<MemcachedClient> {
  const child: ChildProcess = spawn(program!, ['-l', address, '-p', String(port), '-U', '0', '-u', 'root'], {
    stdio: 'ignore',
  })
  t.teardown(() => child.kill('SIGKILL'))
  for (;;) {
    try {
      return await MemcachedClient.connect(address, port)
    } catch {
      if (child.exitCode !== null) throw new Error(`memcached ended with ${child.exitCode}`)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

t.test('answers and counts what a real Memcached does', { skip }, async t => {
  const address = addressOf(400)
  const client = await startReal(t, address, await freePort())
  await client.ask('flush_all')
  // Each property run begins with what is left by the one before, on both sides.
  const { session: simulated, store } = session()
  simulated.receive(Buffer.from('flush_all\r\n'))
  const ours = (): Map<string, string> =>
    new Map([...generalStats(store, FACTS), ...slabStats(store)].map(([name, value]) => [name, String(value)]))
  await fc.assert(
    fc.asyncProperty(commands, async list => {
      for (const [line, d] of list) {
        const expected = await client.ask(line, d)
        const answer = simulated
          .receive(Buffer.from(`${line}\r\n${d === undefined ? '' : `${d}\r\n`}`))
          .toString('latin1')
        if (answer !== `${expected.join('\r\n')}\r\n`) {
          throw new Error(
            `${line.slice(0, 60)}: ${answer.slice(0, 200)} instead of ${expected.join(' ').slice(0, 200)}`,
          )
        }
      }
      const theirs = await client.stats()
      for (const name of COMPARED) {
        if (ours().get(name) !== theirs.get(name))
          throw new Error(`${name}: ${ours().get(name)}, really ${theirs.get(name)}`)
      }
    }),
    { numRuns: 30, endOnFailure: true },
  )
  const slabs = await client.stats('slabs')
  for (const [name, value] of slabs) {
    if (/:(chunk_size|chunks_per_page|used_chunks|cmd_set|get_hits|delete_hits)$/.test(name)) {
      t.equal(ours().get(name), value, name)
    }
  }
  client.close()
})

t.test('an exporter serves what the Memcached of its pod says, and each answer can be told', async t => {
  const port = await freePort()
  const server = new TargetServer(new SystemClock({ unref: true }), new TruthTable(512), { originNs: 0n })
  t.teardown(() => server.closeAll())
  const memcachedPort = await freePort()
  const exporter = specOf(500, {
    ports: [port],
    runs: 'memcached-exporter',
    command: [`--memcached.address=ignored:${memcachedPort}`],
  })
  await server.open(exporter)
  const url = `http://${exporter.address}:${port}/metrics`
  const scrape = async (): Promise<Map<string, number>> => {
    const text = await (await fetch(url)).text()
    return new Map(
      text
        .split('\n')
        .filter(line => line !== '' && !line.startsWith('#'))
        .map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
    )
  }
  const alone = await scrape()
  t.equal(alone.get('memcached_up'), 0, 'nobody is there')
  t.equal(alone.size, 3)
  const memcached = specOf(500, { uid: `${exporter.uid}/cache`, slot: -1, ports: [memcachedPort], runs: 'memcached' })
  await server.open(memcached)
  const client = await MemcachedClient.connect(memcached.address, memcachedPort)
  t.same(await client.ask('set a 3 0 5', 'hello'), ['STORED'])
  t.same(await client.ask('get a b'), ['VALUE a 3 5', 'hello', 'END'])
  await client.ask('incr a 1')
  const page = await scrape()
  const stats = await client.stats()
  t.equal(page.get('memcached_up'), 1)
  t.equal(page.get('memcached_commands_total{command="get",status="hit"}'), 1)
  t.equal(page.get('memcached_commands_total{command="get",status="miss"}'), 1)
  t.equal(page.get('memcached_commands_total{command="set",status="hit"}'), 1)
  t.equal(page.get('memcached_current_bytes'), Number(stats.get('bytes')))
  t.equal(page.get('memcached_current_connections'), Number(stats.get('curr_connections')) + 1, 'and itself')
  t.equal(page.get('memcached_slab_current_items{slab="1"}'), 1)
  t.equal(page.get('churnbench_target_scrapes_total{churnbench_pod_uid="' + exporter.uid + '"}'), 2)
  const [log] = server.logs()
  const served = servedPage(exporter, log!)
  t.same([served.samplesIn!(1), served.samplesIn!(2)], [3, page.size])
  served.series.forEach(({ name, labels }, index) => {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const shown = page.get(pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`)
    if (shown !== served.valueAt(index, 0, 2)) t.fail(`${name} ${pairs.join()}: ${shown}`)
  })
  server.setPartitioned([memcached.uid], true)
  client.close()
  await server.close(memcached.uid)
  await t.rejects(MemcachedClient.connect(memcached.address, memcachedPort))
  t.same([...log!.served], [1, 1])
})
