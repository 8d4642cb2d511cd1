import fc from 'fast-check'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { ObjectChange } from '../../sim/trace/index.ts'

/** A version of an object, as a watch tells it. */
export type Version = Pick<ObjectChange, 'type' | 'kind' | 'object'>

export interface Lives {
  readonly versions: readonly Version[]
  /** Which of them a client saw that lost its watch now and then. */
  readonly isSeen: readonly boolean[]
}

/**
 * Lives of a node, two pods, a workload and a service, version by version, as an API server serves them: what is bound stays
 * bound, what has ended stays so, restarts are counted upwards, and whoever comes back under the same name has another uid.
 */
export function arbitraryLives(): fc.Arbitrary<Lives> {
  return fc
    .array(fc.record({ who: fc.nat(4), what: fc.nat(11), isSeen: fc.boolean() }), { maxLength: 60 })
    .map(steps => {
      const cluster = new Cluster()
      const isSeen: boolean[] = []
      for (const { who, what, isSeen: seen } of steps) {
        cluster.step(who, what)
        while (isSeen.length < cluster.versions.length) isSeen.push(seen)
      }
      // Where pods run is there from the start, and always seen.
      isSeen[0] = true
      return { versions: cluster.versions, isSeen }
    })
}

/** `kubernetes-types` has much read-only, as it is for clients. */
type Draft<T> = T extends object ? { -readonly [K in keyof T]: Draft<T[K]> } : T
type Metadata = ObjectChange['object']['metadata']

class Cluster {
  readonly versions: Version[] = []
  readonly #objects = new Map<string, ObjectChange['object']>()
  #uids = 0

  constructor() {
    this.#put('ADDED', 'Node', { metadata: this.#metadata('home'), status: { conditions: ready(true) } } as never)
  }

  step(who: number, what: number): void {
    if (who === 0) this.#node(what)
    else if (who <= 2) this.#pod(`cart-${who}`, what)
    else if (who === 3) this.#workload(what)
    else this.#service(what)
  }

  #node(what: number): void {
    const node = this.#draft<Node>('spare')
    if (node === undefined) {
      // A node comes without a status, or with one.
      const status = what % 2 === 0 ? {} : { status: { conditions: ready(what > 4) } }
      this.#put('ADDED', 'Node', { metadata: this.#metadata('spare'), ...status })
    } else if (what === 0) {
      this.#delete('Node', node)
    } else {
      this.#put('MODIFIED', 'Node', { ...node, status: { conditions: ready(what % 2 === 0) } } as never)
    }
  }

  #pod(name: string, what: number): void {
    const pod = this.#draft<Pod>(name)
    if (pod === undefined) {
      const metadata = { ...this.#metadata(name), labels: { app: 'cart', run: String(what) } }
      const spec = { containers: [{ name: 'main', image: 'cart:1', ports: [{ containerPort: 80 }] }] }
      // As it was created, or as it was when somebody first looked.
      const status = what % 2 === 0 ? {} : { status: { phase: 'Pending' } }
      this.#put('ADDED', 'Pod', { metadata, spec, ...status } as never)
      return
    }
    const { status = {} } = pod as { status?: Record<string, unknown> }
    const isBound = pod.spec!.nodeName !== undefined
    const hasEnded = status['phase'] === 'Succeeded' || status['phase'] === 'Failed'
    if (what === 0) return this.#delete('Pod', pod)
    if (what === 1) {
      pod.metadata!.deletionTimestamp ??= '2026-01-01T00:00:00Z'
      pod.metadata!.deletionGracePeriodSeconds ??= 30
    } else if (what === 2) {
      pod.metadata!.labels = { app: 'cart', run: String(this.versions.length) }
    } else if (!isBound) {
      pod.spec!.nodeName = 'home'
    } else if (what <= 4) {
      status['podIP'] ??= `10.0.0.${what}`
    } else if (what <= 6 && !hasEnded) {
      // Without an address, too: not every API server tells one.
      status['conditions'] = ready(what === 5)
    } else if (what <= 8) {
      const before = (status['containerStatuses'] as { restartCount: number }[] | undefined)?.[0]?.restartCount ?? 0
      status['containerStatuses'] = [{ name: 'main', restartCount: before + what - 6 }]
    } else if (what <= 10 && !hasEnded) {
      Object.assign(status, { phase: what === 9 ? 'Succeeded' : 'Failed', conditions: ready(false) })
    }
    pod.status = status
    this.#put('MODIFIED', 'Pod', pod as never)
  }

  #workload(what: number): void {
    const workload = this.#draft<Deployment>('web')
    if (workload === undefined) {
      const spec = { replicas: what, selector: { matchLabels: { app: 'web' } }, template: template(what) }
      this.#put('ADDED', 'Deployment', { metadata: { ...this.#metadata('web'), generation: 1 }, spec } as never)
      return
    }
    if (what === 0) return this.#delete('Deployment', workload)
    const { spec, metadata } = workload
    if (what <= 3) spec!.replicas = what
    else if (what <= 6) spec!.template = template(what) as never
    else if (what === 7) spec!.strategy = { type: 'Recreate' }
    else if (what === 8) spec!.strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }
    else workload.status = { replicas: what }
    if (what === 10) {
      const controller = { apiVersion: 'v1', kind: 'App', name: 'web', uid: 'app', controller: true }
      metadata!.ownerReferences =
        metadata!.ownerReferences === undefined ? ([controller] as never) : (undefined as never)
    }
    if (what <= 8) metadata!.generation = (metadata!.generation ?? 0) + 1
    this.#put('MODIFIED', 'Deployment', workload as never)
  }

  #service(what: number): void {
    const service = this.#draft<Service>('front')
    const spec = { selector: { app: String(what % 3) }, ports: [{ port: 80 + (what % 2) }] }
    if (service === undefined) this.#put('ADDED', 'Service', { metadata: this.#metadata('front'), spec } as never)
    else if (what === 0) this.#delete('Service', service)
    else this.#put('MODIFIED', 'Service', { ...service, spec } as never)
  }

  #metadata(name: string): Metadata {
    return { name, namespace: 'shop', uid: `uid-${this.#uids++}`, resourceVersion: '1' } as Metadata
  }

  #draft<T>(name: string): Draft<T> | undefined {
    return structuredClone(this.#objects.get(name)) as Draft<T> | undefined
  }

  #put(type: 'ADDED' | 'MODIFIED', kind: string, object: ObjectChange['object']): void {
    this.#objects.set(object.metadata.name, object)
    this.versions.push({ type, kind, object })
  }

  #delete(kind: string, object: unknown): void {
    const last = object as ObjectChange['object']
    this.#objects.delete(last.metadata.name)
    this.versions.push({ type: 'DELETED', kind, object: last })
  }
}

function ready(isReady: boolean): { type: string; status: string }[] {
  return [{ type: 'Ready', status: isReady ? 'True' : 'False' }]
}

function template(n: number): unknown {
  return {
    metadata: { labels: { app: 'web', v: String(n % 2) } },
    spec: { containers: [{ name: 'c', image: `web:${n}` }] },
  }
}
