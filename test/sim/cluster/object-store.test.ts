import type { Namespace, Pod } from 'kubernetes-types/core/v1.js'
import * as fc from 'fast-check'
import t from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import {
  ApiError,
  customResource,
  keyOf,
  type KubeObject,
  Namespaces,
  ObjectStore,
  Pods,
  Services,
  startNamespaceLifecycle,
  type StoreEvent,
} from '../../../sim/cluster/index.ts'

function newStore(historyCapacity = 1000): { clock: VirtualClock; store: ObjectStore } {
  const clock = new VirtualClock()
  return { clock, store: new ObjectStore(clock, new Prng('test'), { historyCapacity }) }
}

const pod = (name: string, more: Partial<Pod> = {}): Pod => ({ metadata: { name, namespace: 'default' }, ...more })

void t.test('versions rise over all kinds, and a write that changes nothing is none', async t => {
  const { store } = newStore()
  const a = store.create(Pods, pod('a'))
  const b = store.create(Services, { metadata: { name: 'b', namespace: 'default' } })
  t.equal(Number(b.metadata.resourceVersion), Number(a.metadata.resourceVersion) + 1)
  t.equal(store.update(Pods, { ...a }), a, 'the same object, no event')
  t.equal(store.resourceVersion, 2)
  const changed = store.update<Pod>(Pods, { ...a, spec: { containers: [] } })
  t.equal(changed.metadata.generation, 2)
  t.throws(() => store.update(Pods, { ...a, spec: {} } as Pod), { reason: 'Conflict', code: 409 })
  t.throws(() => store.create(Pods, pod('a')), { reason: 'AlreadyExists', message: 'pods "a" already exists' })
})

void t.test('changes are counted as Kubernetes counts them', async t => {
  const { store } = newStore()
  const service = store.create(Services, { metadata: { name: 'a', namespace: 'default', generation: 7 } })
  t.notOk('generation' in service.metadata, 'of a Service nobody counts them')
  const next = { ...service, metadata: { ...service.metadata, generation: 3 }, spec: { ports: [] } }
  t.notOk('generation' in store.update(Services, next).metadata)

  const Widgets = customResource({
    group: 'a.b',
    version: 'v1',
    plural: 'widgets',
    kind: 'Widget',
    subresources: ['status'],
  })
  store.resources.add(Widgets)
  const widget = store.create<KubeObject>(Widgets, { metadata: { name: 'w', namespace: 'default' } })
  const generation = (change: object): number | undefined =>
    store.modify(Widgets, 'default', 'w', current => ({ ...current, ...change }))!.metadata.generation
  t.equal(widget.metadata.generation, 1)
  t.equal(generation({ status: { ready: true } }), 1)
  t.equal(generation({ metadata: { ...widget.metadata, resourceVersion: '', labels: { a: 'b' } } }), 1)
  t.equal(generation({ data: { a: 1 } }), 2, 'custom resources may keep their content anywhere')
})

void t.test('a rehearsal tells what would be, and changes nothing', async t => {
  const { store } = newStore()
  const rehearsed = store.rehearseCreate(Pods, { metadata: { generateName: 'a-', namespace: 'default' } })
  t.match(rehearsed.metadata, { name: /^a-\w{5}$/, uid: /^[0-9a-f-]{36}$/, creationTimestamp: /Z$/, generation: 1 })
  const other = newStore().store
  const a = store.create(Pods, pod('a'))
  t.equal(a.metadata.uid, other.create(Pods, pod('a')).metadata.uid, 'nor what is drawn afterwards')
  t.throws(() => store.rehearseCreate(Pods, pod('a')), { reason: 'AlreadyExists', code: 409 })
  const next = store.rehearseUpdate<Pod>(Pods, { ...a, spec: { containers: [] } })
  t.match(next.metadata, { generation: 2, resourceVersion: a.metadata.resourceVersion })
  const stale = { ...a, metadata: { ...a.metadata, resourceVersion: '99' } }
  t.throws(() => store.rehearseUpdate(Pods, stale), { reason: 'Conflict', code: 409 })
  t.throws(() => store.rehearseUpdate(Pods, pod('b')), { reason: 'NotFound', code: 404 })
  t.equal(store.get(Pods, 'default', 'a'), a)
  t.equal(store.resourceVersion, 1)
})

void t.test('a bound pod is marked first and goes with a second, graceless deletion', async t => {
  const { store, clock } = newStore()
  store.create<Pod>(Pods, pod('a', { spec: { nodeName: 'n', containers: [] } }))
  const marked = store.delete<Pod>(Pods, 'default', 'a')
  t.equal(marked.metadata.deletionGracePeriodSeconds, 30)
  t.equal(Date.parse(marked.metadata.deletionTimestamp!), clock.unixMs() + 30_000)
  t.equal(store.delete(Pods, 'default', 'a', { gracePeriodSeconds: 60 }), marked, 'grace is never lengthened')
  store.delete(Pods, 'default', 'a', { gracePeriodSeconds: 0 })
  t.equal(store.get(Pods, 'default', 'a'), undefined)
  store.create<Pod>(Pods, pod('unbound'))
  store.delete(Pods, 'default', 'unbound')
  t.equal(store.count(Pods), 0, 'a pod without a node goes at once')
})

void t.test('finalizers hold an object until the last one is lifted', async t => {
  const { store } = newStore()
  const created = store.create(Services, {
    metadata: { name: 's', namespace: 'default', finalizers: ['example.com/hold'] },
  })
  const marked = store.delete(Services, 'default', 's')
  t.ok(marked.metadata.deletionTimestamp)
  t.equal(store.count(Services), 1)
  store.update(Services, { ...marked, metadata: { ...marked.metadata, finalizers: [] } })
  t.equal(store.count(Services), 0)
  t.throws(() => store.delete(Services, 'default', 's', { uid: created.metadata.uid }), {
    message: 'services "s" not found',
  })
})

void t.test('the past can be shown as far as the history reaches', async t => {
  void t.test('property: listAt(version) is what list() was at that version', async () => {
    const step = fc.record({
      op: fc.constantFrom('create', 'update', 'delete'),
      name: fc.constantFrom('a', 'b', 'c', 'd'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const { store } = newStore(15)
        const past = new Map<number, string[]>()
        const snapshot = (objects: readonly { metadata: { resourceVersion: string } }[]): string[] =>
          objects.map(object => `${keyOf(object)}@${object.metadata.resourceVersion}`).sort()
        past.set(0, [])
        for (const [i, { op, name }] of steps.entries()) {
          try {
            if (op === 'create') store.create(Pods, pod(name))
            else if (op === 'delete') store.delete(Pods, 'default', name)
            else store.update<Pod>(Pods, pod(name, { status: { message: String(i) } }))
          } catch (error) {
            if (!(error instanceof ApiError)) throw error
          }
          past.set(store.resourceVersion, snapshot(store.list(Pods)))
        }
        for (const [version, expected] of past) {
          const shown = store.listAt(Pods, version)
          if (store.resourceVersion - version > 15) {
            if (shown !== undefined) return false
          } else if (JSON.stringify(snapshot(shown!)) !== JSON.stringify(expected)) return false
        }
        return true
      }),
    )
  })
  void t.test('compaction ends it', async t => {
    const { store } = newStore()
    store.create(Pods, pod('a'))
    store.create(Pods, pod('b'))
    t.equal(store.eventsSince(Pods, 1)?.length, 1)
    store.compact()
    t.equal(store.eventsSince(Pods, 1), undefined)
    t.same(store.eventsSince(Pods, 2), [])
    store.create(Pods, pod('c'))
    t.equal(store.eventsSince(Pods, 2)?.length, 1)
  })
})

void t.test('every subscriber sees every event in order of commit, also those written by a subscriber', async t => {
  const { store } = newStore()
  const seen: number[][] = [[], []]
  store.subscribe(event => {
    if (event.type === 'ADDED') store.update<Pod>(Pods, { ...event.object, status: { phase: 'Running' } } as Pod)
    seen[0]!.push(event.resourceVersion)
  })
  const end = store.subscribe(event => seen[1]!.push(event.resourceVersion))
  store.create(Pods, pod('a'))
  store.create(Pods, pod('b'))
  end()
  store.create(Pods, pod('c'))
  t.same(seen, [
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3, 4],
  ])
})

void t.test('a namespace takes its contents with it', async t => {
  const { store } = newStore()
  startNamespaceLifecycle(store)
  const events: string[] = []
  store.subscribe((event: StoreEvent) => events.push(`${event.type} ${event.object.kind!}`))
  store.create<Namespace>(Namespaces, {
    metadata: { name: 'default' },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  })
  store.create<Pod>(Pods, pod('bound', { spec: { nodeName: 'n', containers: [] } }))
  store.create(Services, { metadata: { name: 's', namespace: 'default' } })
  store.delete(Namespaces, undefined, 'default')
  t.equal(store.get<Namespace>(Namespaces, undefined, 'default')?.status?.phase, 'Terminating')
  t.equal(store.count(Services), 0)
  t.equal(store.count(Pods), 1, 'the pod is given its grace')
  store.delete(Pods, 'default', 'bound', { gracePeriodSeconds: 0 })
  t.equal(store.get(Namespaces, undefined, 'default'), undefined)
  t.equal(events.at(-1), 'DELETED Namespace')

  store.create<Namespace>(Namespaces, { metadata: { name: 'late' }, spec: { finalizers: ['kubernetes'] } })
  store.create(Services, { metadata: { name: 'held', namespace: 'late', finalizers: ['example.com/held'] } })
  store.delete(Namespaces, undefined, 'late')
  store.create(Services, { metadata: { name: 'new', namespace: 'late' } })
  t.equal(store.count(Services), 1, 'what comes late does not stay')
  store.modify(Services, 'late', 'held', ({ metadata }) => ({ metadata: { ...metadata, finalizers: [] } }))
  t.equal(store.get(Namespaces, undefined, 'late'), undefined)

  store.create<Namespace>(Namespaces, { metadata: { name: 'plain' } })
  store.create(Services, { metadata: { name: 's', namespace: 'plain' } })
  store.delete(Namespaces, undefined, 'plain')
  t.equal(store.count(Services), 0, 'without a finalizer, contents follow')
})
