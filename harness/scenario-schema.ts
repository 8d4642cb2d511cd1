import { ADDRESS_POLICIES } from '../sim/index.ts'

/** JSON Schema of `ScenarioInput` without its profiles: shapes only; what needs knowledge is judged in scenario.ts. */
const duration = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$' } as const
const jittered = { type: 'array', items: duration, minItems: 2, maxItems: 2 } as const
const count = { type: 'integer', minimum: 0 } as const
const share = { type: ['integer', 'string'], minimum: 0, pattern: '^[0-9]+%$' } as const
export const dnsLabel = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$'
export const labelName = '^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'
export const labelValue = '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$'

const scalar = { type: ['string', 'number', 'boolean'] } as const
const natural = { type: 'integer', minimum: 1 } as const
const users = { type: 'integer', minimum: 1, maximum: 10_000 } as const
const rate = { type: 'number', minimum: 0 } as const

/** Fields of all executors together; which of them an executor has is judged in load/executors.ts. */
const entry = {
  type: 'object',
  required: ['executor', 'exec'],
  properties: {
    executor: {
      type: 'string',
      enum: [
        'shared-iterations',
        'per-vu-iterations',
        'constant-vus',
        'ramping-vus',
        'constant-arrival-rate',
        'ramping-arrival-rate',
      ],
    },
    exec: { type: 'string' },
    args: { type: 'object', additionalProperties: scalar },
    each: { type: 'object', additionalProperties: { type: 'array', minItems: 1, items: scalar } },
    tags: {
      type: 'object',
      propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
      additionalProperties: { type: 'string', minLength: 1 },
    },
    startTime: duration,
    gracefulStop: duration,
    maxDuration: duration,
    duration,
    timeUnit: duration,
    iterations: natural,
    vus: users,
    startVUs: { type: 'integer', minimum: 0, maximum: 10_000 },
    rate: { type: 'number', exclusiveMinimum: 0 },
    startRate: rate,
    stages: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['duration', 'target'],
        properties: { duration, target: rate },
        additionalProperties: false,
      },
    },
    arrivals: { type: 'string', enum: ['even', 'poisson'] },
  },
  additionalProperties: false,
} as const

const container = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: dnsLabel },
    profile: { type: 'string' },
    simulates: { type: 'string', enum: ['memcached', 'memcached-client', 'memcached-exporter'] },
    process: { type: 'array', minItems: 1, items: { type: 'string' } },
    port: { type: 'integer', minimum: 1, maximum: 65535 },
    metrics: { type: 'boolean' },
  },
  additionalProperties: false,
} as const

const thresholds = {
  type: 'array',
  items: {
    type: ['string', 'object'],
    required: ['threshold'],
    properties: { threshold: { type: 'string' }, abortOnFail: { type: 'boolean' }, delayAbortEval: duration },
    additionalProperties: false,
  },
} as const

export const SCENARIO_SCHEMA = {
  type: 'object',
  required: ['name', 'description', 'cluster', 'scenarios', 'settle', 'scrapeInterval'],
  properties: {
    name: { type: 'string', pattern: dnsLabel },
    description: { type: 'string', minLength: 1 },
    cluster: {
      type: 'object',
      required: ['nodes', 'workloads'],
      properties: {
        nodes: { type: 'integer', minimum: 1, maximum: 5000 },
        zones: { type: 'integer', minimum: 1 },
        podsPerNodeMax: { type: 'integer', minimum: 1, maximum: 250 },
        kubeletPorts: { type: 'boolean' },
        addresses: { type: 'string', enum: ADDRESS_POLICIES },
        workloads: {
          type: 'object',
          propertyNames: { pattern: dnsLabel },
          additionalProperties: {
            type: 'object',
            required: ['replicas'],
            properties: {
              namespace: { type: 'string', pattern: dnsLabel },
              replicas: count,
              port: { type: 'integer', minimum: 1, maximum: 65535 },
              profile: { type: 'string', minLength: 1 },
              formats: {
                type: 'array',
                uniqueItems: true,
                items: {
                  type: 'string',
                  enum: ['openmetrics', 'text-1.0.0', 'protobuf', 'created', 'native-histograms'],
                },
              },
              profileOptions: {
                type: 'object',
                additionalProperties: {
                  type: ['string', 'number', 'boolean', 'array'],
                  items: { type: 'string' },
                },
              },
              service: { type: 'string', pattern: dnsLabel },
              labels: {
                type: 'object',
                propertyNames: { pattern: labelName },
                additionalProperties: { type: 'string', pattern: labelValue },
              },
              maxSurge: share,
              maxUnavailable: share,
              containers: { type: 'array', minItems: 1, items: container },
              optional: { type: 'boolean' },
            },
            additionalProperties: false,
          },
        },
        timings: {
          type: 'object',
          properties: {
            schedule: jittered,
            start: jittered,
            ready: jittered,
            terminate: jittered,
            pull: jittered,
            leaseRenew: duration,
            nodeMonitorGrace: duration,
            nodeMonitorPeriod: duration,
            eviction: duration,
          },
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    },
    scenarios: { type: 'object', propertyNames: { pattern: '^[0-9A-Za-z_-]+$' }, additionalProperties: entry },
    trace: {
      type: 'object',
      required: ['file'],
      properties: {
        file: { type: 'string', minLength: 1 },
        mode: { type: 'string', enum: ['auto', 'exact', 'controllers'] },
        speed: { type: 'number', exclusiveMinimum: 0, maximum: 10_000_000 },
        from: duration,
        to: duration,
        scale: { type: 'integer', minimum: 1, maximum: 100 },
        only: { type: 'array', items: { type: 'string', minLength: 1 } },
        targets: { type: 'string', enum: ['auto', 'annotated', 'all'] },
        lenient: { type: 'boolean' },
      },
      additionalProperties: false,
    },
    controlPlane: {
      type: 'object',
      required: ['pods', 'podsPerWorkload', 'watchers', 'changes'],
      properties: {
        pods: { type: 'integer', minimum: 1, maximum: 150_000 },
        podsPerWorkload: { type: 'integer', minimum: 1, maximum: 5000 },
        watchers: { type: 'integer', minimum: 0, maximum: 1000 },
        changes: count,
      },
      additionalProperties: false,
    },
    targetCapacity: {
      type: 'object',
      required: ['metrics', 'seriesPerMetric', 'turns', 'turn'],
      properties: {
        metrics: { type: 'integer', minimum: 1, maximum: 10_000 },
        seriesPerMetric: { type: 'integer', minimum: 1, maximum: 10_000 },
        turns: { type: 'integer', minimum: 1, maximum: 100 },
        turn: duration,
      },
      additionalProperties: false,
    },
    duration,
    settle: duration,
    scrapeInterval: duration,
    thresholds: { type: 'object', additionalProperties: thresholds },
    gates: {
      type: 'object',
      additionalProperties: {
        type: 'array',
        uniqueItems: true,
        items: { type: 'string', enum: ['mean', 'p50', 'p90', 'p95', 'p99', 'value'] },
      },
    },
    search: {
      type: 'object',
      required: ['field', 'from', 'to', 'resolution', 'sustained'],
      properties: {
        field: { type: 'string', minLength: 1 },
        from: natural,
        to: natural,
        resolution: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
        sustained: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
} as const
