// Goal: logs are made up and yet consistent: the same lines whenever and however they are asked for.
import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { request as fetchRaw } from 'undici'
import { Pods } from '../../../sim/cluster/index.ts'
import { type Fixture, pod, settle, start } from './fixture.ts'

const LOG = '/api/v1/namespaces/default/pods/web/log'

/** The clock of the fixture begins at 2026-01-01T00:00:00Z. */
const STARTED = '2026-01-01T00:00:00Z'

function status(
  name: string,
  state: ContainerStatus['state'],
  lastState: ContainerStatus['lastState'] = {},
): ContainerStatus {
  return { name, image: '', imageID: '', ready: true, restartCount: 0, state: state!, lastState }
}

function addPod({ store }: Fixture, statuses: readonly ContainerStatus[], more: Partial<Pod['spec']> = {}): void {
  store.create<Pod>(Pods, {
    ...pod('web'),
    spec: { nodeName: 'node-0', containers: statuses.map(({ name }) => ({ name, image: 'x' })), ...more },
    status: { containerStatuses: [...statuses] },
  })
}

const RUNNING = status('app', { running: { startedAt: STARTED } })

void t.test('lines come with planned time, one a second on the average, and are the same each time', async t => {
  const f = await start(t)
  addPod(f, [RUNNING])
  const lines = async (query = ''): Promise<string[]> => {
    const { code, text, headers } = await f.get(`${LOG}?${query}`)
    t.equal(code, 200)
    t.equal(headers['content-type'], 'text/plain')
    return text.split('\n').slice(0, -1)
  }
  f.clock.advance(100_000)
  const first = await lines('timestamps=true')
  t.ok(Math.abs(first.length - 100) <= 1, `${first.length} lines`)
  t.match(first[0], /^2026-01-01T00:00:00\.000\d{6}Z level=info msg="started"$/)
  t.same(
    first.map(line => line.slice(0, 30)),
    first.map(line => line.slice(0, 30)).sort(),
    'in order of time',
  )
  t.same(await lines('timestamps=true'), first)
  t.same(
    await lines(),
    first.map(line => line.slice(31)),
  )
  t.same(await lines('timestamps=true&tailLines=5'), first.slice(-5))
  t.same(await lines('tailLines=0'), [])
  t.same(await lines('timestamps=true&tailLines=1000'), first)
  const since = (unixMs: number): string[] => first.filter(line => Date.parse(line.slice(0, 23) + 'Z') >= unixMs)
  t.same(await lines('timestamps=true&sinceSeconds=10'), since(f.clock.unixMs() - 10_000))
  t.same(await lines('timestamps=true&sinceTime=2026-01-01T00:01:00Z'), since(Date.parse('2026-01-01T00:01:00Z')))
  t.same(await lines('timestamps=true&sinceSeconds=10&tailLines=3'), first.slice(-3))
  const whole = (await f.get(LOG)).text
  t.equal((await f.get(`${LOG}?limitBytes=1000`)).text, whole.slice(0, 1000))
  f.clock.advance(1_000_000)
  const longer = await lines('timestamps=true')
  t.same(longer.slice(0, first.length), first)
  t.ok(longer.length > 1000)
})

void t.test('which run of which container', async t => {
  const f = await start(t)
  const ended = { startedAt: STARTED, finishedAt: '2026-01-01T00:00:20Z', exitCode: 1 }
  addPod(
    f,
    [
      status('app', { running: { startedAt: '2026-01-01T00:00:30Z' } }, { terminated: ended }),
      status('done', { terminated: ended }),
      status('crash', { waiting: { reason: 'CrashLoopBackOff' } }, { terminated: ended }),
    ],
    { initContainers: [{ name: 'setup', image: 'x' }] },
  )
  f.clock.advance(60_000)
  const log = async (query: string): Promise<string> => (await f.get(`${LOG}?timestamps=1&${query}`)).text
  t.match(await log('container=app'), /^2026-01-01T00:00:30/)
  const before = await log('container=app&previous=true')
  t.match(before, /^2026-01-01T00:00:00/)
  t.ok(before.split('\n').length <= 22, 'it ended after 20 s')
  t.match(await log('container=done'), /^2026-01-01T00:00:00/)
  t.match(await log('container=crash'), /^2026-01-01T00:00:00/)
  t.not((await log('container=done')).slice(30), (await log('container=crash')).slice(30), 'each has its own lines')
})

void t.test('refusals, as Kubernetes words them', async t => {
  const f = await start(t)
  const waiting = (name: string, reason: string): ContainerStatus => status(name, { waiting: { reason } })
  addPod(
    f,
    [
      waiting('creating', 'ContainerCreating'),
      waiting('pull', 'ImagePullBackOff'),
      waiting('err', 'ErrImagePull'),
      status('blank', {}),
      status('app', { running: { startedAt: STARTED } }),
    ],
    { initContainers: [{ name: 'setup', image: 'x' }] },
  )
  const refused: [query: string, code: number, message: string][] = [
    ['', 400, 'a container name must be specified for pod web, choose one of: [setup creating pull err blank app]'],
    ['container=no', 400, 'container no is not valid for pod web'],
    ['container=setup', 400, 'container "setup" in pod "web" is not available'],
    ['container=creating', 400, 'container "creating" in pod "web" is waiting to start: ContainerCreating'],
    ['container=pull', 400, 'container "pull" in pod "web" is waiting to start: trying and failing to pull image'],
    ['container=err', 400, 'container "err" in pod "web" is waiting to start: image can\'t be pulled'],
    ['container=blank', 400, 'container "blank" in pod "web" is waiting to start - no logs yet'],
    ['container=app&previous=true', 400, 'previous terminated container "app" in pod "web" not found'],
    [
      'tailLines=-1&limitBytes=0&sinceSeconds=0',
      422,
      'PodLogOptions "web" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]',
    ],
    [
      'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
      422,
      'PodLogOptions "web" is invalid: : Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ['tailLines=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['sinceTime=yesterday', 400, 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday"'],
  ]
  for (const [query, code, message] of refused)
    t.match(await f.get(`${LOG}?${query}`), { code, json: { message } }, query)
  t.match(await f.get('/api/v1/namespaces/default/pods/none/log'), {
    code: 404,
    json: { message: 'pods "none" not found' },
  })
  t.equal((await f.request('POST', LOG, {})).code, 405)
  f.store.create<Pod>(Pods, pod('unbound'))
  t.match(await f.get('/api/v1/namespaces/default/pods/unbound/log'), { code: 200, text: '' }, 'nobody to ask yet')
})

void t.test('a log that is followed goes on, and ends with its container or its pod', async t => {
  const f = await start(t)
  addPod(f, [RUNNING])
  f.clock.advance(10_000)
  const follow = async (): Promise<{ text: () => string; ended: Promise<void> }> => {
    const { body } = await fetchRaw(`${f.api.url}${LOG}?follow=true&tailLines=1`, {
      headers: { authorization: `Bearer ${f.api.token}`, 'accept-encoding': 'gzip' },
    })
    const parts: string[] = []
    const ended = (async () => {
      for await (const part of body) parts.push(String(part))
    })()
    while (parts.length === 0) await settle()
    return { text: () => parts.join(''), ended }
  }
  const one = await follow()
  const linesNow = async (): Promise<string> => (await f.get(LOG)).text
  // While time stands still, so does the log.
  for (let i = 0; i < 20; i++) await settle()
  t.equal(one.text().split('\n').length, 2)
  for (let i = 0; i < 40; i++) {
    f.clock.advance(250)
    await settle()
  }
  await until(async () => (await linesNow()).endsWith(one.text()))
  t.ok(one.text().split('\n').length > 8, 'ten seconds more')
  t.match((await f.get('/metrics')).text, /apiserver_longrunning_requests\{.*subresource="log".*\} 1\n/)
  f.store.modify<Pod>(Pods, 'default', 'web', current => ({
    ...current,
    status: { containerStatuses: [status('app', { running: { startedAt: '2026-01-01T00:00:20Z' } })] },
  }))
  f.clock.advance(250)
  await one.ended
  await until(async () => /longrunning_requests\{.*subresource="log".*\} 0\n/.test((await f.get('/metrics')).text))

  f.clock.advance(5000)
  const two = await follow()
  f.store.delete(Pods, 'default', 'web', { gracePeriodSeconds: 0 })
  f.clock.advance(250)
  await two.ended
  t.pass('ends with its pod')
})

void t.test('a log that nobody follows any more is not looked at', async t => {
  const f = await start(t)
  addPod(f, [RUNNING])
  f.clock.advance(10_000)
  const idle = f.clock.pending
  const end = new AbortController()
  const { body } = await fetchRaw(`${f.api.url}${LOG}?follow=true&tailLines=1`, {
    headers: { authorization: `Bearer ${f.api.token}` },
    signal: end.signal,
  })
  body.on('error', () => undefined)
  await until(async () => f.clock.pending > idle)
  end.abort()
  await until(async () => /longrunning_requests\{.*subresource="log".*\} 0\n/.test((await f.get('/metrics')).text))
  f.clock.advance(250)
  await settle()
  t.equal(f.clock.pending, idle)
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await settle()
}
