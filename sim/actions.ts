import type { Cluster } from './controllers/index.ts'

type Args = Readonly<Record<string, string | number | boolean>>

/** Something that a scenario can do to the cluster, known by name. */
export interface Action {
  readonly name: string
  /** One sentence for the documentation. */
  readonly description: string
  readonly args: readonly ActionArg[]
  /** Performs it now. Returns what was done, for the report's time line. */
  run(cluster: Cluster, args: Args): string
}

export interface ActionArg {
  readonly name: string
  readonly type: 'string' | 'number' | 'boolean'
  readonly description: string
  readonly optional?: boolean
}

const WORKLOAD: ActionArg = { name: 'workload', type: 'string', description: 'namespace/name of a Deployment' }
const NODE: ActionArg = { name: 'node', type: 'string', description: 'name of a node' }

export const ACTIONS: readonly Action[] = [
  {
    name: 'scale',
    description: 'Sets the replicas of a Deployment, as kubectl scale does.',
    args: [WORKLOAD, { name: 'replicas', type: 'number', description: 'wanted number of pods' }],
    run(cluster, args) {
      const { namespace, name } = workload(args)
      cluster.scale(namespace, name, Number(args.replicas))
      return `scale ${name} to ${args.replicas}`
    },
  },
  {
    name: 'restart',
    description: 'Rolls a Deployment, as kubectl rollout restart does.',
    args: [WORKLOAD],
    run(cluster, args) {
      const { namespace, name } = workload(args)
      cluster.restart(namespace, name)
      return `restart ${name}`
    },
  },
  {
    name: 'fail-node',
    description: 'A node falls silent: no more leases, and its pods accept connections but never answer.',
    args: [NODE],
    run(cluster, args) {
      cluster.failNode(String(args.node))
      return `${args.node} falls silent`
    },
  },
  {
    name: 'recover-node',
    description: 'A silent node comes back.',
    args: [NODE],
    run(cluster, args) {
      cluster.recoverNode(String(args.node))
      return `${args.node} comes back`
    },
  },
  {
    name: 'delete-node',
    description: 'Deletes a Node object, as a cloud controller does for a machine that is gone.',
    args: [NODE],
    run(cluster, args) {
      cluster.deleteNode(String(args.node))
      return `delete node ${args.node}`
    },
  },
]

function workload(args: Args): { namespace: string; name: string } {
  const [namespace, name] = String(args.workload).split('/')
  return name === undefined ? { namespace: 'default', name: namespace! } : { namespace: namespace!, name }
}
