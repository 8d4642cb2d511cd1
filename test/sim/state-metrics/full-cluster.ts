import { Prng, type VirtualClock } from '../../../base/index.ts'
import {
  applyDefaults,
  CronJobs,
  DaemonSets,
  HorizontalPodAutoscalers,
  Jobs,
  type KubeObject,
  Nodes,
  type ObjectStore,
  PersistentVolumeClaims,
  PodDisruptionBudgets,
  type ResourceType,
  Secrets,
  Services,
  StatefulSets,
  type Stored,
} from '../../../sim/cluster/index.ts'
import { createCluster } from '../../../sim/controllers/index.ts'
import { STATE_KINDS, StateRegistry } from '../../../sim/state-metrics/index.ts'
import { plainWorkload } from '../../../sim/plain-workload.ts'
import { FakeRuntime, TIMINGS } from '../controllers/harness.ts'

const NAMESPACE = 'shop'

/** One object at least of each kind that kube-state-metrics tells of here, with what is seldom in it. */
export function fillCluster(clock: VirtualClock, store: ObjectStore): void {
  const cluster = createCluster(clock, new Prng('full'), store, new FakeRuntime(), {
    spec: { nodes: 3, zones: 2, podsPerNodeMax: 110, workloads: [], timings: TIMINGS },
    seed: 'full',
    onFailure: error => {
      throw error
    },
  })
  cluster.start()
  cluster.applyWorkload(plainWorkload(NAMESPACE, 'frontend', 4))
  cluster.cordonNode('node-2', true)
  const create = (type: ResourceType, name: string, rest: object): void => {
    const object = { metadata: { name, namespace: NAMESPACE }, ...rest } as KubeObject
    applyDefaults(type, object)
    store.create(type, object)
  }
  const job = (command: object): object => ({
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'work:1' }] }, ...command },
  })
  const labelled = (name: string): object => ({ selector: { matchLabels: { app: name } } })
  create(StatefulSets, 'db', {
    spec: {
      serviceName: 'db',
      replicas: 2,
      ...labelled('db'),
      ordinals: { start: 3 },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: {
          priorityClassName: '',
          initContainers: [
            { name: 'prepare', image: 'busybox:1', resources: { limits: { cpu: '50m', memory: '64Mi' } } },
          ],
          tolerations: [{ key: 'team', operator: 'Equal', value: 'data', effect: 'NoSchedule' }],
          containers: [
            {
              name: 'db',
              image: 'postgres:17',
              resources: {
                limits: { cpu: '1500m', memory: '1Gi', 'example.com/gpu': '2' },
                requests: { cpu: '250m', memory: '100M', 'ephemeral-storage': '1Gi', 'example.com/gpu': '2' },
              },
            },
          ],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'shared', readOnly: true } }],
        },
      },
    },
  })
  create(PersistentVolumeClaims, 'shared', {
    spec: { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'], resources: { requests: { storage: '10Gi' } } },
  })
  create(DaemonSets, 'agent', {
    spec: {
      ...labelled('agent'),
      template: {
        metadata: { labels: { app: 'agent' } },
        spec: { hostNetwork: true, containers: [{ name: 'agent', image: 'agent:1' }] },
      },
    },
  })
  create(Jobs, 'once', { spec: { completions: 2, parallelism: 2, activeDeadlineSeconds: 600, ...job({}) } })
  create(Jobs, 'fails', {
    spec: { backoffLimit: 0, ...job({ metadata: { annotations: { 'churnbench.io/exit-codes': '1' } } }) },
  })
  create(CronJobs, 'nightly', {
    spec: {
      schedule: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      startingDeadlineSeconds: 100,
      jobTemplate: { spec: job({}) },
    },
  })
  create(CronJobs, 'often', { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: job({}) } } })
  create(HorizontalPodAutoscalers, 'frontend', {
    spec: {
      minReplicas: 4,
      maxReplicas: 12,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'frontend' },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
        { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '500Mi' } } },
      ],
    },
  })
  create(PodDisruptionBudgets, 'frontend', { spec: { minAvailable: 3, ...labelled('frontend') } })
  create(Secrets, 'token', { type: 'Opaque', data: {} })
  create(Services, 'edge', {
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.77',
      externalIPs: ['10.9.9.9'],
      selector: { app: 'frontend' },
      ports: [{ port: 80 }],
    },
  })
  store.modify(Nodes, undefined, 'node-1', node => ({
    ...node,
    metadata: { ...node.metadata, labels: { ...node.metadata.labels, 'node-role.kubernetes.io/worker': '' } },
  }))
  clock.advance(400_000)
  // Some pods in the middle of their lives.
  cluster.scale(NAMESPACE, 'frontend', 6)
  clock.advance(30)
}

/** What is in a store, as the profile tells it. */
export function registryOf(store: ObjectStore): StateRegistry {
  const registry = new StateRegistry()
  for (const { plural, object } of toldObjects(store)) registry.apply({ plural, uid: object.metadata.uid, object })
  return registry
}

/** The objects in a store of which something is told. */
export function toldObjects(store: ObjectStore): { readonly plural: string; readonly object: Stored }[] {
  const known = new Set(STATE_KINDS.map(({ plural }) => plural))
  return store.resources
    .stored()
    .filter(({ plural }) => known.has(plural))
    .flatMap(resource => store.list(resource).map(object => ({ plural: resource.plural, object })))
}
