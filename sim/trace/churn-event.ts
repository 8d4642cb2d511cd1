/** A line of a churn trace: something that happened to the cluster, in whole milliseconds since the trace's start. */
export type ChurnEvent = NodeEvent | WorkloadEvent | ServiceEvent | PodEvent | ActionEvent

export interface NodeEvent {
  readonly t: number
  readonly kind: 'node'
  /**
   * `not-ready` and `ready` are what the control plane found. `failed` and `recovered` are the causes behind it: nobody on
   * the machine answers any more, or again. Only a simulation knows those.
   */
  readonly op: 'added' | 'failed' | 'not-ready' | 'ready' | 'recovered' | 'removed'
  readonly name: string
  /** Of `added`. */
  readonly labels?: Labels
  /** Of `failed` and `not-ready`. */
  readonly reason?: string
}

/** What somebody asked for; what the controllers make of it shows in the pods. */
export interface WorkloadEvent {
  readonly t: number
  readonly kind: 'workload'
  /** `applied`: new, or a new pod template. `scaled`: only the number of replicas changed. */
  readonly op: 'applied' | 'scaled' | 'deleted'
  readonly namespace: string
  readonly name: string
  /** Kind of the object: `Deployment`, `StatefulSet`, … */
  readonly type: string
  /** Absent where the kind has none (`DaemonSet`). */
  readonly replicas?: number
  /** Labels by which it knows its pods, with `applied`. */
  readonly selector?: Labels
  /** How a Deployment rolls, with `applied`. */
  readonly strategy?: TraceStrategy
  /** Of the pod template, with `applied`. */
  readonly labels?: Labels
  readonly annotations?: Labels
  readonly containers?: readonly TraceContainer[]
}

export interface ServiceEvent {
  readonly t: number
  readonly kind: 'service'
  readonly op: 'applied' | 'deleted'
  readonly namespace: string
  readonly name: string
  /** Of the Service itself, with `applied`. */
  readonly labels?: Labels
  /** Labels of the pods behind it, with `applied`. */
  readonly selector?: Labels
  readonly ports?: readonly TraceServicePort[]
}

export interface PodEvent {
  readonly t: number
  readonly kind: 'pod'
  readonly op:
    | 'created'
    | 'relabelled'
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
  /** Identity of the pod in this trace; a pod that takes an earlier one's name has another. */
  readonly uid: string
  /** `Kind/name` of the controller, with `created`. */
  readonly owner?: string
  /** With `created` and `relabelled`. */
  readonly labels?: Labels
  /** With `created`: those that decide what is scraped, see `isTracedAnnotation`. */
  readonly annotations?: Labels
  readonly containers?: readonly TraceContainer[]
  /** With `bound`. */
  readonly node?: string
  /** With `addressed`; absent where the source did not say. */
  readonly address?: string
  /** With `restarted`: of all its containers so far. */
  readonly restarts?: number
  /** With `failed`. */
  readonly reason?: string
  /** With `terminating`. */
  readonly graceS?: number
}

export interface ActionEvent {
  readonly t: number
  readonly kind: 'action'
  /** Name of the scenario's action. */
  readonly op: string
  readonly args: Readonly<Record<string, string | number | boolean>>
}

export type Labels = Readonly<Record<string, string>>

export interface TraceContainer {
  readonly name: string
  readonly image?: string
  readonly ports: readonly { readonly name?: string; readonly port: number }[]
}

export interface TraceStrategy {
  readonly type: 'RollingUpdate' | 'Recreate'
  readonly maxSurge?: number | string
  readonly maxUnavailable?: number | string
}

export interface TraceServicePort {
  readonly name?: string
  readonly port: number
  /** Number or name of a container port. */
  readonly targetPort?: number | string
}

/** The event without its time. */
export type Transition = ChurnEvent extends infer E ? (E extends { readonly t: number } ? Omit<E, 't'> : never) : never

/** Annotations that a trace keeps: those that say whether and how a pod is scraped. Others hold times, secrets and noise. */
export function isTracedAnnotation(name: string): boolean {
  return name.startsWith('prometheus.io/') || name === 'churnbench.io/profile'
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
  'selector',
  'strategy',
  'labels',
  'annotations',
  'ports',
  'containers',
  'args',
]
/** Records of free keys, which are written in order of their keys. */
const SORTED: ReadonlySet<string> = new Set(['selector', 'labels', 'annotations', 'args'])

/**
 * The event as one line of JSON, without the line's end, always the same bytes for the same event: keys in a fixed order,
 * those of labels and arguments sorted, nothing that is absent.
 */
export function canonicalLine(event: ChurnEvent): string {
  const fields = event as unknown as Readonly<Record<string, unknown>>
  let line = ''
  for (const key of KEYS) {
    const value = fields[key]
    if (value === undefined) continue
    const ordered = SORTED.has(key)
      ? sortedByKey(value as Readonly<Record<string, unknown>>)
      : canonicalValue(key, value)
    line += `${line === '' ? '{' : ','}"${key}":${JSON.stringify(ordered)}`
  }
  return `${line}}`
}

/** By code unit, which no locale changes. */
function sortedByKey(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries)
}

/** Containers, ports and strategies with their keys in a fixed order, whoever wrote them. */
function canonicalValue(key: string, value: unknown): unknown {
  if (key === 'containers') return (value as readonly TraceContainer[]).map(canonicalContainer)
  if (key === 'ports') {
    return (value as readonly TraceServicePort[]).map(({ name, port, targetPort }) => ({ name, port, targetPort }))
  }
  if (key === 'strategy') {
    const { type, maxSurge, maxUnavailable } = value as TraceStrategy
    return { type, maxSurge, maxUnavailable }
  }
  return value
}

function canonicalContainer({ name, image, ports }: TraceContainer): unknown {
  return { name, image, ports: ports.map(({ name: portName, port }) => ({ name: portName, port })) }
}
