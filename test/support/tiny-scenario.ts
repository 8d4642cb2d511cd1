/** A scenario of a few seconds, as a user would write one: three pods that become six. */
export const TINY = {
  name: 'tiny',
  description: 'A few pods for a few seconds.',
  cluster: {
    nodes: 2,
    workloads: { api: { namespace: 'shop', replicas: 3 } },
    timings: { start: ['100ms', '200ms'], ready: ['50ms', '100ms'], terminate: ['50ms', '100ms'] },
  },
  scenarios: {
    up: { executor: 'shared-iterations', startTime: '1s', exec: 'scale', args: { workload: 'shop/api', replicas: 6 } },
  },
  duration: '2s',
  settle: '2s',
  scrapeInterval: '500ms',
} as const
