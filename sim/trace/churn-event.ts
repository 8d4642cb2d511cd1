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

/**
 * The event as one line of JSON, without the line's end, always the same bytes for the same event: fields in the order in
 * which they stand here, records of free keys in order of their keys, no spaces, nothing that is absent. What an event of its
 * kind does not have is not written.
 */
// hot: once per event that is written.
export function canonicalLine(event: ChurnEvent): string {
  const head = `{"t":${event.t},"kind":"${event.kind}","op":${quoted(event.op)}`
  switch (event.kind) {
    case 'pod':
      return (
        `${head},"namespace":${quoted(event.namespace)},"name":${quoted(event.name)},"uid":${quoted(event.uid)}` +
        `${textField('owner', event.owner)}${textField('node', event.node)}${textField('address', event.address)}` +
        `${numberField('restarts', event.restarts)}${numberField('graceS', event.graceS)}` +
        `${textField('reason', event.reason)}${recordField('labels', event.labels)}` +
        `${recordField('annotations', event.annotations)}${containersField(event.containers)}}`
      )
    case 'node':
      return `${head},"name":${quoted(event.name)}${textField('reason', event.reason)}${recordField('labels', event.labels)}}`
    case 'workload':
      return (
        `${head},"namespace":${quoted(event.namespace)},"name":${quoted(event.name)},"type":${quoted(event.type)}` +
        `${numberField('replicas', event.replicas)}${recordField('selector', event.selector)}` +
        `${strategyField(event.strategy)}${recordField('labels', event.labels)}` +
        `${recordField('annotations', event.annotations)}${containersField(event.containers)}}`
      )
    case 'service':
      return (
        `${head},"namespace":${quoted(event.namespace)},"name":${quoted(event.name)}` +
        `${recordField('selector', event.selector)}${recordField('labels', event.labels)}${portsField(event.ports)}}`
      )
    case 'action':
      return `${head}${recordField('args', event.args)}}`
  }
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

function textField(name: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${name}":${quoted(text)}`
}

function numberField(name: string, value: number | undefined): string {
  return value === undefined ? '' : `,"${name}":${value}`
}

/**
 * In order of the keys' UTF-16 code units, which no locale changes. Written key by key: an object would put keys that look
 * like numbers first.
 */
function recordField(name: string, record: Readonly<Record<string, string | number | boolean>> | undefined): string {
  if (record === undefined) return ''
  let json = ''
  for (const key of Object.keys(record).sort()) {
    json += `${json === '' ? '' : ','}${quoted(key)}:${JSON.stringify(record[key])}`
  }
  return `,"${name}":{${json}}`
}

function containersField(containers: readonly TraceContainer[] | undefined): string {
  if (containers === undefined) return ''
  const items = containers.map(({ name, image, ports }) => JSON.stringify({ name, image, ports: ports.map(namedPort) }))
  return `,"containers":[${items.join(',')}]`
}

function namedPort({ name, port }: TraceContainer['ports'][number]): TraceContainer['ports'][number] {
  return name === undefined ? { port } : { name, port }
}

function portsField(ports: readonly TraceServicePort[] | undefined): string {
  if (ports === undefined) return ''
  return `,"ports":[${ports.map(({ name, port, targetPort }) => JSON.stringify({ name, port, targetPort })).join(',')}]`
}

function strategyField(strategy: TraceStrategy | undefined): string {
  if (strategy === undefined) return ''
  const { type, maxSurge, maxUnavailable } = strategy
  return `,"strategy":${JSON.stringify({ type, maxSurge, maxUnavailable })}`
}
