import pc from 'picocolors'
import { formatChange, formatProbability, formatValue, oneLine, plural } from '../render/format.ts'
import type { Collected } from './collect.ts'
import type { History, TrendSeries } from './history.ts'
import { changeWord, rangeOf, seriesName, shortOf } from './words.ts'

/** The trend for a terminal: each history with its figures, and where their level changed. Ends with a line feed. */
export function renderTrendText(
  histories: readonly History[],
  { skipped }: Pick<Collected, 'skipped'>,
  { color }: { readonly color: boolean },
): string {
  const c = pc.createColors(color)
  const lines: string[] = []
  for (const { scenario, profile, subject, machine, fingerprint, series } of histories) {
    const name = c.bold(oneLine(`${scenario}, ${profile}: ${subject}`))
    lines.push('', `  ${name}  ${c.dim(oneLine(`${machine}, environment ${fingerprint.slice(0, 12)}`))}`)
    const width = Math.max(...series.map(one => seriesName(one).length))
    for (const one of series) {
      lines.push(`  ${seriesName(one).padEnd(width)}  ${overview(one)}`)
      for (const change of one.changes) {
        const { worse, before, after, to } = change
        const paint = worse === null ? c.bold : worse ? c.red : c.green
        const sign = worse === null ? '•' : worse ? '✗' : '✓'
        const size = change.change === null ? '' : `${formatChange(change.change)} `
        const levels = `${formatValue(before, one.info.unit)} → ${formatValue(after, one.info.unit)}`
        lines.push(
          `  ${' '.repeat(width)}  ${paint(`${sign} ${size}${changeWord(worse)}`.trim())}  ${levels}, p ${formatProbability(change.p)}, commits ${rangeOf(change)}, since ${to.startedAt.slice(0, 10)}`,
        )
      }
    }
  }
  const changes = histories.flatMap(history => history.series.flatMap(one => one.changes))
  const worse = changes.filter(change => change.worse === true).length
  lines.push(
    '',
    `  ${changes.length === 0 ? 'No change of level was found.' : `${plural(changes.length, 'change')} of level, ${worse} for the worse.`}`,
  )
  for (const { file, reason } of skipped) lines.push(`  ${c.yellow('left out')}  ${oneLine(file)}: ${oneLine(reason)}`)
  return `${lines.join('\n')}\n`
}

function overview(series: TrendSeries): string {
  const { points, info } = series
  const at = (value: number): string => formatValue(value, info.unit)
  const values = points.map(point => point.value)
  const range = `${at(Math.min(...values))} to ${at(Math.max(...values))}, newest ${at(values.at(-1)!)}`
  const short = shortOf(series)
  return `${plural(points.length, 'result')}, ${range}${short === '' ? '' : `; too few to look for changes: ${short}`}`
}
