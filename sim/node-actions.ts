import { parseDuration } from '../base/index.ts'
import type { Action, ActionArg } from './actions.ts'

export const NODE: ActionArg = { name: 'node', type: 'string', description: 'name of a node, `node-0`', means: 'node' }
export const FOR: ActionArg = {
  name: 'for',
  type: 'string',
  description: 'how long it lasts, `5s`',
  means: 'duration',
}

const TIMES: ActionArg = {
  name: 'times',
  type: 'number',
  description: 'how many times',
  min: 1,
  max: 1000,
  whole: true,
}

/** What befalls single nodes, and what people do to them, beside falling silent and coming back. */
export const NODE_ACTIONS: readonly Action[] = [
  {
    name: 'fail-kubelet',
    description:
      'The kubelet of a node is cut off from the control plane: no more leases, so that its pods are moved in the end, while they answer on. It comes back as a silent node does.',
    args: [NODE],
    run({ cluster }, args) {
      cluster.failKubelet(String(args.node))
      return `the kubelet of ${args.node} falls silent`
    },
  },
  {
    name: 'flap-node',
    description: 'A node falls silent and comes back, again and again; it begins with falling silent.',
    args: [
      NODE,
      TIMES,
      { name: 'down', type: 'string', description: 'how long it is silent each time, `5s`', means: 'duration' },
      { name: 'up', type: 'string', description: 'how long it is back in between, `5s`', means: 'duration' },
    ],
    run({ cluster, clock }, args) {
      const node = String(args.node)
      const downMs = parseDuration(String(args.down))
      const roundMs = downMs + parseDuration(String(args.up))
      cluster.failNode(node)
      for (let i = 0; i < Number(args.times); i++) {
        if (i > 0) clock.schedule(i * roundMs, () => cluster.failNode(node))
        clock.schedule(i * roundMs + downMs, () => cluster.recoverNode(node))
      }
      return `${node} flaps ${args.times} times`
    },
  },
  {
    name: 'slow-lease',
    description:
      "A node renews its lease more slowly: below the monitor's grace nobody notices, above it the node is found not ready again and again and says itself that it is, while its pods answer on.",
    args: [
      NODE,
      { name: 'every', type: 'string', description: 'time between two renewals, `60s`', means: 'duration' },
      FOR,
    ],
    run({ cluster, clock }, args) {
      const node = String(args.node)
      cluster.slowLease(node, parseDuration(String(args.every)))
      clock.schedule(parseDuration(String(args.for)), () => cluster.slowLease(node, undefined))
      return `${node} renews its lease every ${args.every} for ${args.for}`
    },
  },
  {
    name: 'reboot-node',
    description:
      'A node falls silent and comes back with another boot id: the same pods at the same addresses, their containers started anew and counted as restarted.',
    args: [NODE, { ...FOR, description: 'how long the machine is down, `20s`' }],
    run({ cluster }, args) {
      cluster.rebootNode(String(args.node), parseDuration(String(args.for)))
      return `${args.node} reboots, down for ${args.for}`
    },
  },
  {
    name: 'cordon-node',
    description: 'Keeps new pods off a node, as kubectl cordon does.',
    args: [NODE],
    run({ cluster }, args) {
      cluster.cordonNode(String(args.node), true)
      return `cordon ${args.node}`
    },
  },
  {
    name: 'uncordon-node',
    description: 'Lets pods come to a node again, as kubectl uncordon does.',
    args: [NODE],
    run({ cluster }, args) {
      cluster.cordonNode(String(args.node), false)
      return `uncordon ${args.node}`
    },
  },
  {
    name: 'drain-node',
    description:
      'Cordons a node and evicts its pods, as kubectl drain does: what a disruption budget forbids is asked for again every 5 s; pods of DaemonSets stay.',
    args: [
      NODE,
      {
        name: 'timeout',
        type: 'string',
        description: 'how long it is asked for; default without end',
        optional: true,
        means: 'duration',
      },
    ],
    run({ cluster }, args) {
      const timeoutMs = args.timeout === undefined ? Infinity : parseDuration(String(args.timeout))
      cluster.drainNode(String(args.node), timeoutMs)
      return `drain ${args.node}`
    },
  },
  {
    name: 'reclaim-node',
    description:
      'The machine of a spot node is taken back: at the notice it is tainted, so that no more pods come, and an Event says so; afterwards it falls silent and its Node object is deleted.',
    args: [
      NODE,
      {
        name: 'notice',
        type: 'string',
        description: 'time from the notice to the end; default `2m`, as clouds give',
        optional: true,
        means: 'duration',
      },
      {
        name: 'drain',
        type: 'boolean',
        description: 'whether the notice also drains it, as termination handlers do; default false',
        optional: true,
      },
    ],
    run({ cluster }, args) {
      const node = String(args.node)
      const notice = String(args.notice ?? '2m')
      const noticeMs = parseDuration(notice)
      cluster.reclaimNode(node, noticeMs)
      if (args.drain === true) cluster.drainNode(node, noticeMs)
      return `${node} is to be taken back in ${notice}`
    },
  },
]
