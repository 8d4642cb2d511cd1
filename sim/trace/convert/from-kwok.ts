import type { Pod } from 'kubernetes-types/core/v1.js'
import { parseDocument } from 'yaml'
import { describeError } from '../../../base/index.ts'
import { schemaOfKind } from '../../apiserver/schemas.ts'
import { strategicMerge } from '../../apiserver/strategic-merge.ts'
import type { Stored } from '../../cluster/index.ts'
import type { ChurnEvent, Transition } from '../churn-event.ts'
import { transitionsOf } from '../transitions.ts'
import type { Conversion } from './conversion.ts'
import type { Converter } from './converter.ts'
import { hasScrapeAnnotations } from './scrape-annotations.ts'
import { yamlDocuments } from './yaml-documents.ts'

/** Kinds of which a trace has something to say, by the plural under which KWOK names them; nodes before the pods on them. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['nodes', 'Node'],
  ['deployments', 'Deployment'],
  ['replicasets', 'ReplicaSet'],
  ['statefulsets', 'StatefulSet'],
  ['daemonsets', 'DaemonSet'],
  ['jobs', 'Job'],
  ['cronjobs', 'CronJob'],
  ['services', 'Service'],
  ['pods', 'Pod'],
])
const ORDER = [...KINDS.values()]

/** `action.kwok.x-k8s.io/v1alpha1`, as far as it is used. */
interface ResourcePatch {
  readonly kind?: unknown
  readonly resource?: { readonly resource?: unknown }
  readonly target?: { readonly name?: unknown; readonly namespace?: unknown }
  readonly durationNanosecond?: unknown
  readonly method?: unknown
  readonly template?: unknown
}

/**
 * Recordings of KWOK (`kwokctl snapshot export --record`): a snapshot of the cluster's objects, then what changed, each with
 * the time since the recording's start. Sources: kwok `pkg/kwokctl/snapshot/save.go`, `pkg/apis/action/v1alpha1`. Changes are
 * strategic merge patches between two versions of an object.
 *
 * Memory is that of the living objects: one document is read at a time.
 */
export const fromKwok: Converter = {
  options: ['targets'],
  async *events({ bytes, conversion, options }) {
    const cluster = new RecordedCluster(conversion)
    const snapshot: Stored[] = []
    let isBegun = false
    const begin = (): ChurnEvent[] => {
      isBegun = true
      conversion.targets = options.targets ?? (snapshot.some(hasScrapeAnnotations) ? 'annotated' : 'all')
      snapshot.sort((a, b) => ORDER.indexOf(kindOf(a)) - ORDER.indexOf(kindOf(b)))
      return snapshot.splice(0).flatMap(object => cluster.create(kindOf(object), object, 0))
    }
    for await (const { number, line, text } of yamlDocuments(bytes, conversion)) {
      const place = `document ${number} (line ${line})`
      const value = parsed(text, place, conversion)
      if (value === undefined) continue
      conversion.read('documents')
      if (value['kind'] === 'ResourcePatch') {
        if (!isBegun) yield begin()
        yield cluster.change(value, place)
      } else if (isBegun) {
        conversion.fault(place, `is a ${String(value['kind'])} where only ResourcePatch documents are left`)
      } else {
        snapshot.push(...objectsOf(value, place, conversion))
      }
    }
    if (!isBegun) yield begin()
  },
}

function parsed(text: string, place: string, conversion: Conversion): Record<string, unknown> | undefined {
  let value: unknown
  try {
    const document = parseDocument(text, { merge: false })
    if (document.errors.length > 0) throw document.errors[0]!
    value = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    const [sentence = ''] = describeError(error).split('\n', 1)
    conversion.fault(place, `is no YAML: ${sentence}`)
    return undefined
  }
  if (value === null) return undefined
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  conversion.fault(place, 'is no object')
  return undefined
}

/** An object of the snapshot, or those of a list. */
function objectsOf(value: Record<string, unknown>, place: string, conversion: Conversion): Stored[] {
  const { kind, items } = value
  if (Array.isArray(items)) {
    return items.flatMap((item, i) =>
      objectsOf((item ?? {}) as Record<string, unknown>, `${place} item ${i}`, conversion),
    )
  }
  const { name } = (value['metadata'] ?? {}) as { name?: unknown }
  if (typeof kind !== 'string' || typeof name !== 'string') {
    conversion.fault(place, 'is no Kubernetes object: kind or metadata.name is missing')
    return []
  }
  if (ORDER.includes(kind)) return [value as unknown as Stored]
  conversion.leaveOut(`${kind}: a trace has no place for it`, `${place}: ${name}`)
  return []
}

function kindOf(object: Stored): string {
  return (object as unknown as { kind: string }).kind
}

/** The objects as they are after the changes so far. */
class RecordedCluster {
  readonly #conversion: Conversion
  /** By `kind/namespace/name`. */
  readonly #objects = new Map<string, Stored>()
  readonly #nodes = new Set<string>()
  #made = 0
  #lastMs = 0

  constructor(conversion: Conversion) {
    this.#conversion = conversion
  }

  change(patch: ResourcePatch, place: string): ChurnEvent[] {
    const { resource, target, durationNanosecond, method, template } = patch
    const plural = resource?.resource
    if (typeof plural !== 'string' || typeof target?.name !== 'string') {
      return this.#fault(place, 'is no ResourcePatch: resource.resource or target.name is missing')
    }
    if (typeof durationNanosecond !== 'number' || !(durationNanosecond >= 0)) {
      return this.#fault(place, `durationNanosecond is ${JSON.stringify(durationNanosecond)}, which is no time`)
    }
    const { name, namespace = '' } = target as { name: string; namespace?: string }
    const kind = KINDS.get(plural)
    if (kind === undefined) {
      this.#conversion.leaveOut(`${plural}: a trace has no place for them`, `${place}: ${name}`)
      return []
    }
    const t = this.#timeOf(durationNanosecond)
    const current = this.#objects.get(`${kind}/${namespace}/${name}`)
    if (method === 'delete') {
      return current === undefined ? this.#absent(kind, namespace, name, place) : this.#delete(kind, current, t)
    }
    if (typeof template !== 'object' || template === null || Array.isArray(template)) {
      return this.#fault(place, 'has no template')
    }
    if (method === 'create') {
      const object = withTarget(template as Record<string, unknown>, kind, name, namespace)
      const gone = current === undefined ? [] : this.#delete(kind, current, t)
      return [...gone, ...this.create(kind, object, t)]
    }
    if (method !== 'patch') return this.#fault(place, `unknown method ${JSON.stringify(method)}`)
    if (current === undefined) return this.#absent(kind, namespace, name, place)
    return this.#patch(kind, current, template as Record<string, unknown>, t, place)
  }

  create(kind: string, draft: Stored, t: number): ChurnEvent[] {
    const object = this.#identified(draft)
    this.#objects.set(keyOf(kind, object), object)
    return this.#events(transitionsOf({ type: 'ADDED', kind, object, previous: undefined }), t)
  }

  #patch(kind: string, previous: Stored, patch: Record<string, unknown>, t: number, place: string): ChurnEvent[] {
    let merged: Stored
    try {
      merged = strategicMerge(
        previous as unknown as Record<string, unknown>,
        patch,
        schemaOfKind(kind),
      ) as unknown as Stored
    } catch (error) {
      return this.#fault(place, describeError(error))
    }
    const said = (patch['metadata'] as Partial<Stored['metadata']> | undefined)?.generation
    // A new spec has a new generation; where the recording does not say so, it gets one.
    const isUnsaid = patch['spec'] !== undefined && said === undefined
    const object = this.#identified(isUnsaid ? withoutGeneration(merged) : merged)
    this.#objects.set(keyOf(kind, object), object)
    return this.#events(transitionsOf({ type: 'MODIFIED', kind, object, previous }), t)
  }

  #delete(kind: string, object: Stored, t: number): ChurnEvent[] {
    this.#objects.delete(keyOf(kind, object))
    return this.#events(transitionsOf({ type: 'DELETED', kind, object, previous: object }), t)
  }

  #events(transitions: readonly Transition[], t: number): ChurnEvent[] {
    const out: ChurnEvent[] = []
    for (const transition of transitions) {
      if (transition.kind === 'node') {
        if (transition.op === 'removed') this.#nodes.delete(transition.name)
        if (transition.op === 'added' && this.#nodes.has(transition.name)) continue
        if (transition.op === 'added') this.#nodes.add(transition.name)
      }
      if (transition.kind === 'pod' && transition.op === 'bound' && !this.#nodes.has(transition.node!)) {
        this.#nodes.add(transition.node!)
        this.#conversion.infer('nodes that were named by a pod before they were recorded: added then, without labels')
        out.push({ t, kind: 'node', op: 'added', name: transition.node! })
      }
      out.push({ t, ...transition })
    }
    return out
  }

  /** With what the comparison of versions goes by, where the recording lacks it. */
  #identified(object: Stored): Stored {
    const { uid, generation, namespace = '', name } = object.metadata as Partial<Stored['metadata']> & { name: string }
    const known = this.#objects.get(keyOf(kindOf(object), object))?.metadata.uid
    return {
      ...object,
      metadata: {
        ...object.metadata,
        uid: uid ?? known ?? `kwok/${namespace}/${name}/${this.#made++}`,
        generation: generation ?? this.#made++,
      },
    }
  }

  /** KWOK sorts what it gets within a window; what was later still is taken at the time of the change before it. */
  #timeOf(durationNanosecond: number): number {
    const t = Math.round(durationNanosecond / 1e6)
    if (t < this.#lastMs) this.#conversion.infer('changes out of order: taken at the time of the change before')
    this.#lastMs = Math.max(this.#lastMs, t)
    return this.#lastMs
  }

  #absent(kind: string, namespace: string, name: string, place: string): ChurnEvent[] {
    this.#conversion.leaveOut('changes of objects that are not there', `${place}: ${kind} ${namespace}/${name}`)
    return []
  }

  #fault(place: string, sentence: string): ChurnEvent[] {
    this.#conversion.fault(place, sentence)
    return []
  }
}

function keyOf(kind: string, { metadata }: Stored): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`
}

function withoutGeneration(object: Stored): Stored {
  const { generation: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** The target says who it is; the template of a creation says it again. */
function withTarget(template: Record<string, unknown>, kind: string, name: string, namespace: string): Stored {
  const metadata = { ...(template['metadata'] as Pod['metadata']), name, ...(namespace === '' ? {} : { namespace }) }
  return { ...template, kind, metadata } as unknown as Stored
}
