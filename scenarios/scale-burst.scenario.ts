import type { ScenarioInput } from './scenario.ts'

/** A thousand pods at once: the hardest second of a discovery's life. */
export default {
  name: 'scale-burst',
  description: 'One Deployment goes from nothing to a thousand pods at once, and back: how long until each is scraped?',
  cluster: {
    nodes: 50,
    workloads: { burst: { namespace: 'default', replicas: 0, maxSurge: '25%' } },
  },
  scenarios: {
    up: {
      executor: 'shared-iterations',
      startTime: '3s',
      exec: 'scale',
      args: { workload: 'default/burst', replicas: 1000 },
    },
    down: {
      executor: 'shared-iterations',
      startTime: '25s',
      exec: 'scale',
      args: { workload: 'default/burst', replicas: 0 },
    },
  },
  duration: '32s',
  settle: '20s',
  scrapeInterval: '5s',
  thresholds: {
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
  },
  profiles: {
    smoke: {
      cluster: { nodes: 5 },
      scenarios: { up: { args: { replicas: 50 } }, down: { startTime: '8s' } },
      duration: '11s',
      settle: '8s',
      scrapeInterval: '1s',
    },
  },
} satisfies ScenarioInput
