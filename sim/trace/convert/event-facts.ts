import { RecentMap } from '../../informers/recent-map.ts'
import type { Labels } from '../churn-event.ts'
import type { Conversion } from './conversion.ts'
import type { Timed } from './time-sorter.ts'

/** What an Event of Kubernetes says, as far as a trace can use it. */
export interface EventFact extends Timed {
  /** Kind of the object that it is about. */
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly reason: string
  readonly message: string
  /** How often it happened from the fact before of the same event up to this one. */
  readonly times: number
  /** Of the kubelet that told it. */
  readonly host?: string
  /** `spec.containers{main}` */
  readonly fieldPath?: string
  /** Of the object, which some exporters add. */
  readonly labels?: Labels
}

/**
 * Which of those of the same second comes first, since most events have whole seconds: causes before what follows from them.
 * Reasons that are not here say of a pod or a node only that it is there.
 */
const RANKS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Node: { RegisteredNode: 0, NodeReady: 1, NodeNotReady: 8, RemovingNode: 9, DeletingNode: 9 },
  Deployment: { ScalingReplicaSet: 2 },
  Pod: {
    FailedScheduling: 4,
    Scheduled: 4,
    Started: 6,
    Unhealthy: 7,
    BackOff: 7,
    NodeNotReady: 8,
    Evicted: 8,
    Preempting: 8,
    DeadlineExceeded: 8,
    Killing: 8,
    Preempted: 8,
    TaintManagerEviction: 8,
  },
}
const OF_A_CONTROLLER = { SuccessfulCreate: 3, SuccessfulDelete: 8 }
const OF_A_JOB = { ...OF_A_CONTROLLER, Completed: 9, BackoffLimitExceeded: 9, DeadlineExceeded: 9 }
const CONTROLLERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ReplicaSet: OF_A_CONTROLLER,
  ReplicationController: OF_A_CONTROLLER,
  StatefulSet: OF_A_CONTROLLER,
  DaemonSet: OF_A_CONTROLLER,
  Job: OF_A_JOB,
}
/** Between being scheduled and being started. */
const RANK_SEEN = 5
/** Events whose repetition is told by a stream again and again are remembered for so many others. */
const REPEATED_MAX = 100_000

type Json = Readonly<Record<string, unknown>>

/** Reads events of `v1` and of `events.k8s.io/v1`, bare or as a watch tells them. */
export class EventFacts {
  readonly #conversion: Conversion
  /** How often each event had happened when it was told last, by its uid. */
  readonly #told = new RecentMap<number>(REPEATED_MAX)

  constructor(conversion: Conversion) {
    this.#conversion = conversion
  }

  /** None, one, or for an event that happened repeatedly the first and the last time. */
  factsOf(value: unknown, place: string): EventFact[] {
    const event = this.#eventOf(value, place)
    if (event === undefined) return []
    this.#conversion.read('events')
    const object = recordOf(event['involvedObject'] ?? event['regarding'])
    const [kind, name, reason] = [object['kind'], object['name'], event['reason']]
    if (typeof kind !== 'string' || typeof name !== 'string' || typeof reason !== 'string' || name === '') {
      return this.#fault(place, 'is no Event: involvedObject.kind, involvedObject.name or reason is missing')
    }
    const rank = rankOf(kind, reason)
    if (rank === undefined) {
      this.#conversion.leaveOut(`${kind} ${reason}: says nothing that a trace holds`, `${place}: ${name}`)
      return []
    }
    const times = timesOf(event)
    if (times === undefined) return this.#fault(place, 'has no time: none of firstTimestamp, eventTime, lastTimestamp')
    const before = this.#tellOf(event, times.count)
    const count = times.count - before
    if (count <= 0) {
      this.#conversion.leaveOut('events that were told again', `${place}: ${kind} ${name} ${reason}`)
      return []
    }
    const fact = factOf(event, object, kind, name, reason, rank)
    if (before > 0) return [{ ...fact, t: times.lastMs, times: count }]
    if (count === 1 || times.lastMs === times.firstMs) return [{ ...fact, t: times.firstMs, times: count }]
    return [
      { ...fact, t: times.firstMs, times: 1 },
      { ...fact, t: times.lastMs, times: count - 1 },
    ]
  }

  #eventOf(value: unknown, place: string): Json | undefined {
    const record = recordOf(value)
    const object = record['object']
    if (typeof record['type'] === 'string' && typeof object === 'object' && object !== null) {
      if (record['type'] === 'ADDED' || record['type'] === 'MODIFIED') return object as Json
      // An event that expired did not happen again.
      this.#conversion.leaveOut(`${record['type']}: no event that happened`, place)
      return undefined
    }
    if ('involvedObject' in record || 'regarding' in record) return record
    const { kind } = record
    if (typeof kind === 'string' && kind !== 'Event') this.#conversion.leaveOut(`${kind}: is no Event`, place)
    else this.#conversion.fault(place, 'is no Event: it has no involvedObject')
    return undefined
  }

  #tellOf(event: Json, count: number): number {
    const { uid } = recordOf(event['metadata'])
    if (typeof uid !== 'string') return 0
    const before = this.#told.get(uid) ?? 0
    if (count > before) this.#told.set(uid, count)
    return before
  }

  #fault(place: string, sentence: string): EventFact[] {
    this.#conversion.fault(place, sentence)
    return []
  }
}

function rankOf(kind: string, reason: string): number | undefined {
  const controller = CONTROLLERS[kind]
  if (controller !== undefined) return controller[reason]
  const known = RANKS[kind]?.[reason]
  return known ?? (kind === 'Pod' || kind === 'Node' ? RANK_SEEN : undefined)
}

function factOf(
  event: Json,
  object: Json,
  kind: string,
  name: string,
  reason: string,
  rank: number,
): Omit<EventFact, 't' | 'times'> {
  const namespace = textOf(object['namespace']) ?? ''
  const host = hostOf(event)
  const fieldPath = textOf(object['fieldPath'])
  const { labels } = object
  return {
    rank,
    kind,
    namespace,
    name,
    uid: textOf(object['uid']) ?? `events/${namespace}/${name}`,
    reason,
    message: textOf(event['message'] ?? event['note']) ?? '',
    ...(host === undefined ? {} : { host }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
    ...(typeof labels === 'object' && labels !== null ? { labels: labels as Labels } : {}),
  }
}

/** Only a kubelet's host is the pod's node. */
function hostOf(event: Json): string | undefined {
  const source = recordOf(event['source'] ?? event['deprecatedSource'])
  const component = textOf(source['component']) ?? textOf(event['reportingComponent'] ?? event['reportingController'])
  if (component !== 'kubelet') return undefined
  return textOf(source['host']) ?? textOf(event['reportingInstance'])
}

interface EventTimes {
  readonly firstMs: number
  readonly lastMs: number
  readonly count: number
}

/** Old events have first and last time and a count, new ones one time and, when they repeat, a series. */
function timesOf(event: Json): EventTimes | undefined {
  const series = recordOf(event['series'])
  const first = msOf(event['firstTimestamp']) ?? msOf(event['deprecatedFirstTimestamp']) ?? msOf(event['eventTime'])
  const last =
    msOf(series['lastObservedTime']) ?? msOf(event['lastTimestamp']) ?? msOf(event['deprecatedLastTimestamp'])
  const firstMs = first ?? last ?? msOf(recordOf(event['metadata'])['creationTimestamp'])
  if (firstMs === undefined) return undefined
  const count = countOf(series['count']) ?? countOf(event['count']) ?? countOf(event['deprecatedCount']) ?? 1
  return { firstMs, lastMs: Math.max(firstMs, last ?? firstMs), count }
}

function msOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) || ms <= 0 ? undefined : Math.floor(ms)
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function recordOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}
