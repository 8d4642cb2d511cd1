import { decode } from '@msgpack/msgpack'
import { describeError } from '../../../base/index.ts'
import type { Stored } from '../../cluster/index.ts'
import type { ChurnEvent, PodEvent, WorkloadEvent } from '../churn-event.ts'
import { transitionsOf, WORKLOAD_KINDS } from '../transitions.ts'
import type { Conversion } from './conversion.ts'
import type { Converter, ConverterInput } from './converter.ts'
import { MadeUpNodes } from './made-up-nodes.ts'
import { hasScrapeAnnotations } from './scrape-annotations.ts'
import { type PodLifecycle, readSimkubeTrace, type SimkubeTrace } from './simkube-trace.ts'

const VERSION = 2
const KINDS: ReadonlySet<string> = new Set([...WORKLOAD_KINDS, 'Service', 'Pod'])
/** Kinds whose pods come to an end of their own; the end of another's pod is that it was taken away. */
const ENDING: ReadonlySet<string> = new Set(['Job', 'CronJob', 'Pod'])

/**
 * Traces of SimKube, version 2: the objects that were applied and deleted, and how long the pods of each ran. There are no
 * nodes in them; with `nodes` some are made up, and pods that ran are bound to them in turn. The file is read as a whole.
 */
export const fromSimkube: Converter = {
  options: ['nodes', 'targets'],
  async *events(input) {
    const { conversion, options } = input
    const trace = await read(input)
    const objects = trace.events.flatMap(event => event.applied)
    conversion.targets = options.targets ?? (objects.some(hasScrapeAnnotations) ? 'annotated' : 'all')
    const starts = trace.lifecycles.map(lifecycle => lifecycle.startS)
    const startS = Math.min(...trace.events.map(event => event.tsS), ...starts)
    conversion.startUnixMs = Number.isFinite(startS) ? startS * 1000 : undefined
    const nodes = new MadeUpNodes(options.nodes ?? 0)
    conversion.infer('nodes made up, since SimKube records none', nodes.count)
    const events = new TraceOfObjects(conversion, nodes, startS)
    for (const { tsS, applied, deleted } of trace.events) events.take(tsS, applied, deleted)
    for (const lifecycle of trace.lifecycles) events.live(lifecycle)
    yield [...nodes.added(), ...events.inOrder()]
  },
}

async function read({ bytes, conversion }: ConverterInput): Promise<SimkubeTrace> {
  const parts: Buffer[] = []
  for await (const chunk of bytes) parts.push(chunk)
  let value: unknown
  try {
    value = decode(Buffer.concat(parts), {
      useBigInt64: true,
      // Keys of pod_lifecycles are pairs and 64-bit hashes.
      mapKeyConverter: key => (Array.isArray(key) ? JSON.stringify(key) : (key as string | number)),
    })
  } catch (cause) {
    throw conversion.error(`is no msgpack, or is cut off: ${describeError(cause)}`)
  }
  if (Array.isArray(value)) {
    throw conversion.error(
      'is a SimKube trace of version 1; record it again with SimKube 2, or convert it with its skctl',
    )
  }
  const version = (value as { version?: unknown } | null)?.version
  if (version === undefined) throw conversion.error('is msgpack and no SimKube trace: it has no version')
  if (version !== VERSION) {
    throw conversion.error(`is a SimKube trace of version ${JSON.stringify(version)}; version ${VERSION} is read`)
  }
  return readSimkubeTrace(value as Record<string, unknown>, conversion)
}

interface Placed {
  readonly event: ChurnEvent
  readonly order: number
}

/** Gathers events out of objects and lifetimes, which are told apart from each other, and puts them in order of time. */
class TraceOfObjects {
  readonly #conversion: Conversion
  readonly #nodes: MadeUpNodes
  readonly #startS: number
  readonly #placed: Placed[] = []
  /** By `kind/namespace/name`. */
  readonly #objects = new Map<string, Stored>()
  /** The templates of each workload in order of time, for the pods that it made. */
  readonly #templates = new Map<string, WorkloadEvent[]>()
  /** Pods that were applied themselves, by `namespace/name`; when, and whether they were deleted. */
  readonly #pods = new Map<string, { readonly uid: string; readonly t: number; deletedMs?: number }>()
  #generation = 0

  constructor(conversion: Conversion, nodes: MadeUpNodes, startS: number) {
    this.#conversion = conversion
    this.#nodes = nodes
    this.#startS = startS
  }

  take(tsS: number, applied: readonly Stored[], deleted: readonly Stored[]): void {
    const t = this.#ms(tsS)
    for (const object of applied) this.#change(t, object, false)
    for (const object of deleted) this.#change(t, object, true)
  }

  /** Pods are known as applied objects, or only by how long one of a workload's ran. */
  live({ kind, namespace, name, hash, index, startS, endS }: PodLifecycle): void {
    const applied = kind === 'Pod' ? this.#pods.get(`${namespace}/${name}`) : undefined
    if (applied !== undefined) {
      this.#run({ namespace, name, uid: applied.uid }, Math.max(applied.t, this.#ms(startS)), kind, endS, applied)
      return
    }
    const pod = kind === 'Pod' ? name : `${name}-${hash.slice(-6)}-${index}`
    const identity = { namespace, name: pod, uid: `simkube/${namespace}/${pod}/${hash}` }
    const t = this.#ms(startS)
    const templates = this.#templates.get(`${kind}/${namespace}/${name}`) ?? []
    const template = templates.findLast(applied => applied.t <= t) ?? templates[0]
    this.#conversion.infer(
      'pods known only by how long they ran: named after their workload, created when they started',
    )
    this.#place({
      ...this.#pod(t, identity, 'created'),
      ...(kind === 'Pod' ? {} : { owner: `${kind}/${name}` }),
      labels: template?.labels ?? {},
      ...(template?.annotations === undefined ? {} : { annotations: template.annotations }),
      containers: template?.containers ?? [],
    })
    this.#run(identity, t, kind, endS, undefined)
  }

  inOrder(): ChurnEvent[] {
    this.#placed.sort((a, b) => a.event.t - b.event.t || a.order - b.order)
    return this.#placed.map(({ event }) => event)
  }

  #change(t: number, draft: Stored, isDeleted: boolean): void {
    const { kind } = draft as unknown as { kind: string }
    const { namespace = 'default', name } = draft.metadata
    if (!KINDS.has(kind)) {
      this.#conversion.leaveOut(`${kind}: a trace has no place for it`, `${namespace}/${name}`)
      return
    }
    if (kind === 'Pod') {
      this.#changePod(t, draft, namespace, name, isDeleted)
      return
    }
    const key = `${kind}/${namespace}/${name}`
    const previous = this.#objects.get(key)
    // SimKube takes generations out; without them no change would be seen.
    const metadata = { ...draft.metadata, namespace, generation: this.#generation++ }
    const object = { ...draft, metadata } as Stored
    if (isDeleted) this.#objects.delete(key)
    else this.#objects.set(key, object)
    const type = isDeleted ? 'DELETED' : previous === undefined ? 'ADDED' : 'MODIFIED'
    const transitions = transitionsOf({ type, kind, object: isDeleted ? (previous ?? object) : object, previous })
    if (transitions.length === 0) this.#conversion.leaveOut('objects applied without a change', `${key} at ${t} ms`)
    for (const transition of transitions) {
      const event = { t, ...transition }
      if (event.kind === 'workload' && event.op === 'applied') this.#keepTemplate(key, event)
      this.#place(event)
    }
  }

  #keepTemplate(key: string, applied: WorkloadEvent): void {
    const templates = this.#templates.get(key)
    if (templates === undefined) this.#templates.set(key, [applied])
    else templates.push(applied)
  }

  #changePod(t: number, object: Stored, namespace: string, name: string, isDeleted: boolean): void {
    const key = `${namespace}/${name}`
    const known = this.#pods.get(key)
    if (isDeleted) {
      if (known === undefined || known.deletedMs !== undefined) {
        this.#conversion.leaveOut('deletions of pods that are not there', `${key} at ${t} ms`)
        return
      }
      known.deletedMs = t
      this.#place(this.#pod(t, { namespace, name, uid: known.uid }, 'deleted'))
      return
    }
    if (known !== undefined && known.deletedMs === undefined) {
      this.#conversion.leaveOut('objects applied without a change', `Pod ${key} at ${t} ms`)
      return
    }
    const uid = object.metadata.uid ?? `simkube/${key}/${this.#generation++}`
    this.#pods.set(key, { uid, t })
    const metadata = { ...object.metadata, namespace, uid }
    const [created] = transitionsOf({
      type: 'ADDED',
      kind: 'Pod',
      object: { ...object, metadata },
      previous: undefined,
    })
    this.#place({ t, ...created! })
  }

  /** From the start of its containers on. What it cannot have without a node is left out when there is none. */
  #run(
    identity: Identity,
    t: number,
    ownerKind: string,
    endS: number | undefined,
    applied: { readonly deletedMs?: number } | undefined,
  ): void {
    const node = this.#nodes.next()
    if (node === undefined) {
      this.#conversion.leaveOut(
        'starts of pods: without a node none can be ready (--nodes makes some up)',
        identity.name,
      )
    } else {
      this.#conversion.infer('pods bound to the made-up nodes in turn, and ready when their containers started')
      this.#place({ ...this.#pod(t, identity, 'bound'), node })
      this.#place(this.#pod(t, identity, 'addressed'))
      this.#place(this.#pod(t, identity, 'ready'))
    }
    if (endS === undefined) return
    const end = Math.max(t, this.#ms(endS))
    if (applied?.deletedMs !== undefined && applied.deletedMs <= end) return
    if (node !== undefined) this.#place(this.#pod(end, identity, 'not-ready'))
    if (ENDING.has(ownerKind)) {
      this.#conversion.infer('pods that ended: taken as succeeded, since SimKube does not say how')
      this.#place(this.#pod(end, identity, 'succeeded'))
    } else {
      this.#place(this.#pod(end, identity, 'deleted'))
    }
  }

  #pod(t: number, identity: Identity, op: PodEvent['op']): PodEvent {
    return { t, kind: 'pod', op, ...identity }
  }

  #place(event: ChurnEvent): void {
    this.#placed.push({ event, order: this.#placed.length })
  }

  #ms(unixS: number): number {
    return Math.round((unixS - this.#startS) * 1000)
  }
}

type Identity = Pick<PodEvent, 'namespace' | 'name' | 'uid'>
