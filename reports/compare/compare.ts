import { Prng } from '../../base/index.ts'
import type { Comparison, ComparisonRow, Report, Run, ScenarioInfo } from '../report.ts'
import { plural } from '../render/format.ts'
import type { TestMethod } from '../statistics/detectable.ts'
import { benjaminiHochberg, holm } from '../statistics/multiplicity.ts'
import { judgeExact, judgeRow, type Judged } from './judge.ts'
import { detectableChange, type Measured, measureRow } from './measure.ts'
import { minEffectOf, rowKey } from './policy.ts'
import { planRows, type RowPlan } from './rows.ts'
import { type Trials, trialsOf } from './trials.ts'

export interface CompareOptions {
  /** Of the family of gates. Default 0.05. */
  readonly alpha?: number
  /** Of the intervals. Default 0.95. */
  readonly confidence?: number
  /** Of the bootstrap. Default: the scenario's. */
  readonly seed?: string
  /** Smallest effects by row, `discovery_latency p99`, in place of the defaults: from a calibration. */
  readonly minEffects?: Readonly<Record<string, number>>
  /** Goes on although the arms differ in what must not; the comparison then gates nothing. */
  readonly allowDifferences?: boolean
  /** Which set of blocks; default: the first that there is. 1 is the one that was run to confirm. */
  readonly set?: number
  /** Names of base and head; default: subject and version. */
  readonly labels?: readonly [string, string]
  /** Also resamples the observations inside of each trial: wider intervals, for trials with few of them. Default false. */
  readonly withinTrials?: boolean
  /** What the caller knows to differ. */
  readonly differences?: readonly string[]
}

/** What is read of a report. */
export interface Comparable {
  readonly metrics: Report['metrics']
  readonly runs: readonly Run[]
  readonly scenario: Pick<ScenarioInfo, 'gates' | 'seed'>
}

/** A line of the table with what the trials say of it. */
interface Line {
  readonly plan: RowPlan
  readonly measured: Measured
  /** The verdict of an exact count, where equality decides. */
  readonly exact: Judged | undefined
}

/** Lines that are tested together, and the p-values that they have as such. */
interface Family {
  readonly size: number
  readonly adjusted: ReadonlyMap<Line, number>
}

/**
 * Compares arm B (head) with arm A (base), trial by trial.
 *
 * Where the trials are in blocks they are paired by block, and drift of the machine cancels; otherwise the arms are two
 * samples. Only valid and complete trials count. Pure: the same report and options give the same comparison on any machine.
 */
export function compareArms(report: Comparable, options: CompareOptions = {}): Comparison {
  const { alpha = 0.05, confidence = 0.95, seed = report.scenario.seed, withinTrials = false } = options
  const trials = trialsOf(report.runs, options.set)
  const differences = [...(options.differences ?? []), ...differentChurn(trials)]
  const informational = differences.length > 0 && options.allowDifferences === true
  const prng = new Prng(seed).fork('comparison')
  const plans = planRows(report, report.scenario.gates, [...trials.base, ...trials.head])
  const lines = plans.map((plan): Line => {
    // A stream for each row: one row more or less changes no other row's interval.
    const measured = measureRow(prng.fork(rowKey(plan)), trials, plan, { confidence, withinTrials })
    return { plan, measured, exact: plan.policy.exact === true ? judgeExact(plan, measured) : undefined }
  })
  const tested = lines.filter(line => isTested(line))
  const gates = familyOf(
    tested.filter(({ plan }) => plan.gate),
    holm,
  )
  const others = familyOf(
    tested.filter(({ plan }) => !plan.gate),
    benjaminiHochberg,
  )
  const { method } = trials
  const rows = lines.map(line => {
    const family = line.plan.gate ? gates : others
    const row =
      line.exact === undefined
        ? testedRow(line, family, { method, alpha, minEffects: options.minEffects ?? {} })
        : exactRow(line, line.exact)
    return informational ? { ...row, gate: false } : row
  })
  const [base, head] = options.labels ?? labelsOf(report)
  return {
    method,
    base: { label: base, trials: trials.base.length, excluded: trials.baseExcluded },
    head: { label: head, trials: trials.head.length, excluded: trials.headExcluded },
    alpha,
    confidence,
    seed,
    rows,
    differences,
    informational,
  }
}

/** There is no chance in an exact count, and lines for information are not judged. */
function isTested({ plan, measured, exact }: Line): boolean {
  if (exact !== undefined || measured.p === null || plan.info.direction === 'none') return false
  return plan.gate || plan.policy.info !== true
}

function familyOf(lines: readonly Line[], correct: (pValues: readonly number[]) => number[]): Family {
  const adjusted = correct(lines.map(({ measured }) => measured.p!))
  return { size: lines.length, adjusted: new Map(lines.map((line, i) => [line, adjusted[i]!])) }
}

function testedRow(
  line: Line,
  { size, adjusted }: Family,
  {
    method,
    alpha,
    minEffects,
  }: { readonly method: TestMethod } & Required<Pick<CompareOptions, 'alpha' | 'minEffects'>>,
): ComparisonRow {
  const { plan, measured } = line
  const { base, head, change, interval, p, baseTrials, headTrials } = measured
  const relative = minEffectOf(plan, plan.policy, method, minEffects)
  const minEffect = base !== null && base > 0 ? Math.max(relative, plan.policy.floor / base) : relative
  const pAdjusted = adjusted.get(line) ?? null
  const { verdict, notes } = judgeRow(plan, measured, { method, alpha, minEffect, pAdjusted, family: size })
  return {
    ...headOf(line),
    gate: plan.gate,
    exact: false,
    base,
    head,
    change,
    interval,
    p,
    pAdjusted: plan.gate ? pAdjusted : null,
    minEffect,
    detectable: detectableChange(method, Math.min(baseTrials.length, headTrials.length), measured.noise, {
      alpha: plan.gate ? alpha / Math.max(1, size) : alpha,
      minEffect,
    }),
    verdict,
    ...noteOf([...plan.notes, ...notes]),
  }
}

/** An exact count gates without being declared, and stands with its worst trial: the median of one loss in eight is 0. */
function exactRow(line: Line, { verdict, notes }: Judged): ComparisonRow {
  const { plan, measured } = line
  const worst = plan.info.direction === 'higher' ? Math.min : Math.max
  return {
    ...headOf(line),
    gate: true,
    exact: true,
    base: worst(...measured.baseTrials),
    head: worst(...measured.headTrials),
    change: null,
    interval: null,
    p: null,
    pAdjusted: null,
    minEffect: 0,
    detectable: null,
    verdict,
    ...noteOf([...plan.notes, ...notes]),
  }
}

function headOf({ plan, measured }: Line) {
  const { baseSpread, headSpread, baseTrials, headTrials } = measured
  const { metric, statistic, info } = plan
  return {
    metric,
    statistic,
    unit: info.unit,
    direction: info.direction,
    baseSpread,
    headSpread,
    baseTrials,
    headTrials,
  } satisfies Partial<ComparisonRow>
}

function noteOf(notes: readonly string[]): Pick<ComparisonRow, 'note'> {
  return notes.length === 0 ? {} : { note: notes.join('; ') }
}

/** Blocks whose two trials were not given the same events: seed and scenario decide these, so they must be equal. */
function differentChurn({ method, base, head }: Trials): string[] {
  if (method === 'unpaired') return []
  const blocks = base.filter((run, i) => run.traceSha256 !== head[i]!.traceSha256).map(run => run.block)
  if (blocks.length === 0) return []
  return [`the two trials of ${plural(blocks.length, 'block')} saw different churn: ${blocks.join(', ')}`]
}

/** `embedded 0.1.0`; with the name of the arm where both are the same. */
function labelsOf(report: Comparable): [string, string] {
  const name = (arm: Run['arm']): string => {
    const subject = report.runs.find(run => run.arm === arm)?.subject
    return subject === undefined ? arm : `${subject.kind} ${subject.version}`.trim()
  }
  const [a, b] = [name('A'), name('B')]
  return a === b ? [`A ${a}`, `B ${b}`] : [a, b]
}
