import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Deployments, Pods, ReplicaSets } from '../../sim/cluster/index.ts'
import { rollBounds } from '../../sim/controllers/rolling-update.ts'
import { isActive, isReady, simulate, workload } from '../sim/controllers/harness.ts'

const SEEDS = 20
const REPLICAS = 1000

/**
 * A thousand replicas roll, over seeds: at every single write the number of pods and of available ones keeps its bounds, and
 * the order of writes is Kubernetes': the new set is there before any old one shrinks, pods follow their sets.
 */
for (let seed = 0; seed < SEEDS; seed++) {
  t.test(`a rolling update of ${REPLICAS} replicas keeps its bounds at every write, seed ${seed}`, t => {
    let active = 0
    let available = 0
    let watching = false
    let fewest = REPLICAS
    let most = 0
    let newSetSeen = false
    let shrunkBefore = false
    const sim = simulate({
      seed: `roll-${seed}`,
      nodes: 20,
      keep: false,
      onEvent({ resource, type, object, previous }) {
        if (resource === ReplicaSets && watching) {
          if (type === 'ADDED') newSetSeen = true
          const size = (object as { spec?: { replicas?: number } }).spec?.replicas ?? 0
          const before = (previous as { spec?: { replicas?: number } } | undefined)?.spec?.replicas ?? 0
          if (size < before && !newSetSeen) shrunkBefore = true
        }
        if (resource !== Pods) return
        const is = type === 'DELETED' ? undefined : (object as Pod)
        const was = previous as Pod | undefined
        active += Number(is !== undefined && isActive(is)) - Number(was !== undefined && isActive(was))
        const up = (pod: Pod | undefined): boolean => pod !== undefined && isActive(pod) && isReady(pod)
        available += Number(up(is)) - Number(up(was))
        if (!watching) return
        fewest = Math.min(fewest, available)
        most = Math.max(most, active)
      },
    })
    sim.cluster.applyWorkload(workload('web', REPLICAS))
    sim.clock.advance(60_000)
    t.equal(available, REPLICAS, 'all are up')
    watching = true
    sim.cluster.restart('shop', 'web')
    sim.clock.advance(300_000)
    const deployment = sim.store.get<Deployment>(Deployments, 'shop', 'web')!
    const { maxSurge, maxUnavailable } = rollBounds(deployment)
    t.equal(deployment.status?.updatedReplicas, REPLICAS)
    t.equal(deployment.status?.availableReplicas, REPLICAS)
    t.equal(active, REPLICAS)
    t.ok(fewest >= REPLICAS - maxUnavailable, `${fewest} available at the least`)
    t.ok(most <= REPLICAS + maxSurge, `${most} pods at the most`)
    t.notOk(shrunkBefore, 'no old set shrinks before the new one is there')
    t.end()
  })
}
