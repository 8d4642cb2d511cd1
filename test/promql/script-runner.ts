import { VirtualClock } from '../../base/index.ts'
import { type Labels, LabelsBuilder, METRIC_NAME } from '../../scraper/model/index.ts'
import { type Expr, parse, QueryEngine, type QueryResult } from '../../scraper/promql/index.ts'
import { MemoryStorage } from './memory-storage.ts'
import { type EvalCommand, type Expectation, parseScript, type Point } from './script-parser.ts'

/** Relative error that a value may have. */
const EPSILON = 1e-6

export interface ScriptReport {
  readonly name: string
  passed: number
  readonly failures: string[]
  /** Cases that need what is not built, by what it is. */
  readonly leftOut: Map<string, number>
}

/**
 * Runs a script against the engine over an in-memory storage.
 *
 * Instant queries are run a second time as range queries around their instant and must give the same there. A case
 * that fails is left out, not failed, when it needs native histograms (its expectation has one, or a selector of it
 * matches a series with one) or a feature that the parser refuses by name.
 */
export async function runScript(name: string, text: string): Promise<ScriptReport> {
  const report: ScriptReport = { name, passed: 0, failures: [], leftOut: new Map() }
  const storage = new MemoryStorage()
  const engine = new QueryEngine(new VirtualClock(), { experimentalFunctions: true })
  let histograms: Labels[] = []
  for (const command of parseScript(text)) {
    if (command.kind === 'clear') {
      storage.clear()
      histograms = []
    } else if (command.kind === 'load') {
      for (const { labels, points } of command.series) {
        for (const [i, point] of points.entries()) {
          if (point !== 'none' && point !== 'histogram') storage.add(labels, i * command.stepMs, point)
        }
        if (points.includes('histogram')) histograms.push(labels)
        if (command.nhcb) histograms.push(withoutBucket(labels))
      }
    } else {
      await runCase(engine, storage, command, histograms, report)
    }
  }
  return report
}

async function runCase(
  engine: QueryEngine,
  storage: MemoryStorage,
  command: EvalCommand,
  histograms: readonly Labels[],
  report: ScriptReport,
): Promise<void> {
  const fault = await fails(engine, storage, command)
  if (fault === undefined) {
    report.passed++
    return
  }
  const missing = missingFeature(command, histograms, fault)
  if (missing === undefined) report.failures.push(`${report.name}:${command.line}: ${command.query}\n    ${fault}`)
  else report.leftOut.set(missing, (report.leftOut.get(missing) ?? 0) + 1)
}

async function fails(engine: QueryEngine, storage: MemoryStorage, command: EvalCommand): Promise<string | undefined> {
  const mayFail = command.expectations.filter(({ kind }) => kind === 'fail')
  let result: QueryResult
  try {
    result =
      command.stepMs === undefined
        ? await engine.instant(storage, command.query, command.startMs)
        : await engine.range(storage, command.query, command.startMs, command.endMs, command.stepMs)
  } catch (error) {
    const { message } = error as Error
    if (mayFail.length === 0) return `failed: ${message}`
    return mayFail.every(({ match }) => matches(match, message)) ? undefined : `failed otherwise: ${message}`
  }
  if (mayFail.length > 0) return 'did not fail'
  return (
    annotationFault(command.expectations, result) ??
    valueFault(command, result) ??
    (await rangeFault(engine, storage, command, result))
  )
}

function matches(match: Expectation['match'], message: string): boolean {
  if (match === undefined) return true
  return match.type === 'msg' ? message === match.text : new RegExp(match.text).test(message)
}

function annotationFault(expectations: readonly Expectation[], result: QueryResult): string | undefined {
  for (const kind of ['warn', 'info'] as const) {
    const got = kind === 'warn' ? result.warnings : result.infos
    const wanted = expectations.filter(expectation => expectation.kind === kind)
    if (expectations.some(expectation => expectation.kind === `no_${kind}`) && got.length > 0) {
      return `unexpected ${kind}: ${got.join('; ')}`
    }
    for (const { match } of wanted) {
      if (!got.some(message => matches(match, message))) {
        return `no ${kind} ${match?.text ?? ''}: ${got.join('; ')}`
      }
    }
    if (wanted.length > 0) {
      const stray = got.find(message => !wanted.some(({ match }) => matches(match, message)))
      if (stray !== undefined) return `unexpected ${kind}: ${stray}`
    }
  }
  return undefined
}

function valueFault(command: EvalCommand, result: QueryResult): string | undefined {
  const { value } = result
  if (value.type === 'string') return value.value === command.string ? undefined : `got string ${value.value}`
  if (value.type === 'scalar') {
    if (command.scalar === undefined) return `got scalar ${value.value}`
    return almostEqual(command.scalar, value.value) ? undefined : `expected ${command.scalar}, got ${value.value}`
  }
  if (command.scalar !== undefined) return `expected a scalar, got a ${value.type}`
  const expected = new Map(command.series.map((series, position) => [series.labels.key(), { ...series, position }]))
  if (value.type === 'vector') {
    for (const [position, labels] of value.labels.entries()) {
      const want = expected.get(labels.key())
      if (want === undefined) return `unexpected ${labels.toString()} ${value.values[position]}`
      if (command.expectations.some(({ kind }) => kind === 'ordered') && want.position !== position) {
        return `${labels.toString()} is at ${position}, not at ${want.position}`
      }
      const [point] = want.points
      if (typeof point !== 'number' || !almostEqual(point, value.values[position]!)) {
        return `${labels.toString()}: expected ${point}, got ${value.values[position]}`
      }
      expected.delete(labels.key())
    }
  } else {
    const startMs = command.rangeVector?.startMs ?? command.startMs
    const stepMs = command.rangeVector?.stepMs ?? command.stepMs ?? 1
    for (const { labels, tMs, values } of value.series) {
      const want = expected.get(labels.key())
      if (want === undefined) return `unexpected ${labels.toString()} ${[...values].join(' ')}`
      const fault = pointsFault(want.points, startMs, stepMs, tMs, values)
      if (fault !== undefined) return `${labels.toString()}: ${fault}`
      expected.delete(labels.key())
    }
  }
  const [missing] = expected.values()
  return missing === undefined ? undefined : `missing ${missing.labels.toString()}`
}

function pointsFault(
  points: readonly Point[],
  startMs: number,
  stepMs: number,
  tMs: Float64Array,
  values: Float64Array,
): string | undefined {
  const got = (): string => `got ${[...tMs].map((t, i) => `${values[i]}@${t / 1000}`).join(' ')}`
  let at = 0
  for (const [i, point] of points.entries()) {
    if (point === 'none') continue
    if (tMs[at] !== startMs + i * stepMs) return `nothing at ${(startMs + i * stepMs) / 1000}; ${got()}`
    if (typeof point !== 'number' || !almostEqual(point, values[at]!)) return `expected ${point} at step ${i}; ${got()}`
    at++
  }
  return at === tMs.length ? undefined : `more than expected; ${got()}`
}

/** The same query over a small range gives, at the instant, the same. */
async function rangeFault(
  engine: QueryEngine,
  storage: MemoryStorage,
  command: EvalCommand,
  instant: QueryResult,
): Promise<string | undefined> {
  if (command.stepMs !== undefined || (instant.value.type !== 'vector' && instant.value.type !== 'scalar'))
    return undefined
  // These refer to the query's own range.
  if (/\b(?:start|end|range|step)\s*\(/.test(command.query)) return undefined
  const { startMs } = command
  let range: QueryResult
  try {
    range = await engine.range(storage, command.query, startMs - 60_000, startMs + 60_000, 60_000)
  } catch (error) {
    // Another instant may have duplicates that this one has not.
    return /same labelset|duplicate series|multiple matches/.test((error as Error).message)
      ? undefined
      : `as a range: ${(error as Error).message}`
  }
  if (range.value.type !== 'matrix') return 'as a range: no matrix'
  const there = new Map<string, number>()
  for (const { labels, tMs, values } of range.value.series) {
    const at = tMs.indexOf(startMs)
    if (at !== -1) there.set(labels.key(), values[at]!)
  }
  const here: [string, number][] =
    instant.value.type === 'scalar'
      ? [['', instant.value.value]]
      : [...instant.value.labels].map((labels, i) => [
          labels.key(),
          (instant.value as { values: Float64Array }).values[i]!,
        ])
  if (here.length !== there.size) return `as a range: ${there.size} series instead of ${here.length}`
  for (const [key, value] of here) {
    if (!Object.is(there.get(key), value)) return `as a range: ${there.get(key)} instead of ${value}`
  }
  return undefined
}

function missingFeature(command: EvalCommand, histograms: readonly Labels[], fault: string): string | undefined {
  if (command.series.some(({ points }) => points.includes('histogram'))) return 'native histograms'
  const refused =
    /parse error: (?:(binop fill|anchored|smoothed).*experimental|function "(\w+)" is not supported|(operator \S+)|(limitk|limit_ratio)\(\))/.exec(
      fault,
    )
  if (refused !== null) return refused.slice(1).find(part => part !== undefined)!
  let expr: Expr
  try {
    expr = parse(command.query, { experimentalFunctions: true })
  } catch {
    return undefined
  }
  const touches = selectors(expr).some(selector =>
    histograms.some(labels => selector.matchers.every(matcher => matcher.matches(labels.get(matcher.name)))),
  )
  if (touches) return 'native histograms'
  // The suite is written for an engine that removes names last and so still knows them in annotations.
  if (/^no (?:warn|info) .* for metric name "/.test(fault)) return 'delayed name removal'
  return undefined
}

type Selector = Extract<Expr, { kind: 'selector' }>

function selectors(expr: Expr): Selector[] {
  switch (expr.kind) {
    case 'selector':
      return [expr]
    case 'matrix':
      return [expr.selector]
    case 'paren':
    case 'unary':
    case 'subquery':
      return selectors(expr.expr)
    case 'aggregate':
      return [...selectors(expr.expr), ...(expr.param === undefined ? [] : selectors(expr.param))]
    case 'binary':
      return [...selectors(expr.lhs), ...selectors(expr.rhs)]
    case 'call':
      return expr.args.flatMap(selectors)
    default:
      return []
  }
}

function withoutBucket(labels: Labels): Labels {
  const base = labels.get(METRIC_NAME).replace(/_(?:bucket|count|sum)$/, '')
  return new LabelsBuilder(labels).set(METRIC_NAME, base).delete('le').build()
}

function almostEqual(a: number, b: number): boolean {
  if (a !== a && b !== b) return true
  if (a === b) return true
  if (a !== a || b !== b || !Number.isFinite(a) || !Number.isFinite(b)) return false
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < Number.MIN_VALUE * 2 ** 52) return difference < EPSILON * Number.MIN_VALUE * 2 ** 52
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON
}
