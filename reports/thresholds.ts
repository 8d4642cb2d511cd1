import { nearest, parseDuration, unreachable } from '../base/index.ts'
import { ReportError } from './errors.ts'
import { tryParseMetricKey } from './metric-key.ts'
import { METRICS } from './metrics.ts'
import type { MetricInfo } from './report.ts'

/** Thresholds as scenarios write them: by metric or sub-metric, each a text in k6's grammar, or its long form. */
export type ThresholdsInput = Readonly<Record<string, readonly ThresholdInput[]>>

export type ThresholdInput =
  string | { readonly threshold: string; readonly abortOnFail?: boolean; readonly delayAbortEval?: string }

export type Aggregation = 'avg' | 'min' | 'max' | 'med' | 'p' | 'count' | 'rate' | 'value'
export type Operator = '<' | '<=' | '>' | '>=' | '==' | '===' | '!='

/** One threshold, read. */
export interface Threshold {
  /** As written: `name`, `name{tag=value}` or k6's `name{tag:value}`. */
  readonly metric: string
  /** As written. */
  readonly expression: string
  readonly aggregation: Aggregation
  /** N of `p(N)`, otherwise 0. */
  readonly percentile: number
  readonly operator: Operator
  /** In the metric's base unit: seconds, bytes. */
  readonly limit: number
  /** Present when crossing it ends the run at once: how long after the start it is first looked at. */
  readonly abort?: { readonly afterMs: number }
}

const EXPRESSION =
  /^\s*(?:(avg|min|max|med|count|rate|value)|p\(\s*(\d+(?:\.\d+)?)\s*\))\s*(<=|>=|===|==|!=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*$/

/** What can be asked of each kind of metric. */
const AGGREGATIONS: Readonly<Record<MetricInfo['kind'], readonly Aggregation[]>> = {
  histogram: ['avg', 'min', 'max', 'med', 'p', 'count'],
  value: ['value'],
  count: ['count', 'value', 'rate'],
}

/**
 * Reads one expression, e.g. `p(99)<8`; `undefined` when it is none.
 *
 *   <expression> := <aggregation> <operator> <number>
 *   <aggregation> := avg | min | max | med | p(<N>) | count | rate | value
 *   <operator> := < | <= | > | >= | == | === | !=
 */
export function parseExpression(
  expression: string,
): Pick<Threshold, 'aggregation' | 'percentile' | 'operator' | 'limit'> | undefined {
  const match = EXPRESSION.exec(expression)
  if (match === null) return undefined
  const [, word, percentile, operator, number] = match
  if (Number(percentile ?? 0) > 100 || !Number.isFinite(Number(number))) return undefined
  return {
    aggregation: (word ?? 'p') as Aggregation,
    percentile: Number(percentile ?? 0),
    operator: operator as Operator,
    limit: Number(number),
  }
}

/**
 * All faults of a scenario's thresholds, each `metric: what is wrong`; empty when they can be used.
 *
 * `catalogue` holds the metrics that can be measured; a threshold on anything else could never have data.
 */
export function checkThresholds(
  input: ThresholdsInput,
  catalogue: Readonly<Record<string, MetricInfo>> = METRICS,
): string[] {
  return read(input, catalogue).faults
}

/** @throws ReportError CHURN_THRESHOLD (exit 2) that lists every fault */
export function parseThresholds(
  input: ThresholdsInput,
  catalogue: Readonly<Record<string, MetricInfo>> = METRICS,
): Threshold[] {
  const { thresholds, faults } = read(input, catalogue)
  if (faults.length > 0) {
    throw new ReportError(
      'CHURN_THRESHOLD',
      `thresholds cannot be used:${faults.map(fault => `\n  ${fault}`).join('')}`,
    )
  }
  return thresholds
}

function read(
  input: ThresholdsInput,
  catalogue: Readonly<Record<string, MetricInfo>>,
): { readonly thresholds: Threshold[]; readonly faults: string[] } {
  const thresholds: Threshold[] = []
  const faults: string[] = []
  for (const [metric, expressions] of Object.entries(input)) {
    const key = tryParseMetricKey(metric)
    if (key === undefined) {
      faults.push(`${metric}: is no metric; write name or name{tag=value}`)
      continue
    }
    const info = Object.hasOwn(catalogue, key.name) ? catalogue[key.name] : undefined
    if (info === undefined) {
      const near = nearest(key.name, Object.keys(catalogue))
      faults.push(`${metric}: there is no metric "${key.name}"${near === undefined ? '' : `; did you mean ${near}?`}`)
    }
    // Users' files come from outside the types.
    if (!Array.isArray(expressions)) {
      faults.push(`${metric}: must be a list of expressions such as ["p(99)<8"]`)
      continue
    }
    for (const entry of expressions as readonly unknown[]) {
      const { expression, abort, wrong } = readEntry(entry)
      faults.push(...wrong.map(what => `${metric}: ${what}`))
      const parsed = typeof expression === 'string' ? parseExpression(expression) : undefined
      if (parsed === undefined) {
        faults.push(`${metric}: ${JSON.stringify(expression)} is no threshold; write for instance p(99)<8 or value==0`)
      } else if (info !== undefined && !AGGREGATIONS[info.kind].includes(parsed.aggregation)) {
        faults.push(
          `${metric}: "${String(expression)}" asks for ${spell(parsed.aggregation)}, but a ${info.kind} has ${AGGREGATIONS[info.kind].map(spell).join(', ')}`,
        )
      } else {
        thresholds.push({ metric, expression: expression as string, ...parsed, ...(abort && { abort }) })
      }
    }
  }
  return { thresholds, faults }
}

interface Entry {
  readonly expression: unknown
  readonly abort?: { readonly afterMs: number }
  readonly wrong: readonly string[]
}

/** A threshold's text, or its long form as k6 has it. */
function readEntry(entry: unknown): Entry {
  if (typeof entry !== 'object' || entry === null || !('threshold' in entry)) return { expression: entry, wrong: [] }
  const { threshold, abortOnFail = false, delayAbortEval = '0s', ...more } = entry as Record<string, unknown>
  const wrong = Object.keys(more).map(
    field => `unknown field "${field}"; a threshold has threshold, abortOnFail, delayAbortEval`,
  )
  if (typeof abortOnFail !== 'boolean') wrong.push('abortOnFail must be true or false')
  let afterMs = 0
  try {
    afterMs = parseDuration(String(delayAbortEval))
  } catch (error) {
    wrong.push(`delayAbortEval: ${(error as Error).message}`)
  }
  if ('delayAbortEval' in entry && abortOnFail !== true) wrong.push('delayAbortEval says nothing without abortOnFail')
  return { expression: threshold, ...(abortOnFail === true ? { abort: { afterMs } } : {}), wrong }
}

function spell(aggregation: Aggregation): string {
  return aggregation === 'p' ? 'p(N)' : aggregation
}

export function compare(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit
    case '<=':
      return value <= limit
    case '>':
      return value > limit
    case '>=':
      return value >= limit
    case '==':
    case '===':
      return value === limit
    case '!=':
      return value !== limit
    default:
      return unreachable(operator, 'operator')
  }
}
