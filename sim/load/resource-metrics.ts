import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import {
  formatBytes,
  formatNanos,
  type KubeObject,
  Nodes,
  Pods,
  type ObjectStore,
  amountOf,
  type ResourceType,
  type Stored,
  timestamp,
  type VirtualKind,
} from '../cluster/index.ts'
import type { PlannedClock } from '../informers/index.ts'
import type { LoadModel } from './load-model.ts'
import { seedOf } from './wobble.ts'

/** What a container or a node used on average over a window that ended a while ago. */
export interface Sample {
  readonly cpuNanoCores: number
  readonly memoryBytes: number
}

export interface PodSample {
  /** Planned time at which the window ended. */
  readonly sampledMs: number
  readonly windowMs: number
  readonly containers: readonly (Sample & { readonly name: string })[]
}

/** metrics-server's resolution, and how often a kubelet looks at its containers. */
const RESOLUTION_MS = 15_000
/** A container that is younger has no rate yet; between this and the resolution, its start stands for a first look. */
const FRESH_MS_MIN = 10_000

const GROUP = { group: 'metrics.k8s.io', version: 'v1beta1', shortNames: [], categories: [], subresources: [] } as const
const READ_ONLY = { ...GROUP, verbs: ['get', 'list'], singular: '' } as const
const NodeMetricsKind: ResourceType = { ...Nodes, ...READ_ONLY, kind: 'NodeMetrics' }
const PodMetricsKind: ResourceType = { ...Pods, ...READ_ONLY, kind: 'PodMetrics' }

interface Metrics extends KubeObject {
  readonly timestamp: string
  readonly window: string
}
interface NodeMetrics extends Metrics {
  readonly usage: Usage
}
interface PodMetrics extends Metrics {
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[]
}
interface Usage {
  readonly cpu: string
  readonly memory: string
}

/**
 * The resource metrics of the cluster as metrics-server has them: figures that were true some time ago.
 *
 * ```
 *   kubelet:         looks every 15 s, at a phase of its node's own          ──┬────────┬────────┬──
 *   metrics-server:  asks all kubelets every 15 s, keeps the last two looks  ────┬────────┬────────┬
 *   answer:          the mean between those two; 0 to 30 s old, window 15 s
 * ```
 *
 * So a pod has no metrics before it has run for 10 to 40 s, and the pods of a node that does not answer have none.
 */
export class ResourceMetrics {
  readonly #clock: PlannedClock
  readonly #store: ObjectStore
  readonly #load: LoadModel
  readonly #answers: (node: string) => boolean

  /** @param answers whether a node's kubelet can be reached from inside the cluster. */
  constructor(clock: PlannedClock, store: ObjectStore, load: LoadModel, answers: (node: string) => boolean) {
    this.#clock = clock
    this.#store = store
    this.#load = load
    this.#answers = answers
  }

  /** `undefined` while a pod has no metrics. */
  pod(uid: string, node: string): PodSample | undefined {
    if (!this.#answers(node)) return undefined
    const sampledMs = this.#sampledMs(node)
    const now = this.#load.usageOf(uid, sampledMs)
    const before = this.#load.usageOf(uid, sampledMs - RESOLUTION_MS)
    let windowMs = RESOLUTION_MS
    const containers: PodSample['containers'][number][] = []
    for (const { name, cpuSeconds, memoryBytes, startedMs } of now) {
      const first = before.find(usage => usage.name === name)
      const spanMs = first === undefined ? sampledMs - startedMs : RESOLUTION_MS
      if (spanMs < FRESH_MS_MIN) return undefined
      windowMs = Math.min(windowMs, spanMs)
      containers.push({ name, memoryBytes, cpuNanoCores: rate(first?.cpuSeconds ?? 0, cpuSeconds, spanMs) })
    }
    return containers.length === 0 ? undefined : { sampledMs, windowMs, containers }
  }

  /** What the API group `metrics.k8s.io` serves. */
  kinds(): VirtualKind[] {
    const pod = (object: Stored<Pod> | undefined): PodMetrics | undefined => object && this.#podMetrics(object)
    const node = (object: Stored<Node> | undefined): NodeMetrics | undefined => object && this.#nodeMetrics(object)
    const columns = ['cpu', 'memory', 'window']
    return [
      {
        type: NodeMetricsKind,
        get: (_, name) => node(this.#store.get<Node>(Nodes, undefined, name)),
        list: () => present(this.#store.list<Node>(Nodes), node),
        columns,
        cells: object => [...cells((object as NodeMetrics).usage), (object as NodeMetrics).window],
      },
      {
        type: PodMetricsKind,
        get: (namespace, name) => pod(this.#store.get<Pod>(Pods, namespace, name)),
        list: namespace => present(this.#store.list<Pod>(Pods, namespace), pod),
        columns,
        cells: object => {
          const { containers, window } = object as PodMetrics
          return [...cells(sum(containers.map(({ usage }) => usage))), window]
        },
      },
    ]
  }

  #podMetrics(pod: Stored<Pod>): PodMetrics | undefined {
    const { uid, name, namespace } = pod.metadata
    const sample = this.pod(uid, pod.spec?.nodeName ?? '')
    if (sample === undefined) return undefined
    return {
      ...this.#head(PodMetricsKind, { name, ...(namespace === undefined ? {} : { namespace }) }, pod),
      ...this.#when(sample.sampledMs, sample.windowMs),
      containers: sample.containers.map(({ name, ...used }) => ({ name, usage: usageText(used) })),
    }
  }

  #nodeMetrics(node: Stored<Node>): NodeMetrics | undefined {
    const { name } = node.metadata
    if (!this.#answers(name)) return undefined
    const sampledMs = this.#sampledMs(name)
    const now = this.#load.nodeUsage(name, sampledMs)
    if (now === undefined || sampledMs - now.startedMs < FRESH_MS_MIN) return undefined
    return {
      ...this.#head(NodeMetricsKind, { name }, node),
      ...this.#when(sampledMs, RESOLUTION_MS),
      usage: usageText({
        cpuNanoCores: this.#load.nodeRate(name, sampledMs, RESOLUTION_MS),
        memoryBytes: now.memoryBytes,
      }),
    }
  }

  #head(type: ResourceType, identity: { readonly name: string; readonly namespace?: string }, of: Stored): KubeObject {
    const { labels } = of.metadata
    return {
      kind: type.kind,
      apiVersion: `${type.group}/${type.version}`,
      metadata: {
        ...identity,
        creationTimestamp: timestamp(this.#store.unixMs),
        ...(labels === undefined ? {} : { labels }),
      },
    }
  }

  #when(sampledMs: number, windowMs: number): Pick<Metrics, 'timestamp' | 'window'> {
    const unixMs = this.#store.unixMs - (this.#clock.elapsedMs - sampledMs)
    return { timestamp: timestamp(unixMs), window: `${Number((windowMs / 1000).toFixed(3))}s` }
  }

  /** The kubelet's last look before metrics-server's last round. */
  #sampledMs(node: string): number {
    const phaseMs = seedOf(node) % RESOLUTION_MS
    const askedMs = Math.floor(this.#clock.elapsedMs / RESOLUTION_MS) * RESOLUTION_MS
    return Math.floor((askedMs - phaseMs) / RESOLUTION_MS) * RESOLUTION_MS + phaseMs
  }
}

function present<O, M>(objects: readonly O[], metricsOf: (object: O) => M | undefined): M[] {
  return objects.map(metricsOf).filter(metrics => metrics !== undefined)
}

function rate(fromSeconds: number, toSeconds: number, spanMs: number): number {
  return Math.round(((toSeconds - fromSeconds) / (spanMs / 1000)) * 1e9)
}

function usageText({ cpuNanoCores, memoryBytes }: Sample): Usage {
  return { cpu: formatNanos(cpuNanoCores), memory: formatBytes(memoryBytes) }
}

/** Of a pod, whose table has one row. */
function sum(usages: readonly Usage[]): Usage {
  let cpuNanoCores = 0
  let memoryBytes = 0
  for (const { cpu, memory } of usages) {
    cpuNanoCores += Math.round((amountOf(cpu) ?? 0) * 1e9)
    memoryBytes += amountOf(memory) ?? 0
  }
  return usageText({ cpuNanoCores, memoryBytes })
}

function cells({ cpu, memory }: Usage): string[] {
  return [cpu, memory]
}
