import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod, Service } from 'kubernetes-types/core/v1.js'
import { formatDuration, type Prng } from '../../base/index.ts'
import {
  allocateServiceAddresses,
  applyDefaults,
  DaemonSets,
  Deployments,
  ensureNamespace,
  Nodes,
  notFound,
  type ObjectStore,
  Pods,
  ReplicaSets,
  type ResourceType,
  Services,
  StatefulSets,
  type Stored,
} from '../cluster/index.ts'
import {
  EventRecorder,
  type EventRecorderOptions,
  EventRouter,
  type PlannedClock,
  PodIndex,
  stampOf,
} from '../informers/index.ts'
import {
  type KubeletApi,
  KubeletFleet,
  nodePage,
  type PodRuntime,
  type TargetSpec,
  viewNode,
} from '../kubelet/index.ts'
import { LoadModel, ResourceMetrics } from '../load/index.ts'
import type { ClusterSpec, WorkloadSpec } from '../messages.ts'
import { podGeneral } from '../stages/index.ts'
import type { MisbehaviourOrder } from '../targets/misbehaviour/index.ts'
import { CronJobController } from './cron-job.ts'
import { DaemonSetController } from './daemon-set.ts'
import { DeploymentController } from './deployment.ts'
import { DisruptionController } from './disruption.ts'
import { Drain, type Evict } from './drain.ts'
import { EndpointsController } from './endpoints.ts'
import type { ControllerEnvironment } from './environment.ts'
import { GarbageCollector } from './garbage-collector.ts'
import { HpaController } from './hpa.ts'
import { JobController } from './job.ts'
import { MisbehavingPods } from './misbehaving-pods.ts'
import { NodeLifecycleController } from './node-lifecycle.ts'
import { PodGarbageCollector } from './pod-gc.ts'
import { ReplicaSetController } from './replica-set.ts'
import { Scheduler } from './scheduler.ts'
import { StatefulSetController } from './stateful-set.ts'
import { TaintEvictionController } from './taint-eviction.ts'
import { VolumeBinder } from './volume-binder.ts'
import { TtlAfterFinishedController } from './ttl-after-finished.ts'
import { workloadObjects } from './workload-objects.ts'

export interface ClusterOptions {
  readonly spec: ClusterSpec
  /** Seed of the run, handed on to the targets. */
  readonly seed: string
  /**
   * Stops planned time until a promise settles (`PacedClock.hold`). Without it the runtime is taken to be instantaneous.
   */
  readonly hold?: (promise: Promise<unknown>) => void
  /** A pod's listener has been asked for. */
  readonly onTargetOpened?: (target: TargetSpec) => void
  /** From now on none of the node's pods answers. */
  readonly onNodeUnreachable?: (node: string) => void
  /** They answer again. */
  readonly onNodeAnswering?: (node: string) => void
  /** From now on pods answer scrapes badly, or, without an order, well again. */
  readonly onMisbehaviour?: (uids: readonly string[], order: MisbehaviourOrder | undefined) => void
  /** Asks for an eviction as a client of the API does; refused with TooManyRequests. Default: always granted. */
  readonly evict?: Evict
  /** The runtime failed; the run cannot go on. */
  readonly onFailure: (error: unknown) => void
  /** Lowest address of the pod network. Default 127.2.0.0. */
  readonly podNetworkFirst?: string
  /** What kubelets say they are. */
  readonly kubeletVersion?: string
  readonly events?: EventRecorderOptions
}

/**
 * The simulated cluster: everything that changes objects by itself, and the hands of a scenario.
 *
 * All methods act through the store, as kubectl would; what follows is the controllers' doing. Call them on planned time.
 */
export interface Cluster {
  /** Creates the namespaces and nodes and starts the controllers. */
  start(): void
  /** Creates a Deployment and its Service, and their namespace; changes them when they exist. A shared Service stays. */
  applyWorkload(workload: WorkloadSpec): void
  /** @throws ApiError NotFound */
  scale(namespace: string, name: string, replicas: number): void
  /** Rolls all pods, as `kubectl rollout restart`. @throws ApiError NotFound */
  restart(namespace: string, name: string): void
  /** Sets a label of the pod template, which rolls all pods. @throws ApiError NotFound; Invalid for a label of the selector */
  relabel(namespace: string, name: string, label: string, value: string): void
  /** Sets a label that a Service selects by; an empty value takes it out. @throws ApiError NotFound */
  select(namespace: string, service: string, label: string, value: string): void
  /** Deletes a Deployment, and the Service of its name where there is one. @throws ApiError NotFound */
  deleteWorkload(namespace: string, name: string): void
  /** A node falls silent, and its pods with it. Returns whether it did: false when it was silent. @throws ApiError NotFound */
  failNode(name: string): boolean
  /** Its kubelet falls silent, and its pods answer on. Returns whether it did. @throws ApiError NotFound */
  failKubelet(name: string): boolean
  /** @throws ApiError NotFound */
  recoverNode(name: string): void
  /**
   * A node falls silent and is back `downMs` later with another boot id, its containers started anew, unless somebody else
   * brought it back before. @throws ApiError NotFound
   */
  rebootNode(name: string, downMs: number): void
  /** The lease of a node is renewed only so often, or as ever when `undefined`. @throws ApiError NotFound */
  slowLease(name: string, everyMs: number | undefined): void
  /** Keeps new pods off a node, or lets them come again. @throws ApiError NotFound */
  cordonNode(name: string, unschedulable: boolean): void
  /** Cordons a node and evicts its pods, for `timeoutMs` at most where budgets forbid it. @throws ApiError NotFound */
  drainNode(name: string, timeoutMs: number): void
  /**
   * The machine of a node is announced to go: tainted at once so that no pod comes, with an Event; after `noticeMs` it falls
   * silent and its Node object is deleted. @throws ApiError NotFound
   */
  reclaimNode(name: string, noticeMs: number): void
  /** The pods of a node cannot be reached any more, whereas its kubelet goes on. @throws ApiError NotFound */
  partitionNode(name: string): void
  /** @throws ApiError NotFound */
  healNode(name: string): void
  /** A node runs short of `resource`: its kubelet evicts that many pods. Returns their names. @throws ApiError NotFound */
  evictPods(node: string, count: number, resource: string): string[]
  /** Deletes the Node object, as a cloud controller does; its pods are collected some time later. @throws ApiError NotFound */
  deleteNode(name: string): void
  /** In the order of their registration. */
  nodeNames(): string[]
  /** Of those in a zone. */
  nodesOfZone(zone: string): string[]
  isNodeSilent(name: string): boolean
  /**
   * Lets the load that a workload, or what is behind a Service, is offered go to `rps` requests per second, in `overMs`.
   * @throws ApiError NotFound
   */
  offerLoad(namespace: string, name: string, rps: number, overMs: number): void
  /** Uids of a Deployment's pods that have an address and are not about to go. @throws ApiError NotFound */
  podsOf(namespace: string, name: string): string[]
  /** Pods of a namespace answer scrapes badly for `forMs`, or until they are told to behave. */
  misbehave(namespace: string, uids: readonly string[], order: MisbehaviourOrder, forMs: number | undefined): void
  /** They answer well again. Returns how many did not before. */
  behave(uids: readonly string[]): number
  /** How busy the pods are. */
  readonly load: LoadModel
  /** What metrics-server says of it. */
  readonly metrics: ResourceMetrics
  /** What the kubelets answer on their port. */
  readonly kubelets: KubeletApi
}

/** Namespaces of every cluster. */
export const DEFAULT_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system']
/**
 * As kubectl's `restartedAt`, but in planned time: the annotation goes into the template's hash and so into the pods' names,
 * which must not depend on when the run was started.
 */
const RESTARTED_AT = 'churnbench.io/restarted-at'
/** Taint of a node whose machine is about to be taken back. */
const RECLAIMED = 'churnbench.io/spot-reclaim'
/** The Kubernetes release whose behaviour is played. */
export const KUBELET_VERSION = 'v1.33.4'

/**
 * Seconds of the default toleration for a cluster's eviction time: whole, as the API wants them. The admission of the API
 * server must use the same, so that all pods are alike.
 */
export function defaultTolerationSeconds(evictionMs: number): number {
  return Math.ceil(evictionMs / 1000)
}

/** Builds the cluster; nothing happens before `start`. The same seed and the same calls give the same commits. */
export function createCluster(
  clock: PlannedClock,
  prng: Prng,
  store: ObjectStore,
  runtime: PodRuntime,
  options: ClusterOptions,
): Cluster {
  const { spec, seed } = options
  const router = new EventRouter()
  const pods = new PodIndex(clock)
  const events = new EventRecorder(clock, prng.fork('events'), store, options.events)
  const admission = { tolerationSeconds: defaultTolerationSeconds(spec.timings.evictionMs) }
  const env: ControllerEnvironment = { clock, store, router, pods, events, timings: spec.timings, admission }
  let slots = 0
  const kubelets = new KubeletFleet(
    {
      clock,
      store,
      pods,
      events,
      runtime,
      stages: podGeneral,
      timings: spec.timings,
      seed,
      podsPerNodeMax: spec.podsPerNodeMax,
      kubeletVersion: options.kubeletVersion ?? KUBELET_VERSION,
      nextSlot: () => slots++,
      hold: options.hold,
      onTargetOpened: options.onTargetOpened,
      onFailure: options.onFailure,
    },
    prng.fork('kubelet'),
    {
      nodes: spec.nodes,
      zones: spec.zones,
      ...(options.podNetworkFirst === undefined ? {} : { podNetworkFirst: options.podNetworkFirst }),
      ...(spec.addresses === undefined ? {} : { addresses: spec.addresses }),
    },
  )
  // The index comes first; then controllers in this order for each event, and the kubelets last.
  router.on<Pod>(Pods, event => pods.update(event))
  const load = new LoadModel(clock, store, router, pods)
  const metrics = new ResourceMetrics(clock, store, load, node => kubelets.answers(node))
  new GarbageCollector(env)
  const nodeLifecycle = new NodeLifecycleController(env)
  new TaintEvictionController(env)
  const podGc = new PodGarbageCollector(env)
  new Scheduler(env, prng.fork('scheduler'))
  new DeploymentController(env)
  new ReplicaSetController(env, prng.fork('replicaset'))
  new VolumeBinder(env)
  new StatefulSetController(env)
  new DaemonSetController(env, prng.fork('daemonset'))
  new JobController(env, prng.fork('job'))
  new CronJobController(env, prng.fork('cronjob'))
  new TtlAfterFinishedController(env)
  new DisruptionController(env)
  new EndpointsController(env, prng.fork('endpoints'))
  new HpaController(env, load, metrics)
  const misbehaving = new MisbehavingPods(clock, store, runtime, events, {
    isSilent: node => !kubelets.answers(node),
    onChange: options.onMisbehaviour,
  })
  router.on<Node>(Nodes, event => kubelets.onNode(event))
  router.on<Pod>(Pods, event => kubelets.onPod(event))

  return {
    start() {
      for (const name of DEFAULT_NAMESPACES) ensureNamespace(store, name)
      for (const { namespace } of spec.workloads) ensureNamespace(store, namespace)
      router.follow(store)
      kubelets.start()
      nodeLifecycle.start()
      podGc.start()
      events.start()
    },
    applyWorkload(workload) {
      ensureNamespace(store, workload.namespace)
      const { deployment, service } = workloadObjects(workload)
      applyDefaults(Deployments, deployment)
      applyDefaults(Services, service)
      const current = store.get<Service>(Services, workload.namespace, workload.service)
      allocateServiceAddresses(store, service, current)
      createOrUpdate(store, Services, service)
      createOrUpdate(store, Deployments, deployment)
    },
    scale(namespace, name, replicas) {
      modifyDeployment(store, namespace, name, spec => ({ ...spec, replicas }))
    },
    restart(namespace, name) {
      const restartedAt = formatDuration(clock.elapsedMs)
      modifyDeployment(store, namespace, name, spec => {
        const { metadata } = spec.template
        const annotations = { ...metadata?.annotations, [RESTARTED_AT]: restartedAt }
        return { ...spec, template: { ...spec.template, metadata: { ...metadata, annotations } } }
      })
    },
    relabel(namespace, name, label, value) {
      modifyDeployment(store, namespace, name, spec => {
        const { metadata } = spec.template
        const labels = { ...metadata?.labels, [label]: value }
        return { ...spec, template: { ...spec.template, metadata: { ...metadata, labels } } }
      })
    },
    select(namespace, name, label, value) {
      const found = store.modify<Service>(Services, namespace, name, service => {
        const { [label]: _, ...selector } = service.spec?.selector ?? {}
        return {
          ...service,
          spec: { ...service.spec, selector: value === '' ? selector : { ...selector, [label]: value } },
        }
      })
      if (found === undefined) throw notFound(Services, name)
    },
    deleteWorkload(namespace, name) {
      store.delete(Deployments, namespace, name)
      if (store.get(Services, namespace, name) !== undefined) store.delete(Services, namespace, name)
    },
    failNode(name) {
      const isNew = kubelets.fail(name)
      if (isNew) options.onNodeUnreachable?.(name)
      return isNew
    },
    failKubelet: name => kubelets.failAlone(name),
    rebootNode(name, downMs) {
      this.failNode(name)
      clock.schedule(downMs, () => {
        if (kubelets.reboot(name)) options.onNodeAnswering?.(name)
      })
    },
    slowLease(name, everyMs) {
      kubelets.slowLease(name, everyMs)
    },
    cordonNode(name, unschedulable) {
      modifyNode(store, name, ({ unschedulable: _, ...spec }) => (unschedulable ? { ...spec, unschedulable } : spec))
    },
    drainNode(name, timeoutMs) {
      this.cordonNode(name, true)
      new Drain(clock, pods, name, options.evict ?? ((...pod) => void store.delete(Pods, ...pod)), timeoutMs)
    },
    reclaimNode(name, noticeMs) {
      const now = stampOf(clock)
      const node = modifyNode(store, name, spec => {
        const others = (spec.taints ?? []).filter(({ key }) => key !== RECLAIMED)
        return { ...spec, taints: [...others, { key: RECLAIMED, effect: 'NoSchedule', timeAdded: now }] }
      })
      const message = `Spot interruption notice: the machine is taken back in ${formatDuration(noticeMs)}`
      events.warning({ component: 'spot-termination-handler' }, Nodes, node, 'SpotInterruption', message)
      clock.schedule(noticeMs, () => {
        const isSame = store.get<Node>(Nodes, undefined, name)?.metadata.uid === node.metadata.uid
        this.failNode(name)
        if (isSame) this.deleteNode(name)
      })
    },
    recoverNode(name) {
      if (kubelets.recover(name)) options.onNodeAnswering?.(name)
    },
    partitionNode(name) {
      if (kubelets.partition(name, true)) options.onNodeUnreachable?.(name)
    },
    healNode(name) {
      if (kubelets.partition(name, false) && !kubelets.isSilent(name)) options.onNodeAnswering?.(name)
    },
    evictPods: (node, count, resource) => kubelets.evict(node, count, resource),
    deleteNode(name) {
      store.delete(Nodes, undefined, name)
    },
    nodeNames: () => kubelets.names(),
    nodesOfZone: zone => kubelets.namesOfZone(zone),
    isNodeSilent: name => kubelets.isSilent(name),
    offerLoad(namespace, name, rps, overMs) {
      const known = LOADABLE.some(type => store.get(type, namespace, name) !== undefined)
      if (!known) throw notFound(Deployments, name)
      load.offer(`${namespace}/${name}`, rps, overMs)
    },
    podsOf: (namespace, name) => misbehaving.podsOf(namespace, name),
    misbehave: (namespace, uids, order, forMs) => misbehaving.begin(namespace, uids, order, forMs),
    behave: uids => misbehaving.end(uids),
    load,
    metrics,
    kubelets: {
      addressOf: node => kubelets.addressOf(node),
      isReachable: node => kubelets.isReachable(node),
      page(node, path) {
        const view = viewNode(clock, store, pods, load, node)
        return view && nodePage(path, view)
      },
    },
  }
}

/** What a load can be offered to by name. */
const LOADABLE = [Deployments, StatefulSets, DaemonSets, ReplicaSets, Services, Pods]

function createOrUpdate(store: ObjectStore, type: ResourceType, wanted: Deployment | Service): void {
  const { namespace, name = '' } = wanted.metadata ?? {}
  const written = store.modify<Deployment | Service>(
    type,
    namespace,
    name,
    current =>
      ({
        ...current,
        metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...wanted.metadata?.labels } },
        ...(wanted.spec === undefined ? {} : { spec: wanted.spec }),
      }) as Deployment | Service,
  )
  if (written === undefined) store.create<Deployment | Service>(type, wanted)
}

function modifyDeployment(
  store: ObjectStore,
  namespace: string,
  name: string,
  change: (spec: NonNullable<Deployment['spec']>) => NonNullable<Deployment['spec']>,
): void {
  const found = store.modify<Deployment>(Deployments, namespace, name, deployment => ({
    ...deployment,
    spec: change(deployment.spec!),
  }))
  if (found === undefined) throw notFound(Deployments, name)
}

function modifyNode(
  store: ObjectStore,
  name: string,
  change: (spec: NonNullable<Node['spec']>) => NonNullable<Node['spec']>,
): Stored<Node> {
  const node = store.modify<Node>(Nodes, undefined, name, current => ({ ...current, spec: change(current.spec ?? {}) }))
  if (node === undefined) throw notFound(Nodes, name)
  return node
}
