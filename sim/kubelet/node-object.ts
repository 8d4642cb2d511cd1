import type { Node, NodeCondition } from 'kubernetes-types/core/v1.js'
import { type Prng } from '../../base/index.ts'
import { type Condition, withCondition } from '../informers/index.ts'
import { KUBELET_PORT } from './kubelet-server.ts'

/** What a fake machine is made of. */
export interface NodeFacts {
  readonly name: string
  readonly zone: string
  readonly region: string
  readonly address: string
  readonly podCidr: string
  readonly podsMax: number
  readonly kubeletVersion: string
}

/** Machines of one kind: what a general-purpose cloud instance offers, and what the system keeps for itself. */
const INSTANCE_TYPE = 'c1.4xlarge'
const CPU_CORES = 16
const MEMORY_KIB = 64 * 1024 * 1024
const DISK_KIB = 100 * 1024 * 1024
const RESERVED = { cpuMillis: 80, memoryKib: 2 * 1024 * 1024 }

/** The Node object that a kubelet registers. Ids are drawn from `prng`. */
export function nodeObject(facts: NodeFacts, prng: Prng, now: string): Node {
  const { name, zone, region } = facts
  return {
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': INSTANCE_TYPE,
        'topology.kubernetes.io/region': region,
        'topology.kubernetes.io/zone': zone,
      },
      annotations: { 'node.alpha.kubernetes.io/ttl': '0' },
    },
    spec: {
      podCIDR: facts.podCidr,
      podCIDRs: [facts.podCidr],
      providerID: `churnbench://${region}/${zone}/${name}`,
    },
    status: {
      ...nodeCapacity(facts.podsMax),
      conditions: healthyConditions([], now),
      addresses: [
        { type: 'InternalIP', address: facts.address },
        { type: 'Hostname', address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
      nodeInfo: {
        architecture: 'amd64',
        bootID: prng.uuid(),
        containerRuntimeVersion: 'containerd://2.1.4',
        kernelVersion: '6.12.41',
        kubeProxyVersion: '',
        kubeletVersion: facts.kubeletVersion,
        machineID: prng.word(32, '0123456789abcdef'),
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 13 (trixie)',
        systemUUID: prng.uuid(),
      },
    },
  }
}

function nodeCapacity(podsMax: number): Pick<NonNullable<Node['status']>, 'capacity' | 'allocatable'> {
  const common = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: String(podsMax) }
  return {
    capacity: {
      ...common,
      cpu: String(CPU_CORES),
      'ephemeral-storage': `${DISK_KIB}Ki`,
      memory: `${MEMORY_KIB}Ki`,
    },
    allocatable: {
      ...common,
      cpu: `${CPU_CORES * 1000 - RESERVED.cpuMillis}m`,
      'ephemeral-storage': String(Math.floor(DISK_KIB * 1024 * 0.9)),
      memory: `${MEMORY_KIB - RESERVED.memoryKib}Ki`,
    },
  }
}

const HEALTHY: readonly Required<Pick<Condition, 'type' | 'status' | 'reason' | 'message'>>[] = [
  {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
  },
  {
    type: 'DiskPressure',
    status: 'False',
    reason: 'KubeletHasNoDiskPressure',
    message: 'kubelet has no disk pressure',
  },
  {
    type: 'PIDPressure',
    status: 'False',
    reason: 'KubeletHasSufficientPID',
    message: 'kubelet has sufficient PID available',
  },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
]

/** The conditions that a well kubelet posts; others that are there already stay. */
export function healthyConditions(conditions: readonly NodeCondition[], now: string): NodeCondition[] {
  let next: NodeCondition[] = [...conditions]
  for (const condition of HEALTHY) next = withCondition(next, condition, now)
  const ours = new Set(HEALTHY.map(({ type }) => type))
  return next.map(condition => (ours.has(condition.type) ? { ...condition, lastHeartbeatTime: now } : condition))
}
