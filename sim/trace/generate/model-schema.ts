type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string', minLength: 1, maxLength: 200 }
const count: Schema = { type: 'integer', minimum: 0 }
const positive: Schema = { type: 'integer', minimum: 1 }
const notNegative: Schema = { type: 'number', minimum: 0 }
const aboveZero: Schema = { type: 'number', exclusiveMinimum: 0 }
const share: Schema = { type: 'number', minimum: 0, maximum: 1 }
/** Names that Kubernetes takes for namespaces. */
const dnsLabel: Schema = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' }
const surge: Schema = { type: ['integer', 'string'], minimum: 0, pattern: '^\\d{1,3}%$' }
const distribution: Schema = { $ref: '#/$defs/distribution' }
const rate: Schema = { $ref: '#/$defs/rate' }

/** Fields that end in `?` may be absent. */
function object(fields: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(fields)
  return {
    type: 'object',
    properties: Object.fromEntries(names.map(name => [name.replace('?', ''), fields[name]])),
    required: names.filter(name => !name.endsWith('?')),
    additionalProperties: false,
  }
}

function list(items: Schema, minItems = 0): Schema {
  return { type: 'array', items, minItems }
}

function kind(name: string, fields: Readonly<Record<string, Schema>>): Schema {
  return object({ kind: { const: name }, ...fields })
}

const $defs: Readonly<Record<string, Schema>> = {
  distribution: {
    type: 'object',
    discriminator: { propertyName: 'kind' },
    required: ['kind'],
    oneOf: [
      kind('constant', { value: notNegative }),
      kind('uniform', { min: notNegative, max: notNegative }),
      kind('exponential', { mean: notNegative }),
      kind('lognormal', { median: aboveZero, 'sigma?': notNegative, 'p90?': aboveZero }),
      kind('weibull', { shape: aboveZero, scale: notNegative }),
      kind('pareto', { min: aboveZero, alpha: aboveZero }),
      kind('empirical', {
        quantiles: list({ type: 'array', items: notNegative, minItems: 2, maxItems: 2 }, 2),
      }),
      kind('mixture', { of: list(object({ weight: notNegative, of: distribution }), 1) }),
      kind('never', {}),
    ],
  },
  rate: {
    type: ['number', 'object'],
    minimum: 0,
    properties: { perHour: list(notNegative, 1), binMs: positive },
    required: ['perHour'],
    additionalProperties: false,
  },
}

const cluster = object({
  nodes: positive,
  zones: { type: 'integer', minimum: 1, maximum: 26 },
  podsPerNodeMax: { type: 'integer', minimum: 1, maximum: 1000 },
  'nodeFailures?': object({
    'perHour?': rate,
    'count?': count,
    detectMs: distribution,
    evictMs: distribution,
    removedShare: share,
    repairMs: distribution,
    removeMs: distribution,
    replaceMs: distribution,
  }),
  'autoscaling?': object({ nodesMax: positive, addMs: distribution, idleMs: positive }),
})

const pod = object({
  containers: list(
    object({
      name: dnsLabel,
      'image?': text,
      ports: list(object({ 'name?': dnsLabel, port: { type: 'integer', minimum: 1, maximum: 65_535 } })),
    }),
    1,
  ),
  'annotations?': { type: 'object', additionalProperties: { type: 'string' } },
  graceS: count,
  scheduleMs: distribution,
  startMs: distribution,
  readyMs: distribution,
  terminateMs: distribution,
  'lifetimeMs?': distribution,
  'pendingMs?': distribution,
  'restarts?': object({ perHour: notNegative, downMs: distribution }),
  'outcomes?': object({ 'succeeded?': share, 'failed?': { type: 'object', additionalProperties: share } }),
  'lingerMs?': distribution,
})

const workloadClass = object({
  name: dnsLabel,
  kind: { enum: ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'Pod'] },
  workloads: positive,
  'namespace?': dnsLabel,
  'owner?': { type: 'string', pattern: '^[A-Za-z]{1,63}$' },
  'replicas?': distribution,
  'service?': { type: 'boolean' },
  'rollouts?': object({ perHour: rate, 'maxSurge?': surge, 'maxUnavailable?': surge }),
  'scaling?': object({
    perHour: rate,
    curve: list(notNegative, 1),
    'binMs?': positive,
    factor: distribution,
    min: count,
    'max?': count,
  }),
  'cron?': object({ everyMs: { type: 'integer', minimum: 1000 }, 'offsetMs?': distribution, pods: distribution }),
  'arrivals?': object({ perHour: rate, 'regular?': { type: 'boolean' }, 'burst?': distribution }),
  'initial?': object({ pods: count, 'remainingMs?': distribution }),
  pod,
})

/** JSON Schema of a model. Published as docs/formats/trace-model.schema.json. */
export const TRACE_MODEL_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The model that a churnbench trace is generated from, version 1',
  ...object({
    '$schema?': { type: 'string' },
    model: { const: 'churnbench-trace' },
    version: { const: 1 },
    name: text,
    'description?': { type: 'string' },
    durationMs: positive,
    startHour: { type: 'number', minimum: 0, exclusiveMaximum: 24 },
    namespaces: positive,
    cluster,
    classes: list(workloadClass, 1),
  }),
  $defs,
}
