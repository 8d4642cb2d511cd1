import type pc from 'picocolors'
import type { Calibration, Capacity, Comparison } from '../report.ts'
import {
  type ComparedCells,
  comparedCells,
  comparedSections,
  detectables,
  sharedNotes,
  type Tone,
} from './compare-table.ts'
import { formatNumber, formatShare, oneLine } from './format.ts'
import { type Grid, type Column, layOut, wrap } from './grid.ts'
import { capacitySentence, selfTest } from './words.ts'

export type Colors = ReturnType<typeof pc.createColors>

/** A column of the comparison: its cell, and at which stage of narrowness it goes or shortens. */
interface ComparedColumn extends Column {
  readonly cell: (cells: ComparedCells, stage: Stage) => string
}

/** What a narrow terminal makes us leave out, one after the other. */
const STAGES = ['all', 'no notes', 'no trials', 'no p', 'no spread', 'no interval'] as const
type Stage = number

const COLUMNS: readonly ComparedColumn[] = [
  { head: 'metric', align: 'left', cell: cells => cells.name },
  { head: 'base', align: 'right', cell: cells => cells.base },
  { head: '', align: 'left', close: true, cell: (cells, stage) => (stage >= 4 ? '' : cells.baseSpread) },
  { head: 'head', align: 'right', cell: cells => cells.head },
  { head: '', align: 'left', close: true, cell: (cells, stage) => (stage >= 4 ? '' : cells.headSpread) },
  { head: 'change', align: 'right', cell: cells => cells.change },
  { head: '95% interval', align: 'left', cell: (cells, stage) => (stage >= 5 ? '' : cells.interval) },
  { head: 'p(holm)', align: 'right', cell: (cells, stage) => (stage >= 3 ? '' : cells.p) },
  { head: 'n', align: 'right', cell: (cells, stage) => (stage >= 2 ? '' : cells.trials) },
  {
    head: 'verdict',
    align: 'left',
    cell: (cells, stage) =>
      stage >= 1 || cells.note === '' ? cells.verdict : `${cells.verdict} (${cells.note})`.trim(),
  },
]

/** The rows of a comparison by what they are for, as wide as `width` allows. */
export function comparisonLines(comparison: Comparison, width: number, c: Colors): string[] {
  const sections = comparedSections(comparison)
  const { shared, noteOf } = sharedNotes(comparison.rows)
  const all = sections
    .flatMap(section => section.rows)
    // Of what decides nothing the reasons are not told here.
    .map(row => comparedCells(row, comparison, row.gate || row.exact ? noteOf(row) : ''))
  if (all.length === 0) return [c.dim('There is nothing to compare.')]
  const heads = COLUMNS.map(column =>
    column.head === '95% interval' ? { ...column, head: `${formatShare(comparison.confidence)} interval` } : column,
  )
  const at = (stage: Stage): Grid =>
    layOut(
      heads,
      all.map(cells => COLUMNS.map(column => column.cell(cells, stage))),
    )
  let stage = 0
  while (stage < STAGES.length - 1 && at(stage).width > width) stage++
  const grid = at(stage)
  const lines = [c.dim(grid.head)]
  let i = 0
  for (const { title, rows } of sections) {
    lines.push(c.bold(title))
    for (const _ of rows) {
      const { tone, note } = all[i]!
      lines.push(paint(c, tone)(grid.rows[i]!))
      if (stage >= 1 && note !== '') lines.push(...wrap(note, width - 4).map(line => c.dim(`    ${line}`)))
      i++
    }
  }
  const found = detectables(comparison)
  const remarks = [
    ...shared,
    ...(found.length > 0 ? [`smallest change that would be found four times out of five: ${found.join(', ')}`] : []),
  ]
  if (remarks.length > 0) lines.push('')
  for (const remark of remarks) lines.push(...wrap(remark, width).map(line => c.dim(line)))
  return lines
}

/** How much each figure varies by itself on this machine. */
export function calibrationLines(
  { blocks, noise }: Calibration,
  comparison: Comparison | undefined,
  width: number,
  c: Colors,
): string[] {
  const names = Object.keys(noise)
  if (names.length === 0) return [c.dim('No noise was measured.')]
  const counts = [...new Set(names.flatMap(name => Object.keys(noise[name]!.detectable)))].toSorted(
    (a, b) => Number(a) - Number(b),
  )
  const withCounts = (shown: readonly string[]): Grid =>
    layOut(
      [
        { head: 'noise of', align: 'left' },
        { head: 'variation', align: 'right' },
        { head: 'change', align: 'right' },
        { head: 'min effect', align: 'right' },
        ...shown.map((count, i) => ({ head: i === 0 ? `found by ${count}` : count, align: 'right' as const })),
      ],
      names.map(name => {
        const { variation, change95, minEffect, detectable } = noise[name]!
        const found = shown.map(count => (detectable[count] === undefined ? '–' : `±${formatShare(detectable[count])}`))
        const label = oneLine(name).replace(/ value$/, '')
        return [label, formatShare(variation), formatShare(change95), formatShare(minEffect), ...found]
      }),
    )
  // A narrow terminal shows what many blocks would find, and leaves out what few would.
  let shown = counts
  while (shown.length > 1 && withCounts(shown).width > width) shown = shown.slice(1)
  const grid = withCounts(shown)
  const text =
    `From ${blocks} blocks of the same against itself. variation: standard deviation of the trials over their mean; ` +
    'change: between the two trials of a block, 95 times out of 100 below this; min effect: what a comparison here ' +
    'shall believe in; found by: change that so many blocks find four times out of five.'
  const result = comparison === undefined ? [] : [selfTest(comparison)]
  return [
    c.dim(grid.head),
    ...grid.rows,
    '',
    ...wrap(text, width).map(line => c.dim(line)),
    '',
    ...result.flatMap(line => wrap(line, width)),
  ]
}

/** The loads that were tried, in order, and the answer. */
export function capacityLines({ field, steps, sustained, failed }: Capacity, width: number, c: Colors): string[] {
  const loadWidth = Math.max(4, ...steps.map(step => formatNumber(step.load).length))
  const lines = [c.dim(`${'load'.padStart(loadWidth)}  sustained`)]
  for (const step of steps) {
    const load = formatNumber(step.load).padStart(loadWidth)
    const reasons = wrap(oneLine(step.reasons.join('; ')), Math.max(20, width - loadWidth - 5))
    lines.push(`${load}  ${step.sustained ? c.green('✓') : c.red('✗')}  ${c.dim(reasons[0] ?? '')}`.trimEnd())
    for (const more of reasons.slice(1)) lines.push(c.dim(`${' '.repeat(loadWidth + 5)}${more}`))
  }
  lines.push('', ...wrap(capacitySentence({ field, sustained, failed }), width).map(line => c.bold(line)))
  if (sustained !== null) lines.push('', c.dim('The figures at that load:'))
  return lines
}

function paint(c: Colors, tone: Tone): (text: string) => string {
  switch (tone) {
    case 'bad':
      return text => c.red(text)
    case 'good':
      return text => c.green(text)
    case 'doubtful':
      return text => c.yellow(text)
    case 'faint':
      return text => c.dim(text)
    case 'plain':
      return text => text
  }
}
