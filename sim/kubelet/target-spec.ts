import type { Container, Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import { controllerOf } from '../informers/index.ts'
import { containersOf, RUNS_ANNOTATION } from '../stages/index.ts'
import { containerEnvironment, expanded } from './container-environment.ts'
import { CONTAINER_RUNS, type ContainerRuns, type TargetSpec } from './pod-runtime.ts'
import { servingOf } from './target-serving.ts'

/** Annotation that says which metric profile a pod plays; with a suffix `.container`, which one that container does. */
export const PROFILE_ANNOTATION = 'churnbench.io/profile'
/** Name of the container port that serves metrics; those of further containers have a suffix, `http-metrics-2`. */
export const METRICS_PORT = 'http-metrics'
/** Names of ports that speak something else than HTTP begin so, as service meshes want it. */
export const TCP_PORT = 'tcp'
const DEFAULT_PROFILE = 'web-service'
const PROFILE_OF = `${PROFILE_ANNOTATION}.`
const RUNS_OF = `${RUNS_ANNOTATION}.`

/** What the pod's place in the cluster adds to its object. */
export interface TargetPlace {
  readonly address: string
  readonly node: string
  readonly seed: string
  readonly startedUnixMs: number
}

/**
 * What the containers of a pod are to the outside, in the order of the pod's spec; slots are given later. Containers that do
 * nothing there are left out: a pod that neither names a profile nor asks to be scraped serves nothing.
 *
 * A container that an annotation names (`churnbench.io/profile.<container>`, `churnbench.io/runs.<container>`) is by itself:
 * it listens on its ports named `http-metrics…`, else on all its TCP ports whose names do not say otherwise (`tcp-…`); one
 * that is no target listens on all. The others are as one, which the pod's own annotations speak of: its port is the one
 * named `http-metrics`, else the one in the annotation `prometheus.io/port`, else every TCP port that they declare.
 */
export function targetSpecs(pod: Stored<Pod>, place: TargetPlace): TargetSpec[] {
  const { annotations = {}, labels = {}, name, namespace = '', uid } = pod.metadata
  const serves = servingOf(annotations)
  const common = {
    slot: -1,
    address: place.address,
    namespace,
    pod: name,
    node: place.node,
    app: labels.app ?? labels['app.kubernetes.io/name'] ?? controllerOf(pod)?.name ?? name,
    seed: place.seed,
    startedUnixMs: place.startedUnixMs,
    ...(serves === undefined ? {} : { serving: serves }),
  }
  if (!namesContainers(annotations)) {
    const only = specOfOthers(pod.spec?.containers ?? [], annotations, false)
    return only === undefined || only.ports.length === 0 ? [] : [{ ...common, ...only, uid }]
  }
  const specs: Omit<TargetSpec, 'uid'>[] = []
  const others: Container[] = []
  for (const { kind, container } of containersOf(pod)) {
    const profile = annotations[PROFILE_OF + container.name]
    const runs = runsOf(annotations[RUNS_OF + container.name])
    if (runs === undefined && profile === undefined) {
      if (kind === 'main') others.push(container)
    } else {
      const named = { ...common, container: container.name, profile: profile ?? '', ports: portsOf(container, runs) }
      specs.push(runs === undefined ? named : { ...named, runs, ...commandOf(container, pod, place) })
    }
  }
  const rest = specOfOthers(others, annotations, specs.length > 0)
  if (rest !== undefined) specs.push({ ...common, ...rest })
  const serving = specs.filter(({ ports, runs }) => ports.length > 0 || runs !== undefined)
  // The first that serves metrics goes by the pod's uid.
  const first = serving.find(({ runs }) => runs === undefined || runs === 'memcached-exporter')
  return serving.map(spec =>
    spec === first ? { ...spec, uid } : { ...spec, uid: `${uid}/${spec.container}`, podUid: uid },
  )
}

/** Few pods do: the others are as one without further ado. */
function namesContainers(annotations: Readonly<Record<string, string>>): boolean {
  for (const key in annotations) if (key.startsWith(PROFILE_OF) || key.startsWith(RUNS_OF)) return true
  return false
}

function specOfOthers(
  containers: readonly Container[],
  annotations: Readonly<Record<string, string>>,
  hasNamed: boolean,
): Pick<TargetSpec, 'container' | 'profile' | 'ports'> | undefined {
  const profile = annotations[PROFILE_ANNOTATION]
  // Beside containers that have annotations of their own, being scraped is not this one's affair.
  if (profile === undefined && (hasNamed || annotations['prometheus.io/scrape'] !== 'true')) return undefined
  const declared = containers.flatMap(container =>
    tcpPorts(container).map(port => ({ container: container.name, name: port.name, number: port.containerPort })),
  )
  const annotated = Number(annotations['prometheus.io/port'])
  let ports = declared.filter(port => port.name === METRICS_PORT)
  if (ports.length === 0 && Number.isInteger(annotated) && annotated > 0 && annotated < 65_536) {
    const container = declared.find(port => port.number === annotated)?.container ?? containers[0]?.name ?? ''
    ports = [{ container, name: undefined, number: annotated }]
  }
  if (ports.length === 0) ports = declared
  return {
    container: ports[0]?.container ?? containers[0]?.name ?? '',
    profile: profile ?? DEFAULT_PROFILE,
    ports: [...new Set(ports.map(port => port.number))],
  }
}

function portsOf(container: Container, runs: ContainerRuns | undefined): number[] {
  const all = tcpPorts(container)
  const isTarget = runs === undefined || runs === 'memcached-exporter'
  const metrics = all.filter(({ name }) => name?.startsWith(METRICS_PORT) === true)
  const open = all.filter(({ name }) => name !== TCP_PORT && name?.startsWith(`${TCP_PORT}-`) !== true)
  const chosen = !isTarget ? all : metrics.length > 0 ? metrics : open
  return [...new Set(chosen.map(({ containerPort }) => containerPort))]
}

function tcpPorts({ ports = [] }: Container): NonNullable<Container['ports']> {
  return ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP')
}

function commandOf(container: Container, pod: Pod, place: TargetPlace): Pick<TargetSpec, 'command' | 'environment'> {
  const environment = containerEnvironment(container, pod, place)
  const { command = [], args = [] } = container
  return { command: [...command, ...args].map(text => expanded(text, environment)), environment }
}

function runsOf(text: string | undefined): ContainerRuns | undefined {
  return CONTAINER_RUNS.find(runs => runs === text)
}
