/** A line of a churn trace: something that happened to the cluster, in whole milliseconds of planned time. */
export type ChurnEvent = NodeEvent | WorkloadEvent | PodEvent | ActionEvent

interface NodeEvent {
  readonly t: number
  readonly kind: 'node'
  /** `not-ready` and `ready` are what the control plane found; the causes are actions. */
  readonly op: 'added' | 'not-ready' | 'ready' | 'removed'
  readonly name: string
  /** Of `added`. */
  readonly labels?: Labels
}

interface WorkloadEvent {
  readonly t: number
  readonly kind: 'workload'
  /** `applied`: new, or a new pod template. `scaled`: only the number of replicas changed. */
  readonly op: 'applied' | 'scaled' | 'deleted'
  readonly namespace: string
  readonly name: string
  readonly type: 'Deployment' | 'ReplicaSet'
  readonly replicas?: number
  /** Of the pod template, with `applied`. */
  readonly labels?: Labels
  readonly containers?: readonly TraceContainer[]
}

interface PodEvent {
  readonly t: number
  readonly kind: 'pod'
  readonly op:
    | 'created'
    | 'bound'
    | 'addressed'
    | 'ready'
    | 'not-ready'
    | 'restarted'
    | 'succeeded'
    | 'failed'
    | 'terminating'
    | 'deleted'
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** `Kind/name` of the controller, with `created`. */
  readonly owner?: string
  readonly labels?: Labels
  readonly containers?: readonly TraceContainer[]
  /** With `bound`. */
  readonly node?: string
  /** With `addressed`. */
  readonly address?: string
  /** With `restarted`. */
  readonly restarts?: number
  /** With `failed`. */
  readonly reason?: string
  /** With `terminating`. */
  readonly graceS?: number
}

interface ActionEvent {
  readonly t: number
  readonly kind: 'action'
  /** Name of the scenario's action. */
  readonly op: string
  readonly args: Readonly<Record<string, string | number | boolean>>
}

type Labels = Readonly<Record<string, string>>

export interface TraceContainer {
  readonly name: string
  readonly ports: readonly { readonly name?: string; readonly port: number }[]
}

/** Keys in the order in which they are written; every key of every event is here. */
const KEYS = [
  't',
  'kind',
  'op',
  'namespace',
  'name',
  'type',
  'uid',
  'owner',
  'node',
  'address',
  'replicas',
  'restarts',
  'graceS',
  'reason',
  'labels',
  'containers',
  'args',
]

/**
 * The event as one line of JSON, without the line's end, always the same bytes for the same event: keys in a fixed order,
 * those of labels and arguments sorted, nothing that is absent.
 */
export function canonicalLine(event: ChurnEvent): string {
  const fields = event as unknown as Readonly<Record<string, unknown>>
  const parts: string[] = []
  for (const key of KEYS) {
    const value = fields[key]
    if (value === undefined) continue
    const sorted = key === 'labels' || key === 'args' ? sortedByKey(value as Readonly<Record<string, unknown>>) : value
    parts.push(`"${key}":${JSON.stringify(sorted)}`)
  }
  return `{${parts.join(',')}}`
}

/** By code unit, which no locale changes. */
function sortedByKey(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries)
}
