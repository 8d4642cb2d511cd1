import { definitions } from '../render/html/definitions.ts'
import { formatChange, formatNumber, formatProbability, formatValue, plural } from '../render/format.ts'
import { htmlPage } from '../render/html/document.ts'
import { figureGrid } from '../render/html/figure.ts'
import { html, type Markup } from '../render/html/markup.ts'
import { LOGO } from '../render/html/overview.ts'
import type { Collected } from './collect.ts'
import { trendChart } from './chart.ts'
import type { History, TrendChange, TrendSeries } from './history.ts'
import { changeWord, commitOf, rangeOf, seriesName, shortOf } from './words.ts'

const TREND_STYLE = `
header{padding-bottom:16px}
.spread{stroke:var(--s0);stroke-width:1.4;opacity:.4;fill:none}
.level{stroke:var(--ink);stroke-width:1.6;fill:none;opacity:.75}
.change path{stroke:currentColor;stroke-width:1.4;stroke-dasharray:4 3;fill:none}.change text{fill:currentColor;font-weight:600}
.change.plain{color:var(--soft)}
.revised{fill:var(--s4)}
.tick .commit{font-size:10px;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--faint)}
`
/** Rows of a history's table at most: the newest ones. */
const ROWS_MAX = 200

/** The trend over many reports as one HTML file that needs nothing else. */
export function renderTrendHtml(histories: readonly History[], { reports, skipped }: Collected): string {
  const changes = histories.flatMap(history =>
    history.series.flatMap(series => series.changes.map(change => ({ history, series, change }))),
  )
  const worse = changes.filter(({ change }) => change.worse === true).length
  let next = 0
  const body = html`<header>
      <div class="brand">${LOGO}<span>churnbench</span></div>
      <h1>Trend</h1>
      <p class="lead">
        ${plural(reports.length, 'report')} in
        ${histories.length === 1 ? 'one history' : `${histories.length} histories`}: equal scenario, profile, subject
        and machine.
      </p>
    </header>
    <main>
      <section class="verdict ${worse > 0 ? 'fail' : 'unchanged'}" aria-label="Changes">
        <div class="sign" aria-hidden="true">${worse > 0 ? '▼' : changes.length > 0 ? '▲' : '='}</div>
        <div>
          <strong>${changes.length === 0 ? 'No change found' : `${plural(changes.length, 'change')} of level`}</strong>
          <p>${summary(histories, changes.length, worse)}</p>
        </div>
      </section>
      ${
        skipped.length > 0 &&
        html`<ul class="warnings" aria-label="Left out">
          ${skipped.map(({ file, reason }) => html`<li><code>${file}</code> ${reason}</li>`)}
        </ul>`
      }
      ${changes.length > 0 && changeTable(changes)}
      ${histories.map(history => historySection(history, name => `f${next++}-${name.replace(/[^A-Za-z0-9]+/g, '-')}`))}
      <section>
        <h2 id="reading">How to read this page</h2>
        ${definitions('panel read', READING)}
      </section>
    </main>
    <footer>churnbench trend · made from report.json files; the newest is of ${newest(histories)}</footer>`
  return htmlPage({ title: 'Trend · churnbench', body, style: TREND_STYLE })
}

function summary(histories: readonly History[], found: number, worse: number): string {
  const short = histories.flatMap(history => history.series).filter(series => series.needs !== undefined).length
  const all = histories.flatMap(history => history.series).length
  const rest = short === 0 ? '' : ` ${short} of ${plural(all, 'figure')} had too few results to look for changes.`
  if (found === 0)
    return `${short === all ? 'Nothing could be said yet.' : 'Every figure that could be judged kept its level.'}${rest}`
  return `${formatNumber(worse)} for the worse.${rest}`
}

function newest(histories: readonly History[]): string {
  const instants = histories.flatMap(history =>
    history.series.flatMap(series => series.points.map(point => point.startedAt)),
  )
  return instants.toSorted().at(-1)?.slice(0, 10) ?? 'an unknown date'
}

interface Found {
  readonly history: History
  readonly series: TrendSeries
  readonly change: TrendChange
}

function changeTable(changes: readonly Found[]): Markup {
  const newestFirst = changes.toSorted((a, b) => (a.change.to.startedAt < b.change.to.startedAt ? 1 : -1))
  return html`<section>
    <h2 id="changes">What changed, and where to look</h2>
    <p class="intro">
      The newest first. The cause lies after the first commit of the range, up to and with the second.
    </p>
    <div class="panel scroll">
      <table>
        <thead>
          <tr>
            <th>Figure</th>
            <th>History</th>
            <th class="n">Before</th>
            <th class="n">After</th>
            <th class="n">Change</th>
            <th class="n">p</th>
            <th>Commits</th>
            <th>Since</th>
          </tr>
        </thead>
        <tbody>
          ${newestFirst.map(({ history, series, change }) => {
            const { unit } = series.info
            const tone = change.worse === null ? '' : change.worse ? 'bad' : 'ok'
            const word = changeWord(change.worse)
            return html`<tr>
              <td><code>${seriesName(series)}</code></td>
              <td>${history.scenario}, ${history.profile}, ${history.subject}</td>
              <td class="n">${formatValue(change.before, unit)}</td>
              <td class="n">${formatValue(change.after, unit)}</td>
              <td class="n ${tone}">
                ${change.change === null ? '' : formatChange(change.change)}${word !== '' && ` ${change.worse === true ? '✗' : '✓'} ${word}`}
              </td>
              <td class="n">${formatProbability(change.p)}</td>
              <td><code>${rangeOf(change)}</code></td>
              <td>${change.to.startedAt.slice(0, 10)}</td>
            </tr>`
          })}
        </tbody>
      </table>
    </div>
  </section>`
}

function historySection(history: History, id: (name: string) => string): Markup {
  const { scenario, profile, subject, machine, fingerprint, series } = history
  return html`<section>
    <h2>${scenario}, ${profile}: ${subject}</h2>
    <p class="intro">On ${machine}, environment <code>${fingerprint.slice(0, 12)}</code>.</p>
    ${figureGrid(
      series.map(one => ({
        title: seriesName(one),
        chart: trendChart(id(seriesName(one)), `Trend of ${seriesName(one)}`, one),
        notes: [one.info.help, shortOf(one) === '' ? '' : `Only ${shortOf(one)}.`].filter(note => note !== ''),
      })),
    )}
    ${results(series)}
  </section>`
}

function results(series: readonly TrendSeries[]): Markup {
  const files = new Map(series.flatMap(one => one.points.map(point => [point.file, point] as const)))
  const rows = [...files.values()].toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
  return html`<details class="panel">
    <summary>Results (${rows.length})</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Taken</th>
            <th>Commit</th>
            <th>Subject</th>
            <th class="n">Trials</th>
            ${series.map(one => html`<th class="n">${seriesName(one)}</th>`)}
            <th>Report</th>
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, ROWS_MAX).map(
            row =>
              html`<tr>
                <td>${row.startedAt.slice(0, 16).replace('T', ' ')}</td>
                <td><code>${commitOf(row)}</code></td>
                <td>${row.version}</td>
                <td class="n">${row.trials}</td>
                ${series.map(one => {
                  const point = one.points.find(candidate => candidate.file === row.file)
                  return html`<td class="n">${point === undefined ? '–' : formatValue(point.value, one.info.unit)}</td>`
                })}
                <td><code>${row.file}</code></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${rows.length > ROWS_MAX && html`<p>… and ${rows.length - ROWS_MAX} older ones</p>`}
  </details>`
}

const READING: readonly (readonly [string, string])[] = [
  [
    'A result',
    'A dot is a report: the median of its valid, complete trials. The line through it spans all of them. Results stand evenly apart, in the order in which they were taken.',
  ],
  [
    'A change of level',
    'Found by energy distance and Welch’s t-test at p < 0.001, and at least 5 %: a level that was left and not returned to. A single bad day is none. The horizontal lines are the means in between.',
  ],
  [
    'What this page cannot tell',
    'A change of level says when, not why: a new kernel or a busier machine look the same. Prove a cause with an interleaved comparison of the two commits.',
  ],
  ['A triangle on the axis', 'The scenario itself was changed there: results before and after are of different work.'],
]
