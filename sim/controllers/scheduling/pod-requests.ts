import type { Container, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import { milliOf, unitsOf } from '../../cluster/index.ts'

/** What a pod takes of a node. */
export interface PodRequests {
  /** Thousandths of a core. */
  readonly cpuMilli: number
  readonly memoryBytes: number
  /** Other resources by name: ephemeral storage in bytes, extended resources in pieces. */
  readonly others: readonly (readonly [name: string, amount: number])[]
  /** The same where a container that asks for nothing counts as a small one: for the comparison of nodes only. */
  readonly scoredCpuMilli: number
  readonly scoredMemoryBytes: number
  /** Ports of the host, `TCP/9100`. Addresses are not told apart. */
  readonly hostPorts: readonly string[]
}

/** What a container is taken to need that does not say, when nodes are compared. As the scheduler has it. */
const UNSAID = { cpuMilli: 100, memoryBytes: 200 * 1024 * 1024 }

/** By the list of containers, which later versions of a pod share. */
const CACHE = new WeakMap<readonly Container[], { readonly spec: PodSpec; readonly requests: PodRequests }>()
const NOTHING: PodRequests = {
  cpuMilli: 0,
  memoryBytes: 0,
  others: [],
  scoredCpuMilli: 0,
  scoredMemoryBytes: 0,
  hostPorts: [],
}

/**
 * What a pod asks for: the sum of its containers and sidecars, or the most that an init container needs where that is more,
 * and the overhead. Worked out once for all versions of a pod.
 */
export function podRequests({ spec }: Pod): PodRequests {
  if (spec?.containers === undefined) return NOTHING
  const known = CACHE.get(spec.containers)
  if (
    known !== undefined &&
    known.spec.initContainers === spec.initContainers &&
    known.spec.overhead === spec.overhead
  ) {
    return known.requests
  }
  const requests = worked(spec)
  CACHE.set(spec.containers, { spec, requests })
  return requests
}

function worked(spec: PodSpec): PodRequests {
  const { cpu = 0, memory = 0, ...others } = totals(spec, 0, 0)
  const isSaid = spec.containers.every(({ resources }) => resources?.requests?.cpu && resources.requests.memory)
  const scored =
    isSaid && spec.initContainers === undefined ? { cpu, memory } : totals(spec, UNSAID.cpuMilli, UNSAID.memoryBytes)
  return {
    cpuMilli: cpu,
    memoryBytes: memory,
    others: Object.entries(others).filter(([, amount]) => amount > 0),
    scoredCpuMilli: scored.cpu ?? 0,
    scoredMemoryBytes: scored.memory ?? 0,
    hostPorts: spec.containers.flatMap(({ ports = [] }) =>
      ports.flatMap(({ hostPort = 0, protocol = 'TCP' }) => (hostPort > 0 ? [`${protocol}/${hostPort}`] : [])),
    ),
  }
}

type Amounts = Record<string, number>

function totals({ containers, initContainers = [], overhead = {} }: PodSpec, cpu: number, memory: number): Amounts {
  const running: Amounts = {}
  const most: Amounts = {}
  for (const container of initContainers) {
    const own = requestsOf(container, cpu, memory)
    if (container.restartPolicy === 'Always') add(running, own)
    const then = container.restartPolicy === 'Always' ? running : add({ ...running }, own)
    for (const name in then) most[name] = Math.max(most[name] ?? 0, then[name]!)
  }
  for (const container of containers) add(running, requestsOf(container, cpu, memory))
  for (const name in most) running[name] = Math.max(running[name] ?? 0, most[name]!)
  return add(running, amountsOf(overhead))
}

function requestsOf({ resources }: Container, cpu: number, memory: number): Amounts {
  return { cpu, memory, ...amountsOf(resources?.limits), ...amountsOf(resources?.requests) }
}

function add(to: Amounts, from: Amounts): Amounts {
  for (const name in from) to[name] = (to[name] ?? 0) + from[name]!
  return to
}

/** Cores in thousandths, all else in units, rounded up; what is no quantity counts as 0. */
export function amountsOf(quantities: object | undefined): Amounts {
  const amounts: Amounts = {}
  if (quantities === undefined) return amounts
  for (const [name, quantity] of Object.entries(quantities)) {
    amounts[name] = name === 'cpu' ? readOnce(MILLIS, quantity, milliOf) : readOnce(UNITS, quantity, unitsOf)
  }
  return amounts
}

/** Numbers of quantities that were read; there are few different ones, and a bound all the same. */
const MILLIS = new Map<unknown, number>()
const UNITS = new Map<unknown, number>()
const READ_MAX = 4096

function readOnce(
  read: Map<unknown, number>,
  quantity: unknown,
  of: (quantity: unknown) => number | undefined,
): number {
  const known = read.get(quantity)
  if (known !== undefined) return known
  const amount = of(quantity) ?? 0
  if (read.size >= READ_MAX) read.clear()
  read.set(quantity, amount)
  return amount
}
