import {
  DaemonSets,
  Deployments,
  Namespaces,
  Nodes,
  Pods,
  ReplicaSets,
  type ResourceType,
  Services,
  StatefulSets,
} from '../cluster/index.ts'

/**
 * How strategic merge patch treats a field, as the `patchStrategy` and `patchMergeKey` tags of Kubernetes' types say.
 * Objects are merged by field; lists that are not named here are replaced as a whole.
 */
export interface PatchSchema {
  /** Fields of an object, or of the objects in a list. */
  readonly fields?: Readonly<Record<string, PatchSchema>>
  /** A list of objects that are the same when this field is. */
  readonly mergeKey?: string
  /** A list of strings that is merged as a set. */
  readonly isSet?: true
}

const SET: PatchSchema = { isSet: true }

function by(mergeKey: string, fields: PatchSchema['fields'] = {}): PatchSchema {
  return { mergeKey, fields }
}

const META: PatchSchema = { fields: { finalizers: SET, ownerReferences: by('uid') } }
const CONDITIONS = by('type')

const CONTAINER = by('name', {
  ports: by('containerPort'),
  env: by('name'),
  volumeMounts: by('mountPath'),
  volumeDevices: by('devicePath'),
  resources: { fields: { claims: by('name') } },
})

const POD_SPEC: PatchSchema = {
  fields: {
    volumes: by('name'),
    containers: CONTAINER,
    initContainers: CONTAINER,
    ephemeralContainers: CONTAINER,
    imagePullSecrets: by('name'),
    hostAliases: by('ip'),
    topologySpreadConstraints: by('topologyKey'),
    schedulingGates: by('name'),
    resourceClaims: by('name'),
  },
}

const WITH_TEMPLATE: PatchSchema = {
  fields: {
    metadata: META,
    spec: { fields: { template: { fields: { metadata: META, spec: POD_SPEC } } } },
    status: { fields: { conditions: CONDITIONS } },
  },
}

const SCHEMAS = new Map<ResourceType, PatchSchema>([
  [Namespaces, { fields: { metadata: META, status: { fields: { conditions: CONDITIONS } } } }],
  [
    Nodes,
    {
      fields: {
        metadata: META,
        spec: { fields: { podCIDRs: SET } },
        status: { fields: { conditions: CONDITIONS, addresses: by('type') } },
      },
    },
  ],
  [
    Pods,
    {
      fields: {
        metadata: META,
        spec: POD_SPEC,
        status: { fields: { conditions: CONDITIONS, podIPs: by('ip'), hostIPs: by('ip') } },
      },
    },
  ],
  [
    Services,
    {
      fields: {
        metadata: META,
        spec: { fields: { ports: by('port') } },
        status: { fields: { conditions: CONDITIONS } },
      },
    },
  ],
  [Deployments, WITH_TEMPLATE],
  [ReplicaSets, WITH_TEMPLATE],
  [StatefulSets, WITH_TEMPLATE],
  [DaemonSets, WITH_TEMPLATE],
])

const META_ONLY: PatchSchema = { fields: { metadata: META } }

export function patchSchemaOf(type: ResourceType): PatchSchema {
  return SCHEMAS.get(type) ?? META_ONLY
}

/** Of kinds that the API server here does not keep. */
const OTHER_KINDS = new Map<string, PatchSchema>([
  ['Job', WITH_TEMPLATE],
  ['CronJob', { fields: { metadata: META, spec: { fields: { jobTemplate: WITH_TEMPLATE } } } }],
])

/** The same by the name of the kind, for patches that others recorded. */
export function patchSchemaOfKind(kind: string): PatchSchema {
  for (const [type, schema] of SCHEMAS) if (type.kind === kind) return schema
  return OTHER_KINDS.get(kind) ?? META_ONLY
}
