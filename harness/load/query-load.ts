import type { Worker } from 'node:worker_threads'
import { describeError, ExitCode, spawnWorker } from '../../base/index.ts'
import { type MetricValue, parseMetricKey } from '../../reports/index.ts'
import { HarnessError } from '../errors.ts'
import type { Scenario } from '../scenario.ts'
import type { Subject } from '../subjects/index.ts'
import type { TrialContext, TrialPart } from '../trial-part.ts'
import { keysOf } from './query-keys.ts'
import { QueryMeasurements } from './query-measurements.ts'
import type { FromQueries, QueryThreadData, ToQueries } from './query-messages.ts'
import type { QueryFacts } from './query-request.ts'

const WORKER = new URL('./queries.worker.js', import.meta.url)

/** A dashboard's user has given up by then; VictoriaMetrics gives up itself. Prometheus would go on for two minutes. */
const DEADLINE_MS = 30_000
/** Four scrape intervals, as Prometheus' authors advise: a rate outlives a failed scrape. */
const RATE_INTERVALS = 4

/** All query loads of a scenario in one trial, from the main thread's point of view. */
export class QueryLoadPart implements TrialPart {
  readonly #measurements: QueryMeasurements
  readonly #worker: Worker
  readonly #waiting = new Map<FromQueries['type'], () => void>()
  #context: TrialContext | undefined
  #failure: Error | undefined

  /** Starts the thread at once; `close` ends it. */
  constructor(scenario: Scenario) {
    this.#measurements = new QueryMeasurements(keysOf(scenario.queries), namedWithTags(scenario))
    const workerData: QueryThreadData = { loads: scenario.queries, facts: factsOf(scenario), deadlineMs: DEADLINE_MS }
    this.#worker = spawnWorker(WORKER, { workerData })
    // A trial that never begins must not be kept from its end.
    this.#worker.unref()
    this.#worker.on('message', (message: FromQueries) => this.#onMessage(message))
    this.#worker.on('error', error => this.#fail(error))
    // Nothing is to be waited for once it has ended, whatever the reason.
    this.#worker.on('exit', () => this.#waiting.forEach(resolve => resolve()))
  }

  async onPrepare(subject: Subject): Promise<void> {
    await this.#ask({ type: 'prepare', url: subject.url }, 'ready')
  }

  onStart(context: TrialContext): void {
    this.#context = context
    if (this.#failure !== undefined) this.#fail(this.#failure)
    this.#send({ type: 'start', startNs: context.startNs })
  }

  async onStop(): Promise<void> {
    await this.#ask({ type: 'stop' }, 'stopped')
  }

  onMeasured(metrics: Record<string, MetricValue>): void {
    this.#measurements.put(metrics)
    const { failed, reasons } = this.#measurements
    if (failed > 0) {
      this.#context?.warn({ code: 'queries-failed', message: `${failed} queries failed: ${reasons.join('; ')}` })
    }
  }

  /** What has been measured by now of the metrics named, a moment late. */
  soFar(wanted: (name: string) => boolean): Record<string, MetricValue> {
    const metrics: Record<string, MetricValue> = {}
    this.#measurements.put(metrics, wanted)
    return metrics
  }

  close(): void {
    // What is on its way must not reach histograms that are gone.
    this.#worker.removeAllListeners('message')
    void this.#worker.terminate()
    this.#measurements.destroy()
  }

  #onMessage(message: FromQueries): void {
    if (message.type === 'observed') this.#measurements.add(message)
    this.#waiting.get(message.type)?.()
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#waiting.forEach(resolve => resolve())
    this.#context?.end({
      kind: 'failed',
      error: new HarnessError('CHURN_QUERY_LOAD', `the thread of the query load failed: ${describeError(error)}`, {
        cause: error,
        exitCode: ExitCode.internal,
      }),
    })
  }

  #ask(message: ToQueries, answer: FromQueries['type']): Promise<void> {
    if (this.#failure !== undefined) return Promise.resolve()
    const answered = new Promise<void>(resolve => this.#waiting.set(answer, resolve))
    this.#send(message)
    return answered
  }

  #send(message: ToQueries): void {
    this.#worker.postMessage(message)
  }
}

/** Metrics of which thresholds or gates name a sub-metric. */
function namedWithTags({ thresholds, gates }: Scenario): string[] {
  return [...Object.keys(thresholds), ...Object.keys(gates)]
    .map(key => parseMetricKey(key))
    .filter(({ tags }) => Object.keys(tags).length > 0)
    .map(({ name }) => name)
}

/** What queries may ask for: the applications whose series the classes know, where there are any. */
export function factsOf(scenario: Pick<Scenario, 'seed' | 'cluster' | 'scrapeIntervalMs'>): QueryFacts {
  const { workloads } = scenario.cluster
  const known = workloads.filter(({ profile, replicas }) => profile === 'web-service' && replicas > 0)
  const apps = (known.length > 0 ? known : workloads).map(({ namespace, name, labels }) => ({
    namespace,
    app: labels.app ?? name,
  }))
  return {
    seed: scenario.seed,
    apps: apps.length > 0 ? apps : [{ namespace: 'default', app: '' }],
    rateIntervalMs: RATE_INTERVALS * scenario.scrapeIntervalMs,
  }
}
