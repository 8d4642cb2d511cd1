import type { Comparison, ComparisonRow, Report } from '../../report.ts'
import { median } from '../../statistics/descriptive.ts'
import { parseMetricKey } from '../../metric-key.ts'
import {
  type ComparedCells,
  comparedCells,
  comparedSections,
  labelOf,
  sharedNotes,
  type Tone,
} from '../compare-table.ts'
import { formatShare, formatValue, plural } from '../format.ts'
import { forestPlot, type ForestRow } from '../svg/forest-plot.ts'
import { stripPlot } from '../svg/strip-plot.ts'
import { methodOf } from '../words.ts'
import { html, type Markup } from './markup.ts'
import { armChip } from './overview.ts'

/** Strips drawn at most; gates come first. */
const STRIPS_MAX = 18
const FOREST_ROWS_MAX = 40

/** What changed from A to B: the intervals, every trial, and the table. Empty without a comparison. */
export function comparisonSection(report: Report, id: (name: string) => string): Markup {
  const { comparison } = report
  if (comparison === undefined) return html``
  const { base, head } = comparison
  return html`<section>
    <h2 id="comparison">What changed</h2>
    <p class="intro">
      ${armChip({ name: 'A' })} ${base.label} is the base, ${armChip({ name: 'B' })} ${head.label} is held against it.
      ${methodOf(report)}.${excluded(comparison)}
    </p>
    ${differences(comparison)}${forest(comparison, id)}${table(comparison)}${strips(comparison, id)}
  </section>`
}

function excluded({ base, head }: Comparison): string {
  const count = base.excluded + head.excluded
  return count === 0 ? '' : ` Left out: ${plural(count, 'trial')} invalid or cut short.`
}

function differences({ differences: list, informational }: Comparison): Markup {
  if (list.length === 0 && !informational) return html``
  return html`<div class="warnings apart">
    <p>
      <strong>This comparison informs and decides nothing.</strong>
      ${list.length > 0 && 'The two differ in what must be equal:'}
    </p>
    <ul>
      ${list.map(difference => html`<li>${difference}</li>`)}
    </ul>
  </div>`
}

function forest(comparison: Comparison, id: (name: string) => string): Markup {
  const drawable = comparison.rows.filter(
    (row): row is ComparisonRow & { readonly change: number } => row.change !== null && !row.exact,
  )
  if (drawable.length === 0) return html``
  const rows = drawable.slice(0, FOREST_ROWS_MAX).map((row): ForestRow => {
    const cells = comparedCells(row, comparison)
    return {
      label: cells.name,
      hint: hint(row),
      gate: row.gate,
      change: row.change,
      interval: row.interval,
      minEffect: row.minEffect,
      changeText: cells.change,
      word: signed(cells),
      tone: cells.tone,
    }
  })
  const rest = drawable.length - rows.length
  const named = {
    title: 'Change from A to B of every compared figure',
    description: rows.map(row => `${row.label}: ${row.changeText}, ${row.word || 'not a gate'}.`).join(' '),
  }
  return html`<figure class="panel wide">
    <h3>How much, and how sure</h3>
    <div class="plot fit">
      ${forestPlot(rows, { ...named, id: id('forest') })}${forestPlot(rows, { ...named, id: id('forest-narrow') }, true)}
    </div>
    <figcaption>
      <p>
        Each line is the ${formatShare(comparison.confidence)} interval of a change. Within the shaded band a change is
        too small to matter. ◆ decides the comparison, ● informs.${rest > 0 && ` ${rest} more are in the table.`}
      </p>
    </figcaption>
  </figure>`
}

function hint({ direction }: ComparisonRow): string {
  return direction === 'none' ? '' : `${direction} is better`
}

const SIGNS: Readonly<Record<Tone, string>> = { good: '✓', bad: '✗', doubtful: '?', plain: '=', faint: '' }

/** The verdict behind its sign. What is worse and decides nothing is still no question. */
function signed({ tone, verdict }: ComparedCells): string {
  return `${verdict.startsWith('worse') ? '✗' : SIGNS[tone]} ${verdict.toLowerCase()}`.trim()
}

function table(comparison: Comparison): Markup {
  const { shared, noteOf } = sharedNotes(comparison.rows)
  const again = comparison.confirmation?.rows ?? []
  const groups = [
    ...comparedSections(comparison),
    ...(again.length > 0 ? [{ title: 'the second set of blocks, run to confirm', rows: again }] : []),
  ]
  return html`<div class="panel scroll">
    <table class="compare">
      <thead>
        <tr>
          <th>Figure</th>
          <th class="n">${armChip({ name: 'A' })} base</th>
          <th class="n">${armChip({ name: 'B' })} head</th>
          <th class="n">Change</th>
          <th class="n">${formatShare(comparison.confidence)} interval</th>
          <th class="n">p, adjusted</th>
          <th class="n">Trials</th>
          <th>Verdict</th>
        </tr>
      </thead>
      <tbody>
        ${groups.map(
          ({ title, rows }) =>
            html`<tr class="group">
                <th colspan="8" scope="rowgroup">${title.charAt(0).toUpperCase() + title.slice(1)}</th>
              </tr>
              ${rows.map(row => tableRow(row, comparison, noteOf))}`,
        )}
      </tbody>
    </table>
    ${shared.length > 0 && html`<p class="shared">${shared.join(' · ')}</p>`}
  </div>`
}

const CLASSES: Readonly<Record<Tone, string>> = { good: 'ok', bad: 'bad', doubtful: 'doubt', plain: '', faint: 'few' }

function tableRow(row: ComparisonRow, comparison: Comparison, noteOf: (row: ComparisonRow) => string): Markup {
  const cells = comparedCells(row, comparison)
  const tone = CLASSES[cells.tone]
  const notes = [noteOf(row), found(row)].filter(note => note !== '')
  return html`<tr>
    <th scope="row">
      ${row.gate ? html`<span class="gate" title="decides the comparison">◆</span>` : html`<span class="gate"></span>`}<code
        >${cells.name}</code
      >
    </th>
    <td class="n">${cells.base} <span class="pm">${cells.baseSpread}</span></td>
    <td class="n">${cells.head} <span class="pm">${cells.headSpread}</span></td>
    <td class="n ${tone}">${cells.change}</td>
    <td class="n">${cells.interval.replace(/^\[(.*), (.*)\]$/, '$1 to $2')}</td>
    <td class="n">${cells.p}</td>
    <td class="n">${cells.trials}</td>
    <td class="verdict-cell">
      <span class="${tone}">${signed(cells)}</span>${notes.length > 0 && html`<small>${notes.join('; ')}</small>`}
    </td>
  </tr>`
}

/** How small a change could have been found, where none was. */
function found({ verdict, exact, detectable }: ComparisonRow): string {
  return verdict === 'inconclusive' && !exact && detectable !== null ? `would find ±${formatShare(detectable)}` : ''
}

/** Every trial of every compared figure, except where all are equal: there is nothing to see. */
function strips(comparison: Comparison, id: (name: string) => string): Markup {
  const rows = comparison.rows
    .filter(row => row.baseTrials.length > 1 && row.headTrials.length > 1 && !allEqual(row))
    .toSorted((a, b) => Number(b.gate) - Number(a.gate))
    .slice(0, STRIPS_MAX)
  if (rows.length === 0) return html``
  const paired = comparison.method === 'paired'
  return html`<h3 class="apart">Every trial</h3>
    <p class="intro">
      A dot is a trial, a bar the median of its
      arm.${paired && ' A line joins the two trials of a block: if nearly all rise, or nearly all fall, the change is real.'}
    </p>
    <div class="strips">
      ${rows.map(row => {
        const name = labelOf(row)
        return html`<figure class="panel">
          <h4>
            ${row.gate && html`<span class="gate">◆</span> `}<code>${shortened(row.metric)}</code>
            ${row.statistic === 'value' ? '' : row.statistic}
          </h4>
          <div class="strip">
            ${stripPlot({
              id: id(`strip-${name}`),
              title: `Trials of ${name}`,
              description: `A: ${told(row.baseTrials, row.unit)} B: ${told(row.headTrials, row.unit)}`,
              unit: row.unit,
              labels: ['A', 'B'],
              base: row.baseTrials,
              head: row.headTrials,
              paired,
            })}
          </div>
        </figure>`
      })}
    </div>`
}

function allEqual({ baseTrials, headTrials }: ComparisonRow): boolean {
  return [...baseTrials, ...headTrials].every(value => value === baseTrials[0])
}

function told(values: readonly number[], unit: string): string {
  const at = (value: number): string => formatValue(value, unit)
  return `${plural(values.length, 'trial')} from ${at(Math.min(...values))} to ${at(Math.max(...values))}, median ${at(median(values))}.`
}

/** Tags without their names: the figure is narrow. */
function shortened(metric: string): string {
  const { name, tags } = parseMetricKey(metric)
  const values = Object.values(tags)
  return values.length === 0 ? name : `${name} ${values.join(' ')}`
}
