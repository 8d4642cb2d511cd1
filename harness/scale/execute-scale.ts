import type { Worker } from 'node:worker_threads'
import { type Clock, DurationHistogram, ExitCode, spawnWorker } from '../../base/index.ts'
import { type MetricValue, toHistogramValue } from '../../reports/index.ts'
import { type FromScalePlane, SCALE_WORKER, type ScaleData, type ToScalePlane } from '../../sim/index.ts'
import { interruptedEarly, HarnessError } from '../errors.ts'
import type { TrialOutcome, TrialSetup } from '../execute-trial.ts'
import { ownRun } from '../own-run.ts'
import type { Scenario } from '../scenario.ts'
import { listPods } from './list-pods.ts'
import type { FromWatchers, WatchersData } from './messages.ts'

const WATCHERS_WORKER = new URL('./watchers.worker.js', import.meta.url)
const PROGRESS_MS = 5000
/** Versions, history and what is queued: with the default of some versions of V8 the heap ends at 2 or 4 GB. */
const HEAP_MB_MAX = 12_288

type Figures = Readonly<Record<string, MetricValue>>

/**
 * Measures the simulated control plane itself, in one process:
 *
 *   nodes registered ─▶ fill: all pods Ready ─▶ memory ─▶ list ─▶ watch: changes, counted by clients in a thread of their own
 *
 * @throws HarnessError CHURN_SIM_FAILED
 */
export async function executeScale(
  clock: Clock,
  { scenario, stderr, signal }: Pick<TrialSetup, 'scenario' | 'stderr' | 'signal'>,
): Promise<TrialOutcome> {
  const startedAt = new Date(clock.unixMs()).toISOString()
  const startedNs = clock.monotonicNs()
  const spec = specOf(scenario)
  const received = new SharedArrayBuffer(4 * Math.max(1, spec.watchers))
  const rssBefore = process.memoryUsage().rss
  const data: ScaleData = { seed: scenario.seed, spec, received }
  const thread = spawnWorker(SCALE_WORKER, {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
  })
  const inbox = new Inbox<FromScalePlane>(thread, signal)
  const ask = async <T extends FromScalePlane['type'] & ToScalePlane['type']>(
    type: T,
  ): Promise<Extract<FromScalePlane, { type: T }>> => {
    thread.postMessage({ type } satisfies ToScalePlane)
    return inbox.next(type)
  }
  let toldMs = 0
  inbox.on('progress', ({ podsReady }) => {
    const elapsedMs = Number(clock.monotonicNs() - startedNs) / 1e6
    if (elapsedMs - toldMs < PROGRESS_MS) return
    toldMs = elapsedMs
    stderr.write(`${(elapsedMs / 1000).toFixed(0)} s: ${podsReady} of ${spec.pods} pods Ready\n`)
  })
  let watchers: Worker | undefined
  try {
    const api = await inbox.next('ready')
    const fill = await ask('fill')
    stderr.write(`${spec.pods} pods Ready on ${spec.nodes} nodes; listing and watching them\n`)
    const memory = await ask('memory')
    const list = await listPods(clock, api)
    let watchRate: number | undefined
    if (spec.watchers > 0 && spec.changes > 0) {
      const watching: WatchersData = { api, ...spec, resourceVersion: list.resourceVersion, received }
      watchers = spawnWorker(WATCHERS_WORKER, { workerData: watching })
      const clients = new Inbox<FromWatchers>(watchers, signal)
      await clients.next('open')
      const complete = clients.next('complete')
      const change = await ask('change')
      const { atNs } = await complete
      watchRate = (spec.watchers * spec.changes) / (Number(atNs - change.startedNs) / 1e9)
    }
    await ask('stop')
    const seconds = fill.durationMs / 1000
    const metrics: Figures = {
      control_plane_ready_time: { value: seconds },
      control_plane_write_rate: { value: fill.writes / seconds },
      control_plane_memory: { value: memory.rssBytes - rssBefore },
      control_plane_list_time: { value: list.durationMs / 1000 },
      control_plane_list_bytes: { value: list.bytes },
      ...(watchRate === undefined ? {} : { control_plane_watch_rate: { value: watchRate } }),
      eventloop_delay: toHistogramValue(DurationHistogram.decode(fill.eventLoopDelayHdr)),
    }
    return {
      run: await ownRun(
        'control-plane',
        startedAt,
        Number(clock.monotonicNs() - startedNs) / 1e9,
        scenario.sha256,
        metrics,
      ),
      ending: { kind: 'complete' },
      warnings: [],
      seriesPerPod: 0,
    }
  } catch (error) {
    if (signal.aborted) throw interruptedEarly(signal)
    throw error
  } finally {
    await watchers?.terminate()
    await thread.terminate()
  }
}

function specOf({ cluster, controlPlane }: Scenario): ScaleData['spec'] {
  const { nodes, zones, podsPerNodeMax, timings } = cluster
  return { nodes, zones, podsPerNodeMax, timings, ...controlPlane! }
}

/** The messages of a thread, each awaited by its type. A thread that fails, or is told to end, rejects whoever waits. */
class Inbox<M extends { readonly type: string }> {
  readonly #waiting = new Map<string, (message: M) => void>()
  readonly #failed: Promise<never>

  constructor(worker: Worker, signal: AbortSignal) {
    this.#failed = new Promise((_, reject) => {
      const fail = (message: string): void =>
        reject(new HarnessError('CHURN_SIM_FAILED', message, { exitCode: ExitCode.internal }))
      worker.on('message', (message: M) => {
        if (message.type === 'failed') fail((message as unknown as { message: string }).message)
        else this.#waiting.get(message.type)?.(message)
      })
      worker.once('error', error => fail(error.message))
      worker.once('exit', () => fail('a thread of the control plane ended'))
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    })
    this.#failed.catch(() => {})
  }

  /** Calls `handler` for each message of a type. */
  on<T extends M['type']>(type: T, handler: (message: Extract<M, { type: T }>) => void): void {
    this.#waiting.set(type, message => handler(message as Extract<M, { type: T }>))
  }

  next<T extends M['type']>(type: T): Promise<Extract<M, { type: T }>> {
    const came = new Promise<Extract<M, { type: T }>>(resolve => {
      this.#waiting.set(type, message => {
        this.#waiting.delete(type)
        resolve(message as Extract<M, { type: T }>)
      })
    })
    return Promise.race([came, this.#failed])
  }
}
