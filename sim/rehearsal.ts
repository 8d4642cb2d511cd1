import { Prng, VirtualClock } from '../base/index.ts'
import { ObjectStore } from './cluster/index.ts'
import { createCluster } from './controllers/index.ts'
import type { ClusterTimings } from './messages.ts'
import { plainWorkload } from './plain-workload.ts'
import { NOWHERE } from './nowhere.ts'
import { AddressBook, ChurnRecorder, ExactCluster, TruthRecorder } from './trace/index.ts'
import { WARM_UP_MS, warmUpExact } from './warm-up.ts'

const WORKLOADS = 12
const PODS = 24
const STEP_MS = 30_000
const REPLAYS = 30

/**
 * Lets a throwaway cluster live for some minutes of virtual time, before the real one is made.
 *
 * The engine compiles a function well only after it has run often, and what the warm-up does once (applying a workload) is
 * still slow when the scenario does it. Nothing of this reaches the real cluster: clock, generator and store are its own.
 * Takes some tenths of a second.
 */
export function rehearse(timings: ClusterTimings): void {
  const clock = new VirtualClock()
  const prng = new Prng('rehearsal')
  const store = new ObjectStore(clock, prng.fork('store'))
  const churn = new ChurnRecorder(clock, store, { durationMs: Number.POSITIVE_INFINITY })
  const truth = new TruthRecorder(
    {
      get elapsedMs() {
        return clock.elapsedMs
      },
      plannedNs: ms => BigInt(Math.round(ms * 1e6)),
      monotonicNs: () => clock.monotonicNs(),
    },
    store,
    () => {},
    deliver => deliver(),
  )
  const cluster = createCluster(clock, prng.fork('cluster'), store, NOWHERE, {
    spec: { nodes: 4, zones: 2, podsPerNodeMax: 110, workloads: [], timings },
    seed: 'rehearsal',
    onTargetOpened: target => truth.targetOpened(target),
    onFailure: () => {},
  })
  cluster.start()
  for (let i = 0; i < WORKLOADS; i++) {
    const workload = plainWorkload(`rehearsal-${i % 3}`, `rehearsal-${i}`, PODS)
    cluster.applyWorkload(workload)
    clock.advance(STEP_MS)
    cluster.restart(workload.namespace, workload.name)
    clock.advance(STEP_MS)
    cluster.scale(workload.namespace, workload.name, 2)
    clock.advance(STEP_MS)
  }
  truth.stop()
  churn.stop()
}

/** The same for the playing of a trace, which goes other ways than controllers do. */
export function rehearseReplay(timings: ClusterTimings): void {
  const clock = new VirtualClock()
  const prng = new Prng('rehearsal')
  const store = new ObjectStore(clock, prng.fork('store'))
  const churn = new ChurnRecorder(clock, store, { durationMs: Number.POSITIVE_INFINITY })
  const book = new AddressBook(110, '127.2.0.0')
  const cluster = new ExactCluster(clock, prng.fork('replay'), store, NOWHERE, book, {
    timings,
    dress: 'annotated',
    podsPerNodeMax: 110,
    seed: 'rehearsal',
    onFailure: () => {},
  })
  cluster.serve(prng.fork('cluster'))
  for (let i = 0; i < REPLAYS; i++) {
    warmUpExact(clock, cluster, () => {})
    clock.advance(WARM_UP_MS)
  }
  churn.stop()
}
