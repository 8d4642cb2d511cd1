import type { ContainerStatus, Event, Pod } from 'kubernetes-types/core/v1.js'
import { summarizePod } from '../../../sim/apiserver/table-pod.ts'
import { admitPod, applyDefaults, Events, Pods, type Stored, type StoreEvent } from '../../../sim/cluster/index.ts'
import type { ClusterTimings } from '../../../sim/messages.ts'
import { type Sim, simulate } from '../controllers/harness.ts'

/** A pod, and what is done to it at planned seconds. */
export interface StoryInput {
  readonly description: string
  readonly timings?: Partial<ClusterTimings>
  readonly pod: Pod
  readonly seconds: number
  readonly then?: readonly Deed[]
}

export interface Deed {
  readonly atSeconds: number
  /** Seconds of grace; `null`: the pod's own. */
  readonly delete?: number | null
  readonly annotate?: Readonly<Record<string, string | null>>
  /** Somebody else sets a condition: a readiness gate. */
  readonly condition?: { readonly type: string; readonly status: string }
}

export interface Story {
  /** Every version of the pod that a watcher sees. */
  readonly writes: readonly StoryWrite[]
  /** `Normal Pulled ×2 kubelet: …`, in order of their first sight. */
  readonly events: readonly string[]
  readonly runtime: readonly string[]
}

export interface StoryWrite {
  readonly atMs: number
  readonly type: string
  /** As `kubectl get` shows it. */
  readonly shows: string
  readonly phase: string
  readonly reason?: string
  readonly conditions: readonly string[]
  readonly containers: readonly string[]
}

const TIMINGS: Partial<ClusterTimings> = {
  scheduleMs: { base: 10, jitter: 0 },
  startMs: { base: 1000, jitter: 0 },
  readyMs: { base: 500, jitter: 0 },
  terminateMs: { base: 2000, jitter: 0 },
}

/** Lets a cluster of one node live through the story. Identities that are drawn are left out of what it tells. */
export function tell(input: StoryInput, seed = 'story'): Story {
  const sim = simulate({ nodes: 1, seed, timings: { ...TIMINGS, ...input.timings } })
  const pod = structuredClone(input.pod)
  applyDefaults(Pods, pod)
  admitPod(pod, { tolerationSeconds: 300 })
  const { name = '', namespace = 'default' } = pod.metadata ?? {}
  sim.store.create<Pod>(Pods, { ...pod, metadata: { ...pod.metadata, namespace } })
  for (const deed of input.then ?? []) {
    sim.clock.advance(deed.atSeconds * 1000 - sim.clock.elapsedMs)
    act(sim, namespace, name, deed)
  }
  sim.clock.advance(input.seconds * 1000 - sim.clock.elapsedMs)
  return {
    writes: sim.events
      .filter(({ event }) => event.resource === Pods)
      .map(({ atMs, event }) => written(atMs, event as StoreEvent<Pod>)),
    events: sim.store
      .list<Event>(Events)
      .filter(({ involvedObject }) => involvedObject.kind === 'Pod')
      .map(({ type, reason, message = '', count = 1, source }) => {
        const text = message.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UID')
        return `${type} ${reason}${count > 1 ? ` ×${count}` : ''} ${source?.component}: ${text}`
      }),
    runtime: sim.runtime.log.map(line =>
      line
        .split(' ')
        .slice(0, 1)
        .concat(line.split(' ')[2] ?? '')
        .join(' '),
    ),
  }
}

function act({ store }: Sim, namespace: string, name: string, deed: Deed): void {
  if (deed.delete !== undefined) {
    store.delete(Pods, namespace, name, deed.delete === null ? {} : { gracePeriodSeconds: deed.delete })
  }
  const { annotate, condition } = deed
  if (annotate !== undefined) {
    store.modify<Pod>(Pods, namespace, name, pod => {
      const annotations = Object.entries({ ...pod.metadata.annotations, ...annotate }).filter(
        ([, value]) => value !== null,
      )
      return {
        ...pod,
        metadata: { ...pod.metadata, annotations: Object.fromEntries(annotations) as Record<string, string> },
      }
    })
  }
  if (condition !== undefined) {
    store.modify<Pod>(Pods, namespace, name, pod => {
      const others = pod.status?.conditions?.filter(({ type }) => type !== condition.type) ?? []
      return { ...pod, status: { ...pod.status, conditions: [...others, condition] } }
    })
  }
}

function written(atMs: number, { type, object }: StoreEvent<Pod>): StoryWrite {
  const { status = {} } = object
  const { ready, status: shown, restarts } = summarizePod(object, 0)
  return {
    atMs,
    type,
    shows: `${ready} ${shown} ${restarts.replace(/ .*/, '')}${object.metadata.deletionTimestamp === undefined ? '' : ' (deleted)'}`,
    phase: status.phase ?? '',
    ...(status.reason === undefined ? {} : { reason: `${status.reason}: ${status.message}` }),
    conditions: (status.conditions ?? []).map(({ type, status, reason, message }) =>
      [`${type}=${status}`, reason, message].filter(part => part !== undefined).join(' '),
    ),
    containers: [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(container =>
      line(container, object),
    ),
  }
}

function line(
  { name, restartCount, ready, started, state, lastState }: ContainerStatus,
  { metadata }: Stored<Pod>,
): string {
  const last = lastState?.terminated
  const text = [
    `${name}:`,
    stateOf(state),
    ...(started === true ? ['started'] : []),
    ...(ready ? ['ready'] : []),
    ...(restartCount > 0 ? [`restarts ${restartCount}`] : []),
    ...(last === undefined ? [] : [`last ${last.reason} ${last.exitCode}`]),
  ]
  return text.join(' ').replaceAll(metadata.uid, 'UID')
}

function stateOf(state: ContainerStatus['state']): string {
  const clock = (time: string | undefined): string => time?.slice(11, 19) ?? '-'
  if (state?.running !== undefined) return `running since ${clock(state.running.startedAt)}`
  if (state?.terminated !== undefined) {
    const { reason, exitCode, startedAt, finishedAt } = state.terminated
    return `${reason} ${exitCode} (${clock(startedAt)} to ${clock(finishedAt)})`
  }
  const { reason, message } = state?.waiting ?? {}
  return [reason ?? 'waiting', ...(message === undefined ? [] : [`"${message}"`])].join(' ')
}
