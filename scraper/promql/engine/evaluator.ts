import { assert, unreachable } from '../../../base/index.ts'
import { Labels, METRIC_NAME } from '../../model/index.ts'
import type { Queryable, SeriesSet } from '../../storage/index.ts'
import { executionError } from '../errors.ts'
import { foldNamed } from '../functions/folds.ts'
import { isLabelName } from '../label-name.ts'
import {
  type Aggregate,
  type At,
  type Binary,
  type Call,
  type DurationExpr,
  type Expr,
  type MatrixSelector,
  type Subquery,
  typeOf,
  unwrap,
  type VectorSelector,
} from '../parse/ast.ts'
import { type SimpleAggregation, aggregateQuantile, aggregateSimple } from './aggregate.ts'
import type { Annotations } from './annotations.ts'
import { scalarScalar, vectorScalar } from './binary-scalar.ts'
import { vectorVector } from './binary-vector.ts'
import { absentLabels, absentRow, callScalar, callVector } from './calls.ts'
import { durationMs } from './durations.ts'
import { foldWindows } from './fold-windows.ts'
import { type Grid, timeAt } from './grid.ts'
import { LabelChoice } from './grouping.ts'
import { Invariance } from './invariance.ts'
import type { Limits } from './limits.ts'
import { type SampleSource, StoredSamples } from './samples.ts'
import { type Reference, selectInstant } from './select.ts'
import { countValues, selectK } from './select-k.ts'
import { SubquerySamples } from './subquery-samples.ts'
import { broadcast, constantVector, dropNames, emptyVector, type StepVector } from './vector.ts'

/** What one query is evaluated with. */
export interface QueryContext {
  readonly text: string
  readonly queryable: Queryable
  readonly lookbackMs: number
  /** Step of subqueries that name none. */
  readonly defaultSubqueryStepMs: number
  /** The query's own instants, to which `start()`, `end()`, `step()` and `range()` refer. */
  readonly grid: Grid
  /** As given by the caller; `grid` may end before it. */
  readonly endMs: number
  /** As given by the caller; 0 for an instant query. */
  readonly stepMs: number
  readonly limits: Limits
  readonly annotations: Annotations
}

/** Suffixes of what is probably a counter. */
const COUNTER_NAME = /_(?:total|sum|count|bucket)$/

/**
 * Evaluates expressions over one grid of instants; subqueries get an evaluator of their own.
 *
 * Everything is done for all steps at once: a selector selects once for the whole grid, an operation walks columns.
 * An instant query is a grid of one step, on the same path.
 */
export class Evaluator {
  readonly #context: QueryContext
  readonly #grid: Grid
  readonly #invariance: Invariance

  constructor(context: QueryContext, grid: Grid = context.grid, invariance = new Invariance()) {
    this.#context = context
    this.#grid = grid
    this.#invariance = invariance
  }

  /** The value at every step of an expression of type scalar. */
  async scalar(expr: Expr): Promise<Float64Array> {
    const { count } = this.#grid
    if (expr.kind === 'number') return new Float64Array(count).fill(expr.value)
    if (count > 1 && this.#invariance.of(expr)) {
      const [value] = await this.#once().scalar(expr)
      return new Float64Array(count).fill(value!)
    }
    switch (expr.kind) {
      case 'paren':
        return this.scalar(expr.expr)
      case 'unary': {
        const values = await this.scalar(expr.expr)
        if (expr.op === '-') for (let i = 0; i < values.length; i++) values[i] = -values[i]!
        return values
      }
      case 'binary':
        return scalarScalar(expr.op, await this.scalar(expr.lhs), await this.scalar(expr.rhs))
      case 'call':
        return this.#scalarCall(expr)
      default:
        throw new TypeError(`${expr.kind} is no scalar`)
    }
  }

  /** An expression of type vector. */
  async vector(expr: Expr): Promise<StepVector> {
    const { limits } = this.#context
    const turn = limits.look()
    if (turn !== undefined) await turn
    if (this.#grid.count === 0) return emptyVector(0)
    const { held } = limits
    const vector =
      this.#grid.count > 1 && this.#invariance.of(expr)
        ? broadcast(await this.#once().vector(expr), this.#grid.count)
        : await this.#vector(expr)
    limits.restore(held)
    limits.hold(vector.labels.length * vector.steps)
    return vector
  }

  async #vector(expr: Expr): Promise<StepVector> {
    switch (expr.kind) {
      case 'paren':
        return this.vector(expr.expr)
      case 'selector':
        return this.#selector(expr, false)
      case 'unary':
        return this.#negate(await this.vector(expr.expr), expr.op)
      case 'binary':
        return this.#binary(expr)
      case 'aggregate':
        return this.#aggregate(expr)
      case 'call':
        return this.#vectorCall(expr)
      case 'number':
      case 'string':
      case 'matrix':
      case 'subquery':
        throw new TypeError(`${expr.kind} is no instant vector`)
      default:
        return unreachable(expr)
    }
  }

  /** What a range selector or subquery reads, for the windows that end at `at`. */
  async samples(expr: MatrixSelector | Subquery): Promise<{ source: SampleSource; at: Reference; rangeMs: number }> {
    const rangeMs = this.#duration(expr.range, false)
    if (expr.kind === 'subquery') return { ...(await this.#subquery(expr, rangeMs)), rangeMs }
    const at = this.#reference(expr.selector)
    const set = await this.#select(expr.selector, at, rangeMs)
    return { source: new StoredSamples(set), at, rangeMs }
  }

  #once(): Evaluator {
    return new Evaluator(this.#context, { ...this.#grid, count: 1 }, this.#invariance)
  }

  #negate(vector: StepVector, op: '+' | '-'): StepVector {
    if (op === '+') return vector
    const cells = vector.labels.length * vector.steps
    for (let i = 0; i < cells; i++) vector.values[i] = -vector.values[i]!
    return dropNames(vector)
  }

  async #binary(expr: Binary): Promise<StepVector> {
    const lhsScalar = typeOf(expr.lhs) === 'scalar'
    const rhsScalar = typeOf(expr.rhs) === 'scalar'
    if (lhsScalar) {
      const scalar = await this.scalar(expr.lhs)
      return vectorScalar(expr.op, await this.vector(expr.rhs), scalar, true, expr.bool)
    }
    const lhs = await this.vector(expr.lhs)
    if (rhsScalar) return vectorScalar(expr.op, lhs, await this.scalar(expr.rhs), false, expr.bool)
    return vectorVector(expr, lhs, await this.vector(expr.rhs))
  }

  async #aggregate(expr: Aggregate): Promise<StepVector> {
    const { op, grouping, without } = expr
    const choice = new LabelChoice(grouping, !without)
    switch (op) {
      case 'count_values': {
        const param = unwrap(expr.param!)
        assert(param.kind === 'string', 'checked by the parser')
        if (!isLabelName(param.value)) throw executionError(`invalid label name ${JSON.stringify(param.value)}`)
        const input = await this.vector(expr.expr)
        return countValues(param.value, input, without ? choice : new LabelChoice([...grouping, param.value], true))
      }
      case 'topk':
      case 'bottomk': {
        const k = await this.scalar(expr.param!)
        return selectK(op, k, await this.vector(expr.expr), choice)
      }
      case 'quantile': {
        const phi = await this.scalar(expr.param!)
        this.#judgeQuantiles(phi, expr.param!)
        return aggregateQuantile(phi, await this.vector(expr.expr), choice)
      }
      default:
        return aggregateSimple(op satisfies SimpleAggregation, await this.vector(expr.expr), choice)
    }
  }

  #judgeQuantiles(phi: Float64Array, at: Expr): void {
    for (const value of phi) if (!(value >= 0 && value <= 1)) this.#context.annotations.badQuantile(value, at)
  }

  async #scalarCall(expr: Call): Promise<Float64Array> {
    const { grid } = this.#context
    const { count } = this.#grid
    switch (expr.fn.name) {
      case 'time':
        return Float64Array.from({ length: count }, (_, step) => timeAt(this.#grid, step) / 1000)
      case 'start':
        return new Float64Array(count).fill(grid.startMs / 1000)
      case 'end':
        return new Float64Array(count).fill(this.#context.endMs / 1000)
      case 'step':
        return new Float64Array(count).fill(this.#context.stepMs / 1000)
      case 'range':
        return new Float64Array(count).fill((this.#context.endMs - grid.startMs) / 1000)
      case 'scalar':
        return scalarOf(await this.vector(expr.args[0]!))
      default: {
        const args: Float64Array[] = []
        for (const arg of expr.args) args.push(await this.scalar(arg))
        return callScalar(expr.fn.name, args, count)
      }
    }
  }

  async #vectorCall(expr: Call): Promise<StepVector> {
    const { name } = expr.fn
    const first = expr.args[0] === undefined ? undefined : unwrap(expr.args[0])
    if (foldNamed(name) !== undefined) return this.#fold(expr)
    if (name === 'vector') return constantVector(this.#grid.count, Labels.empty, await this.scalar(first!))
    if (name === 'timestamp' && first?.kind === 'selector') return dropNames(await this.#selector(first, true))
    if (name === 'absent') {
      return absentRow(await this.vector(first!), absentLabels(first!))
    }
    if (first === undefined) {
      // Calendar functions without argument are about the instant of evaluation.
      const times = Float64Array.from({ length: this.#grid.count }, (_, step) => timeAt(this.#grid, step) / 1000)
      const now = constantVector(this.#grid.count, Labels.empty, times)
      return callVector(expr, now, [], this.#grid, this.#context.annotations)
    }
    const scalars: Float64Array[] = []
    let input: StepVector | undefined
    for (const arg of expr.args) {
      const type = typeOf(arg)
      if (type === 'scalar') scalars.push(await this.scalar(arg))
      else if (type === 'vector') input = await this.vector(arg)
    }
    if (name === 'histogram_quantile') this.#judgeQuantiles(scalars[0]!, expr.args[0]!)
    return callVector(expr, input!, scalars, this.#grid, this.#context.annotations)
  }

  async #fold(expr: Call): Promise<StepVector> {
    const { annotations, limits } = this.#context
    const { name } = expr.fn
    const fold = foldNamed(name)!
    let ranged: Expr | undefined
    const args: Float64Array[] = []
    for (const arg of expr.args) {
      if (typeOf(arg) === 'matrix') ranged = unwrap(arg)
      else args.push(await this.scalar(arg))
    }
    assert(ranged !== undefined && (ranged.kind === 'matrix' || ranged.kind === 'subquery'), 'checked by the parser')
    if (name === 'double_exponential_smoothing') judgeSmoothing(args)
    const { source, at, rangeMs } = await this.samples(ranged)
    const span = ranged
    const vector = await foldWindows(
      {
        source,
        at,
        rangeMs,
        grid: this.#grid,
        fold,
        args,
        onSeries: index => {
          if (!fold.wantsCounter) return
          const metric = source.labelsAt(index).get(METRIC_NAME)
          if (metric !== '' && !COUNTER_NAME.test(metric)) annotations.maybeNotCounter(metric, span)
        },
      },
      limits,
    )
    if (name === 'quantile_over_time' && vector.labels.length > 0) this.#judgeQuantiles(args[0]!, expr.args[0]!)
    if (name === 'absent_over_time') return absentRow(vector, absentLabels(ranged))
    return fold.keepsName ? vector : dropNames(vector)
  }

  async #selector(expr: VectorSelector, timestamps: boolean): Promise<StepVector> {
    const { lookbackMs, limits } = this.#context
    const at = this.#reference(expr)
    const set = await this.#select(expr, at, lookbackMs)
    return selectInstant(set, at, lookbackMs, limits, timestamps)
  }

  /** One select for all steps: from the first window's start, which is excluded, to the last one's end. */
  #select(expr: VectorSelector, at: Reference, windowMs: number): Promise<SeriesSet> {
    const lastMs = at.firstMs + (at.count - 1) * at.stepMs
    return this.#context.queryable.querier(at.firstMs - windowMs + 1, lastMs).select(expr.matchers)
  }

  async #subquery(expr: Subquery, rangeMs: number): Promise<{ source: SampleSource; at: Reference }> {
    const at = this.#reference(expr)
    const stepMs =
      expr.step === undefined ? this.#context.defaultSubqueryStepMs : Math.max(1, this.#duration(expr.step, false))
    const lastMs = at.firstMs + (at.count - 1) * at.stepMs
    // Steps lie on multiples of the step, whatever the query's own times are.
    let startMs = stepMs * Math.trunc((at.firstMs - rangeMs) / stepMs)
    if (startMs <= at.firstMs - rangeMs) startMs += stepMs
    const count = Math.max(0, Math.floor((lastMs - startMs) / stepMs) + 1)
    const grid: Grid = { startMs, stepMs, count }
    const vector = await new Evaluator(this.#context, grid, this.#invariance).vector(expr.expr)
    return { source: new SubquerySamples(vector, grid), at }
  }

  /** Where selectors look: the steps, or the one instant of `@`, moved back by `offset`. */
  #reference(expr: VectorSelector | Subquery): Reference {
    const offsetMs = expr.offset === undefined ? 0 : this.#duration(expr.offset, true)
    const { startMs, stepMs, count } = this.#grid
    if (expr.at === undefined) return { firstMs: startMs - offsetMs, stepMs, count }
    return { firstMs: this.#instantOf(expr.at) - offsetMs, stepMs: 0, count }
  }

  #instantOf(at: At): number {
    if (at === 'start') return this.#context.grid.startMs
    return at === 'end' ? this.#context.endMs : at
  }

  #duration(expr: DurationExpr, mayBeNegative: boolean): number {
    const { grid, endMs, stepMs } = this.#context
    const rangeMs = endMs - grid.startMs
    return durationMs(expr, { stepMs, rangeMs }, mayBeNegative)
  }
}

/** The value of the only series at a step, else NaN. */
function scalarOf(vector: StepVector): Float64Array {
  const { steps } = vector
  const out = new Float64Array(steps).fill(NaN)
  const seen = new Uint8Array(steps)
  for (let row = 0; row < vector.labels.length; row++) {
    for (let step = 0; step < steps; step++) {
      const at = row * steps + step
      if (vector.present[at] === 0) continue
      out[step] = seen[step] === 1 ? NaN : vector.values[at]!
      seen[step] = 1
    }
  }
  return out
}

function judgeSmoothing(args: readonly Float64Array[]): void {
  for (const [i, what] of ['smoothing', 'trend'].entries()) {
    const name = i === 0 ? 'sf' : 'tf'
    const bad = args[i]!.find(value => !(value > 0 && value < 1))
    if (bad !== undefined) {
      throw executionError(`invalid ${what} factor. Expected: 0 < ${name} < 1, got: ${bad.toFixed(6)}`)
    }
  }
}
