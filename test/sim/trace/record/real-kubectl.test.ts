// Recording through the real kubectl, of a cluster under churn, equals the simulator's own recording, object by object.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { SystemClock } from '../../../../base/index.ts'
import { Nodes, Pods, Services } from '../../../../sim/cluster/index.ts'
import { recordKubectl, type Recording } from '../../../../sim/trace/record/index.ts'
import { workload } from '../../controllers/harness.ts'
import { byObject, readTrace, startFakeCluster, until } from './fake-cluster.ts'

const KUBECTL = '/usr/bin/kubectl'
const KINDS = ['nodes', 'deployments', 'services', 'pods']

void t.test('real kubectl', { skip: existsSync(KUBECTL) ? false : `${KUBECTL} is not installed` }, async t => {
  const fake = await startFakeCluster(t)
  const { cluster, api, store, kubeconfig, dir, truth, act } = fake
  await mkdir(join(dir, '.kube'), { recursive: true })
  const env = { PATH: '/usr/bin:/bin', HOME: dir, KUBECONFIG: kubeconfig }
  const streams: ChildProcess[] = []
  const pipes = KINDS.map(kind => {
    const pipe = join(dir, `${kind}.pipe`)
    execFileSync('mkfifo', [pipe])
    const args = ['get', kind, '-w', '-o', 'json', '--output-watch-events']
    const command = `exec "$0" "$@" > '${pipe}'`
    streams.push(spawn('/bin/sh', ['-c', command, KUBECTL, ...args, ...(kind === 'nodes' ? [] : ['-A'])], { env }))
    return pipe
  })
  t.teardown(() => streams.forEach(child => child.kill()))

  const out = join(dir, 'kubectl.jsonl.gz')
  const stop = new AbortController()
  let recording: Recording | undefined
  const done = recordKubectl(new SystemClock(), {
    path: out,
    sources: pipes,
    lenient: false,
    force: false,
    tool: 'test',
    signal: stop.signal,
    onStarted: started => (recording = started),
  })
  const watched = (): boolean => KINDS.every(kind => (api.usage().byKind[`watch ${kind}`] ?? 0) > 0)
  await until(() => watched() && (recording?.events ?? 0) >= truth.length)

  act(() => {
    cluster.applyWorkload(workload('web', 12))
    cluster.applyWorkload(workload('api', 6))
  })
  const ready = (app: string): number =>
    [...(recording?.state.pods.values() ?? [])].filter(pod => pod.labels['app'] === app && pod.ready).length
  await until(() => ready('web') === 12 && ready('api') === 6)
  act(() => cluster.scale('shop', 'web', 25))
  act(() => cluster.restart('shop', 'api'))
  await until(() => ready('web') === 25 && store.list(Pods).length === 31)
  act(() => cluster.failNode('node-1'))
  await until(() => recording?.state.nodes.get('node-1')?.ready === false)
  await until(() =>
    [...(recording?.state.pods.values() ?? [])].every(pod => pod.node !== 'node-1' || pod.graceS !== undefined),
  )
  act(() => cluster.recoverNode('node-1'))
  await until(() => recording?.state.nodes.get('node-1')?.ready === true && ready('web') === 25 && ready('api') === 6)
  act(() => cluster.scale('shop', 'web', 3))
  act(() => cluster.deleteNode('node-2'))
  act(() => cluster.deleteWorkload('shop', 'api'))
  await until(
    () => store.list(Pods).length === 3 && store.list(Services, 'shop').length === 1 && store.list(Nodes).length === 3,
  )
  fake.freeze()
  await until(() => recording!.events >= truth.length && ready('web') === 3)
  stop.abort()
  const summary = await done

  t.same(summary.leftOut, { count: 0, examples: [] }, 'no event was refused')
  t.equal(summary.inferredNodes, 0)
  const { events, reader } = await readTrace(out)
  t.ok(events.length > 300, `${events.length} events`)
  t.strictSame(byObject(events), byObject(truth.map(({ event }) => event)), 'the same happened to each object')

  const startMs = Date.parse(reader.header.start!)
  const happened = new Map<string, number[]>()
  for (const { event, unixMs } of truth) {
    const [[key, [line]]] = Object.entries(byObject([event])) as [[string, [string]]]
    happened.set(key + line, [...(happened.get(key + line) ?? []), unixMs])
  }
  const delaysMs = events
    .filter(({ kind, op }) => kind !== 'node' || op !== 'added')
    .map(event => {
      const [[key, [line]]] = Object.entries(byObject([event])) as [[string, [string]]]
      return startMs + event.t - happened.get(key + line)!.shift()!
    })
    .sort((a, b) => a - b)
  t.comment(
    `recorded after it happened: p50 ${delaysMs[delaysMs.length >> 1]!.toFixed(1)} ms, ` +
      `max ${delaysMs.at(-1)!.toFixed(1)} ms over ${delaysMs.length} events`,
  )
  t.ok(delaysMs.at(-1)! < 2000, 'within two seconds, on any machine')
})
