import { statisticOf } from '../../compare/trials.ts'
import type { Report, Statistic } from '../../report.ts'
import { formatShare, formatValue, plural } from '../format.ts'
import { stepPlot } from '../svg/step-plot.ts'
import { html, type Markup } from './markup.ts'

/** The steps of a search and what it found. Empty without one. */
export function capacitySection({ capacity, runs }: Report, id: (name: string) => string): Markup {
  if (capacity === undefined) return html``
  const { field, steps, sustained, failed } = capacity
  return html`<section>
    <h2 id="capacity">How much it sustains</h2>
    <p class="intro">A search over <code>${field}</code>: doubled until it was too much, then halved in between.</p>
    <p class="found panel">${result(sustained, failed)}</p>
    ${
      steps.length > 0 &&
      html`<figure class="panel wide">
          <h3>The search</h3>
          <div class="plot">
            ${stepPlot({
              id: id('capacity'),
              title: `Search over ${field}`,
              description: `${plural(steps.length, 'step')}. ${steps.map((step, i) => `${i + 1}: ${formatValue(step.load, '1')} ${step.sustained ? 'sustained' : 'not sustained'}.`).join(' ')}`,
              steps,
              sustained,
              failed,
            })}
          </div>
          <figcaption>
            <p>○ sustained · ✕ not sustained. The limit lies within the shaded band.</p>
          </figcaption>
        </figure>
        <div class="panel scroll">
          <table>
            <thead>
              <tr>
                <th class="n">Step</th>
                <th class="n">Load</th>
                <th>Sustained</th>
                <th class="n">Samples stored</th>
                <th class="n">Discovered, p99</th>
                <th class="n">Memory, peak</th>
                <th class="n">Run</th>
              </tr>
            </thead>
            <tbody>
              ${steps.map((step, i) => {
                const metrics = runs[step.run]?.metrics ?? {}
                const figure = (metric: string, statistic: Statistic, unit: string): string => {
                  const value = statisticOf(metrics[metric], statistic)
                  return value === undefined ? '' : formatValue(value, unit)
                }
                return html`<tr>
                  <td class="n">${i + 1}</td>
                  <td class="n">${formatValue(step.load, '1')}</td>
                  <td>
                    <span class="${step.sustained ? 'ok' : 'bad'}">${step.sustained ? '✓ yes' : '✗ no'}</span
                    >${step.reasons.map(reason => html`<small>${reason}</small>`)}
                  </td>
                  <td class="n">${figure('ingest_rate', 'value', '1/s')}</td>
                  <td class="n">${figure('discovery_latency', 'p99', 's')}</td>
                  <td class="n">${figure('rss_peak', 'value', 'bytes')}</td>
                  <td class="n">${step.run + 1}</td>
                </tr>`
              })}
            </tbody>
          </table>
        </div>`
    }
  </section>`
}

function result(sustained: number | null, failed: number | null): Markup {
  if (sustained === null) {
    return failed === null
      ? html`Nothing was tried.`
      : html`Not even <strong>${formatValue(failed, '1')}</strong> was sustained: search from a lower load.`
  }
  if (failed === null) {
    return html`<strong>${formatValue(sustained, '1')}</strong> was sustained, and the search ended there: the limit is
      higher.`
  }
  return html`<strong>${formatValue(sustained, '1')}</strong> was sustained,
    <strong>${formatValue(failed, '1')}</strong> was not: the limit is known to ${formatShare(failed / sustained - 1)}.`
}
