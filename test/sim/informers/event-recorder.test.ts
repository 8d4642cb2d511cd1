import type { Event, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { Events, ObjectStore, Pods, type Stored } from '../../../sim/cluster/index.ts'
import { EventRecorder } from '../../../sim/informers/index.ts'

const SOURCE = { component: 'kubelet', host: 'n' }

function setUp(capacity: number): {
  readonly clock: VirtualClock
  readonly store: ObjectStore
  readonly recorder: EventRecorder
  readonly pods: readonly Stored<Pod>[]
  readonly said: () => string[]
} {
  const clock = new VirtualClock()
  const store = new ObjectStore(clock, new Prng('x'))
  const recorder = new EventRecorder(clock, new Prng('events'), store, { capacity })
  recorder.start()
  const pods = ['a', 'b'].map(name =>
    store.create<Pod>(Pods, { metadata: { namespace: 'd', name }, spec: { containers: [] } }),
  )
  const said = (): string[] =>
    store.list<Event>(Events).map(({ involvedObject, message, count }) => `${involvedObject.name} ${message} ×${count}`)
  return { clock, store, recorder, pods, said }
}

t.test('the same is counted, of the alike more than ten are combined, by object and source', async t => {
  const { recorder, pods, said } = setUp(100)
  const [a, b] = pods
  for (let i = 0; i < 3; i++) recorder.normal(SOURCE, Pods, a!, 'Pulled', 'same')
  recorder.normal({ component: 'kubelet', host: 'other' }, Pods, a!, 'Pulled', 'same')
  recorder.warning(SOURCE, Pods, a!, 'Pulled', 'same')
  recorder.normal(SOURCE, Pods, b!, 'Pulled', 'same')
  t.same(said(), ['a same ×3', 'a same ×1', 'a same ×1', 'b same ×1'])
  for (let i = 0; i < 10; i++) recorder.normal(SOURCE, Pods, a!, 'Pulled', `no. ${i}`)
  t.same(said().slice(4), [
    ...[0, 1, 2, 3, 4, 5, 6].map(i => `a no. ${i} ×1`),
    'a (combined from similar events): no. 9 ×3',
  ])
  // 3 + 1 + 10 of the 25 that this source may say of an object are gone.
  for (let i = 0; i < 20; i++) recorder.normal(SOURCE, Pods, a!, 'Started', 'started')
  t.same(said().slice(-2), ['a started ×10', 'a (combined from similar events): started ×1'])
})

t.test('what is deleted or forgotten is told anew; the oldest sight goes first', async t => {
  const { clock, store, recorder, pods, said } = setUp(3)
  const [a] = pods
  recorder.normal(SOURCE, Pods, a!, 'R', 'one')
  const [first] = store.list<Event>(Events)
  store.delete(Events, 'd', first!.metadata.name)
  recorder.normal(SOURCE, Pods, a!, 'R', 'one')
  t.same(said(), ['a one ×1'])
  t.not(store.list<Event>(Events)[0]!.metadata.name, first!.metadata.name)
  clock.advance(10)
  recorder.normal(SOURCE, Pods, a!, 'R', 'two')
  clock.advance(10)
  recorder.normal(SOURCE, Pods, a!, 'R', 'one')
  clock.advance(10)
  recorder.normal(SOURCE, Pods, a!, 'R', 'three')
  recorder.normal(SOURCE, Pods, a!, 'R', 'four')
  t.same(said(), ['a one ×2', 'a three ×1', 'a four ×1'])
  recorder.normal(SOURCE, Pods, a!, 'R', 'two')
  t.same(said(), ['a three ×1', 'a four ×1', 'a two ×1'])
  clock.advance(3_700_000)
  t.same(said(), [], 'an hour later all are gone')
})

t.test('one object that is spoken of for days takes no more room than its events', async t => {
  const { clock, store, recorder, pods } = setUp(1000)
  for (let i = 0; i < 2000; i++) {
    recorder.warning(SOURCE, Pods, pods[0]!, 'Unhealthy', `probe ${i}`)
    clock.advance(300_000)
  }
  t.ok(store.count(Events) <= 25, `${store.count(Events)} events`)
})
