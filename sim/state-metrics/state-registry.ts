import { escapeLabelValue } from '../exposition-escapes.ts'
import type { KubeObject } from '../cluster/index.ts'
import { autoscalerState } from './autoscaler-kind.ts'
import {
  claimState,
  configMapState,
  endpointsState,
  leaseState,
  namespaceState,
  nodeState,
  secretState,
  serviceState,
} from './cluster-kinds.ts'
import { cronJobState, jobState } from './job-kinds.ts'
import { podState } from './pods.ts'
import type { StateKind } from './state-family.ts'
import { budgetState, daemonSetState, deploymentState, replicaSetState, statefulSetState } from './workload-kinds.ts'

/** By name, as kube-state-metrics has them on its page. */
export const STATE_KINDS: readonly StateKind[] = [
  configMapState,
  cronJobState,
  daemonSetState,
  deploymentState,
  endpointsState,
  autoscalerState,
  jobState,
  leaseState,
  namespaceState,
  nodeState,
  claimState,
  budgetState,
  podState,
  replicaSetState,
  secretState,
  serviceState,
  statefulSetState,
]

/** One object as the store has it now, or that it is gone. */
export interface StateChange {
  /** Of its resource: `pods`. */
  readonly plural: string
  readonly uid: string
  readonly object: KubeObject | undefined
}

/** What is said of one object: a text for each family of its kind. */
interface Rendered {
  readonly texts: readonly string[]
  readonly bytes: number
  readonly samples: number
}

interface Shelf {
  readonly kind: StateKind
  /** By uid, in the order in which the objects came. */
  readonly objects: Map<string, Rendered>
}

/**
 * The page of kube-state-metrics (v2.15), kept up by changes of objects.
 *
 * As the real one, it renders an object once for each of its versions, and a scrape writes the texts one family after the other:
 * some 80 µs for a version of a pod (39 series), and some 100 ms for a page of ten thousand of them (56 MB), which only a scrape pays.
 */
export class StateRegistry {
  readonly #shelves = new Map<string, Shelf>(
    STATE_KINDS.map(kind => [kind.plural, { kind, objects: new Map<string, Rendered>() }]),
  )
  #bytes = 0
  #samples = 0
  #page: Buffer | undefined

  /** Samples on the page. */
  get sampleCount(): number {
    return this.#samples
  }

  apply({ plural, uid, object }: StateChange): void {
    const shelf = this.#shelves.get(plural)
    if (shelf === undefined) return
    const before = shelf.objects.get(uid)
    this.#bytes -= before?.bytes ?? 0
    this.#samples -= before?.samples ?? 0
    this.#page = undefined
    if (object === undefined) {
      shelf.objects.delete(uid)
      return
    }
    const rendered = render(shelf.kind, object)
    this.#bytes += rendered.bytes
    this.#samples += rendered.samples
    shelf.objects.set(uid, rendered)
  }

  /** In text format 0.0.4. The same memory until something changes; it is not written to afterwards. */
  page(): Buffer {
    if (this.#page !== undefined) return this.#page
    const headers = new Map(
      [...this.#shelves.values()].map(({ kind, objects }) => [
        kind,
        objects.size === 0 ? [] : kind.families.map(headerOf),
      ]),
    )
    let bytes = this.#bytes
    for (const texts of headers.values()) for (const text of texts) bytes += Buffer.byteLength(text)
    const page = Buffer.allocUnsafeSlow(bytes)
    let at = 0
    for (const { kind, objects } of this.#shelves.values()) {
      if (objects.size === 0) continue
      const rendered = [...objects.values()]
      headers.get(kind)!.forEach((header, family) => {
        at += page.write(header, at)
        let text = ''
        for (const { texts } of rendered) text += texts[family]!
        at += page.write(text, at)
      })
    }
    this.#page = page
    return page
  }
}

function headerOf({ name, help, type }: StateKind['families'][number]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

// hot: once for each version of an object.
function render(kind: StateKind, object: KubeObject): Rendered {
  const own = kind.identity(object)
  let prefix = ''
  for (let i = 0; i < own.length; i++) prefix += `${i === 0 ? '' : ','}${kind.labels[i]}="${escapeLabelValue(own[i]!)}"`
  let bytes = 0
  let count = 0
  const texts = kind.families.map(family => {
    const { name, labels } = family
    let text = ''
    for (const sample of family.samples(object)) {
      text += `${name}{${prefix}`
      for (let i = 0; i < sample.labels.length; i++) text += `,${labels[i]}="${escapeLabelValue(sample.labels[i]!)}"`
      text += `} ${sample.value}\n`
      count++
    }
    bytes += Buffer.byteLength(text)
    return text
  })
  return { texts, bytes, samples: count }
}
