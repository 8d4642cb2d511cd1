import { armsOf } from '../../arms.ts'
import type { Report } from '../../report.ts'
import { environmentSection, eventDetails, howToRead, scenarioDetails } from './background.ts'
import { figureGrid } from './figure.ts'
import { html, Markup } from './markup.ts'
import { instant, pageHeader, thresholdSection, tiles, verdictBanner } from './overview.ts'
import { spectraFigures } from './spectra.ts'
import { STYLE } from './style.ts'
import { apiServerSection, metricTables, runTable } from './tables.ts'
import { timelineFigures } from './timelines.ts'

/** Nothing may be loaded or run; only the style that stands in the page itself. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/**
 * The report as one HTML file that needs nothing else: no network, no script, light and dark, on screen and on paper.
 *
 * What makes the figures doubtful comes first, then what people look for, then everything.
 */
export function renderHtml(report: Report): string {
  const arms = armsOf(report)
  const id = idSource()
  const spectra = spectraFigures(report, arms, id)
  const timelines = timelineFigures(arms, id)
  const body = html`${pageHeader(report, arms)}
    <main>
      ${verdictBanner(report)} ${tiles(arms)} ${thresholdSection(report)}
      ${
        spectra.length > 0 &&
        html`<section>
          <h2 id="latency">How long things took</h2>
          <p class="intro">
            Percentile spectra: the further to the right, the rarer; each tick is a tenth as frequent as the one before.
          </p>
          ${figureGrid(spectra)}
        </section>`
      }
      ${
        (timelines.length > 0 || report.runs.some(run => run.events.length > 0)) &&
        html`<section>
          <h2 id="time">Over time</h2>
          <p class="intro">Planned time of the simulation, sampled at even intervals.</p>
          ${figureGrid(timelines)}${eventDetails(report)}
        </section>`
      }
      ${apiServerSection(arms)}
      <section>
        <h2 id="metrics">All figures</h2>
        <p class="intro">Every metric of this report, as in report.json.</p>
        ${metricTables(arms)}
      </section>
      ${
        report.runs.length > 0 &&
        html`<section>
          <h2 id="runs">Runs</h2>
          <p class="intro">Each is one execution of the scenario in fresh processes.</p>
          ${runTable(report)}
        </section>`
      }
      <section>
        <h2 id="environment">Where and how it was taken</h2>
        <p class="intro">Figures from different machines cannot be compared.</p>
        ${environmentSection(report)}${scenarioDetails(report)}
      </section>
      <section>
        <h2 id="reading">How to read this report</h2>
        ${howToRead()}
      </section>
    </main>
    <footer>
      ${report.tool.name} ${report.tool.version} · ${instant(report.endedAt)} · report <code>${report.id}</code>
    </footer>`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${report.scenario.name}: ${report.verdict.status} · churnbench</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.text
}

/** Identifiers from names: letters, digits and hyphens, each given once. */
function idSource(): (name: string) => string {
  let next = 0
  return name => `f${next++}-${name.replace(/[^A-Za-z0-9]+/g, '-')}`
}
