// Recording from an API server: what the simulator recorded, through broken watches, forgotten histories, outages, restarts.
import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SystemClock } from '../../../../base/index.ts'
import {
  CronJobs,
  Deployments,
  Nodes,
  type ObjectStore,
  Pods,
  StatefulSets,
  type Stored,
} from '../../../../sim/cluster/index.ts'
import { TraceWriter } from '../../../../sim/trace/index.ts'
import { recordCluster, type Recording } from '../../../../sim/trace/record/index.ts'
import { pod } from '../../apiserver/fixture.ts'
import { workload } from '../../controllers/harness.ts'
import {
  byObject,
  type FakeCluster,
  finalState,
  readTrace,
  startFakeCluster,
  stateAfter,
  until,
} from './fake-cluster.ts'

type Options = Parameters<typeof recordCluster>[1]

interface Running {
  readonly path: string
  readonly recording: Recording
  readonly told: string[]
  readonly done: ReturnType<typeof recordCluster>
  stop(): ReturnType<typeof recordCluster>
}

async function record(fake: Pick<FakeCluster, 'dir' | 'kubeconfig'>, options: Partial<Options> = {}): Promise<Running> {
  const path = join(fake.dir, 'live.jsonl.gz')
  const stop = new AbortController()
  const told: string[] = []
  let started: Recording | undefined
  let ended = false
  const done = recordCluster(new SystemClock(), {
    path,
    kubeconfig: fake.kubeconfig,
    namespaces: [],
    giveUpMs: 60_000,
    resume: false,
    force: false,
    tool: 'test',
    signal: stop.signal,
    tell: sentence => told.push(sentence),
    onStarted: recording => (started = recording),
    ...options,
  })
  const settled = (): void => void (ended = true)
  done.then(settled, settled)
  await until(() => started !== undefined || ended)
  return {
    path,
    recording: started!,
    told,
    done,
    stop: () => {
      stop.abort()
      return done
    },
  }
}

/** Scales, restarts and removes until told to stop; each step waits for what the cluster makes of it. */
async function churn({ cluster, act, store }: FakeCluster, rounds: number): Promise<void> {
  act(() => cluster.applyWorkload(workload('web', 10)))
  await until(() => store.list(Pods).length === 10)
  for (let i = 0; i < rounds; i++) {
    act(() => cluster.scale('shop', 'web', i % 2 === 0 ? 24 : 8))
    act(() => cluster.applyWorkload(workload(`job-${i}`, 3)))
    await until(() => store.list(Pods).length >= (i % 2 === 0 ? 24 : 8) + 3)
    act(() => cluster.restart('shop', 'web'))
    act(() => cluster.deleteWorkload('shop', `job-${i}`))
    await until(() => store.get(Deployments, 'shop', `job-${i}`) === undefined)
  }
  act(() => cluster.scale('shop', 'web', 4))
  await until(() => store.list(Pods).length === 4)
}

/** The recording has seen all that happened. */
async function arrived({ truth }: FakeCluster, recording: Recording): Promise<void> {
  const clock = new SystemClock()
  const untilMs = clock.unixMs() + 60_000
  const isThere = (): boolean =>
    finalState(recording.state).join('\n') === finalState(stateAfter(truth.map(({ event }) => event))).join('\n')
  await until(() => isThere() || clock.unixMs() > untilMs)
  if (!isThere()) throw new Error('after a minute the recording still has not seen everything')
}

const readyPods = ({ state }: Recording): number => [...state.pods.values()].filter(({ ready }) => ready).length

void t.test('through watches that break again and again nothing is lost and nothing comes twice', async t => {
  const fake = await startFakeCluster(t)
  // As a server has it that does not know these kinds.
  for (const type of [StatefulSets, CronJobs]) fake.store.resources.remove(type)
  const running = await record(fake)
  const drops: number[] = []
  const breaking = new SystemClock()
  let over = false
  const breakAgain = (): void => {
    if (over) return
    drops.push(fake.truth.length)
    fake.api.dropWatches()
    breaking.schedule(60, breakAgain)
  }
  breakAgain()
  await churn(fake, 4)
  over = true
  fake.freeze()
  await until(() => running.recording.events >= fake.truth.length)
  await arrived(fake, running.recording)
  const summary = await running.stop()
  t.ok(drops.length > 2, `${drops.length} times broken`)
  t.same(summary.leftOut, { count: 0, examples: [] })
  t.equal(summary.relists, 0, 'no list was needed')
  t.equal(summary.inferredNodes, 0)
  const { events, reader } = await readTrace(running.path)
  t.ok(reader.isComplete)
  t.strictSame(byObject(events), byObject(fake.truth.map(({ event }) => event)), 'the same happened to each object')
  t.same(
    events.map(event => event.t),
    events.map(event => event.t).sort((a, b) => a - b),
  )
  t.strictSame(running.told, ['not recorded, since the server has none: statefulsets, cronjobs'])
})

void t.test('when the server has forgotten what happened, a list tells the end of it', async t => {
  const fake = await startFakeCluster(t)
  const running = await record(fake)
  const timer = new SystemClock()
  let round = 0
  let over = false
  const forget = (): void => {
    if (over) return
    if (round++ % 2 === 0) fake.api.expireWatches()
    else fake.api.dropWatches()
    fake.api.expireHistory()
    timer.schedule(60, forget)
  }
  forget()
  await churn(fake, 4)
  over = true
  // Gone while nobody watched: only the list's silence tells.
  fake.api.dropWatches()
  fake.act(() => fake.cluster.deleteNode('node-3'))
  await until(() => fake.store.get(Nodes, undefined, 'node-3') === undefined)
  fake.api.expireHistory()
  fake.freeze()
  await arrived(fake, running.recording)
  const summary = await running.stop()
  t.ok(summary.relists > 5, `${summary.relists} lists`)
  t.same(summary.leftOut, { count: 0, examples: [] }, 'and no event was refused')
  const { events } = await readTrace(running.path)
  for (const [object, lines] of Object.entries(byObject(events))) {
    const doubled = lines.filter((line, i) => i > 0 && line === lines[i - 1] && !line.includes('"applied"'))
    if (doubled.length > 0) t.fail(`${object} has an event twice`, { doubled })
  }
  const state = stateAfter(events)
  t.strictSame(finalState(state), finalState(stateAfter(fake.truth.map(({ event }) => event))))
})

void t.test('goes on where an earlier recording ended, complete or cut off', async t => {
  const fake = await startFakeCluster(t)
  const { cluster, store, act } = fake
  act(() => cluster.applyWorkload(workload('web', 6)))
  act(() => cluster.applyWorkload(workload('old', 2)))
  await until(() => store.list<Stored>(Pods).length === 8)
  const first = await record(fake)
  await until(() => readyPods(first.recording) === 8)
  await arrived(fake, first.recording)
  await first.stop()
  const before = await readTrace(first.path)

  await t.test('nothing happened meanwhile', async t => {
    const again = await record(fake, { resume: true })
    const summary = await again.stop()
    const { events, reader } = await readTrace(again.path)
    t.strictSame(events, before.events, 'and nothing is told')
    t.same(summary.leftOut.count, 0)
    t.equal(reader.header.start, before.reader.header.start)
    t.match(reader.header.source.details, { resumed: '1', context: 'churnbench' })
    t.ok(reader.header.durationMs! > before.reader.header.durationMs!)
  })

  await t.test('much happened meanwhile', async t => {
    // As kill -9 leaves it: without an end, and torn.
    const path = join(fake.dir, 'killed.jsonl')
    const { reader, events } = await readTrace(first.path)
    const { start, source, targets } = reader.header
    const writer = TraceWriter.create(path, { start: start!, source, targets }, { live: true })
    for (const event of events) writer.write(event)
    await writer.flush()
    truncateSync(path, readFileSync(path).length - 20)
    act(() => cluster.scale('shop', 'web', 9))
    act(() => cluster.deleteWorkload('shop', 'old'))
    act(() => cluster.applyWorkload(workload('new', 3)))
    act(() => cluster.failNode('node-0'))
    const state = (): string => finalState(stateAfter(fake.truth.map(({ event }) => event))).join('\n')
    await until(() => /"not-ready","name":"node-0"/.test(state()) && /"new-/.test(state()))
    fake.freeze()
    const again = await record(fake, { resume: true, path })
    await arrived(fake, again.recording)
    const summary = await again.stop()
    t.same(summary.leftOut, { count: 0, examples: [] })
    const after = await readTrace(path)
    t.strictSame(after.events.slice(0, events.length - 1), events.slice(0, -1), 'what was whole is kept')
    t.strictSame(finalState(after.reader.state), state().split('\n'))
    for (const lines of Object.values(byObject(after.events))) {
      t.equal(lines.filter(line => line.includes('"created"')).length <= 1, true, 'no pod is created twice')
    }
  })

  await t.test('but not with something else', async t => {
    await t.rejects(
      record(fake, { resume: true, namespaces: ['shop'] }).then(({ done }) => done),
      {
        code: 'CHURN_TRACE_OPTIONS',
        message: /namespaces "none", not "shop"/,
      },
    )
    const path = join(fake.dir, 'generated.jsonl')
    await TraceWriter.create(path, { source: { kind: 'generated' }, targets: 'all' }).finish()
    const bytes = readFileSync(path)
    await t.rejects(
      record(fake, { resume: true, path }).then(({ done }) => done),
      {
        code: 'CHURN_TRACE_OPTIONS',
        message: /not recorded from a cluster/,
      },
    )
    t.same(readFileSync(path), bytes, 'it is left as it is')
  })
})

void t.test('a server that goes away', async t => {
  const fake = await startFakeCluster(t)
  const { cluster, act, api, store } = fake
  act(() => cluster.applyWorkload(workload('web', 5)))
  await until(() => store.list(Pods).length === 5)

  await t.test('is waited for, and told once', async t => {
    const running = await record(fake)
    const end = api.disturb({ refusal: { code: 503, every: 1 } })
    api.dropWatches()
    act(() => cluster.scale('shop', 'web', 8))
    await until(() => running.told.length > 0)
    end()
    await arrived(fake, running.recording)
    await until(() => running.told.length > 1)
    const summary = await running.stop()
    t.equal(summary.outages, 1)
    t.match(running.told, [
      /^the API server cannot be followed \(.*HTTP 503.*; trying again for up to 1m$/,
      /^the API server can be followed again, after /,
    ])
    t.same(summary.leftOut.count, 0)
  })

  await t.test('is given up in the end, and what was recorded is kept', async t => {
    const running = await record(fake, { path: join(fake.dir, 'lost.jsonl'), giveUpMs: 400 })
    await arrived(fake, running.recording)
    await api.close()
    await t.rejects(running.done, {
      code: 'CHURN_TRACE_RECORD',
      message: /could not be followed for 400ms \(.*ECONNREFUSED.*kept, and --resume/,
    })
    const { reader, events } = await readTrace(running.path)
    t.ok(reader.isComplete)
    t.equal(events.filter(({ kind, op }) => kind === 'pod' && op === 'created').length, 8)
  })

  await t.test('and one that is not there leaves no file', async t => {
    const path = join(fake.dir, 'nothing.jsonl')
    await t.rejects(
      record(fake, { path }).then(({ done }) => done),
      {
        code: 'CHURN_TRACE_RECORD',
        message: /the API server of context "churnbench" does not answer/,
      },
    )
    t.throws(() => readFileSync(path))
  })
})

/** A server that refuses some paths, as rights do. */
async function startForbidding(t: Test, refused: RegExp): Promise<FakeCluster & { readonly store: ObjectStore }> {
  const fake = await startFakeCluster(t)
  fake.api.app.server.prependListener('request', (request: { url?: string }) => {
    if (refused.test(request.url ?? '')) request.url = '/apis/forbidden'
  })
  return fake
}

void t.test('what may not be listed is left out, where there is a trace without it', async t => {
  const fake = await startForbidding(t, /\/(nodes|services)\b/)
  const { cluster, act, store } = fake
  act(() => cluster.applyWorkload(workload('web', 5)))
  await until(() => store.list(Pods).length === 5)
  await t.rejects(
    record(fake).then(({ done }) => done),
    { code: 'CHURN_TRACE_RECORD', message: /\/api\/v1\/nodes cannot/ },
  )
  const running = await record(fake, { namespaces: ['shop', 'empty'] })
  await until(() => readyPods(running.recording) === 5)
  act(() => cluster.scale('shop', 'web', 0))
  await until(() => running.recording.state.pods.size === 0)
  const summary = await running.stop()
  t.ok(summary.inferredNodes > 0)
  const { events, reader } = await readTrace(running.path)
  t.same(reader.header.source.details?.['namespaces'], 'empty,shop')
  t.equal(events.filter(({ kind, op }) => kind === 'node' && op === 'removed').length, 0, 'its nodes stay')
  t.equal(events.filter(({ kind }) => kind === 'service').length, 0)
})

void t.test('a list of many pages that the server forgets in the middle is begun again', async t => {
  const fake = await startFakeCluster(t)
  fake.freeze()
  for (let i = 0; i < 1234; i++) fake.store.create(Pods, pod(`p-${i}`))
  let pages = 0
  fake.api.app.server.prependListener('request', (request: { url?: string }) => {
    if (!/\/pods\?.*continue=/.test(request.url ?? '') || ++pages !== 2) return
    fake.store.delete(Pods, 'default', 'p-7', { gracePeriodSeconds: 0 })
    fake.api.expireHistory()
  })
  const running = await record(fake)
  t.equal(running.recording.state.pods.size, 1233)
  t.equal(running.recording.state.lastMs, 0, 'all of it is the state at the start')
  t.equal(pages, 4)
  t.same((await running.stop()).leftOut.count, 0)
})

void t.test('labels choose', async t => {
  const fake = await startFakeCluster(t)
  fake.store.create(Pods, pod('mine', { metadata: { labels: { team: 'a' } } }))
  fake.store.create(Pods, pod('other'))
  const running = await record(fake, { selector: 'team=a' })
  t.same(
    [...running.recording.state.pods.values()].map(({ name }) => name),
    ['mine'],
  )
  t.ok(running.recording.state.nodes.size > 0, 'but not nodes')
  // It leaves the selection, and comes again.
  const label = (team: string): void =>
    void fake.store.modify(Pods, 'default', 'mine', current => ({
      ...current,
      metadata: { ...current.metadata, labels: { team } },
    }))
  label('b')
  await until(() => running.recording.state.pods.size === 0)
  label('a')
  await until(() => running.recording.state.pods.size === 1)
  t.equal((await running.stop()).leftOut.count, 0)
})
