// Goal: with real servers in pods, what a subject stored equals what the servers say themselves.
// Method: commands at a real Memcached and a real Redis; when the last one is answered, the servers are asked, and each
// subject for the first sample that it took afterwards. Skipped, and said so, where a program is not installed.
import { connect } from 'node:net'
import t from 'tap'
import { detectPeers, peersByName } from '../../../harness/peers/index.ts'
import {
  defaultPrometheusConfig,
  embeddedSubject,
  prometheusSubject,
  type Subject,
  type SubjectDefinition,
} from '../../../harness/subjects/index.ts'
import { makeFolder } from '../../../base/index.ts'
import { MemcachedClient } from '../../../sim/targets/memcached/memcached-client.ts'
import { memcachedMetrics } from '../../../sim/targets/memcached/memcached-metrics.ts'
import { ExpositionTemplate } from '../../../sim/targets/exposition-template.ts'
import { clock, isReady, pause, startWorld } from './world.ts'

const peers = await detectPeers(peersByName(['memcached', 'redis-server', 'redis-exporter', 'prometheus']))
const missing = peers.filter(peer => peer.missing !== undefined).map(({ name }) => name)
const without = (...names: string[]): string | false => {
  const lacking = names.filter(name => missing.includes(name))
  return lacking.length === 0 ? false : `not installed: ${lacking.join(', ')}`
}

/** Series that an observer changes by looking, or that go on by themselves. */
const MOVING =
  /uptime|time_seconds|cpu_seconds|read_bytes|written_bytes|connections|age_seconds|lru_crawler|slab_(hot|warm|cold)_items|churnbench/

/** What one says of itself: value by name and labels. */
type Values = Map<string, number>

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name}${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`
}

async function driveMemcached(client: MemcachedClient): Promise<void> {
  for (let i = 0; i < 40; i++) await client.ask(`set key-${i} 0 0 ${i * 20}`, 'x'.repeat(i * 20))
  for (let i = 30; i < 60; i++) await client.ask(`get key-${i}`)
  for (let i = 35; i < 45; i++) await client.ask(`delete key-${i}`)
  await client.ask('set n 0 0 1', '7')
  for (const line of ['incr n 5', 'decr n 2', 'incr none 1', 'touch n 100', 'get n']) await client.ask(line)
}

async function memcachedSays(client: MemcachedClient): Promise<Values> {
  const [general, settings] = [await client.stats(), await client.stats('settings')]
  const [items, slabs] = [await client.stats('items'), await client.stats('slabs')]
  const out: Values = new Map()
  for (const { family, mantissas } of memcachedMetrics({ general, settings, items, slabs })) {
    const template = new ExpositionTemplate([family])
    template.series.forEach(({ name, labels }, i) => out.set(keyOf(name, labels), template.valueOf(i, mantissas[i]!)))
  }
  return out
}

/** Inline commands, one after the other; the answers as they are. */
async function redis(host: string, commands: readonly string[]): Promise<string> {
  const socket = connect({ host, port: 6379 })
  let text = ''
  socket.on('data', chunk => (text += chunk.toString()))
  await new Promise<void>((resolve, reject) => socket.once('error', reject).once('connect', resolve))
  socket.write([...commands, 'QUIT', ''].join('\r\n'))
  await new Promise(resolve => socket.once('close', resolve))
  return text
}

const REDIS_COMMANDS = [
  ...Array.from({ length: 30 }, (_, i) => `SET key-${i} ${'v'.repeat(i + 1)}`),
  ...Array.from({ length: 25 }, (_, i) => `GET key-${i + 15}`),
  'DEL key-1 key-2 key-99',
  'INCRBY counter 41',
  'INCR counter',
  'EXPIRE key-3 1000',
  'LPUSH list a b c',
]

async function redisSays(host: string): Promise<Values> {
  const info = await redis(host, ['INFO everything'])
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1])
  const [, keys, expiring] = /^db0:keys=(\d+),expires=(\d+)/m.exec(info) ?? []
  const out: Values = new Map([
    [keyOf('redis_keyspace_hits_total', {}), field('keyspace_hits')],
    [keyOf('redis_keyspace_misses_total', {}), field('keyspace_misses')],
    [keyOf('redis_expired_keys_total', {}), field('expired_keys')],
    [keyOf('redis_evicted_keys_total', {}), field('evicted_keys')],
    [keyOf('redis_rdb_changes_since_last_save', {}), field('rdb_changes_since_last_save')],
    [keyOf('redis_db_keys', { db: 'db0' }), Number(keys)],
    [keyOf('redis_db_keys_expiring', { db: 'db0' }), Number(expiring)],
  ])
  for (const [, cmd, calls] of info.matchAll(/^cmdstat_(set|get|del|incr|incrby|expire|lpush):calls=(\d+)/gm)) {
    out.set(keyOf('redis_commands_total', { cmd: cmd! }), Number(calls))
  }
  return out
}

/** Of one target, the first value of each series from an instant on, as soon as there is one. */
async function storedSince(subject: Subject, instance: string, fromMs: number): Promise<Values> {
  for (;;) {
    const series = await subject.rawSamples(`{instance="${instance}"}`, fromMs, Math.ceil(clock.unixMs()) + 1000)
    const out: Values = new Map()
    for (const { labels, values } of series) {
      const { __name__: name = '', instance: _, job: _j, namespace: _n, pod: _p, node: _o, app: _a, ...own } = labels
      if (values.length > 0) out.set(keyOf(name, own), values[0]!)
    }
    // The samples of a scrape come together; `up` is written with them.
    if (out.has(keyOf('up', {})) && out.size > 10) return out
    await pause(100)
  }
}

async function startSubject(
  t: { teardown(fn: () => unknown): void },
  dir: string,
  definition: SubjectDefinition,
  api: { url: string; token: string; caPem: string },
  args: readonly string[],
): Promise<Subject> {
  const workDir = `${dir}/${definition.kind}`
  makeFolder(workDir)
  const config = defaultPrometheusConfig({ scrapeIntervalMs: 1000, role: 'pod' })
  const subject = await definition.start(clock, { config, api, workDir, readyTimeoutMs: 20_000, args })
  t.teardown(() => subject.stop())
  return subject
}

t.test(
  'what is stored is what Memcached and Redis say',
  { skip: without('memcached', 'redis-server', 'redis-exporter') },
  async t => {
    const world = await startWorld(t, {
      cache: {
        replicas: 1,
        containers: [
          { name: 'memcached', process: ['memcached', '-l', '$POD_IP', '-p', '11211', '-u', 'root'], port: 11_211 },
          { name: 'exporter', simulates: 'memcached-exporter' },
        ],
      },
      redis: {
        replicas: 1,
        containers: [
          { name: 'redis', process: ['redis-server', '--bind', '$POD_IP', '--save', ''], port: 6379 },
          {
            name: 'exporter',
            process: [
              'prometheus-redis-exporter',
              '-redis.addr',
              'redis://$POD_IP:6379',
              '-web.listen-address',
              '$POD_IP:9121',
            ],
            port: 9121,
            metrics: true,
          },
        ],
      },
    })
    const { api } = world.simulation
    const { dir } = world
    const subjects = [await startSubject(t, dir, embeddedSubject(), api, [])]
    if (missing.includes('prometheus')) t.comment('no current Prometheus here: only the embedded subject is asked')
    else
      subjects.push(await startSubject(t, dir, prometheusSubject(), api, ['--scrape.discovery-reload-interval=100ms']))
    const pods = await world.until(found => found.length === 2 && found.every(isReady))
    const addressOf = (app: string): string =>
      pods.find(({ metadata }) => metadata?.labels?.app === app)!.status!.podIP!
    const statuses = pods.flatMap(({ status }) => status?.containerStatuses ?? [])
    t.same(
      statuses.map(({ ready }) => ready),
      [true, true, true, true],
      'kubectl shows 2/2',
    )

    const client = await MemcachedClient.connect(addressOf('cache'), 11_211)
    t.teardown(() => client.close())
    await driveMemcached(client)
    t.notMatch(await redis(addressOf('redis'), REDIS_COMMANDS), /^-/m, 'no command was refused')
    const drivenMs = Math.ceil(clock.unixMs())
    const said = [
      { instance: `${addressOf('cache')}:9150`, values: await memcachedSays(client), seriesMin: 60 },
      { instance: `${addressOf('redis')}:9121`, values: await redisSays(addressOf('redis')), seriesMin: 14 },
    ]
    for (const subject of subjects) {
      for (const { instance, values, seriesMin } of said) {
        const stored = await storedSince(subject, instance, drivenMs + 1)
        let compared = 0
        for (const [key, value] of values) {
          if (MOVING.test(key)) continue
          compared++
          if (stored.get(key) !== value) t.fail(`${subject.kind}: ${key} is ${value}, stored is ${stored.get(key)}`)
        }
        t.ok(compared >= seriesMin, `${subject.kind} at ${instance}: ${compared} series are what the server says`)
      }
    }
    const hits = said[0]!.values.get(keyOf('memcached_commands_total', { command: 'get', status: 'hit' }))
    t.equal(hits, 11, 'ten of the keys and the counter were there')
  },
)
