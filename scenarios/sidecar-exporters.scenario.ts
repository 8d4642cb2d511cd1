import type { ContainerInput, ScenarioInput } from './scenario.ts'

const MEMCACHED_EXPORTER: ContainerInput = { name: 'exporter', simulates: 'memcached-exporter', port: 9150 }

/**
 * Servers that do not speak to a monitor themselves, each with an exporter beside it in its pod.
 *
 * The simulated ones run everywhere. Where Memcached and Redis are installed, real ones run beside them: the exporter of the
 * first is simulated, that of the second is real.
 */
export default {
  name: 'sidecar-exporters',
  description:
    'Servers with an exporter beside them in the pod, simulated and real: is each container found, and each value kept?',
  cluster: {
    nodes: 4,
    workloads: {
      web: {
        namespace: 'shop',
        replicas: 8,
        containers: [
          { name: 'app', profile: 'web-service', port: 8080 },
          { name: 'proxy', profile: 'web-service', port: 15090 },
        ],
      },
      cache: {
        namespace: 'shop',
        replicas: 6,
        containers: [
          { name: 'memcached', simulates: 'memcached' },
          { name: 'client', simulates: 'memcached-client' },
          MEMCACHED_EXPORTER,
        ],
      },
      'real-cache': {
        namespace: 'shop',
        replicas: 2,
        optional: true,
        containers: [
          // `-u root` is for those who are: it refuses to run as root otherwise, and ignores it for others.
          { name: 'memcached', process: ['memcached', '-l', '$POD_IP', '-p', '11211', '-u', 'root'], port: 11_211 },
          { name: 'client', simulates: 'memcached-client' },
          MEMCACHED_EXPORTER,
        ],
      },
      'real-redis': {
        namespace: 'shop',
        replicas: 2,
        optional: true,
        containers: [
          {
            name: 'redis',
            process: ['redis-server', '--bind', '$POD_IP', '--port', '6379', '--save', '', '--appendonly', 'no'],
            port: 6379,
          },
          {
            name: 'exporter',
            process: [
              'prometheus-redis-exporter',
              '-redis.addr',
              'redis://$POD_IP:6379',
              '-web.listen-address',
              '$POD_IP:9121',
            ],
            port: 9121,
            metrics: true,
          },
        ],
      },
    },
  },
  scenarios: {
    'caches-roll': {
      executor: 'shared-iterations',
      startTime: '15s',
      exec: 'restart',
      args: { workload: 'shop/cache' },
    },
    'web-rolls': { executor: 'shared-iterations', startTime: '25s', exec: 'restart', args: { workload: 'shop/web' } },
    'node-reboots': {
      executor: 'shared-iterations',
      startTime: '38s',
      exec: 'reboot-node',
      args: { node: 'node-1', for: '3s' },
    },
  },
  duration: '50s',
  settle: '15s',
  scrapeInterval: '5s',
  thresholds: {
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
  },
  gates: {
    discovery_latency: ['p50', 'p90'],
    visibility_latency: ['p50'],
    cpu_seconds_per_million_samples: ['value'],
  },
  profiles: {
    smoke: {
      cluster: {
        nodes: 2,
        workloads: {
          web: { replicas: 2 },
          cache: { replicas: 2 },
          'real-cache': { replicas: 1 },
          'real-redis': { replicas: 1 },
        },
      },
      scenarios: {
        'caches-roll': { startTime: '3s' },
        'web-rolls': { startTime: '5s' },
        'node-reboots': { startTime: '8s', args: { for: '1s' } },
      },
      duration: '11s',
      settle: '5s',
      scrapeInterval: '1s',
    },
    ci: {
      scenarios: {
        'caches-roll': { startTime: '4s' },
        'web-rolls': { startTime: '7s' },
        'node-reboots': { startTime: '10s', args: { for: '1s' } },
      },
      duration: '14s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: { nodes: 10, workloads: { web: { replicas: 100 }, cache: { replicas: 50 } } },
      duration: '300s',
      settle: '60s',
    },
  },
} satisfies ScenarioInput
