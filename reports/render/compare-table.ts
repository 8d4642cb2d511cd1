import type { Comparison, ComparisonRow } from '../report.ts'
import { formatChange, formatNumber, formatProbability, formatShare, formatValue, oneLine } from './format.ts'
import { rowKey } from '../compare/policy.ts'

/** A row of a comparison as people read it; every text is one line. */
export interface ComparedCells {
  /** `discovery_latency p99`; a metric that is one value goes by its name alone. */
  readonly name: string
  readonly base: string
  readonly head: string
  /** `±2%`; empty where it is not known, or none. */
  readonly baseSpread: string
  readonly headSpread: string
  readonly change: string
  readonly interval: string
  readonly p: string
  /** Trials of each arm: `8/8`. */
  readonly trials: string
  readonly verdict: string
  readonly note: string
  readonly tone: Tone
}

export type Tone = 'bad' | 'good' | 'doubtful' | 'plain' | 'faint'

export interface ComparedSection {
  readonly title: string
  readonly rows: readonly ComparisonRow[]
}

/** The rows by what they are for: what decides comes first. Sections without rows are left out. */
export function comparedSections({ rows }: Comparison): ComparedSection[] {
  const sections = [
    { title: 'gates', rows: rows.filter(row => row.gate && !row.exact) },
    { title: 'exact counts', rows: rows.filter(row => row.exact) },
    { title: 'for information', rows: rows.filter(row => !row.gate && !row.exact) },
  ]
  return sections.filter(section => section.rows.length > 0)
}

export function comparedCells(
  row: ComparisonRow,
  comparison: Comparison,
  note = oneLine(row.note ?? ''),
): ComparedCells {
  const value = (of: number | null): string => (of === null ? '–' : formatValue(of, row.unit))
  const { text, tone } = verdictOf(row, comparison)
  const statistical = !row.exact && row.verdict !== 'no-data'
  return {
    name: labelOf(row),
    base: value(row.base),
    head: value(row.head),
    baseSpread: statistical ? spread(row.baseSpread) : '',
    headSpread: statistical ? spread(row.headSpread) : '',
    change: row.exact || row.change === null ? difference(row) : formatChange(row.change),
    interval: row.interval === null || row.exact ? '' : `[${row.interval.map(formatBound).join(', ')}]`,
    p: row.pAdjusted === null || row.exact ? '' : formatProbability(row.pAdjusted),
    trials: row.exact ? '' : `${row.baseTrials.length}/${row.headTrials.length}`,
    verdict: text,
    note,
    tone,
  }
}

/** A row's name for people. */
export function labelOf(row: Pick<ComparisonRow, 'metric' | 'statistic'>): string {
  return oneLine(row.statistic === 'value' ? row.metric : rowKey(row))
}

/** What is to be seen first: everything that is not as it was, and gates that could not be judged. */
export function isNotable(row: ComparisonRow): boolean {
  switch (row.verdict) {
    case 'regressed':
    case 'improved':
      return true
    case 'inconclusive':
    case 'no-data':
      return row.gate
    default:
      return false
  }
}

/** Notes that so many rows share are told once, with the number of rows, instead of at each. */
const SHARED_MIN = 3

/** What the rows have in common, told once; and the notes that are left for each. */
export function sharedNotes(rows: readonly ComparisonRow[]): {
  readonly shared: readonly string[]
  readonly noteOf: (row: ComparisonRow) => string
} {
  const parts = (row: ComparisonRow): string[] => (row.note ?? '').split('; ').filter(part => part !== '')
  const counts = new Map<string, number>()
  for (const row of rows) for (const part of new Set(parts(row))) counts.set(part, (counts.get(part) ?? 0) + 1)
  const common = [...counts].filter(([, count]) => count >= SHARED_MIN)
  return {
    shared: common.map(([part, count]) => `${oneLine(part)} (${count === rows.length ? 'all' : count} rows)`),
    noteOf: row =>
      oneLine(
        parts(row)
          .filter(part => counts.get(part)! < SHARED_MIN)
          .join('; '),
      ),
  }
}

/** Smallest changes that would have been found: `discovery_latency p99 ±8%`; of gates only. */
export function detectables({ rows }: Comparison): string[] {
  return rows.flatMap(row =>
    row.gate && !row.exact && row.detectable !== null ? [`${labelOf(row)} ±${formatShare(row.detectable)}`] : [],
  )
}

function verdictOf(row: ComparisonRow, comparison: Comparison): { readonly text: string; readonly tone: Tone } {
  const exact = row.exact ? ' (exact)' : ''
  switch (row.verdict) {
    case 'regressed':
      if (!row.gate || comparison.informational) return { text: `worse${exact}`, tone: 'doubtful' }
      return { text: `REGRESSED${exact}`, tone: 'bad' }
    case 'improved':
      return { text: `improved${exact}`, tone: 'good' }
    case 'unchanged':
      return row.exact
        ? { text: 'exact', tone: 'plain' }
        : row.gate
          ? { text: `unchanged (<${formatShare(row.minEffect)})`, tone: 'plain' }
          : { text: 'unchanged', tone: 'faint' }
    case 'inconclusive':
      return { text: 'inconclusive', tone: row.gate ? 'doubtful' : 'faint' }
    case 'no-data':
      return { text: 'no data', tone: row.gate ? 'doubtful' : 'faint' }
    case 'info':
      return { text: '', tone: 'faint' }
  }
}

/** `±2%`; whole per cents from one on: it is a rough figure. */
function spread(relative: number | null): string {
  if (relative === null || relative === 0) return ''
  return `±${formatShare(relative >= 0.01 ? Math.round(100 * relative) / 100 : relative)}`
}

/** Bounds above ten per cent do without decimals: nobody reads them that closely. */
function formatBound(bound: number): string {
  const digits = Math.abs(bound) >= 0.1 ? 2 : 3
  return formatChange(Number(bound.toFixed(digits)))
}

/** `=`, `+3`: what became of a figure that has no ratio. */
function difference({ base, head, unit }: ComparisonRow): string {
  if (base === null || head === null) return '–'
  if (base === head) return '='
  const by = head - base
  const size = unit === '1' ? formatNumber(Math.abs(by)) : formatValue(Math.abs(by), unit)
  return `${by > 0 ? '+' : '-'}${size}`
}
