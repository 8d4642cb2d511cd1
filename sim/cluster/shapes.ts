import { ApiError } from './errors.ts'
import {
  apiVersionOf,
  Deployments,
  Endpoints,
  EndpointSlices,
  Events,
  Leases,
  Namespaces,
  Nodes,
  Pods,
  ReplicaSets,
  type ResourceType,
  Services,
} from './resources.ts'

/** The JSON shape of a field, as far as we rely on it; fields that are not named are kept and not judged. */
type Shape = 'string' | 'integer' | 'boolean' | 'any' | { readonly map: Shape } | { readonly list: Shape } | Fields
interface Fields {
  readonly fields: Readonly<Record<string, Shape>>
}

const STRINGS: Shape = { map: 'string' }

function fields(shapes: Readonly<Record<string, Shape>>): Fields {
  return { fields: shapes }
}

const META = fields({
  name: 'string',
  generateName: 'string',
  namespace: 'string',
  uid: 'string',
  resourceVersion: 'string',
  labels: STRINGS,
  annotations: STRINGS,
  finalizers: { list: 'string' },
  deletionTimestamp: 'string',
  deletionGracePeriodSeconds: 'integer',
  ownerReferences: {
    list: fields({ apiVersion: 'string', kind: 'string', name: 'string', uid: 'string', controller: 'boolean' }),
  },
})

const SELECTOR = fields({
  matchLabels: STRINGS,
  matchExpressions: { list: fields({ key: 'string', operator: 'string', values: { list: 'string' } }) },
})

const CONDITIONS: Shape = { list: fields({ type: 'string', status: 'string', reason: 'string', message: 'string' }) }

const CONTAINER = fields({
  name: 'string',
  image: 'string',
  imagePullPolicy: 'string',
  command: { list: 'string' },
  args: { list: 'string' },
  ports: { list: fields({ name: 'string', containerPort: 'integer', hostPort: 'integer', protocol: 'string' }) },
  env: { list: fields({ name: 'string', value: 'string' }) },
  resources: fields({ requests: { map: 'any' }, limits: { map: 'any' } }),
  volumeMounts: { list: fields({ name: 'string', mountPath: 'string' }) },
})

const POD_SPEC = fields({
  nodeName: 'string',
  restartPolicy: 'string',
  schedulerName: 'string',
  serviceAccountName: 'string',
  terminationGracePeriodSeconds: 'integer',
  hostNetwork: 'boolean',
  nodeSelector: STRINGS,
  containers: { list: CONTAINER },
  initContainers: { list: CONTAINER },
  volumes: { list: fields({ name: 'string' }) },
  tolerations: {
    list: fields({
      key: 'string',
      operator: 'string',
      value: 'string',
      effect: 'string',
      tolerationSeconds: 'integer',
    }),
  },
})

const CONTAINER_STATUSES: Shape = {
  list: fields({ name: 'string', ready: 'boolean', restartCount: 'integer', state: fields({}) }),
}

const POD_TEMPLATE = fields({ metadata: META, spec: POD_SPEC })

const SHAPES = new Map<ResourceType, Fields>([
  [Namespaces, fields({ spec: fields({ finalizers: { list: 'string' } }), status: fields({ phase: 'string' }) })],
  [
    Nodes,
    fields({
      spec: fields({
        unschedulable: 'boolean',
        podCIDR: 'string',
        taints: { list: fields({ key: 'string', value: 'string', effect: 'string' }) },
      }),
      status: fields({
        conditions: CONDITIONS,
        addresses: { list: fields({ type: 'string', address: 'string' }) },
        nodeInfo: fields({}),
      }),
    }),
  ],
  [
    Pods,
    fields({
      spec: POD_SPEC,
      status: fields({
        phase: 'string',
        podIP: 'string',
        conditions: CONDITIONS,
        containerStatuses: CONTAINER_STATUSES,
        initContainerStatuses: CONTAINER_STATUSES,
      }),
    }),
  ],
  [
    Services,
    fields({
      spec: fields({
        type: 'string',
        clusterIP: 'string',
        clusterIPs: { list: 'string' },
        externalIPs: { list: 'string' },
        selector: STRINGS,
        sessionAffinity: 'string',
        ports: {
          list: fields({ name: 'string', port: 'integer', protocol: 'string', nodePort: 'integer', targetPort: 'any' }),
        },
      }),
    }),
  ],
  [
    Endpoints,
    fields({
      subsets: {
        list: fields({
          addresses: { list: fields({ ip: 'string' }) },
          notReadyAddresses: { list: fields({ ip: 'string' }) },
          ports: { list: fields({ name: 'string', port: 'integer', protocol: 'string' }) },
        }),
      },
    }),
  ],
  [
    EndpointSlices,
    fields({
      addressType: 'string',
      endpoints: { list: fields({ addresses: { list: 'string' }, conditions: fields({}) }) },
      ports: { list: fields({ name: 'string', port: 'integer', protocol: 'string' }) },
    }),
  ],
  [
    Events,
    fields({
      involvedObject: fields({ kind: 'string', namespace: 'string', name: 'string', uid: 'string' }),
      reason: 'string',
      message: 'string',
      type: 'string',
      count: 'integer',
      source: fields({ component: 'string', host: 'string' }),
    }),
  ],
  [
    Deployments,
    fields({
      spec: fields({
        replicas: 'integer',
        minReadySeconds: 'integer',
        revisionHistoryLimit: 'integer',
        progressDeadlineSeconds: 'integer',
        paused: 'boolean',
        selector: SELECTOR,
        strategy: fields({ type: 'string', rollingUpdate: fields({ maxSurge: 'any', maxUnavailable: 'any' }) }),
        template: POD_TEMPLATE,
      }),
      status: fields({ conditions: CONDITIONS }),
    }),
  ],
  [
    ReplicaSets,
    fields({
      spec: fields({ replicas: 'integer', minReadySeconds: 'integer', selector: SELECTOR, template: POD_TEMPLATE }),
      status: fields({ conditions: CONDITIONS }),
    }),
  ],
  [Leases, fields({ spec: fields({ holderIdentity: 'string', leaseDurationSeconds: 'integer' }) })],
])

/**
 * Refuses an object whose JSON has the wrong types where the simulation reads it, as Kubernetes' decoder would, so that
 * everything behind it can trust the types of `kubernetes-types`.
 *
 * @throws ApiError BadRequest
 */
export function checkShape(type: ResourceType, object: unknown): void {
  const fault =
    mismatch(fields({ apiVersion: 'string', kind: 'string', metadata: META }), object, '') ??
    mismatch(SHAPES.get(type) ?? fields({}), object, '')
  if (fault === undefined) return
  throw new ApiError(
    'BadRequest',
    `${type.kind} in version "${apiVersionOf(type)}" cannot be handled as a ${type.kind}: json: ${fault}`,
  )
}

/** `null` stands for an absent value, as in Go. */
function mismatch(shape: Shape, value: unknown, path: string): string | undefined {
  if (value === undefined || value === null || shape === 'any') return undefined
  if (shape === 'integer') {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return undefined
    return cannot(typeof value === 'number' ? `number ${value}` : describe(value), path, 'int32')
  }
  if (shape === 'string') return typeof value === 'string' ? undefined : cannot(describe(value), path, 'string')
  if (shape === 'boolean') return typeof value === 'boolean' ? undefined : cannot(describe(value), path, 'bool')
  if ('list' in shape) {
    if (!Array.isArray(value)) return cannot(describe(value), path, 'list')
    for (const item of value) {
      const fault = mismatch(shape.list, item, path)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  if (typeof value !== 'object' || Array.isArray(value)) return cannot(describe(value), path, 'object')
  for (const [name, inner] of Object.entries(value)) {
    const innerShape = 'map' in shape ? shape.map : Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined
    if (innerShape === undefined) continue
    const fault = mismatch(innerShape, inner, path === '' ? name : `${path}.${name}`)
    if (fault !== undefined) return fault
  }
  return undefined
}

function cannot(what: string, path: string, type: string): string {
  return path === ''
    ? `cannot unmarshal ${what} into Go value of type ${type}`
    : `cannot unmarshal ${what} into Go struct field ${path} of type ${type}`
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}
