import type { Calibration, Capacity, Comparison, ComparisonRow } from '../report.ts'
import {
  type ComparedCells,
  comparedCells,
  comparedSections,
  detectables,
  isNotable,
  labelOf,
  sharedNotes,
  type Tone,
} from './compare-table.ts'
import { formatNumber, formatShare, plural } from './format.ts'
import { code, details, table, text } from './markdown-text.ts'
import { capacitySentence, selfTest } from './words.ts'

const ICONS: Readonly<Record<Tone, string>> = { bad: '🔻', good: '🔺', doubtful: '❔', plain: '🟰', faint: '' }

/** What changed or could not be judged first, and open; all the rest folded away. Blocks of Markdown. */
export function comparisonBlocks(comparison: Comparison): string[] {
  const rows = comparedSections(comparison).flatMap(section => section.rows)
  if (rows.length === 0) return ['_There is nothing to compare._']
  const notable = rows.filter(isNotable)
  const rest = rows.filter(row => !isNotable(row))
  const gates = rest.filter(row => row.gate).length
  const found = detectables(comparison)
  const { shared, noteOf } = sharedNotes(comparison.rows)
  const comparedTable = (some: readonly ComparisonRow[]): string => tableOf(comparison, some, noteOf)
  const blocks = [
    notable.length === 0
      ? `_Nothing to report: ${plural(gates, 'gate')} unchanged._`
      : comparedTable(notable.toSorted((a, b) => severity(a) - severity(b))),
  ]
  if (rest.length > 0) {
    const what = [
      ...(gates > 0 ? [`${plural(gates, 'gate')} unchanged`] : []),
      plural(rest.length - gates, 'other row'),
    ]
    blocks.push(details(`The rest: ${what.join(', ')}`, comparedTable(rest)))
  }
  if (shared.length > 0) blocks.push(shared.map(note => `- ${text(note)}`).join('\n'))
  if (found.length > 0) {
    blocks.push(`Smallest change that would be found four times out of five: ${found.map(text).join(', ')}.`)
  }
  return blocks
}

function tableOf(
  comparison: Comparison,
  rows: readonly ComparisonRow[],
  noteOf: (row: ComparisonRow) => string,
): string {
  const confidence = `${formatShare(comparison.confidence)} interval`
  return table(
    ['', 'metric', 'base', 'head', 'change', confidence, 'p (Holm)', 'n', 'verdict'],
    ['-', '-', '-:', '-:', '-:', '-', '-:', '-:', '-'],
    rows.map(row => {
      const cells = comparedCells(row, comparison, noteOf(row))
      return [
        ICONS[cells.tone],
        code(labelOf(row)),
        withSpread(cells.base, cells.baseSpread),
        withSpread(cells.head, cells.headSpread),
        text(cells.change),
        text(cells.interval),
        text(cells.p),
        cells.trials,
        verdict(cells),
      ]
    }),
  )
}

function verdict({ verdict: word, note, tone }: ComparedCells): string {
  const said = tone === 'bad' ? `**${text(word)}**` : text(word)
  return [said, ...(note === '' ? [] : [`<sub>${text(note)}</sub>`])].join(' ').trim()
}

function withSpread(value: string, spread: string): string {
  return text(spread === '' ? value : `${value} ${spread}`)
}

/** Failures first, then doubts, then good news; gates before what only informs. */
function severity(row: ComparisonRow): number {
  const order = ['regressed', 'no-data', 'inconclusive', 'improved', 'unchanged', 'info'].indexOf(row.verdict)
  return order + (row.gate || row.exact ? 0 : 10)
}

export function calibrationBlocks({ blocks, noise }: Calibration, comparison: Comparison | undefined): string[] {
  const names = Object.keys(noise)
  const counts = [...new Set(names.flatMap(name => Object.keys(noise[name]!.detectable)))].toSorted(
    (a, b) => Number(a) - Number(b),
  )
  const rows = names.map(name => {
    const { variation, change95, minEffect, detectable } = noise[name]!
    const found = counts.map(count => (detectable[count] === undefined ? '–' : `±${formatShare(detectable[count])}`))
    const label = code(name.replace(/ value$/, ''))
    return [label, formatShare(variation), formatShare(change95), formatShare(minEffect), ...found]
  })
  return [
    `Noise of this machine, from ${plural(blocks, 'block')} of the same against itself.`,
    table(
      [
        'noise of',
        'variation',
        'change, 95 of 100',
        'smallest effect',
        ...counts.map(count => `found by ${plural(Number(count), 'block')}`),
      ],
      ['-', '-:', '-:', '-:', ...counts.map(() => '-:')],
      rows,
    ),
    ...(comparison === undefined ? [] : [text(selfTest(comparison))]),
  ]
}

export function capacityBlocks(capacity: Capacity): string[] {
  return [
    `**${text(capacitySentence(capacity))}**`,
    table(
      ['load', 'sustained', 'why not'],
      ['-:', '-', '-'],
      capacity.steps.map(step => [
        formatNumber(step.load),
        step.sustained ? '✅' : '❌',
        text(step.reasons.join('; ')),
      ]),
    ),
  ]
}
