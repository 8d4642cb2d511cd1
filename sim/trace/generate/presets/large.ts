import type { TraceModel } from '../model.ts'
import { midSize } from './mid-size.ts'
import { nodeFailures } from './parts.ts'

/** So many times as many workloads as in a mid-size cluster. */
const TIMES = 20

/** A day of a thousand nodes and some fifteen thousand pods; agents are one to a node there too. */
export const large: TraceModel = {
  ...midSize,
  name: 'large',
  description:
    'A day of a large cluster: a thousand nodes and some fifteen thousand pods, with a node failure every two hours.',
  namespaces: 80,
  cluster: {
    nodes: 1_000,
    zones: 3,
    podsPerNodeMax: 110,
    nodeFailures: nodeFailures({ perHour: 0.5 }),
    autoscaling: { nodesMax: 1_200, addMs: { kind: 'lognormal', median: 90_000, p90: 180_000 }, idleMs: 600_000 },
  },
  classes: midSize.classes.map(workloadClass =>
    workloadClass.kind === 'DaemonSet'
      ? workloadClass
      : { ...workloadClass, workloads: workloadClass.workloads * TIMES },
  ),
}
