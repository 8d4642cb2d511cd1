import { join } from 'node:path'
import type { Test } from 'tap'
import { PacedClock, Prng, SystemClock } from '../../../../base/index.ts'
import { type ApiServer, createApiServer, writeKubeconfig } from '../../../../sim/apiserver/index.ts'
import { ObjectStore } from '../../../../sim/cluster/index.ts'
import { type Cluster, createCluster } from '../../../../sim/controllers/index.ts'
import type { ClusterTimings } from '../../../../sim/messages.ts'
import { NOWHERE } from '../../../../sim/nowhere.ts'
import { canonicalLine, type ChurnEvent, ChurnRecorder, TraceReader, TraceState } from '../../../../sim/trace/index.ts'

/** A whole cluster on real time whose nodes are found to have failed, and their pods evicted, within some seconds. */
const TIMINGS: ClusterTimings = {
  scheduleMs: { base: 2, jitter: 10 },
  startMs: { base: 20, jitter: 80 },
  readyMs: { base: 10, jitter: 60 },
  terminateMs: { base: 20, jitter: 60 },
  leaseRenewMs: 200,
  nodeMonitorGraceMs: 700,
  nodeMonitorPeriodMs: 100,
  evictionMs: 1000,
}

export interface FakeCluster {
  readonly store: ObjectStore
  readonly cluster: Cluster
  readonly api: ApiServer
  readonly kubeconfig: string
  readonly dir: string
  /** What the simulator recorded of it, with the Unix times at which it happened; without what no API shows. */
  readonly truth: { readonly event: ChurnEvent; readonly unixMs: number }[]
  /** Runs it within the plan, as scenarios do. */
  readonly act: (fn: () => void) => void
  /** Nothing happens any more; the API answers on. */
  readonly freeze: () => void
}

export async function startFakeCluster(t: Test, nodes = 4): Promise<FakeCluster> {
  const clock = new PacedClock()
  const machine = new SystemClock({ unref: true })
  const prng = new Prng('record')
  const store = new ObjectStore(clock, prng.fork('store'))
  const truth: FakeCluster['truth'] = []
  const churn = new ChurnRecorder(clock, store, {
    durationMs: Number.POSITIVE_INFINITY,
    onEvent: event => {
      if (event.kind !== 'action') truth.push({ event, unixMs: machine.unixMs() })
    },
  })
  const cluster = createCluster(clock, prng.fork('cluster'), store, NOWHERE, {
    spec: { nodes, zones: 2, podsPerNodeMax: 110, workloads: [], timings: TIMINGS },
    seed: 'record',
    onFailure: error => t.fail('the cluster failed', { found: error }),
  })
  cluster.start()
  const api = await createApiServer(machine, store, {
    host: '127.0.0.1',
    port: 0,
    tls: true,
    onInternalError: error => t.fail('internal error', { found: error }),
  })
  const dir = t.testdir({})
  const kubeconfig = join(dir, 'kubeconfig')
  await writeKubeconfig(kubeconfig, api)
  clock.start()
  t.teardown(async () => {
    churn.stop()
    clock.stop()
    await api.close()
  })
  return {
    store,
    cluster,
    api,
    kubeconfig,
    dir,
    truth,
    act: fn => void clock.schedule(0, fn),
    freeze: () => clock.stop(),
  }
}

/** Resolves once it holds; looked at every few milliseconds. The test's time limit ends a wait in vain. */
export async function until(holds: () => boolean): Promise<void> {
  const clock = new SystemClock()
  while (!holds()) await new Promise<void>(resolve => clock.schedule(5, resolve))
}

export async function readTrace(path: string): Promise<{ reader: TraceReader; events: ChurnEvent[] }> {
  const reader = await TraceReader.open(path)
  const events: ChurnEvent[] = []
  for await (const batch of reader.batches()) events.push(...batch)
  return { reader, events }
}

/** What happened to each object, in order, without times. */
export function byObject(events: Iterable<ChurnEvent>): Record<string, string[]> {
  const objects: Record<string, string[]> = {}
  for (const event of events) {
    const { kind, type, namespace = '', name, uid = '' } = event as unknown as Partial<Record<string, string>>
    const key = [kind, type, namespace, name, uid].filter(Boolean).join('/')
    ;(objects[key] ??= []).push(canonicalLine({ ...event, t: 0 }).slice('{"t":0,'.length))
  }
  return objects
}

/** What there is at the end, as text that is the same whenever the objects are. */
export function finalState(state: TraceState): string[] {
  return [...state.transitions()].map(transition => canonicalLine({ t: 0, ...transition })).sort()
}

export function stateAfter(events: Iterable<ChurnEvent>): TraceState {
  const state = new TraceState()
  for (const event of events) state.apply(event)
  return state
}
