import type { ChurnEvent, PodEvent, ServiceEvent, WorkloadEvent } from '../../churn-event.ts'
import type { TraceModel, WorkloadClass, WorkloadKind } from '../model.ts'
import { ClassFit } from './class-fit.ts'
import { NodeFit } from './node-fit.ts'

const DAY_MS = 86_400_000

interface WorkloadRecord {
  readonly fit: ClassFit
  replicas: number | undefined
  readonly baseReplicas: number
  /** When its pod template last changed. */
  templateMs: number
  /** What its pods are made of, to tell a new template from the same one. */
  template: string
  /** Pods that neither ended nor are on their way out. */
  activePods: number
}

interface PodRecord {
  readonly fit: ClassFit
  readonly workload: WorkloadRecord | undefined
  readonly ownerKey: string
  readonly createdMs: number
  /** It was there already when the trace began: how long its steps took is not known. */
  isFound: boolean
  node: string | undefined
  boundMs: number | undefined
  addressedMs: number | undefined
  wasReady: boolean
  readySinceMs: number | undefined
  crashedMs: number | undefined
  restarts: number
  /** Since when it has no more part in its workload. */
  overMs: number | undefined
  endedMs: number | undefined
  terminatingMs: number | undefined
  /** It was asked to go while nobody on its node answered. */
  isStuck: boolean
}

/**
 * Learns a model from the events of a trace as they come. Memory is that of the living objects.
 *
 * Of each pod's steps it learns how long they take. How pods of Deployments, StatefulSets and DaemonSets come and go it learns by
 * the causes: rollouts, changes of replicas, lost nodes; a pod that is deleted for none of these was lost by itself. Pods of
 * Jobs and of nobody are a stream of arrivals with lifetimes.
 */
export class TraceFit {
  readonly #dayOffsetMs: number
  readonly #nodes: NodeFit
  readonly #classes = new Map<string, ClassFit>()
  /** By `type/namespace/name`. */
  readonly #workloads = new Map<string, WorkloadRecord>()
  readonly #pods = new Map<string, PodRecord>()
  readonly #podsOnNode = new Map<string, number>()
  /** All that pods were in: few in any cluster. */
  readonly #namespaces = new Set<string>()
  #podsPerNodeMax = 0
  #lastMs = 0
  /** Pods created at time 0, until it is over. */
  #atZero: PodRecord[] = []
  readonly #bursts = new Map<ClassFit, { atMs: number; pods: number }>()

  /** @param startHour hour of the day at time 0. */
  constructor(startHour: number) {
    this.#dayOffsetMs = Math.round(startHour * 3_600_000)
    this.#nodes = new NodeFit(this.#dayOffsetMs)
  }

  add(event: ChurnEvent): void {
    if (event.t > 0 && this.#lastMs === 0) this.#settleZero()
    this.#lastMs = event.t
    if (event.kind === 'pod') this.#pod(event)
    else if (event.kind === 'node') this.#nodes.add(event)
    else if (event.kind === 'workload') this.#workload(event)
    else if (event.kind === 'service') this.#service(event)
  }

  /**
   * What has been learned. Nothing can be added afterwards.
   *
   * @param durationMs of the trace, when longer than to its last event.
   */
  finish(durationMs = 0): { readonly model: Omit<TraceModel, 'name'>; readonly notes: readonly string[] } {
    this.#settleZero()
    const endMs = Math.max(durationMs, this.#lastMs, 1)
    for (const pod of this.#pods.values()) this.#censor(pod, endMs)
    for (const [fit, { pods }] of this.#bursts) fit.burst.end(pods)
    // Rates of a trace within a day are told along the trace, from its begin on.
    const startHour = endMs > DAY_MS ? this.#dayOffsetMs / 3_600_000 : 0
    const notes: string[] = []
    const classes: WorkloadClass[] = []
    for (const [name, fit] of this.#classes) {
      if (fit.created === 0 && fit.replicas.count === 0) continue
      classes.push(fit.model(name, endMs, startHour * 3_600_000, notes))
    }
    const model = {
      model: 'churnbench-trace',
      version: 1,
      durationMs: endMs,
      startHour,
      namespaces: Math.max(1, this.#namespaces.size),
      cluster: this.#nodes.model(endMs, this.#podsPerNodeMax),
      classes,
    } as const
    return { model, notes }
  }

  #class(kind: WorkloadKind, owner?: string): ClassFit {
    const name = kind === 'Pod' ? `pods${owner === undefined ? '' : `-of-${owner.toLowerCase()}`}` : kind.toLowerCase()
    let fit = this.#classes.get(name)
    if (fit === undefined) {
      fit = new ClassFit(kind, owner, this.#dayOffsetMs)
      this.#classes.set(name, fit)
    }
    return fit
  }

  #workload(event: WorkloadEvent): void {
    const { t, op, namespace, name, type, replicas } = event
    if (type !== 'Deployment' && type !== 'StatefulSet' && type !== 'DaemonSet') return
    const key = `${type}/${namespace}/${name}`
    const record = this.#workloads.get(key)
    if (op === 'deleted') {
      record?.fit.own(key, -1)
      this.#workloads.delete(key)
      return
    }
    const template = op === 'applied' ? JSON.stringify([event.labels, event.annotations, event.containers]) : ''
    if (record === undefined) {
      const fit = this.#class(type)
      fit.own(key, 1)
      if (replicas !== undefined) fit.replicas.end(replicas)
      if (event.strategy !== undefined) {
        const { type: _, ...bounds } = event.strategy
        fit.strategies.add(JSON.stringify(bounds))
      }
      const base = { replicas, baseReplicas: replicas ?? 0, templateMs: t, template, activePods: 0 }
      this.#workloads.set(key, { fit, ...base })
      return
    }
    // A template can differ in what a trace does not show; with other replicas and all else alike it is the replicas.
    if (op === 'applied' && (template !== record.template || replicas === record.replicas)) {
      record.template = template
      record.templateMs = t
      record.fit.rollouts.add(t)
    }
    if (replicas === undefined || replicas === record.replicas) return
    record.replicas = replicas
    record.fit.scaling.add(t, replicas, record.baseReplicas)
  }

  #service({ op, namespace, name }: ServiceEvent): void {
    if (op !== 'applied') return
    // Services are counted with the workloads that they are called after.
    for (const type of ['Deployment', 'StatefulSet', 'DaemonSet']) {
      const record = this.#workloads.get(`${type}/${namespace}/${name}`)
      if (record !== undefined) record.fit.services++
    }
  }

  #pod(event: PodEvent): void {
    const { t, op, uid } = event
    if (op === 'created') {
      this.#created(event)
      return
    }
    const pod = this.#pods.get(uid)
    if (pod === undefined) return
    const { fit } = pod
    switch (op) {
      case 'bound':
        this.#bound(pod, event.node!, t)
        break
      case 'addressed':
        if (pod.addressedMs !== undefined) break
        pod.addressedMs = t
        if (!pod.isFound) fit.startMs.end(t - pod.boundMs!)
        break
      case 'ready':
        if (!pod.wasReady && !this.#isUnknown(pod, t)) fit.readyMs.end(t - pod.addressedMs!)
        if (pod.crashedMs !== undefined) fit.downMs.end(t - pod.crashedMs)
        pod.crashedMs = undefined
        pod.wasReady = true
        pod.readySinceMs = t
        break
      case 'not-ready':
        this.#notReady(pod, t)
        break
      case 'restarted':
        if (t > 0) {
          fit.restarts += event.restarts! - pod.restarts
          pod.crashedMs = t
        }
        pod.restarts = event.restarts!
        break
      case 'succeeded':
      case 'failed':
        this.#ended(pod, t, op === 'failed' ? `failed/${event.reason ?? ''}` : op)
        break
      case 'terminating':
        this.#terminating(pod, t, event.graceS ?? 0)
        break
      case 'deleted':
        this.#deleted(pod, uid, t)
        break
      case 'relabelled':
        break
    }
  }

  #created({ t, uid, namespace, name, owner, annotations, containers }: PodEvent): void {
    const slash = owner?.indexOf('/') ?? -1
    const ownerKind = owner?.slice(0, slash)
    const ownerName = owner?.slice(slash + 1)
    const workload = this.#workloadOf(namespace, ownerKind, ownerName)
    const fit = workload?.fit ?? (ownerKind === 'Job' ? this.#class('Job') : this.#class('Pod', ownerKind))
    // A Job's own name says nothing of how many there are; what submits them is not known.
    const ownerKey =
      ownerKind === 'Job' || owner === undefined ? namespace : `${namespace}/${name.replace(/-[^-]*$/, '')}`
    fit.created++
    fit.seeShape(containers ?? [], annotations)
    if (workload === undefined) fit.own(ownerKey, 1)
    else workload.activePods++
    this.#namespaces.add(namespace)
    const pod: PodRecord = {
      fit,
      workload,
      ownerKey,
      createdMs: t,
      isFound: false,
      node: undefined,
      boundMs: undefined,
      addressedMs: undefined,
      wasReady: false,
      readySinceMs: undefined,
      crashedMs: undefined,
      restarts: 0,
      overMs: undefined,
      endedMs: undefined,
      terminatingMs: undefined,
      isStuck: false,
    }
    this.#pods.set(uid, pod)
    if (t === 0) this.#atZero.push(pod)
    else this.#arrived(fit, t)
  }

  #workloadOf(namespace: string, kind: string | undefined, name: string | undefined): WorkloadRecord | undefined {
    if (name === undefined) return undefined
    if (kind === 'ReplicaSet') {
      return this.#workloads.get(`Deployment/${namespace}/${name.slice(0, Math.max(0, name.lastIndexOf('-')))}`)
    }
    return this.#workloads.get(`${kind}/${namespace}/${name}`)
  }

  /** Pods of a class that come at the same instant came together. */
  #arrived(fit: ClassFit, t: number): void {
    const burst = this.#bursts.get(fit)
    if (burst?.atMs === t) {
      burst.pods++
      return
    }
    if (burst !== undefined) fit.burst.end(burst.pods)
    this.#bursts.set(fit, { atMs: t, pods: 1 })
    fit.arrivals.add(t)
  }

  /** Pods that had a node at time 0 were there before; the others were created then. */
  #settleZero(): void {
    for (const pod of this.#atZero) {
      if (pod.isFound) pod.fit.found++
      else this.#arrived(pod.fit, 0)
    }
    this.#atZero = []
  }

  #isUnknown({ isFound, addressedMs }: PodRecord, t: number): boolean {
    return addressedMs === undefined || (isFound && (t === 0 || addressedMs === 0))
  }

  #bound(pod: PodRecord, node: string, t: number): void {
    pod.node = node
    pod.boundMs = t
    pod.isFound = t === 0
    if (!pod.isFound) {
      pod.fit.scheduleMs.end(t - pod.createdMs)
      pod.fit.pendingMs.censor(t - pod.createdMs)
    }
    const pods = (this.#podsOnNode.get(node) ?? 0) + 1
    this.#podsOnNode.set(node, pods)
    this.#podsPerNodeMax = Math.max(this.#podsPerNodeMax, pods)
  }

  #notReady(pod: PodRecord, t: number): void {
    if (pod.readySinceMs === undefined) return
    pod.fit.readyMsTotal += t - pod.readySinceMs
    pod.readySinceMs = undefined
  }

  #ended(pod: PodRecord, t: number, outcome: string): void {
    // What becomes of containers that were asked to stop is not how the pod ended.
    if (pod.terminatingMs !== undefined || pod.endedMs !== undefined) return
    pod.endedMs = t
    if (pod.overMs === undefined) this.#over(pod, t, outcome)
  }

  #terminating(pod: PodRecord, t: number, graceS: number): void {
    pod.terminatingMs = t
    // A node that answers nobody lets no pod go, and how long it would have taken is not known.
    pod.isStuck = pod.node !== undefined && !this.#nodes.isWell(pod.node)
    if (pod.endedMs !== undefined) return
    if (t > 0) pod.fit.graces.add(String(graceS))
    if (pod.overMs === undefined) this.#over(pod, t, 'deleted')
  }

  #deleted(pod: PodRecord, uid: string, t: number): void {
    if (pod.overMs === undefined) this.#over(pod, t, 'deleted')
    const { fit, endedMs, terminatingMs, node } = pod
    if (endedMs !== undefined) {
      if (endedMs > 0) fit.lingerMs.end(t - endedMs)
    } else if (terminatingMs !== undefined && terminatingMs > 0 && !pod.isStuck) {
      if (node === undefined || this.#nodes.isWell(node)) fit.terminateMs.end(t - terminatingMs)
      else fit.terminateMs.censor(t - terminatingMs)
    }
    this.#notReady(pod, t)
    this.#pods.delete(uid)
    if (node !== undefined) this.#podsOnNode.set(node, this.#podsOnNode.get(node)! - 1)
    if (pod.workload === undefined) fit.own(pod.ownerKey, -1)
  }

  /** It works no more: by itself, or for a reason that lies elsewhere. */
  #over(pod: PodRecord, t: number, outcome: string): void {
    const { fit, workload, node } = pod
    const isAsked = isUnwanted(pod)
    const isElsewhere = isAsked || (node !== undefined && !this.#nodes.isWell(node))
    pod.overMs = t
    if (workload !== undefined) workload.activePods--
    if (node === undefined) {
      fit.scheduleMs.censor(t - pod.createdMs)
      if (isElsewhere) fit.pendingMs.censor(t - pod.createdMs)
      else fit.pendingMs.end(t - pod.createdMs)
      return
    }
    if (outcome === 'deleted' && !isAsked) this.#nodes.podTerminating(node, t)
    this.#censorSteps(pod, t)
    const table = pod.isFound ? fit.remainingMs : fit.lifetimeMs
    const livedMs = t - pod.boundMs!
    fit.boundMsTotal += livedMs
    if (isElsewhere) {
      table.censor(livedMs)
    } else {
      table.end(livedMs)
      fit.outcomes.add(outcome)
    }
  }

  /** Steps that it had before it and did not come to. */
  #censorSteps({ fit, boundMs, addressedMs, wasReady, isFound }: PodRecord, t: number): void {
    if (isFound || wasReady) return
    if (addressedMs === undefined) fit.startMs.censor(t - boundMs!)
    else fit.readyMs.censor(t - addressedMs)
  }

  /** The trace ends, and the pod is still there. */
  #censor(pod: PodRecord, endMs: number): void {
    const { fit, endedMs, terminatingMs, boundMs, createdMs } = pod
    this.#notReady(pod, endMs)
    if (endedMs !== undefined) {
      fit.lingerMs.censor(endMs - endedMs)
    } else if (terminatingMs !== undefined) {
      if (!pod.isStuck) fit.terminateMs.censor(endMs - terminatingMs)
    } else if (boundMs === undefined) {
      fit.scheduleMs.censor(endMs - createdMs)
      fit.pendingMs.censor(endMs - createdMs)
    } else {
      this.#censorSteps(pod, endMs)
      fit.boundMsTotal += endMs - boundMs
      const table = pod.isFound ? fit.remainingMs : fit.lifetimeMs
      table.censor(endMs - boundMs)
    }
  }
}

/** Its workload has a newer template, or fewer replicas than pods. */
function isUnwanted({ workload, createdMs }: PodRecord): boolean {
  if (workload === undefined) return false
  if (createdMs < workload.templateMs) return true
  return workload.replicas !== undefined && workload.activePods > workload.replicas
}
