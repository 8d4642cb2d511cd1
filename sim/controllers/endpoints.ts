import type { Endpoints as EndpointsObject, Node, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { EndpointPort, EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Prng } from '../../base/index.ts'
import {
  Endpoints,
  EndpointSlices,
  keyOf,
  Nodes,
  Pods,
  Services,
  type Stored,
  type StoreEvent,
} from '../cluster/index.ts'
import { controllerReference, splitKey, WorkQueue } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'
import { endpointSubsets, hasSubsets } from './legacy-endpoints.ts'
import { type Backend, backendOf } from './service-pods.ts'
import { ServiceIndex } from './service-index.ts'
import { SliceBook } from './slice-book.ts'
import { planSlices, type SliceContent } from './slice-plan.ts'
import { SUFFIX_ALPHABET } from './template-hash.ts'

/**
 * A write in flight. Kubernetes has no batch period by default, but works on a Service one write after the other, and so
 * takes together what changes meanwhile.
 */
const KEY_SPACING_MS = 10
/**
 * The Endpoints object holds all addresses of a Service, and writing a large one takes its time: at a thousand addresses
 * (150 kB) a tenth of a second between two writes. It has a controller and a queue of its own, as in Kubernetes.
 */
const ADDRESSES_PER_MS = 10
const SERVICE_NAME = 'kubernetes.io/service-name'
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const SLICE_CONTROLLER = 'endpointslice-controller.k8s.io'
const HEADLESS = 'service.kubernetes.io/headless'
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'

interface View {
  readonly service: Stored<Service>
  /** What each pod contributes, by its uid. */
  readonly backends: Map<string, Backend>
  /** Uids of the pods whose contribution came, changed or went since the slices were written. */
  readonly changed: Set<string>
  /** Unix milliseconds of the earliest change that has not been written yet. */
  triggeredUnixMs: number | undefined
  /** The same for the Endpoints object. */
  legacyTriggeredUnixMs: number | undefined
}

/**
 * Keeps the EndpointSlices and the Endpoints object of every Service that has a selector.
 *
 * What a pod contributes is kept up to date by its events, for the Services that select it only; only the slices of pods
 * whose contribution changed are looked at. When somebody else writes a slice, all of them are, and it is put right.
 */
export class EndpointsController {
  readonly #env: ControllerEnvironment
  readonly #prng: Prng
  readonly #services = new ServiceIndex()
  readonly #views = new Map<string, View>()
  /** The slices that belong to a Service, by its key: kept also while there is no such Service. */
  readonly #slices = new Map<string, SliceBook>()
  readonly #queue: WorkQueue
  readonly #legacyQueue: WorkQueue
  readonly #nodeOf: (name: string) => Node | undefined
  /** True during our own writes: what others write is put right, what we write is not looked at again. */
  #isWriting = false

  constructor(env: ControllerEnvironment, prng: Prng) {
    this.#env = env
    this.#prng = prng
    this.#nodeOf = name => env.store.get<Node>(Nodes, undefined, name)
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key), { keySpacingMs: KEY_SPACING_MS })
    this.#legacyQueue = new WorkQueue(env.clock, key => this.#reconcileLegacy(key), {
      keySpacingMs: key => Math.max(KEY_SPACING_MS, (this.#views.get(key)?.backends.size ?? 0) / ADDRESSES_PER_MS),
    })
    env.router.on<Service>(Services, event => this.#onService(event))
    env.router.on<EndpointSlice>(EndpointSlices, event => this.#onSlice(event))
    env.router.on<EndpointsObject>(Endpoints, ({ type, object }) => {
      const key = keyOf(object)
      if (type !== 'ADDED' && !this.#isWriting && this.#views.has(key)) this.#legacyQueue.add(key)
    })
    env.router.on<Pod>(Pods, event => this.#onPod(event))
  }

  #onService({ type, object, previous }: StoreEvent<Service>): void {
    const key = keyOf(object)
    if (type === 'DELETED') {
      this.#services.remove(key)
      this.#views.delete(key)
      this.#legacyQueue.add(key)
      return
    }
    if (type === 'MODIFIED' && previous?.spec === object.spec && previous?.metadata.labels === object.metadata.labels) {
      return
    }
    this.#services.set(key, object)
    if (Object.keys(object.spec?.selector ?? {}).length === 0) {
      this.#views.delete(key)
      return
    }
    const view: View = {
      service: object,
      backends: new Map(),
      changed: new Set(),
      triggeredUnixMs: this.#env.clock.unixMs(),
      legacyTriggeredUnixMs: this.#env.clock.unixMs(),
    }
    this.#views.set(key, view)
    for (const { pod } of this.#env.pods.all()) {
      if (this.#services.selects(key, pod)) this.#update(view, pod)
    }
    this.#recheck(key, view)
    this.#legacyQueue.add(key)
  }

  #onSlice({ type, object, previous }: StoreEvent<EndpointSlice>): void {
    const { namespace, name, labels } = object.metadata
    const service = labels?.[SERVICE_NAME]
    const before = previous?.metadata.labels?.[SERVICE_NAME]
    if (before !== undefined && before !== service) this.#book(`${namespace}/${before}`).remove(name)
    if (service === undefined || labels?.[MANAGED_BY] !== SLICE_CONTROLLER) return
    const key = `${namespace}/${service}`
    if (type === 'DELETED') this.#book(key).remove(name)
    else this.#book(key).set(object)
    const view = this.#views.get(key)
    if (view !== undefined && !this.#isWriting) this.#recheck(key, view)
  }

  /** Has everything compared, not only what is known to have changed. */
  #recheck(key: string, view: View): void {
    for (const uid of view.backends.keys()) view.changed.add(uid)
    for (const uid of this.#book(key).placeOf.keys()) view.changed.add(uid)
    this.#queue.add(key)
  }

  #book(key: string): SliceBook {
    let book = this.#slices.get(key)
    if (book === undefined) {
      book = new SliceBook()
      this.#slices.set(key, book)
    }
    return book
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const { uid } = object.metadata
    for (const key of this.#services.selecting(object)) {
      const view = this.#views.get(key)
      if (view === undefined) continue
      const isChanged = type === 'DELETED' ? view.backends.delete(uid) : this.#update(view, object)
      if (isChanged) this.#touch(key, view, uid)
    }
    if (previous === undefined || previous.metadata.labels === object.metadata.labels) return
    for (const key of this.#services.selecting(previous)) {
      const view = this.#views.get(key)
      if (view === undefined || this.#services.selects(key, object)) continue
      if (view.backends.delete(uid)) this.#touch(key, view, uid)
    }
  }

  /** Brings a pod's contribution up to date; true when it changed. */
  #update(view: View, pod: Stored<Pod>): boolean {
    const { uid } = pod.metadata
    const before = view.backends.get(uid)
    const after = backendOf(view.service, pod, this.#nodeOf, before)
    if (after === undefined) return view.backends.delete(uid)
    if (after !== before) view.backends.set(uid, after)
    return after.endpoint !== before?.endpoint
  }

  #touch(key: string, view: View, uid: string): void {
    view.changed.add(uid)
    view.triggeredUnixMs ??= this.#env.clock.unixMs()
    view.legacyTriggeredUnixMs ??= this.#env.clock.unixMs()
    this.#queue.add(key)
    this.#legacyQueue.add(key)
  }

  #reconcile(key: string): void {
    const view = this.#views.get(key)
    if (view === undefined) return
    const trigger = triggerTime(view.triggeredUnixMs)
    view.triggeredUnixMs = undefined
    this.#writing(() => this.#writeSlices(key, view, trigger))
  }

  #reconcileLegacy(key: string): void {
    const view = this.#views.get(key)
    if (view === undefined) {
      this.#removeLegacy(key)
      return
    }
    const trigger = triggerTime(view.legacyTriggeredUnixMs)
    view.legacyTriggeredUnixMs = undefined
    this.#writing(() => this.#writeLegacy(view, trigger))
  }

  #writing(write: () => void): void {
    this.#isWriting = true
    try {
      write()
    } finally {
      this.#isWriting = false
    }
  }

  #writeSlices(key: string, { service, backends, changed }: View, trigger: string | undefined): void {
    const { store } = this.#env
    const { namespace } = service.metadata
    const { slices, placeOf } = this.#book(key)
    const plan = planSlices({ slices, backends, placeOf, changed })
    changed.clear()
    const labels = sliceLabels(service)
    for (const { slice, content } of plan.update) {
      store.update<EndpointSlice>(EndpointSlices, {
        ...slice,
        metadata: {
          ...slice.metadata,
          labels,
          annotations: { ...slice.metadata.annotations, ...triggerNote(trigger) },
        },
        endpoints: content.endpoints,
        ports: content.ports as EndpointPort[],
      })
    }
    for (const content of plan.create) this.#createSlice(service, labels, content, trigger)
    for (const { metadata } of plan.remove) store.delete(EndpointSlices, namespace, metadata.name)
  }

  #createSlice(
    service: Stored<Service>,
    labels: Record<string, string>,
    content: SliceContent,
    trigger: string | undefined,
  ): void {
    const { store } = this.#env
    const { namespace = '', name: serviceName } = service.metadata
    const generateName = `${serviceName}-`
    const names = this.#prng.fork(`slices/${keyOf(service)}/${this.#env.clock.elapsedMs}`)
    let name: string
    do name = generateName + names.word(5, SUFFIX_ALPHABET)
    while (store.get(EndpointSlices, namespace, name) !== undefined)
    store.create<EndpointSlice>(EndpointSlices, {
      metadata: {
        namespace,
        name,
        generateName,
        labels,
        annotations: triggerNote(trigger),
        ownerReferences: [controllerReference(Services, service)],
      },
      addressType: 'IPv4',
      endpoints: content.endpoints,
      ports: content.ports as EndpointPort[],
    })
  }

  #writeLegacy({ service, backends }: View, trigger: string | undefined): void {
    const { store } = this.#env
    const { namespace = '', name } = service.metadata
    const { subsets, isTruncated } = endpointSubsets(backends)
    const current = store.get<EndpointsObject>(Endpoints, namespace, name)
    if (current !== undefined && hasSubsets(current, subsets)) return
    const { annotations, ...metadata } = current?.metadata ?? { namespace, name }
    const { [OVER_CAPACITY]: _, ...notes } = annotations ?? {}
    const next: EndpointsObject = {
      metadata: {
        ...metadata,
        labels: {
          ...service.metadata.labels,
          'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
          ...headless(service),
        },
        annotations: { ...notes, ...triggerNote(trigger), ...(isTruncated ? { [OVER_CAPACITY]: 'truncated' } : {}) },
      },
      ...(subsets.length === 0 ? {} : { subsets }),
    }
    if (current === undefined) store.create<EndpointsObject>(Endpoints, next)
    else store.update<EndpointsObject>(Endpoints, next)
  }

  #removeLegacy(key: string): void {
    const { namespace, name } = splitKey(key)
    const { store } = this.#env
    if (store.get(Services, namespace, name) !== undefined) return
    if (store.get(Endpoints, namespace, name) !== undefined) store.delete(Endpoints, namespace, name)
  }
}

function sliceLabels(service: Stored<Service>): Record<string, string> {
  return {
    ...service.metadata.labels,
    [MANAGED_BY]: SLICE_CONTROLLER,
    [SERVICE_NAME]: service.metadata.name,
    ...headless(service),
  }
}

function headless(service: Service): Record<string, string> {
  return service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}
}

function triggerNote(trigger: string | undefined): Record<string, string> {
  return trigger === undefined ? {} : { [TRIGGER_TIME]: trigger }
}

function triggerTime(unixMs: number | undefined): string | undefined {
  return unixMs === undefined ? undefined : new Date(unixMs).toISOString()
}
