import type { Report } from '../../report.ts'
import { formatShare, plural } from '../format.ts'
import { noisePlot } from '../svg/noise-plot.ts'
import { html, type Markup } from './markup.ts'

/** What an A/A run says of this machine. Empty without a calibration. */
export function calibrationSection({ calibration }: Report, id: (name: string) => string): Markup {
  if (calibration === undefined) return html``
  const noise = Object.entries(calibration.noise)
  const sizes = [...new Set(noise.flatMap(([, { detectable }]) => Object.keys(detectable)))].toSorted(
    (a, b) => Number(a) - Number(b),
  )
  const rows = noise.map(([label, { variation, change95, minEffect }]) => ({ label, variation, change95, minEffect }))
  return html`<section>
    <h2 id="calibration">How noisy this machine is</h2>
    <p class="intro">
      The same subject as both arms, in ${plural(calibration.blocks, 'block')}: whatever differs here is chance. A later
      comparison on this machine should not call smaller changes a change.
    </p>
    ${
      rows.length > 0 &&
      html`<figure class="panel wide">
          <h3>Differences between equals</h3>
          <div class="plot">
            ${noisePlot(rows, {
              id: id('noise'),
              title: 'Noise of every calibrated figure',
              description: rows
                .map(
                  row =>
                    `${row.label}: varies by ${formatShare(row.variation)}, smallest effect ${formatShare(row.minEffect)}.`,
                )
                .join(' '),
            })}
          </div>
          <figcaption>
            <p>
              <span class="key f0">●</span> variation between trials · <span class="key f1">◆</span> 95 of 100 blocks
              differed by less · the shaded bar ends at the smallest effect that a comparison should take.
            </p>
          </figcaption>
        </figure>
        <div class="panel scroll">
          <table>
            <thead>
              <tr>
                <th rowspan="2">Figure</th>
                <th class="n" rowspan="2">Variation</th>
                <th class="n" rowspan="2">95 % of blocks within</th>
                <th class="n" rowspan="2">Smallest effect</th>
                ${sizes.length > 0 && html`<th class="n" colspan="${sizes.length}">Change found four times of five, by blocks</th>`}
              </tr>
              ${
                sizes.length > 0 &&
                html`<tr>
                  ${sizes.map(size => html`<th class="n">${size}</th>`)}
                </tr>`
              }
            </thead>
            <tbody>
              ${noise.map(
                ([name, one]) =>
                  html`<tr>
                    <th scope="row"><code>${name}</code></th>
                    <td class="n">${formatShare(one.variation)}</td>
                    <td class="n">±${formatShare(one.change95)}</td>
                    <td class="n"><strong>±${formatShare(one.minEffect)}</strong></td>
                    ${sizes.map(size => {
                      const change = one.detectable[size]
                      return html`<td class="n">${change === undefined ? '–' : `±${formatShare(change)}`}</td>`
                    })}
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`
    }
  </section>`
}
