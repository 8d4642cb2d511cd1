import { existsSync } from 'node:fs'
import { assert, type Clock, ExitCode } from '../../../base/index.ts'
import { TraceError } from '../errors.ts'
import { ApiFailure, KubeApi } from './kube-api.ts'
import { Recording, type RecordingSummary } from './recording.ts'
import { isRefusedForGood, ResourceWatch, type WatchedResource } from './resource-watch.ts'
import { ServerHealth } from './server-health.ts'

export interface ClusterRecordingOptions {
  readonly path: string
  readonly kubeconfig?: string
  readonly context?: string
  /** None: all. */
  readonly namespaces: readonly string[]
  /** Label selector of everything but nodes. */
  readonly selector?: string
  /** How long to record, from the first lists on; default: until `signal`. */
  readonly durationMs?: number
  /** How long the server may be away. */
  readonly giveUpMs: number
  readonly resume: boolean
  readonly force: boolean
  readonly tool: string
  /** Ends the recording in order. */
  readonly signal: AbortSignal
  /** Hears what the user must know. */
  readonly tell: (sentence: string) => void
  /** What there is has been listed; the recording goes on. */
  readonly onStarted?: (recording: Recording) => void
}

export interface ClusterRecordingSummary extends RecordingSummary {
  /** Times that the server could not be followed, and lists beyond the first ones. */
  readonly outages: number
  readonly relists: number
}

interface Kind {
  readonly kind: string
  readonly group: string
  readonly plural: string
}

/** Nodes come first, for pods are bound to them; pods last, so that what they belong to is there. */
const KINDS: readonly Kind[] = [
  { kind: 'Node', group: '/api/v1', plural: 'nodes' },
  { kind: 'Service', group: '/api/v1', plural: 'services' },
  { kind: 'Deployment', group: '/apis/apps/v1', plural: 'deployments' },
  { kind: 'ReplicaSet', group: '/apis/apps/v1', plural: 'replicasets' },
  { kind: 'StatefulSet', group: '/apis/apps/v1', plural: 'statefulsets' },
  { kind: 'DaemonSet', group: '/apis/apps/v1', plural: 'daemonsets' },
  { kind: 'Job', group: '/apis/batch/v1', plural: 'jobs' },
  { kind: 'CronJob', group: '/apis/batch/v1', plural: 'cronjobs' },
  { kind: 'Pod', group: '/api/v1', plural: 'pods' },
]
/** Watches of different kinds are rarely further apart than this. */
const HOLD_MS = 1000

/**
 * Records a cluster from its API server until it is told to stop.
 *
 * @throws TraceError CHURN_TRACE_RECORD when the server does not answer at the start, or must not be watched, or has been away
 *   for too long: the trace is complete then as far as it came. CHURN_TRACE_FILE, CHURN_TRACE_FORMAT, CHURN_TRACE_OPTIONS.
 */
export async function recordCluster(clock: Clock, options: ClusterRecordingOptions): Promise<ClusterRecordingSummary> {
  const api = await KubeApi.load(clock, options)
  const { version, resources } = await exploreServer(api, options).catch((error: unknown) => {
    if (!options.signal.aborted) throw error
    throw new TraceError('CHURN_TRACE_RECORD', 'interrupted before anything was recorded', {
      exitCode: ExitCode.interrupted,
    })
  })
  const recording = await open(clock, api, version, resources, options)
  return new ClusterRecording(clock, api, recording, options).run(resources)
}

class ClusterRecording {
  readonly #clock: Clock
  readonly #api: KubeApi
  readonly #recording: Recording
  readonly #options: ClusterRecordingOptions
  readonly #stop = new AbortController()
  readonly #health: ServerHealth
  readonly #watches: ResourceWatch[] = []
  #failure: unknown

  constructor(clock: Clock, api: KubeApi, recording: Recording, options: ClusterRecordingOptions) {
    this.#clock = clock
    this.#api = api
    this.#recording = recording
    this.#options = options
    this.#health = new ServerHealth(clock, {
      giveUpMs: options.giveUpMs,
      tell: options.tell,
      onGivenUp: error => this.#fail(error),
    })
    recording.onFailure(error => this.#fail(error))
  }

  async run(resources: readonly WatchedResource[]): Promise<ClusterRecordingSummary> {
    const { signal, durationMs, onStarted } = this.#options
    const stop = (): void => this.#stop.abort()
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
    const following: Promise<void>[] = []
    // What the first lists tell is the state at one instant.
    this.#recording.pin()
    for (const resource of resources) {
      const watch = new ResourceWatch(this.#clock, this.#api, this.#recording, this.#health, resource)
      this.#watches.push(watch)
      await this.#guarded(watch, () => watch.list(this.#stop.signal))
      if (this.#stop.signal.aborted) break
      following.push(this.#guarded(watch, () => watch.follow(this.#stop.signal)))
    }
    this.#recording.unpin()
    const timer = durationMs === undefined ? undefined : this.#clock.schedule(durationMs, stop)
    if (!this.#stop.signal.aborted) onStarted?.(this.#recording)
    await this.#stopped()
    await Promise.all(following)
    timer?.cancel()
    this.#health.stop()
    signal.removeEventListener('abort', stop)
    const summary = await this.#recording.finish()
    if (this.#failure !== undefined) throw this.#failure
    const lists = this.#watches.reduce((sum, watch) => sum + watch.lists, 0)
    return { ...summary, outages: this.#health.outages, relists: Math.max(0, lists - this.#watches.length) }
  }

  /** A kind that turns out not to be allowed is left alone, unless there is no trace without it. */
  async #guarded(watch: ResourceWatch, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (this.#stop.signal.aborted) return
      if (!(error instanceof ApiFailure)) this.#fail(error)
      else if (isRefusedForGood(error) && isOptional(watch.resource, this.#options)) {
        this.#options.tell(`${watch.resource.kind}: changes are not recorded: ${error.message}`)
      } else this.#fail(notFollowed(watch.resource, error))
    }
  }

  #stopped(): Promise<void> {
    const { signal } = this.#stop
    return new Promise(resolve => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve())
    })
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#stop.abort()
  }
}

/** What can be followed, found before a file is begun. @throws TraceError CHURN_TRACE_RECORD */
async function exploreServer(
  api: KubeApi,
  options: ClusterRecordingOptions,
): Promise<{ version: string; resources: WatchedResource[] }> {
  const { namespaces, selector, signal, tell } = options
  let version: string
  try {
    version = ((await api.get('/version', {}, signal)) as { gitVersion?: string }).gitVersion ?? 'unknown'
  } catch (error) {
    assert(error instanceof ApiFailure, () => String(error))
    throw new TraceError('CHURN_TRACE_RECORD', `the API server of context "${api.context}" ${notReached(error)}`, {
      cause: error,
    })
  }
  const resources: WatchedResource[] = []
  const notServed = new Set<string>()
  const notAllowed = new Set<string>()
  for (const { kind, group, plural } of KINDS) {
    const scopes = kind === 'Node' || namespaces.length === 0 ? [undefined] : namespaces
    for (const namespace of scopes) {
      const path = namespace === undefined ? `${group}/${plural}` : `${group}/namespaces/${namespace}/${plural}`
      const resource = {
        kind,
        path,
        ...(namespace === undefined ? {} : { namespace }),
        ...(selector === undefined || kind === 'Node' ? {} : { selector }),
      }
      try {
        await api.get(path, { limit: 1, labelSelector: resource.selector }, signal)
        resources.push(resource)
      } catch (error) {
        assert(error instanceof ApiFailure, () => String(error))
        if (!isRefusedForGood(error) || !isOptional(resource, options)) throw notFollowed(resource, error)
        if (error.status === 404) notServed.add(plural)
        else notAllowed.add(namespace === undefined ? plural : `${plural} in ${namespace}`)
      }
    }
  }
  if (notServed.size > 0) tell(`not recorded, since the server has none: ${[...notServed].join(', ')}`)
  if (notAllowed.size > 0) tell(`not recorded, since this user may not list them: ${[...notAllowed].join(', ')}`)
  return { version, resources }
}

async function open(
  clock: Clock,
  api: KubeApi,
  serverVersion: string,
  resources: readonly WatchedResource[],
  options: ClusterRecordingOptions,
): Promise<Recording> {
  const { path, namespaces, selector, tool, resume, force, tell } = options
  const details = {
    context: api.context,
    serverVersion,
    ...(namespaces.length === 0 ? {} : { namespaces: [...namespaces].sort().join(',') }),
    ...(selector === undefined ? {} : { selector }),
  }
  const seesNodes = resources.some(({ kind }) => kind === 'Node')
  const start = {
    path,
    details,
    tool,
    sequence: { holdMs: () => (seesNodes ? HOLD_MS : 0), keepsInferredNodes: !seesNodes },
  }
  if (!resume) return Recording.begin(clock, { ...start, force })
  if (existsSync(path)) return Recording.resume(clock, start)
  tell(`${path} is not there yet: beginning it`)
  return Recording.begin(clock, { ...start, force: false })
}

/** Without nodes a trace of some namespaces knows those that its pods name. */
function isOptional({ kind }: WatchedResource, { namespaces }: ClusterRecordingOptions): boolean {
  return kind !== 'Pod' && (kind !== 'Node' || namespaces.length > 0)
}

function notFollowed({ path, kind }: WatchedResource, failure: ApiFailure): TraceError {
  const hint =
    failure.status === 403 && kind === 'Node'
      ? '; record with --namespace, which does without nodes, or ask for the right to list and watch them'
      : failure.status === 400
        ? '; is the selector right?'
        : ''
  return new TraceError('CHURN_TRACE_RECORD', `${path} cannot be listed and watched: ${failure.message}${hint}`)
}

function notReached({ status }: ApiFailure): string {
  if (status === 401) return 'does not know this user; log in again, or choose another --context'
  if (status === 403) return 'refuses this user'
  return 'does not answer'
}
