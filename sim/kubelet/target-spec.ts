import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import { controllerOf } from '../informers/index.ts'
import type { TargetSpec } from './pod-runtime.ts'
import { servingOf } from './target-serving.ts'

/** Annotation that says which metric profile a pod plays. */
export const PROFILE_ANNOTATION = 'churnbench.io/profile'
/** Name of the container port that serves metrics. */
export const METRICS_PORT = 'http-metrics'
const DEFAULT_PROFILE = 'web-service'

/** What the pod's place in the cluster adds to its object. */
export interface TargetPlace {
  readonly slot: number
  readonly address: string
  readonly node: string
  readonly seed: string
  readonly startedUnixMs: number
}

/**
 * What a pod serves. A pod that neither names a profile nor asks to be scraped serves nothing: `ports` is empty.
 *
 * The port is the container port named `http-metrics`, else the one in the annotation `prometheus.io/port`, else every
 * TCP port that its containers declare.
 */
export function targetSpec(pod: Stored<Pod>, place: TargetPlace): TargetSpec {
  const { annotations = {}, labels = {}, name, namespace = '', uid } = pod.metadata
  const containers = pod.spec?.containers ?? []
  const declared = containers.flatMap(container =>
    (container.ports ?? [])
      .filter(port => (port.protocol ?? 'TCP') === 'TCP')
      .map(port => ({ container: container.name, name: port.name, number: port.containerPort })),
  )
  const annotated = Number(annotations['prometheus.io/port'])
  const isTarget = annotations[PROFILE_ANNOTATION] !== undefined || annotations['prometheus.io/scrape'] === 'true'
  let ports = declared.filter(port => port.name === METRICS_PORT)
  if (ports.length === 0 && Number.isInteger(annotated) && annotated > 0 && annotated < 65_536) {
    const container = declared.find(port => port.number === annotated)?.container ?? containers[0]?.name ?? ''
    ports = [{ container, name: undefined, number: annotated }]
  }
  if (ports.length === 0) ports = declared
  const serving = servingOf(annotations)
  return {
    uid,
    slot: place.slot,
    address: place.address,
    ports: isTarget ? [...new Set(ports.map(port => port.number))] : [],
    profile: annotations[PROFILE_ANNOTATION] ?? DEFAULT_PROFILE,
    namespace,
    pod: name,
    node: place.node,
    container: ports[0]?.container ?? containers[0]?.name ?? '',
    app: labels.app ?? labels['app.kubernetes.io/name'] ?? controllerOf(pod)?.name ?? name,
    seed: place.seed,
    startedUnixMs: place.startedUnixMs,
    ...(serving === undefined ? {} : { serving }),
  }
}
