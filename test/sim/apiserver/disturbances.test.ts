// Goal: every fault does what it says, to whom it says, and nothing once it is over.
import type { Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { request as fetchRaw } from 'undici'
import { Pods } from '../../../sim/cluster/index.ts'
import { addPods, type Fixture, settle, start, type WatchEvent } from './fixture.ts'

const PODS = '/api/v1/namespaces/default/pods'

t.test('while it is disturbed the server refuses as asked, in Kubernetes’ words, and no longer', async t => {
  const { api, get } = await start(t)
  const end = api.disturb({ refusal: { code: 429, every: 2 } })
  const answers = [await get(PODS), await get(PODS), await get(PODS)]
  t.same(
    answers.map(({ code }) => code),
    [429, 200, 429],
  )
  t.match(answers[0], {
    headers: { 'retry-after': '1', 'content-type': 'application/json' },
    json: { kind: 'Status', status: 'Failure', reason: 'TooManyRequests', code: 429 },
  })
  end()
  end()
  t.equal((await get(PODS)).code, 200)
  for (const code of [500, 503, 504] as const) {
    const over = api.disturb({ refusal: { code, every: 1 } })
    t.match(await get(PODS), { code, json: { kind: 'Status', code } }, 'and nobody takes it for our own mistake')
    t.match(await get('/version'), { code })
    over()
  }
  t.equal(api.usage().requests, 4 + 6, 'refused requests cost something too')
})

t.test('who has no token is told so, whatever else is the matter', async t => {
  const { api, get } = await start(t)
  api.disturb({ refusal: { code: 503, every: 1 } })
  t.equal((await get(PODS, { authorization: 'Bearer wrong' })).code, 401)
})

t.test('delays add up, and a request waits for what there was when it came', async t => {
  const { api, clock, get } = await start(t)
  const end = api.disturb({ delayMs: 300 })
  api.disturb({ delayMs: 200 })
  let code = 0
  const answer = get(PODS).then(given => {
    code = given.code
  })
  await settle()
  end()
  clock.advance(499)
  await settle()
  t.equal(code, 0)
  clock.advance(1)
  await answer
  t.equal(code, 200)
})

t.test('watches that are open go on, new ones are refused', async t => {
  const { api, watch, store } = await start(t)
  const before = await watch(PODS)
  api.disturb({ refusal: { code: 503, every: 1 } })
  addPods(store, 'one')
  const during = await watch(PODS)
  t.match(await before.events(), [{ type: 'ADDED', object: { metadata: { name: 'one' } } }])
  t.match(await during.events(), [{ kind: 'Status', code: 503 }])
})

t.test('a fault of some verbs leaves the others alone', async t => {
  const { api, clock, get, request, watch, store } = await start(t)
  addPods(store, 'one')
  const end = api.disturb({ verbs: ['list'], refusal: { code: 429, every: 1 } })
  t.equal((await get(PODS)).code, 429)
  t.equal((await get(`${PODS}/one`)).code, 200)
  t.equal((await request('DELETE', `${PODS}/one`)).code, 200)
  t.equal((await get('/version')).code, 200)
  t.same(types(await (await watch(PODS)).events()), [])
  end()
  const slow = api.disturb({ verbs: ['list'], delayMs: 5000 })
  let code = 0
  const list = get(PODS).then(answer => {
    code = answer.code
  })
  t.equal((await get('/api/v1/nodes/none')).code, 404, 'at once')
  t.equal(code, 0)
  clock.advance(5000)
  await list
  slow()
})

t.test('410 as a status is for those that resume a watch', async t => {
  const { api, get, store, watch } = await start(t)
  addPods(store, 'one')
  const end = api.disturb({ refusal: { code: 410, every: 1 } })
  const resumed = `${PODS}?watch=1&timeoutSeconds=1&resourceVersion=1`
  t.match(await get(resumed), { code: 410, json: { kind: 'Status', reason: 'Expired', code: 410 } })
  t.equal((await get(`${PODS}?resourceVersion=1`)).code, 200)
  t.same(types(await (await watch(PODS)).events()), ['ADDED one'])
  end()
  t.same(types(await (await watch(`${PODS}?resourceVersion=1`)).events()), ['ADDED one'])
})

t.test('events come late by as much, in order, and at once when the delay is over', async t => {
  const f = await start(t)
  const { api, clock, store } = f
  const { close, events } = await open(f, PODS)
  const end = api.disturb({ watchDelayMs: 2000 })
  addPods(store, 'a')
  clock.advance(1000)
  addPods(store, 'b')
  clock.advance(999)
  await quiet()
  t.same(types(events()), [])
  clock.advance(1)
  await until(() => events().length > 0)
  t.same(types(events()), ['ADDED a'])
  addPods(store, 'c')
  end()
  await until(() => events().length > 2)
  t.same(types(events()), ['ADDED a', 'ADDED b', 'ADDED c'], 'the rest comes with the end')
  addPods(store, 'd')
  await until(() => events().length > 3)
  clock.advance(10_000)
  await quiet()
  t.same(types(events()), ['ADDED a', 'ADDED b', 'ADDED c', 'ADDED d'], 'and nothing comes twice')
  close()
})

t.test('what waits because it is late counts towards the bound', async t => {
  const f = await start(t, { watchQueuedBytesMax: 10_000 })
  f.api.disturb({ watchDelayMs: 60_000 })
  const watched = await f.watch(PODS)
  for (let i = 0; i < 100; i++) addPods(f.store, `p${i}`)
  t.match(await watched.events(), [{ type: 'ERROR', object: { code: 410 } }])
})

t.test('each n-th event is sent twice, and both are the same', async t => {
  const { api, store, watch } = await start(t)
  const watched = await watch(PODS)
  const end = api.disturb({ duplicateEvery: 2 })
  addPods(store, 'a', 'b', 'c')
  end()
  addPods(store, 'd')
  const events = await watched.events()
  t.same(types(events), ['ADDED a', 'ADDED a', 'ADDED b', 'ADDED c', 'ADDED c', 'ADDED d'])
  t.same(events[0], events[1])
})

t.test('who resumes is told again what came before, as far as the history goes', async t => {
  const { api, store, watch } = await start(t)
  addPods(store, 'a', 'b', 'c')
  store.modify<Pod>(Pods, 'default', 'b', pod => ({ ...pod, metadata: { ...pod.metadata, labels: { x: 'y' } } }))
  const from = store.resourceVersion
  addPods(store, 'd')
  const resumed = async (): Promise<string[]> => types(await (await watch(`${PODS}?resourceVersion=${from}`)).events())
  t.same(await resumed(), ['ADDED d'])
  const end = api.disturb({ replayVersions: 2 })
  t.same(await resumed(), ['ADDED c', 'MODIFIED b', 'ADDED d'])
  const further = api.disturb({ replayVersions: 1000 })
  t.same(await resumed(), ['ADDED a', 'ADDED b', 'ADDED c', 'MODIFIED b', 'ADDED d'])
  further()
  end()
  t.same(await resumed(), ['ADDED d'])
})

t.test('bookmarks come late or not at all, and never go back', async t => {
  const f = await start(t, { bookmarkIntervalMs: 1000 })
  const { api, clock, store } = f
  const { close, events } = await open(f, `${PODS}?allowWatchBookmarks=true`)
  const late = api.disturb({ bookmarkDelayMs: 500 })
  clock.advance(1499)
  addPods(store, 'a')
  await until(() => events().length > 0)
  clock.advance(1)
  await until(() => events().length > 1)
  t.match(events(), [{ type: 'ADDED' }, { type: 'BOOKMARK', object: { metadata: { resourceVersion: '3' } } }])
  late()
  const none = api.disturb({ bookmarkDelayMs: Number.POSITIVE_INFINITY })
  clock.advance(60_000)
  await quiet()
  t.equal(events().length, 2)
  none()
  clock.advance(1000)
  await until(() => events().length > 2)
  t.equal(events()[2]!.type, 'BOOKMARK')
  close()
})

t.test('a clean early end says nothing, and the rest is there for who resumes', async t => {
  const f = await start(t)
  const { done, events } = await open(f, `${PODS}?allowWatchBookmarks=true`)
  addPods(f.store, 'a')
  f.api.endWatches()
  await done
  t.same(types(events()), ['ADDED a'])
})

t.test('a silent watch stays open and carries nothing, until its connection is reset', async t => {
  const f = await start(t)
  const silenced = await open(f, PODS)
  const well = await open(f, PODS)
  const end = f.api.silenceWatches(2)
  addPods(f.store, 'a')
  await until(() => well.events().length > 0)
  const after = await open(f, PODS)
  addPods(f.store, 'b')
  await until(() => well.events().length > 1 && after.events().length > 1)
  f.api.endWatches()
  await Promise.all([well.done, after.done])
  f.clock.advance(10 * 3_600_000)
  await quiet()
  t.same(types(silenced.events()), [])
  t.notOk(silenced.isDone())
  end()
  await t.rejects(silenced.done)
})

t.test('a server that goes down breaks everything, comes back to its port, and remembers nothing', async t => {
  const f = await start(t)
  addPods(f.store, 'a')
  const before = f.store.resourceVersion
  addPods(f.store, 'b')
  const watching = await open(f, PODS)
  const up = f.api.goDown()
  await t.rejects(watching.done)
  const authorization = `Bearer ${f.api.token}`
  await t.rejects(fetchRaw(f.api.url + PODS, { headers: { authorization } }), { code: 'ECONNREFUSED' })
  addPods(f.store, 'c')
  up()
  up()
  const again = await open(f, PODS)
  await until(() => again.events().length > 0)
  t.same(types(again.events()), ['ADDED a', 'ADDED b', 'ADDED c'])
  again.close()
  t.match(await (await f.watch(`${PODS}?resourceVersion=${before}`)).events(), [
    { type: 'ERROR', object: { code: 410 } },
  ])
  // Two faults at once: it is up when both are over.
  const one = f.api.goDown()
  const two = f.api.goDown()
  one()
  await quiet()
  await t.rejects(fetchRaw(f.api.url + PODS, { headers: { authorization } }), { code: 'ECONNREFUSED' })
  two()
  await until(() => f.api.app.server.listening)
  t.equal((await fetchRaw(f.api.url + PODS, { headers: { authorization } })).statusCode, 200)
})

function types(events: readonly WatchEvent[]): string[] {
  return events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`)
}

interface OpenWatch {
  /** Told so far. */
  readonly events: () => WatchEvent[]
  readonly isDone: () => boolean
  /** Rejects when the connection breaks. */
  readonly done: Promise<void>
  readonly close: () => void
}

/** A watch over a connection of its own, read as it comes. */
async function open({ api }: Fixture, path: string): Promise<OpenWatch> {
  const end = new AbortController()
  const { body, statusCode } = await fetchRaw(`${api.url}${path}${path.includes('?') ? '&' : '?'}watch=1`, {
    headers: { authorization: `Bearer ${api.token}` },
    signal: end.signal,
  })
  if (statusCode !== 200) throw new Error(`answered with ${statusCode}`)
  let text = ''
  let isDone = false
  const done = (async () => {
    for await (const part of body) text += String(part)
    isDone = true
  })()
  done.catch(() => undefined)
  return {
    events: () =>
      text
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as WatchEvent),
    isDone: () => isDone,
    done,
    close: () => end.abort(),
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await settle()
}

/** Lets what could come over a connection come. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 50; i++) await settle()
}
