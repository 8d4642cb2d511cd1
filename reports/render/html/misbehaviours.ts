import type { Report } from '../../report.ts'
import { misbehaviourRows } from '../misbehaviours.ts'
import { html, type Markup } from './markup.ts'

/** What the subject made of targets that misbehaved, against what its documentation says. */
export function misbehaviourSection(report: Report): Markup | false {
  const rows = misbehaviourRows(report)
  if (rows.length === 0) return false
  return html`<section>
    <h2 id="misbehaviours">Targets that misbehaved</h2>
    <p class="intro">
      By the scrapes that began and ended while they did. What is documented stands beside it, and in brackets where.
    </p>
    <div class="panel scroll">
      <table>
        <thead>
          <tr>
            <th></th>
            <th>Misbehaviour</th>
            <th>Seen</th>
            <th>Documented</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ ok, kind, seen, expected }) =>
              html`<tr>
                <td>${ok === undefined ? '' : ok ? '✓' : '✗'}</td>
                <td><code>${kind}</code></td>
                <td>${seen}</td>
                <td>${expected}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`
}
