import type { DaemonSet, Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import t from 'tap'
import { Prng } from '../../../base/index.ts'
import {
  admitJob,
  applyDefaults,
  CronJobs,
  DaemonSets,
  Deployments,
  ensureNamespace,
  HorizontalPodAutoscalers,
  Jobs,
  type KubeObject,
  Namespaces,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  ReplicaSets,
  type ResourceType,
  startNamespaceLifecycle,
  StatefulSets,
  type StoreEvent,
  type Writable,
} from '../../../sim/cluster/index.ts'
import { isFinished } from '../../../sim/informers/index.ts'
import { isReady, type Sim, simulate } from './harness.ts'

/**
 * All kinds of workloads side by side, with lives of both sorts, while nodes come and go and people change their minds.
 * What each kind promises is tested elsewhere; here that the parts bear with each other: nothing throws, a status never says
 * what cannot be, and when peace has come everything is as it was asked for and nothing is left over.
 */

const MINUTE = 60_000
const OWNERS: readonly ResourceType[] = [Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs]
const TYPES = ['delete', 'evict', 'fail', 'cut', 'reboot', 'drain', 'reclaim', 'scale', 'roll', 'load', 'shortage']

function template(app: string, more: Partial<Pod['spec']> = {}, annotations = {}): PodTemplateSpec {
  return {
    metadata: { labels: { app }, annotations },
    spec: { containers: [{ name: 'c', image: `${app}:1`, resources: { requests: { cpu: '50m' } } }], ...more },
  }
}

function create<T extends KubeObject>(
  { store }: Sim,
  type: ResourceType,
  object: Writable<T>,
  namespace = 'mix',
): void {
  object.metadata = { ...object.metadata, namespace }
  const uid = new Prng(`${type.kind}/${namespace}/${object.metadata.name}`).uuid()
  object.metadata = { ...object.metadata, uid }
  applyDefaults(type, object as KubeObject)
  if (type === Jobs) admitJob(object as Writable<Job>)
  store.create<T>(type, object, { uid })
}

function fill(sim: Sim): void {
  ensureNamespace(sim.store, 'mix')
  const probed = {
    containers: [{ name: 'c', image: 'x', readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 3 } }],
    initContainers: [{ name: 'init', image: 'init' }],
  }
  const meta = (name: string): { name: string } => ({ name })
  const selector = (app: string): { matchLabels: Record<string, string> } => ({ matchLabels: { app } })
  create<Deployment>(sim, Deployments, {
    metadata: meta('plain'),
    spec: { replicas: 3, selector: selector('plain'), template: template('plain') },
  })
  create<Deployment>(sim, Deployments, {
    metadata: meta('probed'),
    spec: { replicas: 3, selector: selector('probed'), template: template('probed', probed) },
  })
  create<StatefulSet>(sim, StatefulSets, {
    metadata: meta('db'),
    spec: { replicas: 3, serviceName: 'db', selector: selector('db'), template: template('db', probed) },
  })
  create<DaemonSet>(sim, DaemonSets, {
    metadata: meta('agent'),
    spec: { selector: selector('agent'), template: template('agent') },
  })
  create<Job>(sim, Jobs, {
    metadata: meta('work'),
    spec: {
      completions: 12,
      parallelism: 3,
      backoffLimit: 1000,
      template: template('work', { restartPolicy: 'Never' }, { 'churnbench.io/run-for': '40s' }),
    },
  })
  create<Job>(sim, Jobs, {
    metadata: meta('again'),
    spec: {
      completions: 4,
      completionMode: 'Indexed',
      parallelism: 2,
      backoffLimit: 1000,
      template: template('again', { restartPolicy: 'OnFailure' }, { 'churnbench.io/exit-code': '1,0' }),
    },
  })
  create<CronJob>(sim, CronJobs, {
    metadata: meta('tick'),
    spec: {
      schedule: '* * * * *',
      concurrencyPolicy: 'Replace',
      jobTemplate: { spec: { template: template('tick', { restartPolicy: 'OnFailure' }) } },
    },
  })
  create<HorizontalPodAutoscaler>(sim, HorizontalPodAutoscalers, {
    metadata: meta('plain'),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'plain' },
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
    },
  })
  for (const app of ['db', 'plain', 'probed']) {
    create<PodDisruptionBudget>(sim, PodDisruptionBudgets, {
      metadata: meta(app),
      spec: { maxUnavailable: 1, selector: selector(app) },
    })
  }
}

function isThere({ store }: Sim, node: string): boolean {
  return store.get(Nodes, undefined, node) !== undefined
}

function act(sim: Sim, prng: Prng): string {
  const { store, cluster } = sim
  const pods = store.list<Pod>(Pods, 'mix')
  const nodes = cluster.nodeNames()
  const node = nodes[prng.below(nodes.length)]!
  const pod = pods[prng.below(Math.max(1, pods.length))]
  const what = TYPES[prng.below(TYPES.length)]!
  if (!isThere(sim, node)) return 'nothing'
  switch (what) {
    case 'delete':
      if (pod === undefined) break
      store.delete(Pods, 'mix', pod.metadata.name, prng.below(3) === 0 ? { gracePeriodSeconds: 0 } : {})
      break
    case 'evict':
    case 'shortage':
      cluster.evictPods(node, 1 + prng.below(2), 'memory')
      break
    case 'fail':
      cluster.failNode(node)
      sim.clock.schedule((5 + prng.below(500)) * 1000, () => cluster.recoverNode(node))
      break
    case 'cut':
      cluster.failKubelet(node)
      sim.clock.schedule((5 + prng.below(500)) * 1000, () => cluster.recoverNode(node))
      break
    case 'reboot':
      cluster.rebootNode(node, (5 + prng.below(100)) * 1000)
      break
    case 'drain':
      cluster.drainNode(node, MINUTE)
      sim.clock.schedule(2 * MINUTE, () => {
        if (isThere(sim, node)) cluster.cordonNode(node, false)
      })
      break
    case 'reclaim':
      cluster.reclaimNode(node, 20_000)
      sim.clock.schedule(3 * MINUTE, () => cluster.recoverNode(node))
      break
    case 'scale': {
      const type = prng.below(2) === 0 ? Deployments : StatefulSets
      const name = type === Deployments ? 'probed' : 'db'
      const replicas = prng.below(6)
      store.modify<Deployment>(type, 'mix', name, set => ({ ...set, spec: { ...set.spec!, replicas } }))
      break
    }
    case 'roll': {
      const [type, name] = [
        [Deployments, 'plain'],
        [StatefulSets, 'db'],
        [DaemonSets, 'agent'],
      ][prng.below(3)] as [ResourceType, string]
      store.modify<Deployment>(type, 'mix', name, ({ spec, ...set }) => {
        const annotations = { ...spec!.template.metadata?.annotations, at: String(sim.clock.elapsedMs) }
        return {
          ...set,
          spec: { ...spec!, template: { ...spec!.template, metadata: { ...spec!.template.metadata, annotations } } },
        }
      })
      break
    }
    default:
      cluster.offerLoad('mix', 'plain', prng.below(400), 10_000)
  }
  return `${what} ${node}`
}

function play(seed: string, onEvent?: (event: StoreEvent, sim: Sim) => void): Sim {
  const sim = simulate({ nodes: 4, seed, keep: false, ...(onEvent === undefined ? {} : { onEvent }) })
  const prng = new Prng(`${seed}/deeds`)
  fill(sim)
  sim.clock.advance(20_000)
  for (let i = 0; i < 25; i++) {
    const deed = act(sim, prng)
    try {
      sim.clock.advance(prng.below(40) * 1000)
    } catch (error) {
      throw new Error(`seed ${seed}, at ${sim.clock.elapsedMs} ms, after ${deed}`, { cause: error })
    }
  }
  // To the 50th second of a minute: the job that the minute began with is over.
  sim.clock.advance(20 * MINUTE - (sim.clock.elapsedMs % MINUTE) + 50_000)
  return sim
}

/** What is not as it should be when nothing has happened for long. */
function faults(sim: Sim): string[] {
  const { store, runtime } = sim
  const found: string[] = []
  const uids = new Set(OWNERS.flatMap(type => store.list(type).map(({ metadata }) => metadata.uid)))
  const pods = store.list<Pod>(Pods, 'mix')
  for (const { metadata, status, spec } of pods) {
    const { name, deletionTimestamp, ownerReferences = [], finalizers = [] } = metadata
    if (deletionTimestamp !== undefined) found.push(`${name} never goes`)
    if (finalizers.length > 0 && (status?.phase === 'Succeeded' || status?.phase === 'Failed')) {
      found.push(`${name} has ended and keeps ${finalizers.join()}`)
    }
    if (ownerReferences.some(({ uid }) => !uids.has(uid))) found.push(`${name} has an owner that is gone`)
    if (spec?.nodeName === undefined) found.push(`${name} has no node`)
  }
  const active = (app: string): Pod[] => pods.filter(pod => pod.metadata.labels?.app === app && !isFinished(pod))
  const expect = (app: string, count: number): void => {
    const ready = active(app).filter(isReady)
    if (ready.length !== count || active(app).length !== count) {
      found.push(`${app}: ${active(app).length} pods of which ${ready.length} are ready instead of ${count}`)
    }
  }
  for (const [type, name] of [
    [Deployments, 'plain'],
    [Deployments, 'probed'],
    [StatefulSets, 'db'],
  ] as const) {
    const { spec, status } = store.get<Deployment>(type, 'mix', name)!
    expect(name, spec!.replicas!)
    if ((status?.readyReplicas ?? 0) !== spec!.replicas) found.push(`${name} says ${status?.readyReplicas} are ready`)
  }
  expect('agent', 4)
  for (const name of ['work', 'again']) {
    const { status } = store.get<Job>(Jobs, 'mix', name)!
    if (!status?.conditions?.some(({ type }) => type === 'Complete')) found.push(`${name} is not complete`)
    if (status?.uncountedTerminatedPods?.succeeded?.length) found.push(`${name} has not counted all`)
  }
  if (store.list<Job>(Jobs, 'mix').length > 7) found.push('cron jobs pile up')
  const names = new Set(store.list<Pod>(Pods).map(({ metadata }) => metadata.uid))
  for (const uid of runtime.open_.keys()) if (!names.has(uid)) found.push(`${uid} listens and is no pod`)
  if (runtime.partitioned.size > 0) found.push('some pods are cut off')
  const addresses = store
    .list<Pod>(Pods)
    .filter(pod => !isFinished(pod))
    .map(({ status }) => status?.podIP)
  if (new Set(addresses).size !== addresses.length) found.push('two pods have one address')
  return found
}

t.test('whatever happens, all kinds come to what was asked for', async t => {
  for (const seed of ['0', '1', '2']) t.same(faults(play(seed)), [], `seed ${seed}`)
})

t.test('a namespace goes with all that is in it, and nothing comes meanwhile', async t => {
  const { clock, store } = play('gone')
  startNamespaceLifecycle(store)
  const came: string[] = []
  store.subscribe(({ type, object: { kind, metadata } }) => {
    if (type === 'ADDED' && metadata.namespace === 'mix') came.push(`${kind} ${metadata.name}`)
  })
  store.delete(Namespaces, undefined, 'mix')
  clock.advance(MINUTE)
  t.equal(store.get(Namespaces, undefined, 'mix'), undefined)
  t.same(came, [])
})

t.test('the same seed plays the same', async t => {
  const log = (): string[] => {
    const lines: string[] = []
    play('same', ({ type, object }) => lines.push(`${type} ${object.metadata.resourceVersion} ${object.metadata.name}`))
    return lines
  }
  t.same(log(), log())
})
