import pc from 'picocolors'
import { type Arm, armsOf, infoOf, type Summary } from '../arms.ts'
import type { Report } from '../report.ts'
import { formatNumber, formatValue, oneLine } from './format.ts'
import { groupMetrics } from './layout.ts'
import { found, headline, machineOf, runsOf, scaleOf } from './words.ts'

export interface TerminalOptions {
  readonly color: boolean
}

const INDENT = '  '
const MARGIN = 12

/** The summary that ends a run: verdict and thresholds first, then the figures by group. Ends with a line feed. */
export function renderTerminal(report: Report, { color }: TerminalOptions): string {
  const c = pc.createColors(color)
  const arms = armsOf(report)
  const { scenario } = report
  const lines: string[] = ['']
  const fact = (name: string, text: string): void => {
    lines.push(`${INDENT}${c.dim(name.padEnd(MARGIN))}${oneLine(text)}`)
  }
  lines.push(`${INDENT}${c.bold(oneLine(scenario.name))}${c.dim(`  ${oneLine(scenario.description)}`)}`, '')
  for (const arm of arms) fact(arms.length > 1 ? `subject ${arm.name}` : 'subject', arm.subject)
  fact('cluster', scaleOf(report))
  fact('runs', `${runsOf(report)} · profile ${scenario.profile} · seed ${scenario.seed}`)
  fact('machine', machineOf(report))
  lines.push('', ...verdictLines(report, c), ...figureLines(arms, c))
  return `${lines.join('\n')}\n`
}

type Colors = ReturnType<typeof pc.createColors>

function verdictLines(report: Report, c: Colors): string[] {
  const { verdict, thresholds, warnings } = report
  const { word, sentence } = headline(report)
  const paint = verdict.status === 'pass' ? c.green : verdict.status === 'fail' ? c.red : c.yellow
  const lines = [`${INDENT}${paint(c.bold(word.toUpperCase().padEnd(MARGIN)))}${sentence}`]
  for (const reason of verdict.reasons) lines.push(`${INDENT}${' '.repeat(MARGIN)}${oneLine(reason)}`)
  for (const warning of warnings) {
    lines.push(
      `${INDENT}${c.yellow('warning'.padEnd(MARGIN))}${oneLine(warning.message)} ${c.dim(oneLine(warning.code))}`,
    )
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

const QUANTILES = ['p50', 'p90', 'p99', 'max', 'count'] as const

function figureLines(arms: readonly Arm[], c: Colors): string[] {
  const groups = groupMetrics(arms).map(group => ({
    ...group,
    rows: group.keys.flatMap(key => rowsOf(arms, key)),
  }))
  // One grid for all groups, so that the columns stand under each other.
  const widths = columnWidths([['', ...QUANTILES], ...groups.flatMap(group => group.rows)])
  const lines: string[] = []
  for (const { title, rows } of groups) {
    const hasQuantiles = rows.some(row => row.length > 2)
    const heads = hasQuantiles ? QUANTILES.map((name, i) => name.padStart(widths[i + 1]!)).join('  ') : ''
    lines.push('', `${INDENT}${c.bold(title.padEnd(widths[0]!))}  ${c.dim(heads)}`.trimEnd())
    for (const [name, ...cells] of rows) {
      const figures = cells.map((cell, i) => cell.padStart(widths[i + 1]!)).join('  ')
      lines.push(`${INDENT}${name!.padEnd(widths[0]!)}  ${figures}`)
    }
  }
  if (arms.length === 0) lines.push('', `${INDENT}${c.dim('Nothing was measured.')}`)
  return lines
}

/** A row for each arm; the metric's name stands in the first of them. */
function rowsOf(arms: readonly Arm[], key: string): string[][] {
  const rows: string[][] = []
  for (const arm of arms) {
    const summary = arm.metrics.get(key)
    if (summary === undefined) continue
    const own = rows.length === 0 ? oneLine(key) : ''
    const name = arms.length > 1 ? `${own.padEnd(oneLine(key).length)}  ${arm.name}` : own
    rows.push([name, ...cellsOf(summary)])
  }
  return rows
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
