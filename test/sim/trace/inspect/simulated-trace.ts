import { Prng, VirtualClock } from '../../../../base/index.ts'
import { ObjectStore } from '../../../../sim/cluster/index.ts'
import { createCluster } from '../../../../sim/controllers/index.ts'
import type { WorkloadSpec } from '../../../../sim/messages.ts'
import { workload as workloadOf } from '../../controllers/harness.ts'
import { NOWHERE } from '../../../../sim/nowhere.ts'
import { type ChurnEvent, ChurnRecorder, TraceWriter } from '../../../../sim/trace/index.ts'

const TIMINGS = {
  scheduleMs: { base: 20, jitter: 900 },
  startMs: { base: 400, jitter: 6000 },
  readyMs: { base: 300, jitter: 9000 },
  terminateMs: { base: 200, jitter: 4000 },
  leaseRenewMs: 10_000,
  nodeMonitorGraceMs: 50_000,
  nodeMonitorPeriodMs: 5000,
  evictionMs: 60_000,
}

const NAMES = [
  'shop/cart',
  'shop/checkout',
  'shop/search',
  'media/encoder',
  'media/thumbs',
  'billing/invoice',
  'infra/ingress',
]

function workload(index: number, replicas: number): WorkloadSpec {
  const [namespace = '', name = ''] = NAMES[index]!.split('/')
  return workloadOf(name, replicas, { namespace })
}

export interface SimulatedChurn {
  readonly seed?: string
  readonly durationMs?: number
  /** Pods of each workload. */
  readonly replicas?: number
  readonly nodes?: number
}

/** The churn of a cluster in virtual time: rollouts, a saw-tooth of replicas, a node that fails and comes back. */
export function simulatedChurn(options: SimulatedChurn = {}): ChurnEvent[] {
  const { seed = 'inspect', durationMs = 600_000, replicas = 12, nodes = 6 } = options
  const clock = new VirtualClock()
  const prng = new Prng(seed)
  const store = new ObjectStore(clock, prng.fork('store'))
  const events: ChurnEvent[] = []
  const churn = new ChurnRecorder(clock, store, { durationMs, onEvent: event => events.push(event) })
  const cluster = createCluster(clock, prng.fork('cluster'), store, NOWHERE, {
    spec: { nodes, zones: 3, podsPerNodeMax: 110, workloads: [], timings: TIMINGS },
    seed,
    onFailure: error => {
      throw error
    },
  })
  cluster.start()
  NAMES.forEach((_, i) => cluster.applyWorkload(workload(i, replicas)))
  const steps = Math.floor(durationMs / 30_000)
  for (let step = 1; step <= steps; step++) {
    clock.advance(30_000)
    const name = NAMES[step % NAMES.length]!
    const [namespace = '', short = ''] = name.split('/')
    if (step % 3 === 0) {
      churn.action('restart', { workload: name })
      cluster.restart(namespace, short)
    } else {
      const wanted = step % 2 === 0 ? replicas : replicas * 2
      churn.action('scale', { workload: name, replicas: wanted })
      cluster.scale(namespace, short, wanted)
    }
    if (step % 8 === 4) {
      const node = cluster.nodeNames()[step % nodes]!
      churn.action('fail-nodes', { node })
      if (cluster.failNode(node)) churn.node(node, 'failed')
    }
    if (step % 8 === 0) {
      for (const node of cluster.nodeNames().filter(each => cluster.isNodeSilent(each))) {
        cluster.recoverNode(node)
        churn.node(node, 'recovered')
      }
    }
  }
  churn.stop()
  return events
}

/** Writes events as a trace; every one must be possible. */
export async function writeTrace(path: string, events: Iterable<ChurnEvent>, durationMs = 0): Promise<void> {
  const origin = { source: { kind: 'generated' }, targets: 'all' } as const
  const writer = TraceWriter.create(path, origin, { force: true })
  for (const event of events) {
    const fault = writer.write(event)
    if (fault !== undefined) throw new Error(`${JSON.stringify(event)}: ${fault}`)
    if (writer.events % 1000 === 0) await writer.drain()
  }
  await writer.finish(durationMs)
}
