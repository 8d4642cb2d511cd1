import type { Clock } from '../../../base/index.ts'
import { Labels } from '../../model/index.ts'
import type { Queryable } from '../../storage/index.ts'
import { QueryError } from '../errors.ts'
import { type Expr, type MatrixSelector, type Subquery, typeOf, unwrap } from '../parse/ast.ts'
import { parse } from '../parse/parse.ts'
import type { MatrixSeries, QueryResult, QueryValue } from '../result.ts'
import { Annotations } from './annotations.ts'
import { Evaluator, type QueryContext } from './evaluator.ts'
import { type Grid, instant, timeAt } from './grid.ts'
import { Limits } from './limits.ts'
import { QueryGate } from './query-gate.ts'
import { Samples } from './samples.ts'
import { SAME_LABELSET, type StepVector } from './vector.ts'

export interface EngineOptions {
  /** How far back an instant vector looks for a sample. */
  readonly lookbackMs: number
  readonly timeoutMs: number
  /** Samples that one query may hold in memory. */
  readonly maxSamples: number
  readonly maxConcurrency: number
  /** Step of subqueries that name none: the configured evaluation interval. */
  readonly defaultSubqueryStepMs: () => number
  readonly experimentalFunctions: boolean
}

export const DEFAULT_ENGINE_OPTIONS: EngineOptions = {
  lookbackMs: 300_000,
  timeoutMs: 120_000,
  maxSamples: 50_000_000,
  maxConcurrency: 20,
  defaultSubqueryStepMs: () => 60_000,
  experimentalFunctions: false,
}

/** What a single query may ask for; what it does not is the engine's. A timeout can only be shortened. */
export interface QueryOptions {
  readonly lookbackMs?: number | undefined
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface EngineStats {
  readonly queries: number
  readonly running: number
  readonly querySeconds: number
  readonly failed: number
}

/** Runs PromQL queries against a storage. One engine serves all; it keeps nothing between queries but counts. */
export class QueryEngine {
  readonly options: EngineOptions
  readonly #clock: Clock
  readonly #gate: QueryGate
  #queries = 0
  #failed = 0
  #busyNs = 0n

  constructor(clock: Clock, options: Partial<EngineOptions> = {}) {
    this.#clock = clock
    this.options = { ...DEFAULT_ENGINE_OPTIONS, ...options }
    this.#gate = new QueryGate(clock, this.options.maxConcurrency)
  }

  /** Evaluates at one instant. A range selector gives its raw samples. @throws QueryError */
  async instant(queryable: Queryable, text: string, tMs: number, options: QueryOptions = {}): Promise<QueryResult> {
    const expr = this.#parse(text)
    const grid = instant(tMs)
    return this.#run(queryable, text, grid, tMs, 0, options, context => evaluateInstant(expr, context))
  }

  /** Evaluates at `startMs`, `startMs + stepMs`, … up to `endMs`. @throws QueryError */
  async range(
    queryable: Queryable,
    text: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options: QueryOptions = {},
  ): Promise<QueryResult> {
    const expr = this.#parse(text)
    const type = typeOf(expr)
    if (type !== 'vector' && type !== 'scalar') {
      const name = type === 'matrix' ? 'range vector' : type
      throw new QueryError(
        'bad_data',
        `invalid expression type "${name}" for range query, must be Scalar or instant Vector`,
      )
    }
    const count = endMs < startMs ? 0 : Math.floor((endMs - startMs) / stepMs) + 1
    const grid: Grid = { startMs, stepMs, count }
    return this.#run(queryable, text, grid, endMs, stepMs, options, context => evaluateRange(expr, context))
  }

  stats(): EngineStats {
    return {
      queries: this.#queries,
      running: this.#gate.running,
      querySeconds: Number(this.#busyNs) / 1e9,
      failed: this.#failed,
    }
  }

  #parse(text: string): Expr {
    return parse(text, { experimentalFunctions: this.options.experimentalFunctions })
  }

  async #run(
    queryable: Queryable,
    text: string,
    grid: Grid,
    endMs: number,
    stepMs: number,
    options: QueryOptions,
    evaluate: (context: QueryContext) => Promise<QueryValue>,
  ): Promise<QueryResult> {
    const { maxSamples, defaultSubqueryStepMs } = this.options
    const timeoutMs = Math.min(options.timeoutMs ?? Infinity, this.options.timeoutMs)
    const arrivedNs = this.#clock.monotonicNs()
    this.#queries++
    const leave = await this.#gate.enter(timeoutMs, options.signal)
    const startedNs = this.#clock.monotonicNs()
    try {
      const limits = new Limits(this.#clock, { maxSamples, timeoutMs, signal: options.signal })
      const annotations = new Annotations(text)
      const value = await evaluate({
        text,
        queryable,
        lookbackMs: options.lookbackMs ?? this.options.lookbackMs,
        defaultSubqueryStepMs: defaultSubqueryStepMs(),
        grid,
        endMs,
        stepMs,
        limits,
        annotations,
      })
      const stats = {
        totalSamples: limits.totalSamples,
        peakSamples: limits.peakSamples,
        queueSeconds: Number(startedNs - arrivedNs) / 1e9,
        evalSeconds: Number(this.#clock.monotonicNs() - startedNs) / 1e9,
      }
      return { value, warnings: annotations.warnings, infos: annotations.infos, stats }
    } catch (error) {
      this.#failed++
      throw error
    } finally {
      this.#busyNs += this.#clock.monotonicNs() - startedNs
      leave()
    }
  }
}

async function evaluateInstant(expr: Expr, context: QueryContext): Promise<QueryValue> {
  const tMs = context.grid.startMs
  const evaluator = new Evaluator(context)
  const inner = unwrap(expr)
  switch (typeOf(inner)) {
    case 'string':
      return { type: 'string', tMs, value: inner.kind === 'string' ? inner.value : '' }
    case 'scalar':
      return { type: 'scalar', tMs, value: (await evaluator.scalar(inner))[0]! }
    case 'matrix':
      return rawSamples(evaluator, inner as MatrixSelector | Subquery, context)
    case 'vector': {
      const vector = await evaluator.vector(inner)
      const rows: number[] = []
      for (let row = 0; row < vector.labels.length; row++) if (vector.present[row] === 1) rows.push(row)
      const values = Float64Array.from(rows, row => vector.values[row]!)
      return { type: 'vector', tMs, labels: rows.map(row => vector.labels[row]!), values }
    }
  }
}

async function rawSamples(
  evaluator: Evaluator,
  expr: MatrixSelector | Subquery,
  context: QueryContext,
): Promise<QueryValue> {
  const { source, at, rangeMs } = await evaluator.samples(expr)
  const samples = new Samples()
  const series: MatrixSeries[] = []
  for (let i = 0; i < source.length; i++) {
    const turn = context.limits.betweenSeries()
    if (turn !== undefined) await turn
    source.read(i, samples)
    context.limits.totalSamples += samples.length
    let lo = 0
    let hi = samples.length
    while (lo < hi && samples.tMs.array[lo]! <= at.firstMs - rangeMs) lo++
    while (hi > lo && samples.tMs.array[hi - 1]! > at.firstMs) hi--
    if (lo === hi) continue
    context.limits.hold(hi - lo)
    series.push({
      labels: source.labelsAt(i),
      tMs: samples.tMs.array.slice(lo, hi),
      values: samples.values.array.slice(lo, hi),
    })
  }
  return { type: 'matrix', series: sorted(series) }
}

async function evaluateRange(expr: Expr, context: QueryContext): Promise<QueryValue> {
  const evaluator = new Evaluator(context)
  const { grid } = context
  const times = Float64Array.from({ length: grid.count }, (_, step) => timeAt(grid, step))
  if (typeOf(expr) === 'scalar') {
    const values = await evaluator.scalar(expr)
    return { type: 'matrix', series: values.length === 0 ? [] : [{ labels: Labels.empty, tMs: times, values }] }
  }
  return { type: 'matrix', series: toSeries(await evaluator.vector(expr), times) }
}

/** The rows that have values, each cut to these; rows without gaps share one column of times. */
function toSeries(vector: StepVector, times: Float64Array): MatrixSeries[] {
  const { steps, values, present } = vector
  const series: MatrixSeries[] = []
  for (let row = 0; row < vector.labels.length; row++) {
    const from = row * steps
    let count = 0
    for (let i = from; i < from + steps; i++) count += present[i]!
    if (count === 0) continue
    const labels = vector.labels[row]!
    if (count === steps) {
      series.push({ labels, tMs: times, values: values.subarray(from, from + steps) })
      continue
    }
    const tMs = new Float64Array(count)
    const kept = new Float64Array(count)
    let at = 0
    for (let step = 0; step < steps; step++) {
      if (present[from + step] === 0) continue
      tMs[at] = times[step]!
      kept[at++] = values[from + step]!
    }
    series.push({ labels, tMs, values: kept })
  }
  return sorted(series)
}

function sorted(series: MatrixSeries[]): MatrixSeries[] {
  series.sort((a, b) => a.labels.compare(b.labels))
  for (let i = 1; i < series.length; i++) {
    if (series[i]!.labels.equals(series[i - 1]!.labels)) throw new QueryError('execution', SAME_LABELSET)
  }
  return series
}
