// Algebra of traces: lines, files, states and changes of objects, tried on traces that nobody thought of.
import { isDeepStrictEqual } from 'node:util'
import { rmSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import {
  canonicalLine,
  type ChurnEvent,
  type ObjectChange,
  transitionsOf,
  TraceState,
} from '../../../sim/trace/index.ts'
import { eventFault } from '../../../sim/trace/trace-shape.ts'
import { arbitraryTrace } from '../../support/arbitrary-trace.ts'
import { arbitraryLives, type Version } from '../../support/arbitrary-objects.ts'
import { snapshot, TraceFolder } from './trace-samples.ts'

const folder = new TraceFolder()
t.teardown(() => rmSync(folder.dir, { recursive: true, force: true }))

function fold(events: readonly ChurnEvent[]): TraceState {
  const state = new TraceState()
  for (const event of events) {
    const fault = state.apply(event)
    if (fault !== undefined) throw new Error(`${JSON.stringify(event)}: ${fault}`)
  }
  return state
}

void t.test('a canonical line says the event, and the event says the line', async () => {
  fc.assert(
    fc.property(arbitraryTrace(), events => {
      for (const event of events) {
        const line = canonicalLine(event)
        const read = JSON.parse(line) as ChurnEvent
        if (!isDeepStrictEqual(read, event)) throw new Error(`${line} is not ${JSON.stringify(event)}`)
        if (canonicalLine(read) !== line) throw new Error(`${line} is written as ${canonicalLine(read)}`)
        if (line.includes('\n')) throw new Error(`${line} is several lines`)
        if (eventFault(read) !== undefined) throw new Error(`${line}: ${eventFault(read)}`)
      }
    }),
    { numRuns: 200 },
  )
})

void t.test('order of keys in an object does not show in its line', async t => {
  const pod = { kind: 'pod', op: 'created', namespace: 'a', name: 'b', uid: 'u' } as const
  const line = canonicalLine({
    t: 1,
    ...pod,
    labels: JSON.parse('{"b":"1","10":"x","9":"y","__proto__":"z","a":"2"}') as Record<string, string>,
    containers: [{ ports: [{ port: 1, name: 'p' }], image: 'i', name: 'c' }],
  })
  t.equal(
    line,
    '{"t":1,"kind":"pod","op":"created","namespace":"a","name":"b","uid":"u",' +
      '"labels":{"10":"x","9":"y","__proto__":"z","a":"2","b":"1"},' +
      '"containers":[{"name":"c","image":"i","ports":[{"name":"p","port":1}]}]}',
  )
})

void t.test('a state tells the events that lead to it', async () => {
  fc.assert(
    fc.property(arbitraryTrace(), events => {
      const state = fold(events)
      const again = fold([...state.transitions()].map(transition => ({ t: 0, ...transition })))
      if (!isDeepStrictEqual(snapshot(again), snapshot(state))) throw new Error('another state')
    }),
    { numRuns: 300 },
  )
})

void t.test('pods of a node are those that are bound to its name, whichever node had it first', async () => {
  fc.assert(
    fc.property(arbitraryTrace({ minLength: 150, maxLength: 150 }), events => {
      const state = fold(events)
      for (const node of state.nodes.values()) {
        const bound = [...state.pods.values()].filter(pod => pod.node === node.name).length
        if (bound !== node.pods) throw new Error(`${node.name} has ${bound} pods and counts ${node.pods}`)
      }
    }),
    // Made smaller, a failing one would take minutes.
    { numRuns: 100, endOnFailure: true },
  )
})

for (const name of ['property.jsonl', 'property.jsonl.gz']) {
  void t.test(`${name}: what is written is read again`, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrace(), fc.integer({ min: 1, max: 70 }), async (events, flushEach) => {
        const path = await folder.write(name, events, { flushEach })
        const { reader, events: read } = await folder.read(path)
        if (!isDeepStrictEqual(read, events)) throw new Error('other events')
        if (!isDeepStrictEqual(snapshot(reader.state), snapshot(fold(events)))) throw new Error('another state')
        if (reader.digest() !== reader.header.sha256) throw new Error('another digest')
        if (reader.header.counts?.events !== events.length) throw new Error('another count')
      }),
      { numRuns: 80 },
    )
  })
}

/** Events of changes from version to version of the objects. */
function eventsOf(versions: readonly Version[]): ChurnEvent[] {
  const seen = new Map<string, ObjectChange['object']>()
  return versions.flatMap(({ type, kind, object }) => {
    const key = `${kind}/${object.metadata.namespace}/${object.metadata.name}`
    const previous = seen.get(key)
    if (type === 'DELETED') seen.delete(key)
    else seen.set(key, object)
    return transitionsOf({ type, kind, object, previous }).map(transition => ({ t: 0, ...transition }))
  })
}

void t.test('whatever versions of an object are seen, its events can have happened', async t => {
  let events = 0
  fc.assert(
    fc.property(arbitraryLives(), ({ versions, isSeen }) => {
      const all = eventsOf(versions)
      fold(all)
      events += all.length
      for (const event of all) {
        const fault = eventFault(event)
        if (fault !== undefined) throw new Error(`${JSON.stringify(event)}: ${fault}`)
      }
      fold(eventsOf(versions.filter((_, i) => isSeen[i])))
    }),
    { numRuns: 500 },
  )
  t.ok(events > 2000, 'they had events')
})

void t.test('versions that were missed change nothing in where it ends', async () => {
  fc.assert(
    fc.property(arbitraryLives(), ({ versions, isSeen }) => {
      const last = new Map(versions.map((version, i) => [version.object.metadata.name, i]))
      // What is there in the end is seen: a list tells it. An end that was missed is told by the list, too.
      const seen = versions.filter((version, i) => isSeen[i] === true || last.get(version.object.metadata.name) === i)
      const all = snapshot(fold(eventsOf(versions)))
      const some = snapshot(fold(eventsOf(seen)))
      if (!isDeepStrictEqual(sorted(some), sorted(all))) {
        throw new Error(`${JSON.stringify(some)}\n is not \n${JSON.stringify(all)}`)
      }
    }),
    { numRuns: 500 },
  )
})

/** Without the order, which is that in which things were first seen. */
function sorted(state: unknown): unknown {
  const lists = Object.values(state as Record<string, { readonly name: string; readonly uid?: string }[]>)
  return lists.map(list => list.sort((a, b) => (a.name + (a.uid ?? '') < b.name + (b.uid ?? '') ? -1 : 1)))
}
