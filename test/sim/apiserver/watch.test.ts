import type { Pod } from 'kubernetes-types/core/v1.js'
import { connect, type Socket } from 'node:net'
import * as fc from 'fast-check'
import t from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { type KubeObject, ObjectStore, Pods } from '../../../sim/cluster/index.ts'
import { Selection } from '../../../sim/apiserver/selection.ts'
import { addPods, type Fixture, pod, settle, start, type WatchEvent } from './fixture.ts'

const PODS = '/api/v1/namespaces/default/pods'
const ALL_PODS = '/api/v1/pods'
const WATCH_LIST = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'

function short(events: readonly WatchEvent[]): string[] {
  return events.map(
    ({ type, object }) =>
      `${type} ${object.metadata?.name ?? object.code ?? ''}@${object.metadata?.resourceVersion ?? ''}`,
  )
}

function touch({ store }: Fixture, name: string, labels: Record<string, string> = {}): void {
  store.modify<Pod>(Pods, 'default', name, current => ({ ...current, metadata: { ...current.metadata, labels } }))
}

void t.test('where a watch begins', async t => {
  const begin = async (query: string): Promise<string[]> => {
    const f = await start(t)
    addPods(f.store, 'b', 'a') // versions 3 and 4
    touch(f, 'a', { x: '1' }) // 5
    const watch = await f.watch(`${PODS}?${query}`)
    addPods(f.store, 'c') // 6
    return short(await watch.events())
  }
  t.same(await begin(''), ['ADDED a@5', 'ADDED b@3', 'ADDED c@6'], 'unset: the present, then changes')
  t.same(await begin('resourceVersion=0'), ['ADDED a@5', 'ADDED b@3', 'ADDED c@6'])
  t.same(await begin('resourceVersion=3'), ['ADDED a@4', 'MODIFIED a@5', 'ADDED c@6'], 'N: what came after')
  t.same(await begin('resourceVersion=5'), ['ADDED c@6'])
  t.same(await begin('resourceVersion=3&fieldSelector=metadata.name%3Dc'), ['ADDED c@6'])
  t.same(
    await begin(WATCH_LIST),
    ['ADDED a@5', 'ADDED b@3', 'BOOKMARK @5', 'ADDED c@6', 'BOOKMARK @6'],
    'watch-list: the present, a bookmark, then changes; a last bookmark before the end',
  )
  t.same(await begin(`${WATCH_LIST}&resourceVersion=3`), [
    'ADDED a@5',
    'ADDED b@3',
    'BOOKMARK @5',
    'ADDED c@6',
    'BOOKMARK @6',
  ])
  t.same(await begin('sendInitialEvents=false&resourceVersionMatch=NotOlderThan'), ['ADDED c@6'])
})

void t.test('the bookmark that ends the initial events carries its annotation, the kind, and nothing else', async t => {
  const f = await start(t)
  addPods(f.store, 'a')
  const events = await (await f.watch(`${PODS}?${WATCH_LIST}`)).events()
  t.same(events[1], {
    type: 'BOOKMARK',
    object: {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { resourceVersion: '3', creationTimestamp: null, annotations: { 'k8s.io/initial-events-end': 'true' } },
    },
  })
  t.match(events[0], { type: 'ADDED', object: { kind: 'Pod', apiVersion: 'v1', metadata: { uid: /./ } } })
  t.notOk(events[2]!.object.metadata.annotations)
})

void t.test('bookmarks come at their interval to those who asked', async t => {
  const f = await start(t, { bookmarkIntervalMs: 4000 })
  const asked = await f.watch(`${PODS}?allowWatchBookmarks=true`)
  f.clock.advance(3999)
  f.store.create(Pods, pod('elsewhere', { metadata: { namespace: 'other' } }))
  await settle()
  f.clock.advance(1)
  t.same(
    short(await asked.events()),
    ['BOOKMARK @3', 'BOOKMARK @3', 'BOOKMARK @3'],
    'also of changes that it does not see',
  )
  const silent = await f.watch(`${PODS}?resourceVersion=3`)
  f.clock.advance(9000)
  t.same(await silent.events(), [])
})

void t.test('a watch with a selector sees objects come and go', async t => {
  const f = await start(t)
  addPods(f.store, 'a') // 3
  const watch = await f.watch(`${PODS}?labelSelector=app%3Dweb`)
  touch(f, 'a', { app: 'web' }) // 4
  touch(f, 'a', { app: 'web', more: '' }) // 5
  touch(f, 'a', { app: 'api' }) // 6
  touch(f, 'a', {}) // 7
  f.store.delete(Pods, 'default', 'a') // 8
  const events = await watch.events()
  t.same(short(events), ['ADDED a@4', 'MODIFIED a@5', 'DELETED a@6'])
  t.same(events[2]!.object.metadata.labels, { app: 'web', more: '' }, 'shown as it was when it left')
})

void t.test('property: replaying a selected watch from any version gives what a list shows', async t => {
  const step = fc.record({
    op: fc.constantFrom('add', 'label', 'delete'),
    name: fc.constantFrom('a', 'b', 'c'),
    app: fc.constantFrom('web', 'api'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(30), (steps, at) => {
      const store = new ObjectStore(new VirtualClock(), new Prng('p'))
      const selection = new Selection(Pods, {
        namespace: 'default',
        name: undefined,
        labelSelector: 'app=web',
        fieldSelector: undefined,
      })
      const view = new Map<string, KubeObject>()
      let from = 0
      for (const [i, { op, name, app }] of steps.entries()) {
        const current = store.get<Pod>(Pods, 'default', name)
        if (op === 'add' && current === undefined) store.create(Pods, pod(name, { metadata: { labels: { app } } }))
        else if (op === 'label' && current !== undefined)
          store.update<Pod>(Pods, { ...current, metadata: { ...current.metadata, labels: { app } } })
        else if (op === 'delete' && current !== undefined) store.delete(Pods, 'default', name)
        if (i !== at) continue
        from = store.resourceVersion
        for (const object of store.list(Pods)) if (selection.matches(object)) view.set(object.metadata.name, object)
      }
      for (const event of store.eventsSince(Pods, from)!) {
        const seen = selection.see(event)
        if (seen === undefined) continue
        const { name } = seen.object.metadata
        if (seen.type === 'ADDED' && view.has(name)) return false
        if (seen.type !== 'ADDED' && !view.has(name)) return false
        if (seen.type === 'DELETED') view.delete(name)
        else view.set(name, seen.object)
      }
      const expected = store.list(Pods).filter(object => selection.matches(object))
      return expected.length === view.size && expected.every(object => view.get(object.metadata.name) === object)
    }),
  )
  t.pass()
})

void t.test('too old a version is answered with 410, as event or as status', async t => {
  const f = await start(t)
  addPods(f.store, 'a', 'b')
  f.api.expireHistory()
  const events = await (await f.watch(`${PODS}?resourceVersion=3`)).events()
  t.match(events, [
    {
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 3 (4)' },
    },
  ])
  t.same(await (await f.watch(`${PODS}?resourceVersion=4`)).events(), [], 'the present is never too old')
  const g = await start(t, { expiredAs: 'status' })
  addPods(g.store, 'a')
  g.api.expireHistory()
  t.match((await g.get(`${PODS}?watch=1&resourceVersion=1`)).json, { code: 410, reason: 'Expired' })
})

void t.test('a watch-list for a future version waits, then gives up', async t => {
  const f = await start(t)
  const early = f.get(`${PODS}?watch=1&${WATCH_LIST}&resourceVersion=10`)
  await settle()
  f.clock.advance(3000)
  t.match((await early).json, { code: 504, details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } })
})

void t.test('single objects, tables and meta data can be watched', async t => {
  const f = await start(t)
  addPods(f.store, 'a', 'b')
  t.same(short(await (await f.watch(`${PODS}/b`)).events()), ['ADDED b@4'])
  const tables = await (await f.watch(PODS, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })).events()
  t.match(tables[0], {
    type: 'ADDED',
    object: { kind: 'Table', columnDefinitions: [{ name: 'Name' }], rows: [{ cells: ['a', '0/1'] }] },
  })
  const partial = await (
    await f.watch(`${PODS}?${WATCH_LIST}`, { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' })
  ).events()
  t.match(partial[0], { object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } })
  t.match(partial[2], { type: 'BOOKMARK', object: { kind: 'PartialObjectMetadata' } })
})

void t.test('open watches can be expired in mid-stream', async t => {
  const f = await start(t)
  const watch = await f.watch(PODS)
  addPods(f.store, 'a')
  f.api.expireWatches()
  addPods(f.store, 'b')
  t.same(short(await watch.events()), ['ADDED a@3', 'ERROR 410@'])
})

void t.test('many objects and many watches: all see everything in order', async t => {
  const f = await start(t)
  for (let i = 0; i < 1000; i++) f.store.create(Pods, pod(`p${String(i).padStart(4, '0')}`))
  const watches = await Promise.all(Array.from({ length: 8 }, () => f.watch(`${ALL_PODS}?${WATCH_LIST}`)))
  for (let i = 0; i < 1000; i++) touch(f, `p${String(i).padStart(4, '0')}`, { round: '2' })
  for (let i = 0; i < 20; i++) await settle()
  const [first, ...others] = await Promise.all(watches.map(watch => watch.events()))
  t.equal(first!.filter(event => event.type === 'ADDED').length, 1000)
  t.same(
    first!.filter(event => event.type === 'MODIFIED').map(event => Number(event.object.metadata.resourceVersion)),
    Array.from({ length: 1000 }, (_, i) => 1003 + i),
  )
  for (const other of others) t.equal(other.length, first!.length)
})

void t.test('a watch that is not read ends with 410 at the bound, others go on', async t => {
  const f = await start(t, { watchQueuedBytesMax: 256 * 1024 })
  const reader = await f.watch(ALL_PODS)
  const { socket, text, written } = await overrun(f)
  const ended = new Promise<void>(resolve => {
    socket.on('data', part => {
      if (part.toString('latin1').endsWith('0\r\n\r\n')) resolve()
    })
  })
  socket.resume()
  // It reads what was under way, then why it ends.
  await ended
  const lines = text()
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as WatchEvent)
  t.match(lines.at(-1), { type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410 } })
  t.ok(lines.length < written, `${lines.length} lines of ${written} events`)
  t.same(
    lines.slice(0, -1).map(({ object }) => object.metadata.name),
    Array.from({ length: lines.length - 1 }, (_, i) => `p${i}`),
    'none is missing before',
  )
  t.equal((await reader.events()).length, written)
})

void t.test('who does not even read why the watch ends is cut off after a grace', async t => {
  const f = await start(t, { watchQueuedBytesMax: 256 * 1024 })
  const { socket, text } = await overrun(f)
  f.clock.advance(29_999)
  await settle()
  t.equal(await connections(f), 1)
  f.clock.advance(1)
  while ((await connections(f)) > 0) await settle()
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.resume()
  await closed
  t.notMatch(text(), '"type":"ERROR"')
})

/** A client that opens a watch and reads nothing of it, until more waits for it than may. */
async function overrun(f: Fixture): Promise<{ socket: Socket; text: () => string; written: number }> {
  const { hostname, port } = new URL(f.api.url)
  const socket = connect(Number(port), hostname)
  const parts: Buffer[] = []
  socket.on('error', () => undefined)
  socket.on('data', part => parts.push(part))
  socket.pause()
  const opened = f.api.usage().watches
  socket.write(`GET ${ALL_PODS}?watch=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${f.api.token}\r\n\r\n`)
  while (f.api.usage().watches === opened) await settle()
  const filler = 'x'.repeat(60_000)
  // Kernel buffers take some megabytes first; what counts is that it ends, and that nothing is kept from then on.
  const filled = 400
  for (let i = 0; i < filled; i++) {
    f.store.create(Pods, pod(`p${i}`, { metadata: { annotations: { filler } } }))
    if (i % 5 === 0) await settle()
  }
  return { socket, text: () => Buffer.concat(parts).toString(), written: filled }
}

function connections(f: Fixture): Promise<number> {
  return new Promise((resolve, reject) => {
    f.api.app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}
