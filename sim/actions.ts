import { type Clock, parseDuration, type Prng } from '../base/index.ts'
import { API_ACTIONS } from './api-actions.ts'
import type { ApiServer } from './apiserver/index.ts'
import type { Cluster } from './controllers/index.ts'
import type { ActionArgs } from './messages.ts'
import { FOR, NODE, NODE_ACTIONS } from './node-actions.ts'
import { plainWorkload } from './plain-workload.ts'
import { TARGET_ACTIONS } from './target-actions.ts'

/** What an action may lay its hands on. */
export interface ActionHands {
  /** Planned time. */
  readonly clock: Pick<Clock, 'schedule'>
  /** A stream of this iteration's own. */
  readonly prng: Prng
  readonly cluster: Cluster
  readonly api: Pick<
    ApiServer,
    'dropWatches' | 'endWatches' | 'expireWatches' | 'silenceWatches' | 'expireHistory' | 'disturb' | 'goDown'
  >
}

/** Something that a scenario can do to the cluster, known by name. */
export interface Action {
  readonly name: string
  /** One sentence for the documentation. */
  readonly description: string
  readonly args: readonly ActionArg[]
  /** It befalls the API server and not the cluster: what it does is in no trace, and a replay does it again. */
  readonly on?: 'api'
  /** What is wrong with arguments that are right one by one. */
  readonly check?: (args: ActionArgs) => string | undefined
  /** Performs it now. Returns what was done, for the report's time line. */
  run(hands: ActionHands, args: ActionArgs): string
}

export interface ActionArg {
  readonly name: string
  readonly type: 'string' | 'number' | 'boolean'
  readonly description: string
  readonly optional?: boolean
  /** What a text stands for. What it names must be there when the action is performed. */
  readonly means?:
    'workload' | 'new-workload' | 'service' | 'node' | 'zone' | 'profile' | 'label' | 'label-value' | 'duration'
  /** Of a number. */
  readonly min?: number
  readonly max?: number
  readonly whole?: boolean
  /** All that it may be. */
  readonly values?: readonly (string | number)[]
}

const WORKLOAD: ActionArg = {
  name: 'workload',
  type: 'string',
  description: '`namespace/name` of a Deployment',
  means: 'workload',
}
const REPLICAS: ActionArg = {
  name: 'replicas',
  type: 'number',
  description: 'wanted number of pods',
  min: 0,
  whole: true,
}
const ZONE: ActionArg = { name: 'zone', type: 'string', description: 'name of a zone, `region-1a`', means: 'zone' }
const LABEL: ActionArg = { name: 'label', type: 'string', description: 'name of a label', means: 'label' }
const COUNT: ActionArg = {
  name: 'count',
  type: 'number',
  description: 'number of nodes',
  optional: true,
  min: 1,
  whole: true,
}
const SHARE: ActionArg = {
  name: 'share',
  type: 'number',
  description: 'or their share of all nodes, 0 to 1',
  optional: true,
  min: 0,
  max: 1,
}

export const ACTIONS: readonly Action[] = [
  {
    name: 'scale',
    description: 'Sets the replicas of a Deployment, as kubectl scale does.',
    args: [WORKLOAD, REPLICAS],
    run({ cluster }, args) {
      const { namespace, name } = named(args.workload)
      cluster.scale(namespace, name, Number(args.replicas))
      return `scale ${name} to ${args.replicas}`
    },
  },
  {
    name: 'restart',
    description: 'Rolls a Deployment, as kubectl rollout restart does.',
    args: [WORKLOAD],
    run({ cluster }, args) {
      const { namespace, name } = named(args.workload)
      cluster.restart(namespace, name)
      return `restart ${name}`
    },
  },
  {
    name: 'relabel',
    description: "Sets a label of a Deployment's pod template, which rolls its pods: how a new version is marked.",
    args: [WORKLOAD, LABEL, { name: 'value', type: 'string', description: 'its new value', means: 'label-value' }],
    run({ cluster }, args) {
      const { namespace, name } = named(args.workload)
      cluster.relabel(namespace, name, String(args.label), String(args.value))
      return `label pods of ${name} with ${args.label}=${args.value}`
    },
  },
  {
    name: 'select',
    description:
      'Sets a label that a Service selects its pods by, as kubectl set selector does: how traffic is switched.',
    args: [
      { name: 'service', type: 'string', description: '`namespace/name` of a Service', means: 'service' },
      LABEL,
      {
        name: 'value',
        type: 'string',
        description: 'its wanted value; empty takes the label out of the selector',
        means: 'label-value',
      },
    ],
    run({ cluster }, args) {
      const { namespace, name } = named(args.service)
      cluster.select(namespace, name, String(args.label), String(args.value))
      return `service ${name} selects ${args.value === '' ? `any ${args.label}` : `${args.label}=${args.value}`}`
    },
  },
  {
    name: 'create-workload',
    description: 'Creates a Deployment and its Service that were not there.',
    args: [
      {
        name: 'workload',
        type: 'string',
        description: '`namespace/name` of the new Deployment',
        means: 'new-workload',
      },
      REPLICAS,
      {
        name: 'profile',
        type: 'string',
        description: 'metrics of its pods; default `web-service`',
        optional: true,
        means: 'profile',
      },
      {
        name: 'port',
        type: 'number',
        description: 'port of its metrics; default 8080',
        optional: true,
        min: 1,
        max: 65_535,
        whole: true,
      },
    ],
    run({ cluster }, args) {
      const { namespace, name } = named(args.workload)
      const plain = plainWorkload(namespace, name, Number(args.replicas))
      const port = Number(args.port ?? plain.port)
      cluster.applyWorkload({ ...plain, port, profile: String(args.profile ?? plain.profile) })
      return `create ${name} with ${args.replicas}`
    },
  },
  {
    name: 'delete-workload',
    description: 'Deletes a Deployment and the Service of its name; its pods go with their grace.',
    args: [WORKLOAD],
    run({ cluster }, args) {
      const { namespace, name } = named(args.workload)
      cluster.deleteWorkload(namespace, name)
      return `delete ${name}`
    },
  },
  {
    name: 'load',
    description:
      'Offers requests to a workload or a Service: CPU and memory of its pods follow, and with them autoscalers. A ramp where it takes time.',
    args: [
      WORKLOAD,
      { name: 'rps', type: 'number', description: 'requests per second, shared by its ready pods', min: 0 },
      {
        name: 'over',
        type: 'string',
        description: 'how long the load takes to get there, in a straight line; default at once',
        optional: true,
        means: 'duration',
      },
    ],
    run({ cluster }, args) {
      const { namespace, name } = named(args.workload)
      const overMs = args.over === undefined ? 0 : parseDuration(String(args.over))
      cluster.offerLoad(namespace, name, Number(args.rps), overMs)
      return `offer ${args.rps} requests/s to ${name}${args.over === undefined ? '' : ` within ${args.over}`}`
    },
  },
  {
    name: 'fail-node',
    description: 'A node falls silent: no more leases, and its pods accept connections but never answer.',
    args: [NODE],
    run({ cluster }, args) {
      cluster.failNode(String(args.node))
      return `${args.node} falls silent`
    },
  },
  {
    name: 'recover-node',
    description: 'A silent node comes back; one whose Node object was deleted registers again.',
    args: [NODE],
    run({ cluster }, args) {
      cluster.recoverNode(String(args.node))
      return `${args.node} comes back`
    },
  },
  {
    name: 'delete-node',
    description: 'Deletes a Node object, as a cloud controller does for a machine that is gone.',
    args: [NODE],
    run({ cluster }, args) {
      cluster.deleteNode(String(args.node))
      return `delete node ${args.node}`
    },
  },
  {
    name: 'fail-nodes',
    description: 'Some nodes that are not silent fall silent at once; which ones is drawn from the seed.',
    args: [COUNT, SHARE],
    check: args =>
      (args.count === undefined) === (args.share === undefined) ? 'takes either count or share' : undefined,
    run({ cluster, prng }, args) {
      const names = cluster.nodeNames()
      const wanted = args.count === undefined ? Math.round(Number(args.share) * names.length) : Number(args.count)
      const chosen = prng.shuffle(names.filter(name => !cluster.isNodeSilent(name))).slice(0, wanted)
      for (const name of chosen) cluster.failNode(name)
      return `${listed(chosen)} fall silent`
    },
  },
  {
    name: 'recover-nodes',
    description: 'All silent nodes come back.',
    args: [],
    run({ cluster }) {
      const silent = cluster.nodeNames().filter(name => cluster.isNodeSilent(name))
      for (const name of silent) cluster.recoverNode(name)
      return `${listed(silent)} come back`
    },
  },
  {
    name: 'fail-zone',
    description: 'All nodes of a zone fall silent at once.',
    args: [ZONE],
    run({ cluster }, args) {
      const nodes = cluster.nodesOfZone(String(args.zone))
      for (const name of nodes) cluster.failNode(name)
      return `${args.zone} falls silent (${nodes.length} nodes)`
    },
  },
  {
    name: 'recover-zone',
    description: 'All nodes of a zone come back.',
    args: [ZONE],
    run({ cluster }, args) {
      const nodes = cluster.nodesOfZone(String(args.zone))
      for (const name of nodes) cluster.recoverNode(name)
      return `${args.zone} comes back (${nodes.length} nodes)`
    },
  },
  {
    name: 'partition-node',
    description:
      'The network between the monitor and a node breaks: its pods accept connections and never answer, while the node keeps its lease and stays Ready, so that nothing is moved.',
    args: [NODE],
    run({ cluster }, args) {
      cluster.partitionNode(String(args.node))
      return `${args.node} is cut off from the monitor`
    },
  },
  {
    name: 'heal-node',
    description: 'Ends the partition of a node; connections from before are reset.',
    args: [NODE],
    run({ cluster }, args) {
      cluster.healNode(String(args.node))
      return `${args.node} can be reached again`
    },
  },
  ...NODE_ACTIONS,
  {
    name: 'evict-pods',
    description:
      'A node runs short of something, and its kubelet evicts pods: they fail with reason Evicted, and their objects stay.',
    args: [
      NODE,
      { name: 'count', type: 'number', description: 'number of pods; default 1', optional: true, min: 1, whole: true },
      {
        name: 'resource',
        type: 'string',
        description: 'what the node is short of; default `memory`',
        optional: true,
        values: ['memory', 'ephemeral-storage', 'pids'],
      },
    ],
    run({ cluster }, args) {
      const node = String(args.node)
      const evicted = cluster.evictPods(node, Number(args.count ?? 1), String(args.resource ?? 'memory'))
      return `${node} evicts ${evicted.length === 0 ? 'nothing' : evicted.join(', ')}`
    },
  },
  ...TARGET_ACTIONS,
  ...API_ACTIONS,
  {
    name: 'stall-harness',
    description: "Blocks the simulation's own thread: to see that a run whose harness was late calls itself invalid.",
    args: [FOR],
    run(_, args) {
      const ms = parseDuration(String(args.for))
      // Nobody wakes it: the thread stands still for that long, without using the processor.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
      return `the harness stalls for ${args.for}`
    },
  },
]

const BY_NAME: ReadonlyMap<string, Action> = new Map(ACTIONS.map(action => [action.name, action]))

export function actionByName(name: string): Action | undefined {
  return BY_NAME.get(name)
}

/** `namespace/name`; the namespace may be left out. */
function named(text: string | number | boolean | undefined): { readonly namespace: string; readonly name: string } {
  const [namespace, name] = String(text).split('/')
  return name === undefined ? { namespace: 'default', name: namespace! } : { namespace: namespace!, name }
}

/** Some names, however many. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no nodes'
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
}
