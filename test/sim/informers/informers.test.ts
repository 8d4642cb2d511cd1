import type { Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { ObjectStore, Pods } from '../../../sim/cluster/index.ts'
import { EventRouter, PodIndex, withCondition, WorkQueue } from '../../../sim/informers/index.ts'
import { RecentMap } from '../../../sim/informers/recent-map.ts'

t.test('a work queue runs each key once, in order, spaced as asked', async t => {
  const clock = new VirtualClock()
  const runs: string[] = []
  const queue = new WorkQueue(clock, key => runs.push(`${clock.elapsedMs} ${key}`))
  queue.add('late', 50)
  queue.add('a')
  queue.add('b')
  queue.add('a')
  queue.add('late', 20)
  queue.add('late', 70)
  queue.add('never')
  queue.drop('never')
  t.same(runs, [], 'never at once')
  clock.advance(100)
  t.same(runs, ['0 a', '0 b', '20 late'])
  t.equal(queue.size, 0)

  runs.length = 0
  const spaced = new WorkQueue(clock, key => runs.push(`${clock.elapsedMs} ${key}`), { spacingMs: 3 })
  for (const key of ['a', 'b', 'c']) spaced.add(key)
  clock.advance(100)
  t.same(runs, ['100 a', '103 b', '106 c'])

  runs.length = 0
  const perKey = new WorkQueue(
    clock,
    key => {
      runs.push(`${clock.elapsedMs} ${key}`)
      if (runs.length === 1) perKey.add('a')
    },
    { keySpacingMs: 10 },
  )
  perKey.add('a')
  perKey.add('b')
  clock.advance(100)
  t.same(runs, ['200 a', '200 b', '210 a'])
})

t.test('a router shows what is there, then what happens, indexes first', async t => {
  const clock = new VirtualClock()
  const store = new ObjectStore(clock, new Prng('x'))
  const pod = (name: string): Pod => ({ metadata: { namespace: 'd', name }, spec: { containers: [], nodeName: 'n' } })
  store.create<Pod>(Pods, pod('first'))
  const router = new EventRouter()
  const index = new PodIndex(clock)
  const seen: string[] = []
  router.on<Pod>(Pods, event => index.update(event))
  router.on<Pod>(Pods, ({ type, object }) => {
    seen.push(`${type} ${object.metadata.name}, ${index.onNode('n').entries.size} on the node`)
  })
  const stop = router.follow(store)
  store.create<Pod>(Pods, pod('second'))
  store.delete(Pods, 'd', 'first', { gracePeriodSeconds: 0 })
  stop()
  store.create<Pod>(Pods, pod('third'))
  t.same(seen, ['ADDED first, 1 on the node', 'ADDED second, 2 on the node', 'DELETED first, 1 on the node'])
})

t.test('the pod index agrees with a scan, over a random life of pods', async t => {
  const clock = new VirtualClock()
  const prng = new Prng('index')
  const store = new ObjectStore(clock, prng.fork('store'))
  const index = new PodIndex(clock)
  const router = new EventRouter()
  router.on<Pod>(Pods, event => index.update(event))
  router.follow(store)
  for (let i = 0; i < 2000; i++) {
    const name = `p${prng.below(30)}`
    const current = store.get<Pod>(Pods, 'd', name)
    if (current === undefined) {
      const owner = { apiVersion: 'v1', kind: 'X', name: 'o', uid: `o${prng.below(3)}`, controller: true }
      const metadata = { namespace: 'd', name, ...(prng.chance(3, 4) ? { ownerReferences: [owner] } : {}) }
      store.create<Pod>(Pods, { metadata, spec: { containers: [] }, status: { phase: 'Pending' } })
    } else if (prng.chance(1, 8)) {
      store.delete(Pods, 'd', name, { gracePeriodSeconds: prng.pick([0, 30]) })
    } else {
      store.update<Pod>(Pods, {
        ...current,
        spec: { ...current.spec!, nodeName: current.spec?.nodeName ?? `n${prng.below(4)}` },
        status: {
          phase: prng.pick(['Pending', 'Running', 'Running', 'Succeeded']),
          conditions: [{ type: 'Ready', status: prng.pick(['True', 'False']) }],
        },
      })
    }
    for (const owner of ['o0', 'o1', 'o2']) {
      const owned = store.list<Pod>(Pods).filter(pod => pod.metadata.ownerReferences?.[0]?.uid === owner)
      const active = owned.filter(
        ({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded',
      )
      const group = index.ownedBy(owner)
      const ready = active.filter(({ status }) => status?.conditions?.[0]?.status === 'True').length
      if (group.entries.size !== owned.length || group.active !== active.length || group.ready !== ready) {
        t.fail(`step ${i}`)
      }
      for (const node of ['n0', 'n1', 'n2', 'n3']) {
        const here = active.filter(({ spec }) => spec?.nodeName === node).length
        if ((group.activeOn.get(node) ?? 0) !== here) t.fail(`step ${i} ${node}`)
      }
    }
    const unowned = store.list<Pod>(Pods).filter(({ metadata }) => metadata.ownerReferences === undefined).length
    if (index.unowned('d').length !== unowned) t.fail(`step ${i} unowned`)
  }
  t.ok(index.nodes().length > 0)
})

t.test('a condition keeps its place, and its time until the status changes', async t => {
  const first = withCondition([{ type: 'A', status: 'True' }], { type: 'B', status: 'False', reason: 'x' }, 't1')
  t.same(first[1], { type: 'B', status: 'False', reason: 'x', lastTransitionTime: 't1' })
  t.equal(withCondition(first, { type: 'B', status: 'False', reason: 'x' }, 't2'), first, 'nothing new, same list')
  t.match(withCondition(first, { type: 'B', status: 'False', reason: 'y' }, 't2')[1], { lastTransitionTime: 't1' })
  t.same(withCondition(first, { type: 'B', status: 'True' }, 't2')[1], {
    type: 'B',
    status: 'True',
    lastTransitionTime: 't2',
  })
})

t.test('a map of the recent forgets the rest', async t => {
  const map = new RecentMap<number>(10)
  for (let i = 0; i < 100; i++) {
    map.set(`k${i}`, i)
    t.equal(map.get('k0'), 0, 'what is used stays')
  }
  t.equal(map.get('k99'), 99)
  t.equal(map.get('k50'), undefined)
})
