import type { Container, ContainerStatus, Node, Pod } from 'kubernetes-types/core/v1.js'
import { Nodes, type ObjectStore, amountOf, type Stored } from '../cluster/index.ts'
import type { PlannedClock, PodIndex } from '../informers/index.ts'
import type { ContainerUsage, LoadModel, NodeUsage } from '../load/index.ts'

/** A node and what runs on it, at one instant: what its kubelet tells of. */
export interface NodeView {
  readonly name: string
  readonly node: Stored<Node> | undefined
  readonly nowMs: number
  /** Unix milliseconds of a planned time. */
  readonly unixMs: (plannedMs: number) => number
  readonly cores: number
  readonly memoryBytes: number
  readonly usage: NodeUsage
  /** In order of creation. */
  readonly pods: readonly PodView[]
}

export interface PodView {
  readonly pod: Stored<Pod>
  /** 0: it never was ready. */
  readonly readyChangedMs: number
  readonly containers: readonly RunningContainer[]
}

export interface RunningContainer {
  readonly usage: ContainerUsage
  readonly spec: Container | undefined
  readonly status: ContainerStatus | undefined
}

/** O(pods of the node). `undefined` for a node that there never was. */
export function viewNode(
  clock: PlannedClock,
  store: ObjectStore,
  index: PodIndex,
  load: LoadModel,
  name: string,
): NodeView | undefined {
  const nowMs = clock.elapsedMs
  const usage = load.nodeUsage(name, nowMs)
  if (usage === undefined) return undefined
  const node = store.get<Node>(Nodes, undefined, name)
  const originMs = store.unixMs - nowMs
  const pods = [...index.onNode(name).entries.values()].map(({ pod }): PodView => {
    const { uid } = pod.metadata
    const specs = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
    return {
      pod,
      readyChangedMs: load.timesOf(uid)?.servingChangedMs ?? 0,
      containers: load.usageOf(uid, nowMs).map(used => ({
        usage: used,
        spec: specs.find(each => each.name === used.name),
        status: statuses.find(each => each.name === used.name),
      })),
    }
  })
  return {
    name,
    node,
    nowMs,
    unixMs: plannedMs => originMs + plannedMs,
    cores: amountOf(node?.status?.capacity?.cpu) ?? 0,
    memoryBytes: amountOf(node?.status?.capacity?.memory) ?? 0,
    usage,
    pods,
  }
}
