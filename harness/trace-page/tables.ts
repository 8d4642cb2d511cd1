import { formatNumber, html, type Markup, oneLine, plural } from '../../reports/index.ts'
import type { ChurnTableFigures, Inspection } from '../../sim/index.ts'
import {
  burstCauses,
  burstOwners,
  burstSize,
  instantOf,
  ownerName,
  phasesOf,
  remainderOf,
  span,
  threeDigits,
  windowName,
} from './words.ts'

function table(heads: readonly (string | readonly [string, 'n'])[], rows: readonly Markup[], kind = ''): Markup {
  return html`<div class="panel scroll">
    <table class="${kind}">
      <thead>
        <tr>
          ${heads.map(head => (typeof head === 'string' ? html`<th>${head}</th>` : html`<th class="n">${head[0]}</th>`))}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

const n = (text: string): Markup => html`<td class="n">${text}</td>`

export function burstTable({ bursts: { windowMs, found } }: Inspection): Markup {
  return table(
    ['At', [`Events in ${windowName(windowMs)}`, 'n'], 'What', 'Whose pods', 'After'],
    found.map(
      burst =>
        html`<tr>
          <td>${instantOf(burst.startMs)}</td>
          ${n(formatNumber(burst.peak))}
          <td>${burstSize(burst, windowMs)}</td>
          <td>${burstOwners(burst)}</td>
          <td>${burstCauses(burst)}</td>
        </tr>`,
    ),
    'burst',
  )
}

export function phaseTable(inspection: Inspection): Markup {
  return table(
    [
      '',
      ['Count', 'n'],
      ['Min', 'n'],
      ['Mean', 'n'],
      ['p50', 'n'],
      ['p90', 'n'],
      ['p99', 'n'],
      ['Max', 'n'],
      'Not counted',
    ],
    phasesOf(inspection).map(({ name, phase }) => {
      const { ms } = phase
      const figures = ms === undefined ? [] : [ms.min, ms.mean, ms.p50, ms.p90, ms.p99, ms.max].map(span)
      return html`<tr>
        <th>${name}</th>
        ${n(formatNumber(ms?.count ?? 0))} ${Array.from({ length: 6 }, (_, i) => n(figures[i] ?? '–'))}
        <td>${remainderOf(phase)}</td>
      </tr>`
    }),
  )
}

export function rateTable({ rates }: Inspection): Markup {
  const rows = (['events', 'podsCreated'] as const).flatMap(name => rates[name].map(figures => ({ name, figures })))
  return table(
    [
      '',
      ['Mean', 'n'],
      ['p50', 'n'],
      ['p90', 'n'],
      ['p99', 'n'],
      ['Max', 'n'],
      'At',
      ['Max / mean', 'n'],
      ['Fano factor', 'n'],
    ],
    rows.map(
      ({ name, figures }) =>
        html`<tr>
          <th>${name === 'events' ? 'events' : 'pods created'} in ${windowName(figures.windowMs)}</th>
          ${n(threeDigits(figures.mean))}${[figures.p50, figures.p90, figures.p99, figures.max].map(value => n(formatNumber(value)))}
          <td>${figures.max === 0 ? '' : instantOf(figures.maxAtMs)}</td>
          ${n(threeDigits(figures.peakToMean))}${n(threeDigits(figures.fano))}
        </tr>`,
    ),
  )
}

export function opTable({ byOp }: Inspection): Markup {
  return html`<dl class="panel pairs">
    ${Object.entries(byOp).map(
      ([op, count]) =>
        html`<div>
          <dt>${oneLine(op)}</dt>
          <dd>${formatNumber(count)}</dd>
        </div>`,
    )}
  </dl>`
}

export function churnTable(what: string, { rows, rest }: ChurnTableFigures, shown: number): Markup {
  const most = Math.max(1, ...rows.map(({ created }) => created))
  const all = rows.slice(0, shown)
  const optional = (['succeeded', 'failed', 'restarts'] as const).filter(name => rows.some(row => row[name] > 0))
  const cells = (row: ChurnTableFigures['rows'][number] | NonNullable<ChurnTableFigures['rest']>): Markup =>
    html`${n(formatNumber(row.created))}${n(threeDigits(row.createdPerHour))}${n(formatNumber(row.deleted))}${optional.map(name => n(formatNumber(row[name])))}${n(threeDigits(row.aliveMean))}${n(formatNumber(row.aliveMax))}${n(formatNumber(row.aliveAtEnd))}`
  return html`${table(
    [
      rows.length > shown ? `${what}, the first ${shown} of ${formatNumber(rows.length)}` : what,
      '',
      ['Created', 'n'],
      ['Per hour', 'n'],
      ['Deleted', 'n'],
      ...optional.map((name): [string, 'n'] => [name.charAt(0).toUpperCase() + name.slice(1), 'n']),
      ['Mean alive', 'n'],
      ['Most alive', 'n'],
      ['At the end', 'n'],
    ],
    [
      ...all.map(
        row =>
          html`<tr>
            <td><code>${ownerName(row)}</code></td>
            <td class="w"><span class="bar" style="width:${((100 * row.created) / most).toFixed(1)}%"></span></td>
            ${cells(row)}
          </tr>`,
      ),
      ...(rest === undefined
        ? []
        : [
            html`<tr>
              <td>${plural(rest.rows, 'smaller one')} summed</td>
              <td class="w"></td>
              ${cells(rest)}
            </tr>`,
          ]),
    ],
  )}`
}
