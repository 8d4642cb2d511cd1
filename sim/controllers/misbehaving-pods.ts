import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import { compileLabelSelector, Deployments, notFound, type ObjectStore, Pods, type Stored } from '../cluster/index.ts'
import { type EventRecorder, isActive, isReady, type PlannedClock, stampOf, withCondition } from '../informers/index.ts'
import type { PodRuntime } from '../kubelet/index.ts'
import type { MisbehaviourOrder } from '../targets/misbehaviour/index.ts'

/** Made unready by its kubelet, which finds it ready again after the cluster's `ready` timing. */
const FLAPPING = 'flapping-readiness'

/** Pods whose targets were told to misbehave, and those whose readiness flaps. */
export class MisbehavingPods {
  readonly #clock: PlannedClock
  readonly #store: ObjectStore
  readonly #runtime: PodRuntime
  readonly #events: EventRecorder
  readonly #isSilent: (node: string) => boolean
  readonly #onChange: ((uids: readonly string[], order: MisbehaviourOrder | undefined) => void) | undefined
  /** By uid: the latest order. One that ends by itself ends only what it began. */
  readonly #orders = new Map<string, MisbehaviourOrder>()

  /** @param options.onChange told of pods that misbehave from now on, or behave again. */
  constructor(
    clock: PlannedClock,
    store: ObjectStore,
    runtime: PodRuntime,
    events: EventRecorder,
    options: {
      readonly isSilent: (node: string) => boolean
      readonly onChange?: ((uids: readonly string[], order: MisbehaviourOrder | undefined) => void) | undefined
    },
  ) {
    this.#clock = clock
    this.#store = store
    this.#runtime = runtime
    this.#events = events
    this.#isSilent = options.isSilent
    this.#onChange = options.onChange
  }

  /** Uids of the pods of a Deployment that are there and not about to go, in the order of their names. @throws ApiError NotFound */
  podsOf(namespace: string, deployment: string): string[] {
    const found = this.#store.get<Deployment>(Deployments, namespace, deployment)
    if (found === undefined) throw notFound(Deployments, deployment)
    const selects = compileLabelSelector(found.spec?.selector ?? {})
    return this.#store
      .list<Pod>(Pods, namespace)
      .filter(pod => selects(pod.metadata.labels ?? {}) && isActive(pod) && pod.status?.podIP !== undefined)
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .map(pod => pod.metadata.uid)
  }

  /** @param forMs until it ends by itself; `undefined`: until `end`. */
  begin(namespace: string, uids: readonly string[], order: MisbehaviourOrder, forMs: number | undefined): void {
    for (const uid of uids) this.#orders.set(uid, order)
    if (order.kind === FLAPPING) this.#flap(namespace, uids, order)
    // Its answers are good.
    this.#runtime.misbehave(uids, order.kind === FLAPPING ? undefined : order)
    this.#onChange?.(uids, order)
    if (forMs !== undefined) this.#clock.schedule(forMs, () => this.end(this.#still(uids, order)))
  }

  /** Returns how many behave again. */
  end(uids: readonly string[]): number {
    const bad = uids.filter(uid => this.#orders.delete(uid))
    if (bad.length === 0) return 0
    this.#runtime.misbehave(bad, undefined)
    this.#onChange?.(bad, undefined)
    return bad.length
  }

  #still(uids: readonly string[], order: MisbehaviourOrder): string[] {
    return uids.filter(uid => this.#orders.get(uid) === order)
  }

  #flap(namespace: string, uids: readonly string[], order: MisbehaviourOrder): void {
    const flapping = new Set(this.#still(uids, order))
    if (flapping.size === 0) return
    const there: string[] = []
    for (const pod of this.#store.list<Pod>(Pods, namespace)) {
      if (!flapping.delete(pod.metadata.uid)) continue
      there.push(pod.metadata.uid)
      if (isReady(pod) && isActive(pod)) this.#makeUnready(pod)
    }
    for (const uid of flapping) this.#orders.delete(uid)
    this.#clock.schedule(order.params.every!, () => this.#flap(namespace, there, order))
  }

  /** As a kubelet whose readiness probe has failed. */
  #makeUnready(pod: Stored<Pod>): void {
    const node = pod.spec?.nodeName ?? ''
    if (this.#isSilent(node)) return
    const names = (pod.spec?.containers ?? []).map(({ name }) => name)
    const condition = {
      status: 'False',
      reason: 'ContainersNotReady',
      message: `containers with unready status: [${names.join(' ')}]`,
    }
    const now = stampOf(this.#clock)
    const conditions = ['Ready', 'ContainersReady'].reduce(
      (all, type) => withCondition(all, { type, ...condition }, now),
      pod.status?.conditions,
    )
    const source = { component: 'kubelet', host: node }
    this.#events.warning(
      source,
      Pods,
      pod,
      'Unhealthy',
      'Readiness probe failed: HTTP probe failed with statuscode: 503',
    )
    this.#store.update<Pod>(Pods, {
      ...pod,
      status: {
        ...pod.status,
        ...(conditions === undefined ? {} : { conditions }),
        containerStatuses: (pod.status?.containerStatuses ?? []).map(status => ({ ...status, ready: false })),
      },
    })
  }
}
