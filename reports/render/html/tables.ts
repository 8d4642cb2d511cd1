import type { Arm, Summary } from '../../arms.ts'
import { parseMetricKey } from '../../metric-key.ts'
import type { HistogramValue, Report } from '../../report.ts'
import { formatDuration } from '../../../base/index.ts'
import { formatNumber, formatValue } from '../format.ts'
import { groupMetrics } from '../layout.ts'
import { html, type Markup } from './markup.ts'
import { armChip } from './overview.ts'

/** A quantile with fewer observations above it than this is printed faintly: it is nearly the maximum. */
const TAIL_LEAST = 10

const COLUMNS: readonly { readonly title: string; readonly pick: keyof HistogramValue; readonly tail: number }[] = [
  { title: 'min', pick: 'min', tail: 1 },
  { title: 'mean', pick: 'mean', tail: 1 },
  { title: 'p50', pick: 'p50', tail: 0.5 },
  { title: 'p90', pick: 'p90', tail: 0.1 },
  { title: 'p95', pick: 'p95', tail: 0.05 },
  { title: 'p99', pick: 'p99', tail: 0.01 },
  { title: 'p99.9', pick: 'p999', tail: 0.001 },
  { title: 'max', pick: 'max', tail: 1 },
]

/** Every metric of every arm, with what it means. */
export function metricTables(arms: readonly Arm[]): Markup {
  const groups = groupMetrics(arms)
  if (groups.length === 0) return html`<p class="intro">Nothing was measured.</p>`
  const several = arms.length > 1
  const histograms = groups.map(group => ({
    ...group,
    keys: group.keys.filter(key => kindOf(arms, key) === 'histogram'),
  }))
  const scalars = groups.map(group => ({ ...group, keys: group.keys.filter(key => kindOf(arms, key) === 'scalar') }))
  const repeated = arms.some(arm => arm.used.length > 1)
  const heads = html`<th>Metric</th>
    ${several && html`<th>Arm</th>`}`
  const width = COLUMNS.length + 2 + Number(several)
  return html`${
    histograms.some(({ keys }) => keys.length > 0) &&
    html`<div class="panel scroll">
      <table>
        <thead>
          <tr>
            ${heads}
            <th class="n">count</th>
            ${COLUMNS.map(({ title }) => html`<th class="n">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows(histograms, arms, width, histogramCells)}
        </tbody>
      </table>
    </div>`
  }${
    scalars.some(({ keys }) => keys.length > 0) &&
    html`<div class="panel scroll" style="margin-top:14px">
      <table>
        <thead>
          <tr>
            ${heads}
            <th class="n">value</th>
            ${repeated && html`<th class="n">over the runs</th>`}
          </tr>
        </thead>
        <tbody>
          ${rows(scalars, arms, 2 + Number(several) + Number(repeated), summary => scalarCells(summary, repeated))}
        </tbody>
      </table>
    </div>`
  }`
}

function kindOf(arms: readonly Arm[], key: string): Summary['kind'] | undefined {
  return arms.map(arm => arm.metrics.get(key)).find(summary => summary !== undefined)?.kind
}

function rows(
  groups: readonly { readonly title: string; readonly keys: readonly string[] }[],
  arms: readonly Arm[],
  width: number,
  cells: (summary: Summary) => Markup,
): Markup[] {
  const several = arms.length > 1
  // Help is said once per metric, not again for each of its sub-metrics.
  const explained = new Set<string>()
  return groups
    .filter(({ keys }) => keys.length > 0)
    .map(
      ({ title, keys }) =>
        html`<tr class="group">
            <th colspan="${width}" scope="rowgroup">${title}</th>
          </tr>
          ${keys.map(key => {
            const { name } = parseMetricKey(key)
            const found = arms.flatMap(arm => {
              const summary = arm.metrics.get(key)
              return summary === undefined ? [] : [{ arm, summary }]
            })
            const { help } = found[0]!.summary.info
            const first = !explained.has(name)
            explained.add(name)
            // Sub-metrics stand below their metric, also where that has no figures of its own.
            const sub = key !== name
            const base =
              sub &&
              first &&
              html`<tr class="base">
                <th colspan="${width}" scope="rowgroup">
                  <code>${name}</code>${help !== '' && html`<small>${help}</small>`}
                </th>
              </tr>`
            const own = found.map(
              ({ arm, summary }, i) =>
                html`<tr${sub && html` class="sub"`}>
                  ${i === 0 && html`<th scope="row" rowspan="${found.length}"><code>${key}</code>${!sub && help !== '' && html`<small>${help}</small>`}</th>`}${several && html`<td>${armChip(arm)}</td>`}${cells(summary)}
                </tr>`,
            )
            return [base, own]
          })}`,
    )
}

function histogramCells(summary: Summary): Markup {
  if (summary.kind !== 'histogram') return html`<td class="n" colspan="${COLUMNS.length + 1}"></td>`
  const { value, info } = summary
  const never =
    value.censored === undefined || value.censored === 0
      ? undefined
      : html`<small style="min-width:0">${formatNumber(value.censored)} never</small>`
  return html`<td class="n">${formatNumber(value.count)}${never}</td>
    ${COLUMNS.map(({ pick, tail }) => {
      if (value.count === 0) return html`<td class="n few">–</td>`
      const few = value.count * tail < TAIL_LEAST && tail < 0.5
      return html`<td class="n${few && ' few'}">${formatValue(value[pick] as number, info.unit)}</td>`
    })}`
}

function scalarCells(summary: Summary, repeated: boolean): Markup {
  if (summary.kind !== 'scalar') return html`<td class="n" colspan="${1 + Number(repeated)}"></td>`
  const { unit } = summary.info
  const range =
    summary.runs > 1 ? `${formatValue(summary.min, unit)} to ${formatValue(summary.max, unit)}, median shown` : ''
  return html`<td class="n">${formatValue(summary.value, unit)}</td>
    ${repeated && html`<td class="n">${range}</td>`}`
}

/** What the subject asked of the API server; sub-metrics as bars beside each other. Empty when it was not measured. */
export function apiServerSection(arms: readonly Arm[]): Markup {
  const keys = groupMetrics(arms).find(({ id }) => id === 'apiserver')?.keys ?? []
  if (keys.length === 0) return html``
  const several = arms.length > 1
  const valueOf = (arm: Arm, key: string): number => {
    const summary = arm.metrics.get(key)
    return summary?.kind === 'scalar' ? summary.value : 0
  }
  // Bars compare arms, and sub-metrics with their sum; one figure alone is not compared with anything.
  const highest = new Map<string, { value: number; rows: number }>()
  for (const key of keys) {
    const { name } = parseMetricKey(key)
    for (const arm of arms.filter(one => one.metrics.has(key))) {
      const before = highest.get(name) ?? { value: 0, rows: 0 }
      highest.set(name, { value: Math.max(before.value, valueOf(arm, key)), rows: before.rows + 1 })
    }
  }
  return html`<section>
    <h2 id="apiserver">What it cost the API server</h2>
    <p class="intro">
      Counted by the simulated API server itself: what this subject's discovery asks of a control plane.
    </p>
    <div class="panel scroll">
      <table>
        <thead>
          <tr>
            <th>Metric</th>
            ${several && html`<th>Arm</th>`}
            <th class="n">Total</th>
            <th></th>
          </tr>
        </thead>
        <tbody>
          ${keys.map(key => {
            const most = highest.get(parseMetricKey(key).name)!
            const found = arms.filter(arm => arm.metrics.has(key))
            return found.map((arm, i) => {
              const value = valueOf(arm, key)
              const width = most.value === 0 ? 0 : Math.round((1000 * value) / most.value) / 10
              const bar = most.rows > 1 && html`<span class="bar ${arm.name}" style="width:${width}%"></span>`
              return html`<tr>
                ${
                  i === 0 && html`<td rowspan="${found.length}"><code>${key}</code></td>`
                }${several && html`<td>${armChip(arm)}</td>`}
                <td class="n">${formatValue(value, arm.metrics.get(key)!.info.unit)}</td>
                <td class="w">${bar}</td>
              </tr>`
            })
          })}
        </tbody>
      </table>
    </div>
  </section>`
}

/** The trials one by one. */
export function runTable(report: Report): Markup {
  return html`<div class="panel scroll">
    <table>
      <thead>
        <tr>
          <th>Run</th>
          <th>Subject</th>
          <th class="n">Duration</th>
          <th class="n">Discovered, p99</th>
          <th class="n">Lost</th>
          <th class="n">Wrong</th>
          <th>Trace</th>
          <th>Validity</th>
        </tr>
      </thead>
      <tbody>
        ${report.runs.map(run => {
          const discovery = run.metrics.discovery_latency
          const scalar = (name: string): string => {
            const value = run.metrics[name]
            return value !== undefined && 'value' in value ? formatNumber(value.value) : ''
          }
          const state = run.aborted ? '■ cut short' : run.valid ? '✓ valid' : '! invalid'
          return html`<tr>
            <td>${run.index + 1} ${armChip({ name: run.arm })}</td>
            <td>${run.subject.kind} ${run.subject.version}</td>
            <td class="n">${formatDuration(Math.round(run.durationS * 1000))}</td>
            <td class="n">
              ${discovery !== undefined && 'hdr' in discovery && discovery.count > 0 && formatValue(discovery.p99, 's')}
            </td>
            <td class="n">${scalar('samples_lost')}</td>
            <td class="n">${scalar('samples_wrong')}</td>
            <td><code>${run.traceSha256.slice(0, 12)}</code></td>
            <td class="${run.valid && !run.aborted ? 'ok' : 'bad'}">
              ${state}${run.invalidReasons.map(reason => html`<small>${reason}</small>`)}
            </td>
          </tr>`
        })}
      </tbody>
    </table>
  </div>`
}
