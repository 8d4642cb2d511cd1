import type { Service } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng } from '../../base/index.ts'
import type { ActionHands } from '../../sim/actions.ts'
import { ACTIONS, actionByName } from '../../sim/actions.ts'
import type { Disturbance } from '../../sim/apiserver/index.ts'
import { Deployments, EndpointSlices, Services } from '../../sim/cluster/index.ts'
import type { ActionArgs } from '../../sim/messages.ts'
import { isReady, type Sim, simulate, workload } from './controllers/harness.ts'

interface Played {
  readonly sim: Sim
  readonly faults: string[]
  /** What was told of nodes, beside the store. */
  readonly told: string[]
  readonly perform: (action: string, args?: ActionArgs, stream?: string) => string
}

/** A cluster of six nodes in three zones on virtual time, and an API server that only says what it was asked. */
function play(seed = 'actions'): Played {
  const told: string[] = []
  const sim = simulate({
    nodes: 6,
    zones: 3,
    timings: { leaseRenewMs: 500, nodeMonitorGraceMs: 2000, nodeMonitorPeriodMs: 250, evictionMs: 2000 },
    cluster: {
      onNodeUnreachable: node => told.push(`${node} unreachable`),
      onNodeAnswering: node => told.push(`${node} answers`),
    },
  })
  const faults: string[] = []
  const say = (what: string) => () => {
    faults.push(what)
  }
  const api: ActionHands['api'] = {
    dropWatches: say('drop watches'),
    expireWatches: say('expire watches'),
    expireHistory: say('expire history'),
    endWatches: say('end watches'),
    silenceWatches: every => {
      faults.push(`silence each ${every}`)
      return say('reset the silent')
    },
    goDown: () => {
      faults.push('go down')
      return say('up')
    },
    disturb: (disturbance: Disturbance) => {
      faults.push(`begin ${JSON.stringify(disturbance)}`)
      return say('end')
    },
  }
  return {
    sim,
    faults,
    told,
    perform(action, args = {}, stream = action) {
      const prng = new Prng(seed).fork(stream)
      return actionByName(action)!.run({ clock: sim.clock, prng, cluster: sim.cluster, api }, args)
    },
  }
}

const silent = (sim: Sim): string[] => sim.cluster.nodeNames().filter(name => sim.cluster.isNodeSilent(name))
const onNode = (sim: Sim, node: string): Pod[] => sim.pods().filter(pod => pod.spec?.nodeName === node)

t.test('every action says what it does, and takes arguments that are described', t => {
  t.equal(new Set(ACTIONS.map(({ name }) => name)).size, ACTIONS.length)
  for (const { name, description, args } of ACTIONS) {
    t.match(description, /^[A-Z].*\.$/, name)
    t.equal(new Set(args.map(arg => arg.name)).size, args.length)
  }
  t.equal(actionByName('explode'), undefined)
  t.end()
})

t.test('a zone falls silent and comes back: its pods are replaced elsewhere', t => {
  const { sim, perform, told } = play()
  sim.cluster.applyWorkload(workload('web', 12))
  sim.clock.advance(5000)
  const before = new Set(sim.pods().map(({ metadata }) => metadata.uid))
  t.match(perform('fail-zone', { zone: 'region-1b' }), /region-1b falls silent \(2 nodes\)/)
  t.same(silent(sim), ['node-1', 'node-4'])
  t.same(told, ['node-1 unreachable', 'node-4 unreachable'])
  t.equal(sim.runtime.partitioned.size, onNode(sim, 'node-1').length + onNode(sim, 'node-4').length)
  sim.clock.advance(15_000)
  const ready = sim.pods().filter(pod => isReady(pod))
  t.equal(ready.length, 12)
  t.ok(
    ready.every(({ spec }) => !['node-1', 'node-4'].includes(spec?.nodeName ?? '')),
    'all that are ready are elsewhere',
  )
  perform('recover-zone', { zone: 'region-1b' })
  sim.clock.advance(5000)
  t.same(silent(sim), [])
  t.same(told.slice(2), ['node-1 answers', 'node-4 answers'])
  t.equal(sim.pods().length, 12, 'those that lingered are gone')
  t.ok(sim.pods().some(({ metadata }) => !before.has(metadata.uid)))
  t.end()
})

t.test('pods that a node evicts fail and are replaced', t => {
  const { sim, perform } = play()
  sim.cluster.applyWorkload(workload('web', 12))
  sim.clock.advance(5000)
  t.match(perform('evict-pods', { node: 'node-0', count: 2 }), /^node-0 evicts web-\S+, web-\S+$/)
  sim.clock.advance(10_000)
  const evicted = sim.pods().filter(({ status }) => status?.reason === 'Evicted')
  t.equal(evicted.length, 2)
  t.ok(evicted.every(({ spec, status }) => spec?.nodeName === 'node-0' && status?.phase === 'Failed'))
  t.equal(sim.pods().filter(pod => isReady(pod)).length, 12)
  t.equal(sim.runtime.open_.size, 12)
  t.equal(perform('evict-pods', { node: 'node-0', count: 99 }).split(', ').length, onNode(sim, 'node-0').length - 2)
  t.end()
})

t.test('which nodes fail together is drawn from the seed, among those that are not silent', t => {
  const chosen = (seed: string): string[] => {
    const { sim, perform } = play(seed)
    perform('fail-nodes', { count: 2 })
    return silent(sim)
  }
  t.same(chosen('1'), chosen('1'))
  t.ok(['2', '3', '4', '5'].some(seed => chosen(seed).join() !== chosen('1').join()))
  const { sim, perform } = play()
  perform('fail-nodes', { share: 0.5 }, 'a')
  t.equal(silent(sim).length, 3)
  perform('fail-nodes', { count: 5 }, 'b')
  t.equal(silent(sim).length, 6, 'no more than there are')
  t.match(perform('recover-nodes'), /^node-0, node-1, node-2 and 3 more come back$/)
  t.same(silent(sim), [])
  t.equal(perform('recover-nodes'), 'no nodes come back')
  const { check } = actionByName('fail-nodes')!
  t.ok(check?.({}))
  t.ok(check?.({ count: 1, share: 0.1 }))
  t.notOk(check?.({ share: 0.1 }))
  t.end()
})

t.test('a partitioned node stays Ready, and its pods, new ones too, cannot be reached until it heals', t => {
  const { sim, perform, told } = play()
  sim.cluster.applyWorkload(workload('web', 12))
  sim.clock.advance(5000)
  const uids = onNode(sim, 'node-2').map(({ metadata }) => metadata!.uid!)
  t.ok(uids.length > 0)
  perform('partition-node', { node: 'node-2' })
  t.same([...sim.runtime.partitioned].toSorted(), uids.toSorted())
  perform('restart', { workload: 'shop/web' })
  sim.clock.advance(60_000)
  const after = onNode(sim, 'node-2')
  t.ok(after.length > 0, 'pods are placed there as ever')
  t.ok(after.every(pod => isReady(pod) && !uids.includes(pod.metadata!.uid!)))
  t.same([...sim.runtime.partitioned].toSorted(), after.map(({ metadata }) => metadata!.uid!).toSorted())
  perform('heal-node', { node: 'node-2' })
  t.equal(sim.runtime.partitioned.size, 0)
  perform('heal-node', { node: 'node-2' })
  t.same(told, ['node-2 unreachable', 'node-2 answers'])

  perform('partition-node', { node: 'node-2' })
  perform('fail-node', { node: 'node-2' })
  perform('recover-node', { node: 'node-2' })
  t.equal(sim.runtime.partitioned.size, after.length, 'a kubelet that comes back does not mend the network')
  perform('heal-node', { node: 'node-2' })
  t.equal(sim.runtime.partitioned.size, 0)
  t.end()
})

t.test('a label is given to the pods by rolling them, and a Service can be told to select by it', t => {
  const { sim, perform } = play()
  const shared = (name: string, replicas: number, track: string) =>
    workload(name, replicas, {
      service: 'web',
      selector: { app: 'web', deployment: name },
      labels: { app: 'web', deployment: name, track },
    })
  sim.cluster.applyWorkload(shared('web', 4, 'stable'))
  sim.cluster.applyWorkload(shared('canary', 2, 'canary'))
  sim.clock.advance(5000)
  const addresses = (): number =>
    sim.store
      .list<EndpointSlice>(EndpointSlices)
      .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'web')
      .reduce((sum, { endpoints }) => sum + (endpoints?.length ?? 0), 0)
  t.same(
    sim.store.list<Service>(Services).map(({ metadata }) => metadata.name),
    ['web'],
  )
  t.equal(sim.pods('web').length, 6, 'each Deployment has its own')
  t.equal(addresses(), 6, 'and one Service has them all')
  perform('select', { service: 'shop/web', label: 'track', value: 'stable' })
  sim.clock.advance(3000)
  t.equal(addresses(), 4)
  perform('select', { service: 'shop/web', label: 'track', value: '' })
  sim.clock.advance(3000)
  t.equal(addresses(), 6)
  perform('relabel', { workload: 'shop/web', label: 'version', value: 'v2' })
  sim.clock.advance(20_000)
  const versions = sim.pods('web').map(({ metadata }) => `${metadata.labels?.track} ${metadata.labels?.version}`)
  t.same(versions.toSorted(), [...Array<string>(2).fill('canary undefined'), ...Array<string>(4).fill('stable v2')])
  t.throws(() => perform('select', { service: 'shop/nope', label: 'a', value: '' }), { code: 404 })
  t.end()
})

t.test('workloads come and go', t => {
  const { sim, perform } = play()
  perform('create-workload', { workload: 'jobs/batch', replicas: 3, port: 9090 })
  sim.clock.advance(5000)
  t.equal(sim.pods('batch').filter(pod => isReady(pod)).length, 3)
  t.same(
    [...sim.runtime.open_.values()].map(({ ports }) => ports),
    [[9090], [9090], [9090]],
  )
  perform('delete-workload', { workload: 'jobs/batch' })
  sim.clock.advance(10_000)
  t.equal(sim.pods('batch').length, 0)
  t.equal(sim.store.list(Deployments).length, 0)
  t.equal(sim.store.list(Services).length, 0)
  t.end()
})

t.test('faults of the API server begin at once and end in planned time', t => {
  const { sim, perform, faults } = play()
  for (const name of ['drop-watches', 'expire-watches', 'expire-history']) perform(name)
  t.same(faults.splice(0), ['drop watches', 'expire watches', 'expire history'])
  perform('api-delay', { delay: '500ms', for: '3s' })
  perform('api-errors', { code: 503, for: '2s', every: 3 })
  t.same(faults.splice(0), ['begin {"delayMs":500}', 'begin {"refusal":{"code":503,"every":3}}'])
  sim.clock.advance(1999)
  t.same(faults, [])
  sim.clock.advance(1)
  t.same(faults.splice(0), ['end'])
  sim.clock.advance(1000)
  t.same(faults.splice(0), ['end'])
  t.end()
})

t.test('every fault of the API server that lasts ends exactly, once', t => {
  const lasting: [action: string, args: ActionArgs, begin: string, end: string][] = [
    ['silence-watches', { for: '5s' }, 'silence each 1', 'reset the silent'],
    ['silence-watches', { for: '5s', every: 3 }, 'silence each 3', 'reset the silent'],
    ['restart-api', { for: '5s' }, 'go down', 'up'],
    ['api-delay', { for: '5s', delay: '2s', verb: 'list' }, 'begin {"delayMs":2000,"verbs":["list"]}', 'end'],
    ['api-errors', { for: '5s', code: 410 }, 'begin {"refusal":{"code":410,"every":1}}', 'end'],
    ['watch-delay', { for: '5s', delay: '1s' }, 'begin {"watchDelayMs":1000}', 'end'],
    ['watch-duplicates', { for: '5s', every: 2 }, 'begin {"duplicateEvery":2}', 'end'],
    ['watch-replay', { for: '5s', versions: 50 }, 'begin {"replayVersions":50}', 'end'],
    ['bookmark-delay', { for: '5s', delay: '30s' }, 'begin {"bookmarkDelayMs":30000}', 'end'],
    // JSON knows no infinity.
    ['bookmark-delay', { for: '5s' }, 'begin {"bookmarkDelayMs":null}', 'end'],
  ]
  for (const [action, args, begin, end] of lasting) {
    const { sim, perform, faults } = play()
    perform(action, args)
    sim.clock.advance(4999)
    t.same(faults, [begin], action)
    sim.clock.advance(10_000)
    t.same(faults, [begin, end], action)
  }
  const { perform, faults } = play()
  perform('end-watches')
  t.same(faults, ['end watches'])
  t.end()
})

t.test('load: a ramp that pods share, by the name of their workload', async t => {
  const { sim, perform } = play()
  sim.cluster.applyWorkload(workload('web', 4))
  sim.clock.advance(20_000)
  const cores = (): number[] =>
    sim
      .pods('web')
      .map(({ metadata }) => sim.cluster.load.usageOf(metadata.uid, sim.clock.elapsedMs)[0]!.cpuNanoCores / 1e9)
  t.equal(perform('load', { workload: 'shop/web', rps: 400, over: '10s' }), 'offer 400 requests/s to web within 10s')
  sim.clock.advance(5_000)
  t.same(cores(), Array(4).fill(0.052), 'half of a hundred requests of 1 ms, and what they idle')
  sim.clock.advance(60_000)
  t.same(cores(), Array(4).fill(0.102))
  t.equal(perform('load', { workload: 'shop/web', rps: 0 }), 'offer 0 requests/s to web')
  t.same(cores(), Array(4).fill(0.002))
  t.throws(() => perform('load', { workload: 'shop/nothing', rps: 1 }), /not found/)
})
