import type { Node } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../../cluster/index.ts'
import { amountsOf, type PodRequests } from './pod-requests.ts'

/** A node as the scheduler sees it: what it has, and what the pods that are bound to it take. */
export class NodeInfo {
  readonly name: string
  /** Absent while pods are bound to a node that nobody knows (yet). */
  node: Stored<Node> | undefined
  pods = 0
  cpuMilli = 0
  memoryBytes = 0
  scoredCpuMilli = 0
  scoredMemoryBytes = 0
  readonly others = new Map<string, number>()
  readonly hostPorts = new Map<string, number>()
  podsMax = 0
  cpuMilliMax = 0
  memoryBytesMax = 0
  othersMax: Readonly<Record<string, number>> = {}
  /** Place in the order of nodes; `turn` among those of one rank. */
  rank = 0
  turn = 0

  constructor(name: string) {
    this.name = name
  }

  get labels(): Readonly<Record<string, string>> {
    return this.node?.metadata.labels ?? NO_LABELS
  }
}

const NO_LABELS: Readonly<Record<string, string>> = {}
/** More pods than a node ever has; ranks are `level * RANKS + pods`. */
const RANKS = 65_536
/** Levels are whole percents; a node that is over-committed may have more than 100. */
const LEVEL_MAX = 1000

/**
 * The nodes, and which of them have most to give: kept in order, so that nobody ever looks at all of them.
 *
 * Nodes with less of their CPU and memory asked for come first, in whole percents, as the LeastAllocated score counts; among
 * those the ones with fewer pods; among those the ones that have been so for longest, so that equals are taken in turn. With
 * pods and nodes of one kind that is "fewest pods first".
 *
 * A pod that comes or goes costs O(log of the number of ranks in use), some hundreds at most.
 */
export class NodeTable {
  readonly #infos = new Map<string, NodeInfo>()
  /** Nodes by rank, in turn; and the ranks that have some, ascending. */
  readonly #ranked = new Map<number, Set<NodeInfo>>()
  readonly #ranks: number[] = []
  /** By label and value, of the labels that somebody asked for. */
  readonly #byLabel = new Map<string, Map<string, Set<NodeInfo>>>()
  #turns = 0
  #size = 0
  #repelling = 0

  /** Nodes that are known. */
  get size(): number {
    return this.#size
  }

  /** Whether some node has a taint that only says what is preferred. */
  get hasPreferences(): boolean {
    return this.#repelling > 0
  }

  get(name: string): NodeInfo | undefined {
    const info = this.#infos.get(name)
    return info?.node === undefined ? undefined : info
  }

  /** Puts a node in, or its new version. */
  setNode(node: Stored<Node>): void {
    const info = this.#info(node.metadata.name)
    const before = info.node
    info.node = node
    if (before === undefined) this.#size++
    this.#repelling += Number(isPreference(node)) - Number(before !== undefined && isPreference(before))
    if (before?.status?.allocatable !== node.status?.allocatable || before === undefined) {
      const { pods = 0, cpu = 0, memory = 0, ...others } = amountsOf(node.status?.allocatable)
      info.podsMax = pods
      info.cpuMilliMax = cpu
      info.memoryBytesMax = memory
      info.othersMax = others
    }
    if (before?.metadata.labels !== node.metadata.labels) {
      for (const [label, values] of this.#byLabel) {
        unlist(values, before?.metadata.labels?.[label], info)
        list(values, info.labels[label], info)
      }
    }
    this.#place(info, before === undefined)
  }

  removeNode(name: string): void {
    const info = this.get(name)
    if (info === undefined) return
    for (const [label, values] of this.#byLabel) unlist(values, info.labels[label], info)
    if (isPreference(info.node!)) this.#repelling--
    info.node = undefined
    this.#size--
    this.#leave(info)
    if (info.pods === 0) this.#infos.delete(name)
  }

  /** Adds what a pod takes of a node, or gives it back. */
  change(name: string, requests: PodRequests, by: 1 | -1): void {
    const info = this.#info(name)
    info.pods += by
    info.cpuMilli += by * requests.cpuMilli
    info.memoryBytes += by * requests.memoryBytes
    info.scoredCpuMilli += by * requests.scoredCpuMilli
    info.scoredMemoryBytes += by * requests.scoredMemoryBytes
    for (const [resource, amount] of requests.others) {
      info.others.set(resource, (info.others.get(resource) ?? 0) + by * amount)
    }
    for (const port of requests.hostPorts) {
      const count = (info.hostPorts.get(port) ?? 0) + by
      if (count === 0) info.hostPorts.delete(port)
      else info.hostPorts.set(port, count)
    }
    if (info.node !== undefined) this.#place(info, true)
    else if (info.pods === 0) this.#infos.delete(name)
  }

  /** All nodes, in order. Not to be changed meanwhile. */
  *inOrder(): Generator<NodeInfo> {
    for (const rank of this.#ranks) yield* this.#ranked.get(rank)!
  }

  /** Nodes that have a label with this value; not to be changed or kept. The first look at a label costs a look at all nodes. */
  withLabel(label: string, value: string): ReadonlySet<NodeInfo> {
    return this.#valuesOf(label).get(value) ?? NOBODY
  }

  /** How many values a label has. */
  valueCount(label: string): number {
    return this.#valuesOf(label).size
  }

  #valuesOf(label: string): Map<string, Set<NodeInfo>> {
    let values = this.#byLabel.get(label)
    if (values === undefined) {
      values = new Map()
      for (const info of this.inOrder()) list(values, info.labels[label], info)
      this.#byLabel.set(label, values)
    }
    return values
  }

  #info(name: string): NodeInfo {
    let info = this.#infos.get(name)
    if (info === undefined) {
      info = new NodeInfo(name)
      this.#infos.set(name, info)
    }
    return info
  }

  /** Gives a node the place that it has now. One whose rank is the same keeps its turn, unless its pods have changed. */
  #place(info: NodeInfo, isMoved: boolean): void {
    const rank = rankOf(info)
    if (rank === info.rank && !isMoved) return
    this.#leave(info)
    info.rank = rank
    info.turn = this.#turns++
    let bucket = this.#ranked.get(rank)
    if (bucket === undefined) {
      bucket = new Set()
      this.#ranked.set(rank, bucket)
      this.#ranks.splice(this.#position(rank), 0, rank)
    }
    bucket.add(info)
  }

  #leave(info: NodeInfo): void {
    const bucket = this.#ranked.get(info.rank)
    if (bucket === undefined || !bucket.delete(info) || bucket.size > 0) return
    this.#ranked.delete(info.rank)
    this.#ranks.splice(this.#position(info.rank), 1)
  }

  /** Where a rank is, or would be. */
  #position(rank: number): number {
    let low = 0
    let high = this.#ranks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#ranks[middle]! < rank) low = middle + 1
      else high = middle
    }
    return low
  }
}

const NOBODY: ReadonlySet<NodeInfo> = new Set()

/** Which of two nodes comes first, as in `inOrder`. */
export function compareNodes(a: NodeInfo, b: NodeInfo): number {
  return a.rank - b.rank || a.turn - b.turn
}

function rankOf({ pods, scoredCpuMilli, scoredMemoryBytes, cpuMilliMax, memoryBytesMax }: NodeInfo): number {
  const cpu = cpuMilliMax === 0 ? 0 : scoredCpuMilli / cpuMilliMax
  const memory = memoryBytesMax === 0 ? 0 : scoredMemoryBytes / memoryBytesMax
  return Math.min(LEVEL_MAX, Math.floor((cpu + memory) * 50)) * RANKS + pods
}

function isPreference({ spec }: Node): boolean {
  return spec?.taints?.some(({ effect }) => effect === 'PreferNoSchedule') ?? false
}

function list(values: Map<string, Set<NodeInfo>>, value: string | undefined, info: NodeInfo): void {
  if (value === undefined) return
  const nodes = values.get(value)
  if (nodes === undefined) values.set(value, new Set([info]))
  else nodes.add(info)
}

function unlist(values: Map<string, Set<NodeInfo>>, value: string | undefined, info: NodeInfo): void {
  if (value === undefined) return
  const nodes = values.get(value)
  if (nodes?.delete(info) === true && nodes.size === 0) values.delete(value)
}
