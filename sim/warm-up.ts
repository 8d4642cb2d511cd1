import { Prng, VirtualClock } from '../base/index.ts'
import { ObjectStore } from './cluster/index.ts'
import { createCluster } from './controllers/index.ts'
import type { PodRuntime } from './kubelet/pod-runtime.ts'
import type { ClusterTimings, WorkloadSpec } from './messages.ts'
import { ChurnRecorder, TruthRecorder } from './trace/index.ts'

/** Pods of the throwaway cluster, and how often it is rolled: enough for the compiler to have seen everything often. */
const PODS = 40
const ROUNDS = 6
const ROUND_MS = 60_000

/** A runtime whose pods are there at once and nowhere. */
const NOWHERE: PodRuntime = {
  open: () => Promise.resolve(),
  close: () => Promise.resolve(),
  setPartitioned: () => {},
}

const WORKLOAD: WorkloadSpec = {
  namespace: 'warm-up',
  name: 'warm-up',
  replicas: PODS,
  port: 8080,
  profile: 'web-service',
  maxSurge: '25%',
  maxUnavailable: '25%',
}

/**
 * Lets a throwaway cluster live for a few minutes of virtual time before the real one begins.
 *
 * The first events of a cold control plane take tens of milliseconds, until the engine has compiled what they run
 * through; they would be the run's generator lag, and the subject's figures with it. Nothing of it reaches the real
 * cluster: clock, generator and store are its own. Takes a fraction of a second.
 */
export function warmUp(timings: ClusterTimings): void {
  const clock = new VirtualClock()
  const prng = new Prng('warm-up')
  const store = new ObjectStore(clock, prng.fork('store'))
  const churn = new ChurnRecorder(clock, store, { durationMs: Number.POSITIVE_INFINITY })
  const now = { plannedNs: (ms: number) => BigInt(Math.round(ms * 1e6)), monotonicNs: () => clock.monotonicNs() }
  const truth = new TruthRecorder(
    {
      get elapsedMs() {
        return clock.elapsedMs
      },
      ...now,
    },
    store,
    () => {},
    deliver => deliver(),
  )
  const cluster = createCluster(clock, prng.fork('cluster'), store, NOWHERE, {
    spec: { nodes: 4, zones: 2, podsPerNodeMax: 110, workloads: [WORKLOAD], timings },
    seed: 'warm-up',
    onTargetOpened: target => truth.targetOpened(target),
    onFailure: () => {},
  })
  cluster.start()
  cluster.applyWorkload(WORKLOAD)
  clock.advance(ROUND_MS)
  for (let round = 0; round < ROUNDS; round++) {
    cluster.restart(WORKLOAD.namespace, WORKLOAD.name)
    clock.advance(ROUND_MS)
    cluster.scale(WORKLOAD.namespace, WORKLOAD.name, round % 2 === 0 ? 2 : PODS)
    clock.advance(ROUND_MS)
  }
  truth.stop()
  churn.stop()
}
