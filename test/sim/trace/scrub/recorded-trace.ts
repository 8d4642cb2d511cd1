import { parseDuration, Prng, VirtualClock } from '../../../../base/index.ts'
import { ObjectStore } from '../../../../sim/cluster/index.ts'
import { createCluster } from '../../../../sim/controllers/index.ts'
import type { ClusterTimings, WorkloadSpec } from '../../../../sim/index.ts'
import { workload as workloadOf } from '../../controllers/harness.ts'
import { NOWHERE } from '../../../../sim/nowhere.ts'
import { type ChurnEvent, ChurnRecorder, relativeAddresses } from '../../../../sim/trace/index.ts'

export const WORKLOADS = ['frontend', 'cart-backend', 'billing']

/** Churn of a simulated cluster: rollouts, scaling, a node that fails and comes back, actions that say so. */
export function recordedTrace(): ChurnEvent[] {
  const events: ChurnEvent[] = []
  const clock = new VirtualClock()
  const prng = new Prng('scrub')
  const store = new ObjectStore(clock, prng.fork('store'))
  const churn = new ChurnRecorder(clock, store, {
    durationMs: parseDuration('1h'),
    translated: relativeAddresses('127.0.0.0'),
    onEvent: event => events.push(event),
  })
  const cluster = createCluster(clock, prng.fork('cluster'), store, NOWHERE, {
    spec: { nodes: 4, zones: 2, podsPerNodeMax: 110, workloads: [], timings: TIMINGS },
    seed: 'scrub',
    onTargetOpened: () => {},
    onFailure: error => {
      throw error
    },
  })
  cluster.start()
  WORKLOADS.forEach((name, i) => cluster.applyWorkload(workload(name, i)))
  clock.advance(60_000)
  churn.action('restart', { workload: 'shop/frontend' })
  cluster.restart('shop', 'frontend')
  clock.advance(60_000)
  churn.action('relabel', { workload: 'acme-prod/cart-backend', label: 'acme.example/release', value: 'summer-25' })
  cluster.relabel('acme-prod', 'cart-backend', 'acme.example/release', 'summer-25')
  clock.advance(60_000)
  churn.action('fail-node', { node: 'node-1' })
  churn.node('node-1', 'failed')
  cluster.failNode('node-1')
  clock.advance(500_000)
  churn.action('scale', { workload: 'billing', replicas: 2 })
  clock.advance(60_000)
  churn.stop()
  return events
}

const TIMINGS: ClusterTimings = {
  scheduleMs: { base: 10, jitter: 50 },
  startMs: { base: 500, jitter: 1500 },
  readyMs: { base: 100, jitter: 900 },
  terminateMs: { base: 50, jitter: 50 },
  leaseRenewMs: 10_000,
  nodeMonitorGraceMs: 50_000,
  nodeMonitorPeriodMs: 5000,
  evictionMs: 30_000,
}

function workload(name: string, index: number): WorkloadSpec {
  return workloadOf(name, 6, {
    namespace: ['shop', 'acme-prod', 'default'][index % 3]!,
    labels: { app: name, 'acme.example/team': `team-${index}`, tier: 'web' },
  })
}
