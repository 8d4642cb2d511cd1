import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ContainerState, ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import type { Clock } from '../../base/index.ts'
import { ApiError, FieldErrors, notFound, type ObjectStore, Pods, type Stored } from '../cluster/index.ts'
import { fileLog } from './container-log.ts'
import { LogLines } from './log-lines.ts'
import { isTrue } from './request-info.ts'
import type { Address } from './writes.ts'

/** How often a log that is followed is looked at, in milliseconds of the machine's clock. */
const FOLLOW_MS = 250
const SLICE_LINES = 500

/** File that a container's program writes to in one of its runs; `undefined` for a container that runs no program. */
export type LogFiles = (pod: Stored<Pod>, container: string, run: number) => string | undefined

interface LogOptions {
  readonly container: string | undefined
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  /** Unix milliseconds; nothing older is told. */
  readonly sinceMs: number
  readonly tailLines: number
  readonly limitBytes: number
}

/**
 * `pods/log`: lines that are made up, the same ones each time, written at planned times since the container's start.
 *
 * A log that is followed goes on while the container runs, and ends when it ends, restarts, or its pod is deleted. Pods of
 * silent nodes answer as well: there is no kubelet to be reached.
 *
 * What a container's program really wrote is told instead, where there is one.
 *
 * @param fileOf where a container's program writes to in a run of it, from 0; `undefined` for one that runs none.
 * @param hasLeft whether the client is gone, and nobody follows any more.
 * @throws ApiError NotFound, BadRequest, Invalid
 */
export function readLog(
  clock: Clock,
  store: ObjectStore,
  { namespace, name }: Address,
  query: URLSearchParams,
  hasLeft: () => boolean,
  fileOf: LogFiles = () => undefined,
): AsyncIterable<Buffer> {
  const options = parseLogOptions(name, query, store.unixMs)
  const pod = store.get<Pod>(Pods, namespace, name)
  if (pod === undefined) throw notFound(Pods, name)
  const container = chooseContainer(pod, options.container)
  // A pod without a node has nobody to ask, and that is no error.
  if (!pod.spec?.nodeName) return limited(none(), options.limitBytes)
  const state = loggedState(pod, container, options.previous)
  const { startedAt, finishedAt } = state
  const endMs = finishedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(finishedAt)
  const lines = new LogLines(`${pod.metadata.uid}/${container}/${startedAt}`, Date.parse(startedAt ?? ''), endMs)
  const isOver = (): boolean => {
    if (!options.follow || finishedAt !== undefined || hasLeft()) return true
    const now = store.get<Pod>(Pods, namespace, name)
    const status = now?.metadata.uid === pod.metadata.uid ? statusOf(now, container) : undefined
    return status?.state?.running?.startedAt !== startedAt
  }
  const path = fileOf(pod, container, runOf(pod, container, options.previous))
  if (path !== undefined) {
    const stamp = options.timestamps ? startedAt : undefined
    return limited(fileLog(clock, path, { tailLines: options.tailLines, stamp, isOver }), options.limitBytes)
  }
  return limited(told(clock, store, lines, options, isOver), options.limitBytes)
}

/** Number of the run that `loggedState` chose: as many came before it as the container was started again. */
function runOf(pod: Stored<Pod>, container: string, previous: boolean): number {
  const { restartCount = 0, state } = statusOf(pod, container) ?? {}
  return previous && state?.running !== undefined ? restartCount - 1 : restartCount
}

async function* none(): AsyncGenerator<Buffer, void> {}

async function* told(
  clock: Clock,
  store: ObjectStore,
  lines: LogLines,
  options: LogOptions,
  isOver: () => boolean,
): AsyncGenerator<Buffer, void> {
  const { sinceMs, tailLines, timestamps } = options
  // Whether it is over is asked first: what was written until then is told.
  let over = isOver()
  let end = lines.countBefore(store.unixMs)
  let next = Math.max(lines.countBefore(sinceMs), end - tailLines)
  for (;;) {
    while (next < end) {
      const slice: string[] = []
      while (next < end && slice.length < SLICE_LINES) slice.push(lines.line(next++, timestamps))
      yield Buffer.from(slice.join(''))
      await nextTurn()
    }
    if (over) return
    await new Promise<void>(resolve => clock.schedule(FOLLOW_MS, resolve))
    over = isOver()
    end = lines.countBefore(store.unixMs)
  }
}

async function* limited(parts: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer, void> {
  let left = bytesMax
  for await (const part of parts) {
    yield part.length <= left ? part : part.subarray(0, left)
    left -= part.length
    if (left <= 0) return
  }
}

/** @throws ApiError BadRequest */
function chooseContainer({ metadata, spec }: Stored<Pod>, wanted: string | undefined): string {
  const containers = (spec?.containers ?? []).map(({ name }) => name)
  const all = [...(spec?.initContainers ?? []).map(({ name }) => name), ...containers]
  if (wanted !== undefined) {
    if (all.includes(wanted)) return wanted
    throw new ApiError('BadRequest', `container ${wanted} is not valid for pod ${metadata.name}`)
  }
  if (containers.length === 1) return containers[0]!
  throw new ApiError(
    'BadRequest',
    `a container name must be specified for pod ${metadata.name}, choose one of: [${all.join(' ')}]`,
  )
}

/**
 * The run of a container whose log is wanted, as kubelets choose it.
 *
 * @throws ApiError BadRequest
 */
function loggedState(
  pod: Stored<Pod>,
  container: string,
  previous: boolean,
): NonNullable<ContainerState['terminated'] | (ContainerState['running'] & { readonly finishedAt?: string })> {
  const which = `container "${container}" in pod "${pod.metadata.name}"`
  const status = statusOf(pod, container)
  if (status === undefined) throw new ApiError('BadRequest', `${which} is not available`)
  const { state = {}, lastState = {} } = status
  if (previous) {
    if (lastState.terminated?.startedAt !== undefined) return lastState.terminated
    throw new ApiError('BadRequest', `previous terminated ${which} not found`)
  }
  if (state.running !== undefined) return state.running
  if (state.terminated !== undefined) {
    const ended = state.terminated.startedAt === undefined ? lastState.terminated : state.terminated
    if (ended?.startedAt !== undefined) return ended
    throw new ApiError('BadRequest', `${which} is terminated`)
  }
  if (lastState.terminated?.startedAt !== undefined) return lastState.terminated
  throw new ApiError('BadRequest', `${which} is waiting to start${whyWaiting(state.waiting?.reason)}`)
}

function whyWaiting(reason: string | undefined): string {
  if (reason === undefined) return ' - no logs yet'
  if (reason === 'ErrImagePull') return ": image can't be pulled"
  if (reason === 'ImagePullBackOff') return ': trying and failing to pull image'
  return `: ${reason}`
}

function statusOf({ status }: Stored<Pod>, container: string): ContainerStatus | undefined {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
    ({ name }) => name === container,
  )
}

/** @throws ApiError BadRequest, Invalid */
function parseLogOptions(name: string, query: URLSearchParams, nowMs: number): LogOptions {
  const tailLines = integer(query, 'tailLines')
  const limitBytes = integer(query, 'limitBytes')
  const sinceSeconds = integer(query, 'sinceSeconds')
  const sinceTime = query.get('sinceTime') || undefined
  const errors = new FieldErrors()
  if (tailLines !== undefined && tailLines < 0) {
    errors.invalid('tailLines', tailLines, 'must be greater than or equal to 0')
  }
  if (limitBytes !== undefined && limitBytes < 1) errors.invalid('limitBytes', limitBytes, 'must be greater than 0')
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified')
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.invalid('sinceSeconds', sinceSeconds, 'must be greater than 0')
  }
  errors.throwIfAny({ group: '', kind: 'PodLogOptions' }, name)
  return {
    container: query.get('container') || undefined,
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    sinceMs: sinceSeconds === undefined ? time(sinceTime) : nowMs - sinceSeconds * 1000,
    tailLines: tailLines ?? Number.POSITIVE_INFINITY,
    limitBytes: limitBytes ?? Number.POSITIVE_INFINITY,
  }
}

function flag(query: URLSearchParams, name: string): boolean {
  return isTrue(query.get(name))
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? ''
  if (text === '') return undefined
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text)
  throw new ApiError('BadRequest', `strconv.ParseInt: parsing "${text}": invalid syntax`)
}

function time(text: string | undefined): number {
  if (text === undefined) return Number.NEGATIVE_INFINITY
  const unixMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(unixMs)) return unixMs
  throw new ApiError('BadRequest', `parsing time "${text}" as "2006-01-02T15:04:05Z07:00": cannot parse "${text}"`)
}
