import { TRACE_VERSION } from './trace-header.ts'

/** Longest line of a trace, in bytes. */
export const LINE_BYTES_MAX = 1024 * 1024

type Schema = Readonly<Record<string, unknown>>

/** Milliseconds: a hundred years. What lies beyond is a unit that was mistaken. */
const T_MAX = 100 * 366 * 86_400_000
const INT32_MAX = 2 ** 31 - 1
export const KINDS = ['node', 'workload', 'service', 'pod', 'action']

const TEXT: Schema = { type: 'string', minLength: 1, maxLength: 1024 }
const COUNT: Schema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

const text = (description: string): Schema => ({ description, ...TEXT })
const labels = (description: string): Schema => ({ description, $ref: '#/$defs/labels' })

function object(required: readonly string[], properties: Readonly<Record<string, Schema>>, description = ''): Schema {
  return {
    ...(description === '' ? {} : { description }),
    type: 'object',
    properties,
    required,
    additionalProperties: false,
  }
}

const PORT: Schema = { type: 'integer', minimum: 1, maximum: 65_535 }
const INTEGER_OR_TEXT: Schema = { type: ['integer', 'string'] }

/** What several events have. */
const SHARED: Readonly<Record<string, Schema>> = {
  labels: {
    description: 'Texts by name.',
    type: 'object',
    additionalProperties: { type: 'string' },
  },
  containers: {
    description: 'Containers of a pod, without init and ephemeral ones.',
    type: 'array',
    items: object(['name', 'ports'], {
      name: TEXT,
      image: text('Absent where the source does not say.'),
      ports: {
        description: 'Container ports. A scrape may name one.',
        type: 'array',
        items: object(['port'], { name: TEXT, port: PORT }),
      },
    }),
  },
  strategy: object(
    ['type'],
    { type: { enum: ['RollingUpdate', 'Recreate'] }, maxSurge: INTEGER_OR_TEXT, maxUnavailable: INTEGER_OR_TEXT },
    'How a Deployment rolls: numbers of pods, or texts such as "25%".',
  ),
  ports: {
    description: 'Ports of a Service.',
    type: 'array',
    items: object(['port'], { name: TEXT, port: PORT, targetPort: INTEGER_OR_TEXT }),
  },
}

const shared = (name: 'containers' | 'strategy' | 'ports', description: string): Schema => ({
  description,
  $ref: `#/$defs/${name}`,
})

const SCRAPE_ANNOTATIONS = labels(
  'Those that say whether and how a pod is scraped: `prometheus.io/*`, `churnbench.io/profile`.',
)
const REASON = text('One word, as the control plane has it: NodeStatusUnknown, Evicted, …')

interface Shape {
  readonly description: string
  /** Fields beside `t`, `kind`, `op` and those that every event of the kind has; `!` marks those that must be there. */
  readonly fields?: Readonly<Record<string, Schema>>
}

/** Fields by which each kind of event names its object. */
const IDENTITIES: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  node: { name: text('Name of the Node.') },
  workload: {
    namespace: TEXT,
    name: TEXT,
    type: text('Kind of the object: Deployment, StatefulSet, DaemonSet, Job, …'),
  },
  service: { namespace: TEXT, name: TEXT },
  pod: {
    namespace: TEXT,
    name: TEXT,
    uid: text('Identity of the pod in this trace; another pod of the same name has another.'),
  },
}

export const SHAPES: Readonly<Record<string, Shape>> = {
  'node added': {
    description: 'A Node is there. It is ready unless `not-ready` follows.',
    fields: { labels: labels('Labels of the Node.') },
  },
  'node failed': {
    description: 'Nobody on the machine answers any more. The cause behind `not-ready`, which only a simulation knows.',
    fields: { reason: text('What the scenario did.') },
  },
  'node not-ready': {
    description: 'The control plane found that the Node is not ready.',
    fields: { reason: REASON },
  },
  'node ready': { description: 'The control plane found that the Node is ready again.' },
  'node recovered': { description: 'The machine answers again, after `failed`.' },
  'node removed': { description: 'The Node object is gone. Its pods may stay for a while.' },
  'workload applied': {
    description: 'New, or changed: all of it as it is now.',
    fields: {
      replicas: {
        description: 'Pods wanted; `parallelism` of a Job. Absent where the kind has none.',
        type: 'integer',
        minimum: 0,
        maximum: INT32_MAX,
      },
      selector: labels('Labels by which it knows its pods.'),
      strategy: shared('strategy', 'How a Deployment rolls.'),
      labels: labels('Labels of the pod template.'),
      annotations: SCRAPE_ANNOTATIONS,
      containers: shared('containers', 'Containers of the pod template.'),
    },
  },
  'workload scaled': {
    description: 'Only the number of replicas changed.',
    fields: { 'replicas!': { description: 'Pods wanted.', type: 'integer', minimum: 0, maximum: INT32_MAX } },
  },
  'workload deleted': { description: 'The object is gone. Its pods may stay for a while.' },
  'service applied': {
    description: 'New, or changed: all of it as it is now.',
    fields: {
      selector: labels('Labels of the pods behind it; none where there is no selector.'),
      labels: labels('Labels of the Service.'),
      ports: shared('ports', 'Its ports.'),
    },
  },
  'service deleted': { description: 'The Service is gone.' },
  'pod created': {
    description: 'The pod is there: not bound, without an address, not ready, never restarted.',
    fields: {
      owner: { description: 'Kind/name of its controller.', type: 'string', pattern: '^[^/]+/[^/]+$', maxLength: 2048 },
      labels: labels('Labels of the pod.'),
      annotations: SCRAPE_ANNOTATIONS,
      containers: shared('containers', 'Its containers.'),
    },
  },
  'pod relabelled': {
    description: 'Its labels are others.',
    fields: { 'labels!': labels('All of them, as they are now.') },
  },
  'pod bound': { description: 'The scheduler chose its node.', fields: { 'node!': text('Name of the Node.') } },
  'pod addressed': {
    description: 'It has an address, or another one.',
    fields: {
      address: {
        description: 'IPv4 or IPv6; absent where the source does not say.',
        type: 'string',
        pattern: '^[0-9a-fA-F:.]{2,45}$',
      },
    },
  },
  'pod ready': { description: 'Its condition Ready became true.' },
  'pod not-ready': { description: 'Its condition Ready is true no more.' },
  'pod restarted': {
    description: 'A container was restarted.',
    fields: {
      'restarts!': { description: 'Of all its containers so far.', type: 'integer', minimum: 1, maximum: INT32_MAX },
    },
  },
  'pod succeeded': { description: 'All its containers have ended well and stay so.' },
  'pod failed': { description: 'It has ended, and not well.', fields: { reason: REASON } },
  'pod terminating': {
    description: 'It is to be deleted: it was told to end and has some time left.',
    fields: { graceS: { description: 'Seconds of grace.', ...COUNT } },
  },
  'pod deleted': { description: 'The Pod object is gone.' },
}

function eventSchema(kind: string, op: Schema, { description, fields = {} }: Shape): Schema {
  const identity = IDENTITIES[kind] ?? {}
  const names = Object.keys(fields)
  return object(
    ['t', 'kind', 'op', ...Object.keys(identity), ...names.filter(name => name.endsWith('!')).map(plainName)],
    {
      t: { description: "Milliseconds since the trace's start.", type: 'integer', minimum: 0, maximum: T_MAX },
      kind: { const: kind },
      op,
      ...identity,
      ...Object.fromEntries(names.map(name => [plainName(name), fields[name]!])),
    },
    description,
  )
}

function plainName(name: string): string {
  return name.replace('!', '')
}

const ACTION: Shape = {
  description: 'Something that a scenario did to the cluster.',
  fields: {
    'args!': {
      description: 'What it was told.',
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
    },
  },
}

const HEADER: Schema = object(
  ['trace', 'version', 'source', 'targets'],
  {
    trace: { const: 'churnbench' },
    version: { const: TRACE_VERSION },
    start: {
      description: "When the trace's time 0 was, RFC 3339 in UTC. Absent where it never happened or must not tell.",
      type: 'string',
      pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?Z$',
    },
    source: object(
      ['kind'],
      {
        kind: {
          description:
            'run: one of our own. cluster: recorded from an API server. converted: from another format. generated: never happened.',
          enum: ['run', 'cluster', 'converted', 'generated'],
        },
        tool: { description: 'Who wrote it.', type: 'string' },
        details: labels('What it was made from: scenario and seed, format and file, context of a kubeconfig.'),
      },
      'Where the trace comes from.',
    ),
    targets: {
      description: 'Which pods are scraped: those whose annotations say so, or, where the source knew none, all.',
      enum: ['annotated', 'all'],
    },
    scrubbed: {
      description: 'What was replaced by pseudonyms. Absent when nothing was.',
      type: 'array',
      items: { type: 'string' },
    },
    durationMs: {
      description: 'How long the trace lasts: to its last event, or longer.',
      type: 'integer',
      minimum: 0,
      maximum: T_MAX,
    },
    scale: counts('The most of each that there was at once.', 'nodes', 'workloads', 'services', 'pods', 'podsPerNode'),
    counts: counts(
      'Events, in all and of each kind, and pods that ever were.',
      'events',
      'node',
      'workload',
      'service',
      'pod',
      'action',
      'podsCreated',
    ),
    sha256: {
      description: 'Over all lines after the header, each ended by a line feed. Absent until the trace is complete.',
      type: 'string',
      pattern: '^[0-9a-f]{64}$',
    },
  },
  'The first line.',
)

function counts(description: string, ...names: string[]): Schema {
  return object(names, Object.fromEntries(names.map(name => [name, COUNT])), description)
}

const ACTION_OP: Schema = text("Name of the scenario's action.")

const EVENTS: ReadonlyMap<string, Schema> = new Map([
  ...Object.entries(SHAPES).map(([title, shape]): [string, Schema] => {
    const [kind, op] = title.split(' ')
    return [title, { title, ...eventSchema(kind!, { const: op }, shape) }]
  }),
  ['action', { title: 'action', ...eventSchema('action', ACTION_OP, ACTION) }],
])

export const SCHEMA_ID = 'urn:churnbench:trace:v1'

/** JSON Schema of one line: the header, or an event. Published as docs/formats/trace.schema.json. */
export const TRACE_LINE_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: SCHEMA_ID,
  title: `A line of a churnbench trace, version ${TRACE_VERSION}`,
  description:
    'The first line is the header, all others are events. What must hold between events is told in trace.md.',
  oneOf: ['header', ...[...EVENTS.keys()].map(definitionName)].map(name => ({ $ref: `#/$defs/${name}` })),
  $defs: {
    header: { title: 'header', ...HEADER },
    ...Object.fromEntries([...EVENTS].map(([title, schema]) => [definitionName(title), schema])),
    ...SHARED,
  },
}

export function definitionName(title: string): string {
  return title.replace(' ', '-')
}
