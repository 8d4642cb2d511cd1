import { newSetReplicas, oldSetReplicas, rollBounds, type SetSize } from '../../controllers/rolling-update.ts'
import { podName, templateHashOf } from './identity.ts'
import type { PodLife } from './pod-life.ts'
import { baseReplicas, firstReplicas, scaledReplicas } from './replica-count.ts'
import { Workload, type WorkloadSite } from './workload.ts'

interface ReplicaSet {
  readonly hash: string
  wanted: number
  /** Those that neither ended nor are on their way out. */
  readonly pods: Set<PodLife>
  available: number
}

/**
 * A Deployment with its ReplicaSets. Sizes follow the arithmetic of a rolling update at every change; pods that are lost are
 * replaced at once.
 */
export class Deployment extends Workload {
  readonly #baseReplicas: number
  #replicas: number
  /** Oldest first; the last is that of the present template. */
  #sets: ReplicaSet[] = []
  #isBusy = false

  constructor(site: WorkloadSite) {
    super(site)
    this.#baseReplicas = baseReplicas(site.workloadClass.replicas, site.prng)
    this.#replicas = firstReplicas(site.workloadClass, site.prng, site.world.dayOffsetMs)
  }

  start(): void {
    const { rollouts, scaling } = this.site.workloadClass
    this.#applyAll()
    this.applyService()
    const set = this.#addSet()
    set.wanted = this.#replicas
    this.#isBusy = true
    for (let i = 0; i < this.#replicas; i++) {
      const remainingMs = this.remainingMs()
      this.#createIn(set).startRunning(remainingMs)
    }
    this.#isBusy = false
    if (rollouts !== undefined) this.often('rollouts', rollouts.perHour, () => this.#rollOut())
    if (scaling === undefined) return
    this.often('scaling', scaling.perHour, prng => {
      const { world } = this.site
      this.#scaleTo(scaledReplicas(scaling, this.#baseReplicas, world.dayOffsetMs + world.nowMs, prng))
    })
  }

  onReady(pod: PodLife, ready: boolean): void {
    const set = this.#setOf(pod)
    if (set === undefined) return
    set.available += ready ? 1 : -1
    this.#sync()
  }

  onLost(pod: PodLife): void {
    this.#letGo(pod)
    this.#sync()
  }

  onGone(pod: PodLife): void {
    this.#letGo(pod)
    this.forget(pod)
    this.#sync()
  }

  #applyAll(): void {
    const { maxSurge, maxUnavailable } = this.site.workloadClass.rollouts ?? {}
    this.apply(this.#replicas, {
      type: 'RollingUpdate',
      ...(maxSurge === undefined ? {} : { maxSurge }),
      ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
    })
  }

  #rollOut(): void {
    this.nextRevision()
    this.#applyAll()
    this.#addSet()
    this.#sync()
  }

  #scaleTo(replicas: number): void {
    if (replicas === this.#replicas) return
    this.#replicas = replicas
    const { world, namespace, name } = this.site
    world.emit({ kind: 'workload', op: 'scaled', namespace, name, type: 'Deployment', replicas })
    this.#sync()
  }

  #addSet(): ReplicaSet {
    const set = {
      hash: templateHashOf(this.site.prng, this.revision),
      wanted: 0,
      pods: new Set<PodLife>(),
      available: 0,
    }
    this.#sets.push(set)
    return set
  }

  #createIn(set: ReplicaSet): PodLife {
    const replicaSet = `${this.site.name}-${set.hash}`
    const pod = this.createPod(
      { owner: `ReplicaSet/${replicaSet}`, labels: { ...this.labels, 'pod-template-hash': set.hash } },
      (prng, isTaken) => podName(prng, replicaSet, isTaken),
    )
    set.pods.add(pod)
    return pod
  }

  /** Brings all sets to the sizes that they should have now. What that changes at once is seen to in the same call. */
  #sync(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#sizeSets()
    for (const set of this.#sets) {
      while (set.pods.size < set.wanted) this.#createIn(set).start()
      const surplus = set.pods.size - set.wanted
      if (surplus <= 0) continue
      for (const pod of firstToGo(set.pods, surplus)) {
        this.#letGo(pod)
        pod.terminate()
      }
    }
    this.#sets = this.#sets.filter((set, i) => set.pods.size > 0 || i === this.#sets.length - 1)
    this.#isBusy = false
  }

  #sizeSets(): void {
    const old = this.#sets.slice(0, -1)
    const fresh = this.#sets.at(-1)!
    if (old.length === 0) {
      fresh.wanted = this.#replicas
      return
    }
    const { maxSurge = '25%', maxUnavailable = '25%' } = this.site.workloadClass.rollouts ?? {}
    const bounds = rollBounds({
      spec: {
        replicas: this.#replicas,
        selector: {},
        template: {},
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
      },
    })
    if (fresh.wanted > this.#replicas) fresh.wanted = this.#replicas
    fresh.wanted = newSetReplicas(this.#replicas, bounds, sizeOf(fresh), old.map(sizeOf))
    const next = oldSetReplicas(this.#replicas, bounds, sizeOf(fresh), old.map(sizeOf))
    for (const [i, set] of old.entries()) set.wanted = next[i]!
  }

  #letGo(pod: PodLife): void {
    const set = this.#setOf(pod)
    if (set === undefined) return
    set.pods.delete(pod)
    if (pod.ready) set.available--
  }

  #setOf(pod: PodLife): ReplicaSet | undefined {
    return this.#sets.find(set => set.pods.has(pod))
  }
}

function sizeOf({ wanted, pods, available }: ReplicaSet): SetSize {
  return { wanted, actual: pods.size, available }
}

/** Without a node, not ready, then the youngest: roughly as a ReplicaSet chooses. */
function firstToGo(pods: ReadonlySet<PodLife>, count: number): PodLife[] {
  const rank = (pod: PodLife): number => (pod.machine === undefined ? 0 : pod.ready ? 2 : 1)
  return [...pods].sort((a, b) => rank(a) - rank(b) || b.createdMs - a.createdMs).slice(0, count)
}
