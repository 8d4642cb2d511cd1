// Kinds that are watched apart, versions that come twice or never: what a recording makes of them.
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { VirtualClock } from '../../../../base/index.ts'
import { keyOf, type StoreEvent, type Stored } from '../../../../sim/cluster/index.ts'
import { type ChurnEvent, type Transition, transitionsOf } from '../../../../sim/trace/index.ts'
import { EventSequence } from '../../../../sim/trace/record/event-sequence.ts'
import { ObjectTracker } from '../../../../sim/trace/record/object-tracker.ts'
import { TraceWriter } from '../../../../sim/trace/trace-writer.ts'
import { simulate, workload } from '../../controllers/harness.ts'
import { byObject, finalState, readTrace, stateAfter } from './fake-cluster.ts'

const KINDS = ['Node', 'Service', 'Deployment', 'ReplicaSet', 'Pod']

/** Two hours of a cluster with everything that happens in one. */
function history(): StoreEvent[] {
  const { clock, cluster, events } = simulate({ nodes: 6 })
  const steps: (() => void)[] = [
    () => cluster.applyWorkload(workload('web', 12)),
    () => cluster.applyWorkload(workload('api', 5)),
    () => cluster.scale('shop', 'web', 20),
    () => void cluster.failNode('node-1'),
    () => cluster.restart('shop', 'api'),
    () => cluster.recoverNode('node-1'),
    () => cluster.deleteNode('node-2'),
    () => cluster.deleteWorkload('shop', 'api'),
    () => cluster.applyWorkload(workload('api', 3)),
    () => cluster.scale('shop', 'web', 2),
  ]
  for (const step of steps) {
    step()
    clock.advance(12 * 60_000)
  }
  return events.map(({ event }) => event).filter(({ resource }) => KINDS.includes(resource.kind))
}

const HISTORY = history()
const TRUTH: ChurnEvent[] = HISTORY.flatMap(({ type, resource, object, previous }) =>
  transitionsOf({ type, kind: resource.kind, object, previous }).map(transition => ({ t: 0, ...transition })),
)

let files = 0
function sequenceInto(t: Test, clock: VirtualClock): { sequence: EventSequence; writer: TraceWriter; path: string } {
  const path = join(t.testdir({}), `${files++}.jsonl`)
  const writer = TraceWriter.create(path, { source: { kind: 'cluster' }, targets: 'annotated' })
  return { sequence: new EventSequence(clock, writer, { holdMs: () => 1000 }), writer, path }
}

void t.test('what a tracker remembers is enough to find what the simulator found', async t => {
  t.ok(TRUTH.length > 300, `${TRUTH.length} events`)
  const tracker = new ObjectTracker()
  const found: Transition[] = []
  let twice = 0
  for (const { type, resource, object } of HISTORY) {
    found.push(...tracker.see(resource.kind, type, object))
    const again = type === 'DELETED' ? [] : tracker.see(resource.kind, 'MODIFIED', structuredClone(object))
    twice += again.length
  }
  t.strictSame(
    found.map(transition => ({ t: 0, ...transition })),
    TRUTH,
  )
  t.equal(twice, 0, 'a version that comes twice tells nothing')
})

void t.test('lists that come instead of lost events lead to the same end', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: HISTORY.length - 1 }), { maxLength: 8 }),
      fc.nat(200),
      (cuts, lost) => {
        const tracker = new ObjectTracker()
        const world = new Map(KINDS.map(kind => [kind, new Map<string, Stored>()]))
        const state = stateAfter([])
        const apply = (transitions: readonly Transition[]): string | undefined =>
          transitions.map(transition => state.apply({ t: 0, ...transition })).find(fault => fault !== undefined)
        const relist = (): string | undefined => {
          const found: Transition[] = []
          for (const kind of KINDS) {
            const listed = new Set(world.get(kind)!.keys())
            for (const object of world.get(kind)!.values()) found.push(...tracker.see(kind, 'ADDED', object))
            found.push(...tracker.retain(kind, undefined, listed))
          }
          return apply(found)
        }
        let deafUntil = -1
        for (const [i, { type, resource, object }] of HISTORY.entries()) {
          if (type === 'DELETED') world.get(resource.kind)!.delete(keyOf(object))
          else world.get(resource.kind)!.set(keyOf(object), object)
          if (cuts.includes(i)) deafUntil = Math.max(deafUntil, i + lost)
          let fault: string | undefined
          if (i > deafUntil) fault = apply(tracker.see(resource.kind, type, object))
          else if (i === deafUntil) fault = relist()
          if (fault !== undefined) throw new Error(fault)
        }
        const fault = relist()
        if (fault !== undefined) throw new Error(fault)
        t.strictSame(finalState(state), finalState(stateAfter(TRUTH)))
      },
    ),
    { numRuns: 30 },
  )
})

void t.test('watches that run apart are brought into an order in which all can have happened', async t => {
  const byKind = new Map(KINDS.map(kind => [kind, HISTORY.filter(({ resource }) => resource.kind === kind)]))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(KINDS.length - 1), { minLength: 50, maxLength: 400 }), async order => {
      const clock = new VirtualClock()
      const { sequence, writer, path } = sequenceInto(t, clock)
      const tracker = new ObjectTracker()
      const next = new Map(KINDS.map(kind => [kind, 0]))
      // Each turn a kind tells one event; pods, by far the most, catch up at the end, and nodes come when they come.
      const tell = (kind: string): void => {
        const i = next.get(kind)!
        const event = byKind.get(kind)![i]
        if (event === undefined) return
        next.set(kind, i + 1)
        for (const found of tracker.see(kind, event.type, event.object))
          sequence.push(Math.floor(clock.elapsedMs), found)
      }
      for (const index of order) {
        tell(KINDS[index]!)
        clock.advance(2)
      }
      for (const kind of ['Node', 'Service', 'Deployment', 'ReplicaSet', 'Pod']) {
        while (next.get(kind)! < byKind.get(kind)!.length) tell(kind)
      }
      clock.advance(2000)
      sequence.settle()
      await writer.finish()
      if (sequence.leftOut.count > 0) throw new Error(sequence.leftOut.examples.join('; '))
      const { events } = await readTrace(path)
      const [found, truth] = [byObject(events), byObject(TRUTH)]
      for (const key of Object.keys(truth)) if (key.startsWith('pod/')) t.strictSame(found[key], truth[key])
      const state = stateAfter(events)
      t.strictSame(finalState(state), finalState(stateAfter(TRUTH)))
    }),
    { numRuns: 25 },
  )
})

void t.test('a pod waits for its node, for a while', async t => {
  const clock = new VirtualClock()
  const { sequence, writer, path } = sequenceInto(t, clock)
  const pod = (uid: string): { kind: 'pod'; namespace: string; name: string; uid: string } => ({
    kind: 'pod',
    namespace: 'shop',
    name: uid,
    uid,
  })
  sequence.push(0, { ...pod('a'), op: 'created' })
  sequence.push(1, { ...pod('a'), op: 'bound', node: 'late' })
  sequence.push(2, { ...pod('a'), op: 'addressed', address: '10.0.0.1' })
  clock.advance(500)
  t.equal(writer.events, 1, 'what is behind waits too')
  sequence.push(500, { kind: 'node', op: 'added', name: 'late', labels: { zone: 'a' } })
  t.equal(writer.events, 4, 'and goes on when the node comes')

  sequence.push(600, { ...pod('b'), op: 'created' })
  sequence.push(600, { ...pod('b'), op: 'bound', node: 'never' })
  sequence.push(700, { ...pod('b'), op: 'ready' })
  clock.advance(999)
  t.equal(writer.events, 5)
  clock.advance(1)
  sequence.push(1600, { kind: 'node', op: 'added', name: 'never', labels: { zone: 'b' } })
  sequence.push(1600, { kind: 'node', op: 'not-ready', name: 'never' })
  sequence.push(1700, { ...pod('c'), op: 'created' })
  sequence.push(1700, { ...pod('c'), op: 'bound', node: 'gone' })
  sequence.push(1800, { ...pod('c'), op: 'deleted' })
  sequence.settle()
  sequence.push(1900, { ...pod('c'), op: 'deleted' })
  sequence.push(1900, { ...pod('d'), op: 'created', containers: [{ name: 'app', ports: [{ port: 0 }] }] })
  await writer.finish()
  const { events } = await readTrace(path)
  t.strictSame(
    events.map(event => [event.t, event.op, (event as { name: string }).name]),
    [
      [0, 'created', 'a'],
      [1, 'added', 'late'],
      [1, 'bound', 'a'],
      [2, 'addressed', 'a'],
      [600, 'created', 'b'],
      [600, 'added', 'never'],
      [600, 'bound', 'b'],
      [700, 'addressed', 'b'],
      [700, 'ready', 'b'],
      [1600, 'not-ready', 'never'],
      [1700, 'created', 'c'],
      [1700, 'added', 'gone'],
      [1700, 'bound', 'c'],
      [1800, 'deleted', 'c'],
      [1800, 'removed', 'gone'],
    ],
  )
  t.equal(sequence.inferredNodes, 2)
  t.match(sequence.leftOut, { count: 2, examples: [/there is no pod shop\/c/, /port/] })
})
