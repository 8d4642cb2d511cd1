import type { Node, Pod, Taint } from 'kubernetes-types/core/v1.js'
import type { Timer } from '../../base/index.ts'
import { Nodes, Pods, type Stored, type StoreEvent } from '../cluster/index.ts'
import { withCondition, WorkQueue, stampOf } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'
import { tolerates, UNREACHABLE, NOT_READY } from './taints.ts'

const SOURCE = { component: 'taint-eviction-controller' }
/** One deletion after the other, a thousand a second. How many nodes are drained at once is the affair of who taints them. */
const WRITE_MS = 1

/**
 * Drives pods off nodes with NoExecute taints once their toleration is used up; gives up when the taint goes first.
 *
 * On a silent node the deletion is a mark only: the pod stays Terminating until its kubelet returns or its Node is deleted.
 */
export class TaintEvictionController {
  readonly #env: ControllerEnvironment
  /** Planned evictions by uid of the pod. */
  readonly #planned = new Map<string, Timer>()
  readonly #evictions: WorkQueue

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#evictions = new WorkQueue(env.clock, uid => this.#evict(uid), { spacingMs: WRITE_MS })
    env.router.on<Node>(Nodes, event => this.#onNode(event))
    env.router.on<Pod>(Pods, event => this.#onPod(event))
  }

  #onNode({ type, object, previous }: StoreEvent<Node>): void {
    if (type === 'DELETED' || previous?.spec?.taints === object.spec?.taints) return
    const taints = noExecute(object)
    if (taints.length === 0 && (previous === undefined || noExecute(previous).length === 0)) return
    for (const { pod } of this.#env.pods.onNode(object.metadata.name).entries.values()) this.#judge(pod, taints)
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const { uid } = object.metadata
    if (type === 'DELETED' || object.metadata.deletionTimestamp !== undefined) {
      this.#planned.get(uid)?.cancel()
      this.#planned.delete(uid)
      return
    }
    const nodeName = object.spec?.nodeName
    const isNew = nodeName !== undefined && previous?.spec?.nodeName !== nodeName
    if (!isNew && previous?.spec?.tolerations === object.spec?.tolerations) return
    const node = nodeName === undefined ? undefined : this.#env.store.get<Node>(Nodes, undefined, nodeName)
    if (node !== undefined) this.#judge(object, noExecute(node))
  }

  #judge(pod: Stored<Pod>, taints: readonly Taint[]): void {
    const { uid, namespace, name, deletionTimestamp } = pod.metadata
    if (deletionTimestamp !== undefined) return
    const waitMs = this.#toleratedMs(pod, taints)
    const planned = this.#planned.get(uid)
    if (waitMs === Infinity) {
      if (planned === undefined) return
      planned.cancel()
      this.#planned.delete(uid)
      const message = `Cancelling deletion of Pod ${namespace}/${name}`
      this.#env.events.normal(SOURCE, Pods, pod, 'TaintManagerEviction', message)
    } else if (planned === undefined || waitMs === 0) {
      // One that is planned keeps its time, whatever taints join; only a taint that is not tolerated at all hurries it.
      planned?.cancel()
      this.#planned.set(
        uid,
        this.#env.clock.schedule(waitMs, () => this.#evictions.add(uid)),
      )
    }
  }

  /** How long a pod may stay: 0 when a taint is not tolerated, Infinity when all are without limit. */
  #toleratedMs(pod: Pod, taints: readonly Taint[]): number {
    let ms = Infinity
    for (const taint of taints) {
      const used = (pod.spec?.tolerations ?? []).filter(toleration => tolerates(toleration, taint))
      if (used.length === 0) return 0
      for (const { tolerationSeconds } of used) {
        if (tolerationSeconds !== undefined) ms = Math.min(ms, this.#exactMs(taint.key, Math.max(0, tolerationSeconds)))
      }
    }
    return ms
  }

  /** Seconds are whole in the API. The default toleration stands for the cluster's own, exact time, which may be scaled. */
  #exactMs(key: string, seconds: number): number {
    const { admission, timings } = this.#env
    const isDefault = (key === NOT_READY || key === UNREACHABLE) && seconds === admission.tolerationSeconds
    return isDefault ? timings.evictionMs : seconds * 1000
  }

  #evict(uid: string): void {
    const { store, events, pods, clock } = this.#env
    this.#planned.delete(uid)
    const pod = pods.get(uid)?.pod
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return
    const { namespace, name } = pod.metadata
    events.normal(SOURCE, Pods, pod, 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`)
    store.modify<Pod>(Pods, namespace, name, current => {
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
      }
      const conditions = withCondition(current.status?.conditions, condition, stampOf(clock))
      return { ...current, status: { ...current.status, conditions } }
    })
    store.delete(Pods, namespace, name, { uid })
  }
}

function noExecute(node: Node): Taint[] {
  return (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}
