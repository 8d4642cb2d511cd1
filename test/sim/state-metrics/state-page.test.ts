// The page of the profile kube-state-metrics as it is kept up by changes, fed to a pod, and read by promtool.
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import { request } from 'undici'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { ObjectStore, Pods } from '../../../sim/cluster/index.ts'
import type { TargetSpec } from '../../../sim/kubelet/pod-runtime.ts'
import { StateRegistry } from '../../../sim/state-metrics/index.ts'
import { StoreFeeder } from '../../../sim/store-feeder.ts'
import { TargetServer, TruthTable } from '../../../sim/targets/index.ts'
import { freePort, HandClock, specOf, until } from '../targets/fixtures.ts'
import { familiesOf } from './families.ts'
import { fillCluster, registryOf, toldObjects } from './full-cluster.ts'

function fullStore(): ObjectStore {
  const clock = new VirtualClock()
  const store = new ObjectStore(clock, new Prng('state'))
  fillCluster(clock, store)
  return store
}

const store = fullStore()
const FULL = registryOf(store).page().toString()

t.test('promtool finds nothing to say against it', t => {
  const run = spawnSync('promtool', ['check', 'metrics'], { input: FULL, encoding: 'utf8' })
  if (run.error !== undefined) {
    t.comment('not tested: promtool is absent')
    t.end()
    return
  }
  t.same([run.status, run.stdout, run.stderr], [0, '', ''])
  t.end()
})

t.test('a page is what its objects are, in whatever order and however often they changed', t => {
  const told = toldObjects(store)
  fc.assert(
    fc.property(
      fc.array(fc.record({ which: fc.nat(told.length - 1), gone: fc.boolean() }), { maxLength: 60 }),
      changes => {
        const registry = new StateRegistry()
        const last = new Map<number, boolean>()
        for (const { which, gone } of changes) {
          const { plural, object } = told[which]!
          registry.apply({ plural, uid: object.metadata.uid, object: gone ? undefined : object })
          // Half of the time somebody looks in between.
          if (which % 2 === 0) registry.page()
          last.set(which, gone)
        }
        const alone = new StateRegistry()
        for (const [which, gone] of last) {
          const { plural, object } = told[which]!
          if (!gone) alone.apply({ plural, uid: object.metadata.uid, object })
        }
        const page = registry.page().toString()
        const sorted = (text: string): string => text.split('\n').sort().join('\n')
        if (sorted(page) !== sorted(alone.page().toString())) throw new Error('other lines')
        if (registry.sampleCount !== page.split('\n').filter(line => /^\w/.test(line)).length)
          throw new Error('miscounted')
        familiesOf(page)
      },
    ),
    { numRuns: 50 },
  )
  t.end()
})

t.test('label values are escaped', t => {
  const registry = new StateRegistry()
  const metadata = { name: 'x', namespace: 'a"b\\c\nd', uid: 'u', creationTimestamp: '2026-01-02T03:04:05Z' }
  registry.apply({ plural: 'configmaps', uid: 'u', object: { metadata } })
  const page = registry.page().toString()
  t.match(page, 'kube_configmap_created{namespace="a\\"b\\\\c\\nd",configmap="x"} 1767323045\n')
  registry.apply({ plural: 'configmaps', uid: 'u', object: undefined })
  t.equal(registry.page().toString(), '', 'nothing is said of kinds of which there is nothing')
  registry.apply({ plural: 'unknownthings', uid: 'u', object: { metadata } })
  t.equal(registry.sampleCount, 0)
  t.end()
})

void t.test('a pod that plays it has all that is there when it opens, then what changes, until it closes', async t => {
  const port = await freePort()
  const truth = new TruthTable(2)
  const server = new TargetServer(new HandClock(), truth, { originNs: 0n })
  t.teardown(() => server.closeAll())
  const feeding = new VirtualClock()
  const feeder = new StoreFeeder(feeding, server, { store, cadvisorPage: node => `# HELP x x\nx{node="${node}"} 1\n` })
  t.teardown(() => feeder.stop())
  const open = async (target: TargetSpec): Promise<void> => {
    const opened = server.open(target)
    feeder.opened(target)
    // Some at a time.
    feeding.advance(1000)
    await opened
  }
  const spec = specOf(0, { ports: [port], profile: 'kube-state-metrics' })
  const read = async (address = spec.address): Promise<string> => {
    const { body, headers } = await request(`http://${address}:${port}/metrics`, {
      headers: { 'accept-encoding': 'gzip' },
      // The pod is closed in between.
      reset: true,
    })
    t.equal(headers['content-encoding'], undefined, 'plain, as the real one by default')
    return body.text()
  }
  await open(spec)
  const page = await read()
  t.match(page, new RegExp(`^churnbench_target_scrapes_total{churnbench_pod_uid="${spec.uid}"} 1$`, 'm'))
  t.ok(page.endsWith(FULL), 'the identity series, and behind them the whole page')
  const [pod] = store.list(Pods)
  store.delete(Pods, pod!.metadata.namespace, pod!.metadata.name, { gracePeriodSeconds: 0 })
  feeding.advance(10)
  const after = await read()
  t.notOk(after.includes(pod!.metadata.uid), 'a pod that is gone is on no page')
  t.equal(familiesOf(after).size, familiesOf(page).size)
  const samples = (text: string): number => text.split('\n').filter(line => /^\w/.test(line)).length
  await until(() => truth.read(0).scrapesServed === 2)
  t.equal(truth.read(0).samplesServed, samples(page) + samples(after), 'all samples are served ones')

  await server.close(spec.uid)
  feeder.closed(spec.uid)
  await open(spec)
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .filter(line => !line.startsWith('churnbench_'))
      .sort()
  t.same(lines(await read()), lines(after), 'one that comes back begins anew, with what is there')

  const node = specOf(1, { ports: [port], profile: 'cadvisor', node: 'node-2' })
  await open(node)
  t.match(await read(node.address), '# HELP x x\nx{node="node-2"} 1\n')
})
