import pc from 'picocolors'
import { type Arm, armsOf, infoOf, type Summary } from '../arms.ts'
import type { Report } from '../report.ts'
import { formatNumber, formatValue, oneLine } from './format.ts'
import { wrap } from './grid.ts'
import { groupMetrics } from './layout.ts'
import { misbehaviourRows } from './misbehaviours.ts'
import { calibrationLines, capacityLines, type Colors, comparisonLines } from './terminal-tables.ts'
import {
  conclusion,
  found,
  headline,
  machineOf,
  methodOf,
  replayOf,
  runsOf,
  scaleOf,
  shownArms,
  subjectOf,
  toldWarnings,
} from './words.ts'

export interface TerminalOptions {
  readonly color: boolean
  /** Columns of the terminal; what does not fit is left out or broken into lines. Default 120. */
  readonly width?: number
}

const INDENT = '  '
const MARGIN = 12
const WIDTH = 120

/** The summary that ends a run: verdict and thresholds first, then the figures by group. Ends with a line feed. */
export function renderTerminal(report: Report, { color, width = WIDTH }: TerminalOptions): string {
  const c = pc.createColors(color)
  const arms = armsOf(report)
  const { scenario, comparison, calibration, capacity } = report
  const inner = Math.max(40, width - INDENT.length)
  const lines: string[] = ['']
  const fact = (name: string, text: string): void => {
    const [first = '', ...more] = wrap(oneLine(text), inner - MARGIN)
    lines.push(
      `${INDENT}${c.dim(name.padEnd(MARGIN))}${first}`,
      ...more.map(line => INDENT + ' '.repeat(MARGIN) + line),
    )
  }
  lines.push(`${INDENT}${c.bold(oneLine(scenario.name))}${c.dim(`  ${oneLine(scenario.description)}`)}`, '')
  for (const arm of arms) fact(arms.length > 1 ? `subject ${arm.name}` : 'subject', subjectOf(report, arm))
  fact('cluster', scaleOf(report))
  const replay = replayOf(report)
  if (replay !== undefined) fact('trace', replay)
  fact('runs', `${runsOf(report)} · profile ${scenario.profile} · seed ${scenario.seed}`)
  if (comparison !== undefined) fact('method', methodOf(report))
  fact('machine', machineOf(report))
  lines.push('', ...verdictLines(report, inner, c))
  const block = (made: readonly string[]): void => {
    lines.push('', ...made.map(line => (line === '' ? '' : `${INDENT}${line}`)))
  }
  if (capacity !== undefined) block(capacityLines(capacity, inner, c))
  if (calibration !== undefined) block(calibrationLines(calibration, comparison, inner, c))
  else if (comparison !== undefined) block(comparisonLines(comparison, inner, c))
  if (arms.length === 0) lines.push('', `${INDENT}${c.dim('Nothing was measured.')}`)
  lines.push(...misbehaviourLines(report, inner, c), ...figureLines(shownArms(report, arms), inner, c))
  if (comparison !== undefined && calibration === undefined) {
    const paint = paintOf(report, c)
    const [first = '', ...more] = wrap(conclusion(report), inner - 3)
    lines.push('', `${INDENT}=> ${paint(c.bold(first))}`, ...more.map(line => `${INDENT}   ${paint(c.bold(line))}`))
  }
  return `${lines.join('\n')}\n`
}

function paintOf({ verdict }: Report, c: Colors): (text: string) => string {
  switch (verdict.status) {
    case 'pass':
    case 'improved':
    case 'unchanged':
      return c.green
    case 'fail':
    case 'regressed':
      return c.red
    default:
      return c.yellow
  }
}

function verdictLines(report: Report, inner: number, c: Colors): string[] {
  const { verdict, thresholds } = report
  const { word, sentence } = headline(report)
  const paint = paintOf(report, c)
  const [first = '', ...more] = wrap(sentence, inner - MARGIN)
  const lines = [
    `${INDENT}${paint(c.bold(word.toUpperCase().padEnd(MARGIN)))}${first}`,
    ...more.map(line => INDENT + ' '.repeat(MARGIN) + line),
  ]
  const beside = (text: string): string[] => wrap(text, inner - MARGIN).map(line => INDENT + ' '.repeat(MARGIN) + line)
  for (const reason of verdict.reasons) lines.push(...beside(oneLine(reason)))
  for (const { code, message } of toldWarnings(report)) {
    const [first = '', ...more] = wrap(`${oneLine(message)} [${oneLine(code)}]`, inner - MARGIN)
    lines.push(`${INDENT}${c.yellow('warning'.padEnd(MARGIN))}${first}`)
    lines.push(...more.map(line => INDENT + ' '.repeat(MARGIN) + line))
  }
  if (thresholds.length > 0) {
    const rows = thresholds.map(({ metric, expression, value }) => [
      oneLine(metric),
      oneLine(expression),
      found(value, expression, infoOf(report, metric).unit),
    ])
    const widths = columnWidths(rows)
    lines.push('')
    thresholds.forEach(({ ok }, i) => {
      const [metric, expression, value] = rows[i]!
      const mark = ok ? c.green('✓') : c.red('✗')
      const measured = value!.padStart(widths[2]!)
      lines.push(
        `${INDENT}${mark} ${metric!.padEnd(widths[0]!)}  ${c.dim(expression!.padEnd(widths[1]!))}  ${ok ? measured : c.red(measured)}`,
      )
    })
  }
  return lines
}

/** A line for each kind; what was expected only where it was otherwise. */
function misbehaviourLines(report: Report, inner: number, c: Colors): string[] {
  const rows = misbehaviourRows(report)
  if (rows.length === 0) return []
  const width = Math.max(...rows.map(({ kind }) => kind.length))
  const lines = ['', `${INDENT}${c.bold('Targets that misbehaved')}`]
  for (const { ok, kind, seen, expected } of rows) {
    const mark = ok === undefined ? ' ' : ok ? c.green('✓') : c.red('✗')
    lines.push(`${INDENT}${mark} ${kind.padEnd(width)}  ${oneLine(seen)}`)
    if (ok !== false) continue
    const beside = wrap(`expected ${oneLine(expected)}`, inner - width - 4)
    lines.push(...beside.map(line => `${INDENT}${' '.repeat(width + 4)}${c.red(line)}`))
  }
  return lines
}

const QUANTILES = ['p50', 'p90', 'p99', 'max', 'count'] as const

/** A line of figures; what stands behind them belongs to no column. */
interface FigureRow {
  readonly cells: readonly string[]
  readonly tail: string
}

function figureLines(arms: readonly Arm[], inner: number, c: Colors): string[] {
  const known = groupMetrics(arms)
  const nameWidth = Math.max(0, ...known.flatMap(group => group.keys.map(key => oneLine(key).length)))
  const groups = known.map(group => ({ ...group, rows: group.keys.flatMap(key => rowsOf(arms, key, nameWidth)) }))
  // One grid for all groups, so that the columns stand under each other.
  const widths = columnWidths([['', ...QUANTILES], ...groups.flatMap(group => group.rows.map(row => row.cells))])
  const full = widths.reduce((sum, width) => sum + width + 2, -2)
  if (full > inner) {
    // Names of values may reach into the columns, which are empty there.
    const names = groups.flatMap(({ title, rows }) => [
      title,
      ...rows.flatMap(({ cells }) => cells.slice(0, cells.length > 2 ? 1 : 0)),
    ])
    widths[0] = Math.max(...names.map(name => name.length))
  }
  const lines: string[] = []
  for (const { title, rows } of groups) {
    const hasQuantiles = rows.some(row => row.cells.length > 2)
    const heads = hasQuantiles ? QUANTILES.map((name, i) => name.padStart(widths[i + 1]!)).join('  ') : ''
    lines.push('', `${INDENT}${c.bold(title.padEnd(widths[0]!))}  ${c.dim(heads)}`.trimEnd())
    for (const { cells, tail } of rows) {
      const [name, ...values] = cells
      const beyond = Math.max(0, name!.length - widths[0]!)
      const figures = values.map((cell, i) => cell.padStart(widths[i + 1]! - (i === 0 ? beyond : 0))).join('  ')
      lines.push(`${INDENT}${name!.padEnd(widths[0]!)}  ${figures}${tail === '' ? '' : c.dim(`  ${tail}`)}`)
    }
  }
  if (arms.some(arm => arm.used.length > 1)) {
    const text = 'Quantiles are over all observations of the trials together; values are medians, with their range.'
    lines.push('', ...wrap(text, inner).map(line => INDENT + c.dim(line)))
  }
  return lines
}

/** A row for each arm; the metric's name stands in the first of them. */
function rowsOf(arms: readonly Arm[], key: string, nameWidth: number): FigureRow[] {
  const rows: FigureRow[] = []
  for (const arm of arms) {
    const summary = arm.metrics.get(key)
    if (summary === undefined) continue
    const own = rows.length === 0 ? oneLine(key) : ''
    const name = arms.length > 1 ? `${own.padEnd(nameWidth)}  ${arm.name}` : own
    rows.push({ cells: [name, ...cellsOf(summary)], tail: rangeOf(summary) })
  }
  return rows
}

/** How far a value of several trials lies apart. */
function rangeOf(summary: Summary): string {
  if (summary.kind !== 'scalar' || summary.min === summary.max) return ''
  const { unit } = summary.info
  return `${formatValue(summary.min, unit)} … ${formatValue(summary.max, unit)}`
}

function cellsOf(summary: Summary): string[] {
  const { unit } = summary.info
  if (summary.kind === 'scalar') return [formatValue(summary.value, unit)]
  const { value } = summary
  if (value.count === 0) return ['–', '–', '–', '–', '0']
  const quantiles = QUANTILES.slice(0, -1).map(quantile => formatValue(value[quantile], unit))
  const never = value.censored === undefined || value.censored === 0 ? '' : ` (${formatNumber(value.censored)} never)`
  return [...quantiles, formatNumber(value.count) + never]
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)))
  return widths
}
