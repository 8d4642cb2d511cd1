import type { ObjectReference, Pod } from 'kubernetes-types/core/v1.js'
import { hostPort, type MetaLabels } from './meta-labels.ts'
import { lookUp, type Stores } from './role.ts'
import { containerLabels, containersOf, podLabels, portLabels } from './role-pod.ts'

/**
 * The pods behind the endpoints of one object: their labels join the endpoints' targets, and container ports that no
 * endpoint covers become targets of their own.
 */
export class EndpointPods {
  readonly #stores: Stores
  readonly #seen = new Map<string, { readonly pod: Pod; readonly labels: MetaLabels; readonly ports: Set<number> }>()

  constructor(stores: Stores) {
    this.#stores = stores
  }

  /** Adds the pod's labels to an endpoint's target, if it is a pod. @param port `undefined`: all ports. */
  join(target: MetaLabels, ref: ObjectReference | undefined, port: number | undefined): void {
    if (ref?.kind !== 'Pod') return
    const key = `${ref.namespace ?? ''}/${ref.name ?? ''}`
    const pod = lookUp(this.#stores, 'pods', key)
    if (pod === undefined) return
    let entry = this.#seen.get(key)
    if (entry === undefined) {
      entry = { pod, labels: podLabels(pod), ports: new Set() }
      this.#seen.set(key, entry)
    }
    Object.assign(target, entry.labels)
    if (port === undefined) return
    entry.ports.add(port)
    for (const { container, isInit } of containersOf(pod)) {
      const own = container.ports?.find(candidate => candidate.containerPort === port)
      if (own !== undefined) Object.assign(target, containerLabels(container, isInit), portLabels(own))
    }
  }

  /** Targets for the container ports that no endpoint has named. */
  uncovered(): MetaLabels[] {
    const targets: MetaLabels[] = []
    for (const { pod, labels, ports } of this.#seen.values()) {
      const ip = pod.status?.podIP ?? ''
      if (ip === '') continue
      for (const { container, isInit } of containersOf(pod)) {
        for (const port of container.ports ?? []) {
          if (ports.has(port.containerPort)) continue
          targets.push({
            __address__: hostPort(ip, port.containerPort),
            ...containerLabels(container, isInit),
            ...portLabels(port),
            ...labels,
          })
        }
      }
    }
    return targets
  }
}

/** The key of the pod that an endpoint is, or `undefined`. */
export function podKey(ref: ObjectReference | undefined): string | undefined {
  return ref?.kind === 'Pod' ? `${ref.namespace ?? ''}/${ref.name ?? ''}` : undefined
}
