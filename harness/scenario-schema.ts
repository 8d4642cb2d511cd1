/** JSON Schema of `ScenarioInput` without its profiles: shapes only; what needs knowledge is judged in scenario.ts. */
const duration = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$' } as const
const jittered = { type: 'array', items: duration, minItems: 2, maxItems: 2 } as const
const count = { type: 'integer', minimum: 0 } as const
const share = { type: ['integer', 'string'], minimum: 0, pattern: '^[0-9]+%$' } as const
const dnsLabel = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$'

const args = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } } as const

const churn = {
  type: 'object',
  required: ['executor', 'exec'],
  properties: {
    executor: { type: 'string', enum: ['shared-iterations', 'constant-arrival-rate'] },
    exec: { type: 'string' },
    args,
    startTime: duration,
    iterations: { type: 'integer', minimum: 1 },
    rate: { type: 'number', exclusiveMinimum: 0 },
    timeUnit: duration,
    duration,
  },
  additionalProperties: false,
  if: { properties: { executor: { const: 'constant-arrival-rate' } } },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { required: ['rate', 'duration'], properties: { iterations: false } },
  else: { properties: { rate: false, timeUnit: false, duration: false } },
} as const

export const SCENARIO_SCHEMA = {
  type: 'object',
  required: ['name', 'description', 'cluster', 'scenarios', 'duration', 'settle', 'scrapeInterval'],
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
              profile: { type: 'string' },
              maxSurge: share,
              maxUnavailable: share,
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
    scenarios: { type: 'object', additionalProperties: churn },
    duration,
    settle: duration,
    scrapeInterval: duration,
    thresholds: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } },
  },
  additionalProperties: false,
} as const
