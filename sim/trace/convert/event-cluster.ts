import { type Timer, VirtualClock } from '../../../base/index.ts'
import { RecentMap } from '../../informers/recent-map.ts'
import type { ChurnEvent, PodEvent } from '../churn-event.ts'
import type { Conversion } from './conversion.ts'
import type { EventFact } from './event-facts.ts'
import { EventRollouts } from './event-rollouts.ts'

interface Pod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly owner: string | undefined
  node: string | undefined
  isAddressed: boolean
  isReady: boolean
  /** Its node is lost; it is ready again when the node is. */
  isLost: boolean
  isTerminating: boolean
  isEnded: boolean
  restarts: number
  /** Containers that were started once. */
  readonly started: Set<string>
  /** When it will be taken to be ready. */
  readyTimer: Timer | undefined
}

export interface EventClusterOptions {
  readonly readyAfterMs: number
  readonly graceMs: number
}

/** Names of owners, and uids of pods that are gone, are remembered for so many others. */
const REMEMBERED_MAX = 200_000
const CREATED = /created? pod:? (\S+)/i
const DELETED = /deleted? pod:? (\S+)/i

/**
 * The cluster behind its Events: takes facts in order of time and tells what happened. Events do not tell all of it; what is
 * concluded:
 *
 * | in the trace | from |
 * |---|---|
 * | node added | RegisteredNode, or the first event that names it |
 * | pod created, with its owner | its first own event; its owner's SuccessfulCreate |
 * | bound | Scheduled, or the host of the kubelet that speaks of it |
 * | addressed | the first Started |
 * | ready | `readyAfterMs` after the last Started or failed readiness or startup probe |
 * | not-ready | a failed readiness probe, a restart, BackOff, NodeNotReady |
 * | restarted | a container's second Started |
 * | terminating | Killing, SuccessfulDelete, Preempted, TaintManagerEviction |
 * | deleted | `graceMs` after terminating, or another pod of its name |
 * | succeeded, failed | its Job's Completed or BackoffLimitExceeded; Evicted, Preempting, DeadlineExceeded |
 */
export class EventCluster {
  readonly #conversion: Conversion
  readonly #options: EventClusterOptions
  readonly #clock = new VirtualClock()
  readonly #nodes = new Set<string>()
  readonly #readyNodes = new Set<string>()
  /** By uid. */
  readonly #pods = new Map<string, Pod>()
  /** Uids by `namespace/name`. */
  readonly #names = new Map<string, string>()
  /** Uids of the pods of each Job, by `namespace/Job/name`. */
  readonly #jobs = new Map<string, Set<string>>()
  readonly #owners = new RecentMap<string>(REMEMBERED_MAX)
  readonly #gone = new RecentMap<true>(REMEMBERED_MAX)
  readonly #rollouts = new EventRollouts()
  #out: ChurnEvent[] = []

  constructor(conversion: Conversion, options: EventClusterOptions) {
    this.#conversion = conversion
    this.#options = options
  }

  /** @param t of the fact, in milliseconds since the start. */
  take(fact: EventFact, t: number): void {
    this.#clock.advance(t - this.#clock.elapsedMs)
    if (fact.kind === 'Pod') this.#onPod(fact)
    else if (fact.kind === 'Node') this.#onNode(fact)
    else if (fact.kind === 'Deployment') this.#onDeployment(fact)
    else this.#onController(fact)
  }

  /** What is still to be concluded after the last fact. */
  end(): void {
    this.#clock.advance(Math.max(this.#options.readyAfterMs, this.#options.graceMs))
  }

  /** What happened since it was asked last. */
  drain(): ChurnEvent[] {
    const out = this.#out
    this.#out = []
    return out
  }

  #onNode({ name, reason }: EventFact): void {
    if (reason === 'RemovingNode' || reason === 'DeletingNode') {
      this.#readyNodes.delete(name)
      if (this.#nodes.delete(name)) this.#emit({ t: this.#t, kind: 'node', op: 'removed', name })
      return
    }
    const isNew = !this.#nodes.has(name)
    if (isNew) this.#addNode(name, reason === 'RegisteredNode')
    if (reason !== 'NodeReady' && reason !== 'NodeNotReady') return
    const isReady = reason === 'NodeReady'
    if (isReady === this.#readyNodes.has(name)) return
    if (isReady) {
      this.#readyNodes.add(name)
      this.#emit({ t: this.#t, kind: 'node', op: 'ready', name })
      this.#onNodeBack(name)
    } else {
      this.#readyNodes.delete(name)
      this.#emit({ t: this.#t, kind: 'node', op: 'not-ready', name, reason })
    }
  }

  #addNode(name: string, isTold: boolean): void {
    if (!isTold) this.#conversion.infer('nodes added when an event named them first')
    this.#nodes.add(name)
    this.#readyNodes.add(name)
    this.#emit({ t: this.#t, kind: 'node', op: 'added', name })
  }

  #onNodeBack(name: string): void {
    for (const pod of this.#pods.values()) {
      if (pod.node !== name || !pod.isLost) continue
      pod.isLost = false
      this.#conversion.infer('pods ready again with their node')
      this.#setReady(pod, true)
    }
  }

  #onDeployment({ namespace, name, message }: EventFact): void {
    const event = this.#rollouts.take(this.#t, namespace, name, message)
    if (event === undefined) return
    if (event === 'unknown') {
      this.#conversion.leaveOut('ScalingReplicaSet: the message is not understood', `${namespace}/${name}: ${message}`)
      return
    }
    this.#conversion.infer('replicas of Deployments, from the sizes of their ReplicaSets')
    this.#emit(event)
  }

  #onController({ kind, namespace, name, reason, message }: EventFact): void {
    const owner = `${kind}/${name}`
    if (reason === 'SuccessfulCreate' || reason === 'SuccessfulDelete') {
      const [, pod] = (reason === 'SuccessfulCreate' ? CREATED : DELETED).exec(message) ?? []
      if (pod === undefined) {
        this.#conversion.leaveOut(`${kind} ${reason}: the message names no pod`, `${namespace}/${name}: ${message}`)
      } else if (reason === 'SuccessfulCreate') {
        this.#owners.set(`${namespace}/${pod}`, owner)
      } else {
        this.#onDeleted(namespace, pod)
      }
      return
    }
    for (const uid of this.#jobs.get(`${namespace}/${owner}`) ?? []) {
      const pod = this.#pods.get(uid)
      if (pod === undefined || pod.isTerminating) continue
      this.#conversion.infer('pods that ended with their Job')
      this.#finish(pod, reason === 'Completed' ? 'succeeded' : 'failed', reason)
    }
  }

  #onDeleted(namespace: string, name: string): void {
    const pod = this.#pods.get(this.#names.get(`${namespace}/${name}`) ?? '')
    if (pod === undefined)
      this.#conversion.leaveOut('deletions of pods that had no event of their own', `${namespace}/${name}`)
    else this.#terminate(pod)
  }

  #onPod(fact: EventFact): void {
    const pod = this.#podOf(fact)
    if (pod === undefined) return
    if (fact.host !== undefined) this.#bind(pod, fact.host)
    const { message } = fact
    switch (fact.reason) {
      case 'Scheduled': {
        const [, node] = /^Successfully assigned \S+ to (\S+)/.exec(message) ?? []
        if (node === undefined)
          this.#conversion.leaveOut('Scheduled: the message names no node', `${pod.name}: ${message}`)
        else this.#bind(pod, node)
        break
      }
      case 'Started':
        this.#onStarted(pod, fact)
        break
      case 'Unhealthy':
        if (/^(Readiness|Startup) probe/.test(message)) this.#onUnhealthy(pod)
        break
      case 'BackOff':
        if (!/restarting/.test(message)) break
        this.#setReady(pod, false)
        break
      case 'Killing':
        if (/restart/.test(message)) this.#setReady(pod, false)
        else this.#terminate(pod)
        break
      case 'Preempted':
        this.#terminate(pod)
        break
      case 'TaintManagerEviction':
        if (message.startsWith('Marking')) this.#terminate(pod)
        break
      case 'Evicted':
      case 'Preempting':
      case 'DeadlineExceeded':
        this.#finish(pod, 'failed', fact.reason)
        break
      case 'NodeNotReady':
        if (pod.isReady) pod.isLost = true
        this.#setReady(pod, false)
        break
      default:
        // It is there, which is all that this says.
        break
    }
  }

  #podOf({ namespace, name, uid, labels }: EventFact): Pod | undefined {
    const known = this.#pods.get(uid)
    if (known !== undefined) return known
    const key = `${namespace}/${name}`
    if (this.#gone.get(uid) !== undefined) {
      this.#conversion.leaveOut('events of pods that are taken to be gone', key)
      return undefined
    }
    const namesake = this.#pods.get(this.#names.get(key) ?? '')
    if (namesake !== undefined) {
      this.#conversion.infer('pods gone when another took their name')
      this.#remove(namesake)
    }
    const owner = this.#owners.get(key)
    const pod: Pod = {
      namespace,
      name,
      uid,
      owner,
      node: undefined,
      isAddressed: false,
      isReady: false,
      isLost: false,
      isTerminating: false,
      isEnded: false,
      restarts: 0,
      started: new Set(),
      readyTimer: undefined,
    }
    this.#pods.set(uid, pod)
    this.#names.set(key, uid)
    if (owner?.startsWith('Job/') === true) this.#podsOfJob(pod).add(uid)
    this.#emit({
      ...this.#event(pod, 'created'),
      ...(owner === undefined ? {} : { owner }),
      ...(labels === undefined ? {} : { labels }),
    })
    return pod
  }

  #bind(pod: Pod, node: string): void {
    if (pod.node !== undefined) return
    if (!this.#nodes.has(node)) this.#addNode(node, false)
    pod.node = node
    this.#emit({ ...this.#event(pod, 'bound'), node })
  }

  #onStarted(pod: Pod, { fieldPath = '', message, times }: EventFact): void {
    // Those that prepare the pod do not make it ready.
    if (fieldPath.startsWith('spec.initContainers') || fieldPath.startsWith('spec.ephemeralContainers')) return
    if (pod.node === undefined) {
      this.#conversion.leaveOut('Started: the pod is on no known node', `${pod.namespace}/${pod.name}`)
      return
    }
    const container =
      /\{(.+)\}$/.exec(fieldPath)?.[1] ?? /^(?:Container started|Started container) ?:? ?(\S*)/.exec(message)?.[1] ?? ''
    const restarts = pod.started.has(container) ? times : times - 1
    pod.started.add(container)
    this.#address(pod)
    if (restarts > 0) {
      pod.restarts += restarts
      this.#emit({ ...this.#event(pod, 'restarted'), restarts: pod.restarts })
      this.#setReady(pod, false)
    }
    this.#expectReady(pod)
  }

  /** A container must have run for a probe to fail. */
  #onUnhealthy(pod: Pod): void {
    if (pod.node === undefined) return
    this.#address(pod)
    this.#setReady(pod, false)
    this.#expectReady(pod)
  }

  #address(pod: Pod): void {
    if (pod.isAddressed) return
    pod.isAddressed = true
    this.#emit(this.#event(pod, 'addressed'))
  }

  #expectReady(pod: Pod): void {
    pod.readyTimer?.cancel()
    pod.readyTimer = undefined
    if (pod.isReady || pod.isTerminating || pod.isEnded) return
    pod.readyTimer = this.#clock.schedule(this.#options.readyAfterMs, () => {
      this.#conversion.infer(
        'pods ready some time after they started, or after their last failed probe (--ready-after)',
      )
      this.#setReady(pod, true)
    })
  }

  #setReady(pod: Pod, isReady: boolean): void {
    pod.readyTimer?.cancel()
    pod.readyTimer = undefined
    if (pod.isReady === isReady || (isReady && (pod.isTerminating || pod.isEnded))) return
    pod.isReady = isReady
    this.#emit(this.#event(pod, isReady ? 'ready' : 'not-ready'))
  }

  #finish(pod: Pod, op: 'succeeded' | 'failed', reason: string): void {
    if (pod.isEnded) return
    this.#setReady(pod, false)
    pod.isEnded = true
    this.#emit({ ...this.#event(pod, op), ...(op === 'failed' ? { reason } : {}) })
  }

  #terminate(pod: Pod): void {
    if (pod.isTerminating) return
    pod.isTerminating = true
    pod.readyTimer?.cancel()
    this.#emit({ ...this.#event(pod, 'terminating'), graceS: Math.round(this.#options.graceMs / 1000) })
    this.#clock.schedule(this.#options.graceMs, () => {
      if (this.#pods.get(pod.uid) !== pod) return
      this.#conversion.infer('pods gone some time after their deletion began (--grace)')
      this.#remove(pod)
    })
  }

  #remove(pod: Pod): void {
    pod.readyTimer?.cancel()
    this.#pods.delete(pod.uid)
    this.#names.delete(`${pod.namespace}/${pod.name}`)
    this.#gone.set(pod.uid, true)
    if (pod.owner?.startsWith('Job/') === true) {
      const pods = this.#podsOfJob(pod)
      pods.delete(pod.uid)
      if (pods.size === 0) this.#jobs.delete(`${pod.namespace}/${pod.owner}`)
    }
    this.#emit(this.#event(pod, 'deleted'))
  }

  #podsOfJob({ namespace, owner }: Pod): Set<string> {
    const key = `${namespace}/${owner!}`
    let pods = this.#jobs.get(key)
    if (pods === undefined) this.#jobs.set(key, (pods = new Set()))
    return pods
  }

  #event({ namespace, name, uid }: Pod, op: PodEvent['op']): PodEvent {
    return { t: this.#t, kind: 'pod', op, namespace, name, uid }
  }

  get #t(): number {
    return this.#clock.elapsedMs
  }

  #emit(event: ChurnEvent): void {
    this.#out.push(event)
  }
}
