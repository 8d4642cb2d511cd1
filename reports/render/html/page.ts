import { type Arm, armsOf } from '../../arms.ts'
import type { Report } from '../../report.ts'
import { environmentSection, eventDetails, howToRead, scenarioDetails } from './background.ts'
import { bringToLife } from './browser.ts'
import { calibrationSection } from './calibration.ts'
import { capacitySection } from './capacity.ts'
import { comparisonSection } from './comparison.ts'
import { dataBlock, htmlPage } from './document.ts'
import { type Figure, figureGrid } from './figure.ts'
import { heatmapFigures } from './heatmaps.ts'
import { liveControls, type LiveData, liveData, liveNote } from './interactive.ts'
import { html, type Markup } from './markup.ts'
import { misbehaviourSection } from './misbehaviours.ts'
import { instant, pageHeader, thresholdSection, tiles, verdictBanner } from './overview.ts'
import { spectraFigures } from './spectra.ts'
import { LIVE_STYLE } from './style.ts'
import { apiServerSection, metricTables, runTable } from './tables.ts'
import { endOf, type TimelineFigure, timelineFigures } from './timelines.ts'
import { uPlotAssets } from './uplot.ts'
import { shownArms } from '../words.ts'

/**
 * The report as one HTML file that needs nothing else: no network, light and dark, on screen and on paper. A script of its
 * own lets readers look into the time lines; without it the page is as complete.
 *
 * What makes the figures doubtful comes first, then what people look for, then everything. A page that would be larger than
 * 400 KB is drawn with fewer points in its lines.
 */
export function renderHtml(report: Report): string {
  let page = ''
  for (const detail of DETAILS) {
    page = draw(report, detail)
    if (Buffer.byteLength(page) < BYTES_MAX) break
  }
  return page
}

const BYTES_MAX = 400 * 1024
const DETAILS = [1, 0.6, 0.3, 0.1]

function draw(report: Report, detail: number): string {
  const all = armsOf(report)
  // The trials of a search have nothing in common but its field: one of them speaks for what was found.
  const arms = report.capacity === undefined ? all : shownArms(report, all)
  const id = idSource()
  const spectra = spectraFigures(report, arms, id, detail)
  const heatmaps = heatmapFigures(report, arms, id)
  const timelines = timelineFigures(report, arms, id, detail)
  const live =
    timelines.length > 0
      ? liveData(report, arms, { figures: timelines.map(timeline => timeline.live), maxS: endOf(arms), detail })
      : undefined
  const sections = [
    section('misbehaviours', 'Misbehaviour', misbehaviourSection(report)),
    section('latency', 'Latency', spectra.length > 0 && latency(spectra)),
    section('heat', 'When waits were long', heatmaps.length > 0 && heat(heatmaps)),
    section('time', 'Over time', overTime(report, arms, timelines, live)),
    section('apiserver', 'API server', apiServerSection(arms)),
    section('metrics', 'All figures', allFigures(report, arms)),
    section('runs', 'Runs', report.runs.length > 0 && runs(report)),
    section('environment', 'Environment', environment(report)),
    section('reading', 'How to read', reading()),
  ].filter(one => one !== undefined)
  const first = [
    section('capacity', 'Capacity', capacitySection(report, id)),
    section('calibration', 'Noise', calibrationSection(report, id)),
    section('comparison', 'What changed', comparisonSection(report, id)),
  ].filter(one => one !== undefined)
  const thresholds = section('thresholds', 'Thresholds', thresholdSection(report))
  const listed = [...first, ...(thresholds === undefined ? [] : [thresholds]), ...sections]
  const body = html`${pageHeader(report, all)}
    <main>
      ${verdictBanner(report)}${contents(listed)} ${first.length === 0 && tiles(arms)}${first.map(({ body }) => body)}
      ${first.length > 0 && tiles(arms)}${thresholds?.body}${sections.map(({ body }) => body)}
    </main>
    <footer>
      ${report.tool.name} ${report.tool.version} · ${instant(report.endedAt)} · report <code>${report.id}</code>
    </footer>
    ${live !== undefined && dataBlock('time-data', live)}`
  return htmlPage({
    title: `${report.scenario.name}: ${report.verdict.status} · churnbench`,
    body,
    ...(live === undefined ? {} : { style: uPlotAssets().style + LIVE_STYLE, script: liveScript() }),
  })
}

interface Section {
  readonly anchor: string
  readonly title: string
  readonly body: Markup
}

/** `undefined` for one that is empty. */
function section(anchor: string, title: string, body: Markup | false): Section | undefined {
  return body === false || body.text === '' ? undefined : { anchor, title, body }
}

function contents(sections: readonly Section[]): Markup {
  return html`<nav aria-label="Contents">
    ${sections.map(({ anchor, title }) => html`<a href="#${anchor}">${title}</a>`)}
  </nav>`
}

function latency(figures: readonly Figure[]): Markup {
  return html`<section>
    <h2 id="latency">How long things took</h2>
    <p class="intro">
      Percentile spectra: the further to the right, the rarer; each tick is a tenth as frequent as the one before.
    </p>
    ${figureGrid(figures)}
  </section>`
}

function heat(figures: readonly Figure[]): Markup {
  return html`<section>
    <h2 id="heat">When waits were long</h2>
    <p class="intro">
      Every wait by when it began and how long it was; the darker, or in the dark the brighter, the more.
    </p>
    ${figureGrid(figures)}
  </section>`
}

function overTime(
  report: Report,
  arms: readonly Arm[],
  timelines: readonly TimelineFigure[],
  live: LiveData | undefined,
): Markup | false {
  if (timelines.length === 0 && report.runs.every(run => run.events.length === 0)) return false
  const note = live === undefined ? '' : liveNote(live, arms)
  return html`<section>
    <h2 id="time">Over time</h2>
    <p class="intro">Planned time of the simulation, sampled at even intervals. ${note}</p>
    ${live !== undefined && liveControls(live)}${figureGrid(timelines.map(({ figure }) => figure))}${eventDetails(report)}
  </section>`
}

function allFigures({ capacity }: Report, arms: readonly Arm[]): Markup {
  return html`<section>
    <h2 id="metrics">All figures</h2>
    <p class="intro">
      Every metric of ${capacity === undefined ? 'this report' : 'the trial with the highest load that was sustained'},
      as in report.json.
    </p>
    ${metricTables(arms)}
  </section>`
}

function runs(report: Report): Markup {
  return html`<section>
    <h2 id="runs">Runs</h2>
    <p class="intro">Each is one execution of the scenario in fresh processes.</p>
    ${runTable(report)}
  </section>`
}

function environment(report: Report): Markup {
  return html`<section>
    <h2 id="environment">Where and how it was taken</h2>
    <p class="intro">Figures from different machines cannot be compared.</p>
    ${environmentSection(report)}${scenarioDetails(report)}
  </section>`
}

function reading(): Markup {
  return html`<section>
    <h2 id="reading">How to read this report</h2>
    ${howToRead()}
  </section>`
}

/** The chart library, and our own code that uses it. */
function liveScript(): string {
  return `${uPlotAssets().script}\n(${bringToLife.toString()})(uPlot, window)\n`
}

/** Identifiers from names: letters, digits and hyphens, each given once. */
function idSource(): (name: string) => string {
  let next = 0
  return name => `f${next++}-${name.replace(/[^A-Za-z0-9]+/g, '-')}`
}
