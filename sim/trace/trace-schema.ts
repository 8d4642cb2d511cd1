import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { nearest } from '../../base/index.ts'
import type { ChurnEvent } from './churn-event.ts'
import { TRACE_VERSION, type TraceHeader } from './trace-header.ts'

type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string', minLength: 1, maxLength: 1024 }
const count: Schema = { type: 'integer', minimum: 0 }
const labels: Schema = { type: 'object', additionalProperties: { type: 'string' } }
const port: Schema = { type: 'integer', minimum: 1, maximum: 65_535 }
const containers: Schema = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      name: text,
      image: text,
      ports: {
        type: 'array',
        items: { type: 'object', properties: { name: text, port }, required: ['port'], additionalProperties: false },
      },
    },
    required: ['name', 'ports'],
    additionalProperties: false,
  },
}
const strategy: Schema = {
  type: 'object',
  properties: {
    type: { enum: ['RollingUpdate', 'Recreate'] },
    maxSurge: { type: ['integer', 'string'] },
    maxUnavailable: { type: ['integer', 'string'] },
  },
  required: ['type'],
  additionalProperties: false,
}
const ports: Schema = {
  type: 'array',
  items: {
    type: 'object',
    properties: { name: text, port, targetPort: { type: ['integer', 'string'] } },
    required: ['port'],
    additionalProperties: false,
  },
}
const address: Schema = { type: 'string', pattern: '^[0-9a-fA-F:.]{2,45}$' }

/** Milliseconds: a hundred years. What lies beyond is a unit that was mistaken. */
const T_MAX = 100 * 366 * 86_400_000

/** Fields of each operation beside `t`, `kind` and `op`; `!` marks those that must be there. */
const SHAPES: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  'node added': { 'name!': text, labels },
  'node failed': { 'name!': text, reason: text },
  'node not-ready': { 'name!': text, reason: text },
  'node ready': { 'name!': text },
  'node recovered': { 'name!': text },
  'node removed': { 'name!': text },
  'workload applied': {
    'namespace!': text,
    'name!': text,
    'type!': text,
    replicas: count,
    selector: labels,
    strategy,
    labels,
    annotations: labels,
    containers,
  },
  'workload scaled': { 'namespace!': text, 'name!': text, 'type!': text, 'replicas!': count },
  'workload deleted': { 'namespace!': text, 'name!': text, 'type!': text },
  'service applied': { 'namespace!': text, 'name!': text, labels, selector: labels, ports },
  'service deleted': { 'namespace!': text, 'name!': text },
  'pod created': {
    'namespace!': text,
    'name!': text,
    'uid!': text,
    owner: { type: 'string', pattern: '^[^/]+/[^/]+$' },
    labels,
    annotations: labels,
    containers,
  },
  'pod relabelled': { 'namespace!': text, 'name!': text, 'uid!': text, 'labels!': labels },
  'pod bound': { 'namespace!': text, 'name!': text, 'uid!': text, 'node!': text },
  'pod addressed': { 'namespace!': text, 'name!': text, 'uid!': text, address },
  'pod ready': { 'namespace!': text, 'name!': text, 'uid!': text },
  'pod not-ready': { 'namespace!': text, 'name!': text, 'uid!': text },
  'pod restarted': { 'namespace!': text, 'name!': text, 'uid!': text, 'restarts!': { type: 'integer', minimum: 1 } },
  'pod succeeded': { 'namespace!': text, 'name!': text, 'uid!': text },
  'pod failed': { 'namespace!': text, 'name!': text, 'uid!': text, reason: text },
  'pod terminating': { 'namespace!': text, 'name!': text, 'uid!': text, graceS: count },
  'pod deleted': { 'namespace!': text, 'name!': text, 'uid!': text },
}
const ACTION: Readonly<Record<string, Schema>> = {
  'args!': { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
}

const KINDS = ['node', 'workload', 'service', 'pod', 'action']

function eventSchema(kind: string, op: Schema, fields: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(fields)
  return {
    type: 'object',
    properties: {
      t: { type: 'integer', minimum: 0, maximum: T_MAX },
      kind: { const: kind },
      op,
      ...Object.fromEntries(names.map(name => [name.replace('!', ''), fields[name]])),
    },
    required: ['t', 'kind', 'op', ...names.filter(name => name.endsWith('!')).map(name => name.slice(0, -1))],
    additionalProperties: false,
  }
}

const HEADER: Schema = {
  type: 'object',
  properties: {
    trace: { const: 'churnbench' },
    version: { const: TRACE_VERSION },
    start: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' },
    source: {
      type: 'object',
      properties: {
        kind: { enum: ['run', 'cluster', 'converted', 'generated'] },
        tool: { type: 'string' },
        details: labels,
      },
      required: ['kind'],
      additionalProperties: false,
    },
    targets: { enum: ['annotated', 'all'] },
    scrubbed: { type: 'array', items: { type: 'string' } },
    durationMs: count,
    scale: counts('nodes', 'workloads', 'services', 'pods', 'podsPerNode'),
    counts: counts('events', 'node', 'workload', 'service', 'pod', 'action', 'podsCreated'),
    sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  },
  required: ['trace', 'version', 'source', 'targets'],
  additionalProperties: false,
}

function counts(...names: string[]): Schema {
  return {
    type: 'object',
    properties: Object.fromEntries(names.map(name => [name, count])),
    required: names,
    additionalProperties: false,
  }
}

const eventSchemas = new Map<string, Schema>([
  ...Object.entries(SHAPES).map(([shape, fields]): [string, Schema] => {
    const [kind, op] = shape.split(' ')
    return [shape, eventSchema(kind!, { const: op }, fields)]
  }),
  ['action', eventSchema('action', text, ACTION)],
])

/** JSON Schema of one line: the header, or an event. Published as docs/formats/trace.schema.json. */
export const TRACE_LINE_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A line of a churnbench trace, version 1',
  oneOf: [HEADER, ...eventSchemas.values()],
}

const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true })
const validateHeader = ajv.compile(HEADER)
/** By kind and operation: a key made of both would have to be made for every event. */
const validators = new Map<unknown, Map<unknown, ValidateFunction>>()
for (const [shape, schema] of eventSchemas) {
  const [kind, op] = shape.split(' ')
  const ofKind = validators.get(kind) ?? new Map<unknown, ValidateFunction>()
  validators.set(kind, ofKind.set(op, ajv.compile(schema)))
}

/** What is wrong with the shape of an event, in one sentence; `undefined` when it is one. */
export function eventFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no event: not a JSON object'
  const { kind, op } = value as Partial<ChurnEvent>
  const validate = validators.get(kind)?.get(kind === 'action' ? undefined : op)
  if (validate === undefined) return unknownShape(kind, op)
  if (validate(value)) return undefined
  return `${kind} ${op}: ${sentences(validate.errors ?? [])}`
}

/** The same of a header. */
export function headerFault(value: unknown): string | undefined {
  return validateHeader(value) ? undefined : sentences(validateHeader.errors ?? [])
}

/** A header as the schema allows it, from one that may have fields that it does not know. */
export function knownHeader(value: Readonly<Record<string, unknown>>): TraceHeader {
  const known = Object.keys(HEADER['properties'] as object)
  return Object.fromEntries(Object.entries(value).filter(([key]) => known.includes(key))) as unknown as TraceHeader
}

function unknownShape(kind: unknown, op: unknown): string {
  if (typeof kind !== 'string' || !KINDS.includes(kind)) {
    const near = typeof kind === 'string' ? nearest(kind, KINDS) : undefined
    return `unknown kind ${JSON.stringify(kind)}; ${near === undefined ? `known are ${KINDS.join(', ')}` : `did you mean ${near}?`}`
  }
  const ops = Object.keys(SHAPES)
    .filter(shape => shape.startsWith(`${kind} `))
    .map(shape => shape.slice(kind.length + 1))
  const near = typeof op === 'string' ? nearest(op, ops) : undefined
  return `unknown op ${JSON.stringify(op)} of a ${kind}; ${near === undefined ? `known are ${ops.join(', ')}` : `did you mean ${near}?`}`
}

function sentences(errors: readonly ErrorObject[]): string {
  const faults = errors.map(error => {
    const path = error.instancePath.slice(1).replaceAll('/', '.')
    const at = path === '' ? '' : `${path} `
    if (error.keyword === 'additionalProperties') {
      const { additionalProperty } = error.params as { additionalProperty: string }
      const near = nearest(additionalProperty, Object.keys((error.parentSchema?.['properties'] as object) ?? {}))
      return `${at}unknown field "${additionalProperty}"${near === undefined ? '' : ` (did you mean ${near}?)`}`
    }
    if (error.keyword === 'required')
      return `${at}${(error.params as { missingProperty: string }).missingProperty} is missing`
    if (error.keyword === 'enum') return `${at}must be one of ${(error.params['allowedValues'] as string[]).join(', ')}`
    if (error.keyword === 'const') return `${at}must be ${JSON.stringify(error.params['allowedValue'])}`
    return `${at}${error.message ?? 'is not valid'}`
  })
  return [...new Set(faults)].join('; ')
}
