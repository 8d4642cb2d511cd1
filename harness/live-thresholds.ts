import { ExitCode, formatSeconds } from '../base/index.ts'
import {
  firstCrossing,
  type MetricValue,
  METRICS,
  parseMetricKey,
  parseThresholds,
  type Threshold,
} from '../reports/index.ts'
import { HarnessError } from './errors.ts'
import type { Scenario } from './scenario.ts'
import type { TrialContext, TrialPart } from './trial-part.ts'

/** How often thresholds are looked at while a trial runs, as in k6. */
const LOOK_EVERY_MS = 2000

/** Measurements of other parts, by base name of what is wanted. */
export type SoFar = (wanted: (name: string) => boolean) => Readonly<Record<string, MetricValue>>

/**
 * Ends a trial as soon as a threshold with `abortOnFail` is crossed, but not before its `delayAbortEval`.
 *
 * What can be known early is judged: latencies of what has happened already, failures so far, rates so far. What a metric
 * will only show at the end (samples lost, pods missed) is judged at the end.
 */
export class LiveThresholds implements TrialPart {
  readonly #thresholds: readonly Threshold[]
  readonly #others: SoFar
  #context: TrialContext | undefined
  #nextMs = LOOK_EVERY_MS

  constructor(thresholds: Scenario['thresholds'], others: SoFar = () => ({})) {
    this.#thresholds = parseThresholds(thresholds).filter(({ abort }) => abort !== undefined)
    this.#others = others
  }

  /** Whether a scenario has any. */
  static wantedBy(thresholds: Scenario['thresholds']): boolean {
    return Object.values(thresholds)
      .flat()
      .some(threshold => typeof threshold === 'object' && threshold.abortOnFail === true)
  }

  onStart(context: TrialContext): void {
    this.#context = context
  }

  onSecond(): void {
    const context = this.#context
    if (context === undefined) return
    const atMs = Number(context.clock.monotonicNs() - context.startNs) / 1e6
    if (atMs < this.#nextMs) return
    this.#nextMs = atMs + LOOK_EVERY_MS
    const names = new Set(this.#thresholds.map(({ metric }) => parseMetricKey(metric).name))
    const metrics = { ...context.measuredSoFar(), ...this.#others(name => names.has(name)) }
    const crossing = firstCrossing(this.#thresholds, metrics, atMs)
    if (crossing === undefined) return
    const { value } = crossing
    const { metric, expression } = crossing.threshold
    const atS = atMs / 1000
    const shown = isSeconds(metric) ? formatSeconds(value) : String(value)
    context.end({
      kind: 'threshold',
      crossed: { metric, expression, value, atS },
      error: new HarnessError(
        'CHURN_THRESHOLD_ABORT',
        `${metric} ${expression} was crossed after ${formatSeconds(atS)}: ${shown}; abortOnFail ended the run`,
        { exitCode: ExitCode.thresholds },
      ),
    })
  }
}

function isSeconds(metric: string): boolean {
  const { name } = parseMetricKey(metric)
  return Object.hasOwn(METRICS, name) && METRICS[name as keyof typeof METRICS].unit === 's'
}
