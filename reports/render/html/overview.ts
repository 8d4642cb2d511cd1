import type { Arm, Summary } from '../../arms.ts'
import { infoOf } from '../../arms.ts'
import type { Report } from '../../report.ts'
import { parseExpression } from '../../thresholds.ts'
import { formatNumber, formatValue } from '../format.ts'
import { found, headline, machineOf, replayOf, runsOf, scaleOf } from '../words.ts'
import { html, type Markup } from './markup.ts'

const SIGNS = {
  pass: '✓',
  fail: '✗',
  invalid: '!',
  aborted: '■',
  regressed: '▼',
  improved: '▲',
  unchanged: '=',
  inconclusive: '?',
} as const

/** Rising, falling, rising: pods come and go. */
export const LOGO = html`<svg viewBox="0 0 20 20" aria-hidden="true">
  <path
    d="M1 15 L6 5 L10 12 L14 3 L19 15"
    fill="none"
    class="s0"
    stroke-width="2.4"
    stroke-linejoin="round"
    stroke-linecap="round"
  />
</svg>`

export function pageHeader(report: Report, arms: readonly Arm[]): Markup {
  const { scenario } = report
  const replay = replayOf(report)
  return html`<header>
    <div class="brand">
      ${LOGO}<span>churnbench</span><time datetime="${report.startedAt}">${instant(report.startedAt)}</time>
    </div>
    <h1>${scenario.name}</h1>
    <p class="lead">${scenario.description}</p>
    <dl class="facts">
      ${arms.map(arm => fact(arms.length > 1 ? `Subject ${arm.name}` : 'Subject', html`${arms.length > 1 && armChip(arm)} ${arm.subject}`))}${fact('Cluster', scaleOf(report))}${replay !== undefined && fact('Trace', replay)}${fact('Measured', runsOf(report))}${fact('Profile', scenario.profile)}${fact('Seed', html`<code>${scenario.seed}</code>`)}${fact('Machine', machineOf(report))}
    </dl>
  </header>`
}

function fact(name: string, content: Markup | string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${content}</dd>
  </div>`
}

export function armChip(arm: Pick<Arm, 'name'>): Markup {
  return html`<span class="chip ${arm.name}">${arm.name}</span>`
}

/** `2026-11-23 06:50:12 UTC` */
export function instant(rfc3339: string): string {
  return `${rfc3339.slice(0, 19).replace('T', ' ')} UTC`
}

export function verdictBanner(report: Report): Markup {
  const { verdict, warnings } = report
  const { word, sentence } = headline(report)
  return html`<section class="verdict ${verdict.status}" aria-label="Verdict">
      <div class="sign" aria-hidden="true">${SIGNS[verdict.status]}</div>
      <div>
        <strong>${word.charAt(0).toUpperCase() + word.slice(1)}</strong>
        <p>${sentence}</p>
        ${
          verdict.reasons.length > 0 &&
          html`<ul>
            ${verdict.reasons.map(reason => html`<li>${reason}</li>`)}
          </ul>`
        }
      </div>
    </section>
    ${
      warnings.length > 0 &&
      html`<ul class="warnings" aria-label="Warnings">
        ${warnings.map(({ code, message }) => html`<li>${message} <code>${code}</code></li>`)}
      </ul>`
    }`
}

/** A figure that people look for first. */
interface Tile {
  readonly key: string
  readonly title: string
  readonly big: (summary: Summary) => string
  readonly sub: (summary: Summary, arm: Arm) => string
}

const p99 = (summary: Summary): string =>
  summary.kind === 'histogram'
    ? summary.value.count === 0
      ? 'no data'
      : formatValue(summary.value.p99, summary.info.unit)
    : plain(summary)
const quantiles = (summary: Summary): string =>
  summary.kind === 'histogram' && summary.value.count > 0
    ? `p50 ${formatValue(summary.value.p50, summary.info.unit)} · max ${formatValue(summary.value.max, summary.info.unit)}`
    : ''
const plain = (summary: Summary): string =>
  summary.kind === 'scalar' ? formatValue(summary.value, summary.info.unit) : formatNumber(summary.value.count)
const spread = (summary: Summary): string =>
  summary.kind === 'scalar' && summary.runs > 1
    ? `median of ${summary.runs} runs, ${formatValue(summary.min, summary.info.unit)} to ${formatValue(summary.max, summary.info.unit)}`
    : ''
const ofServed = (_: Summary, arm: Arm): string => {
  const served = arm.metrics.get('samples_served')
  return served === undefined ? '' : `of ${plain(served)} served`
}

const TILES: readonly Tile[] = [
  { key: 'discovery_latency', title: 'Discovered, p99', big: p99, sub: quantiles },
  { key: 'visibility_latency', title: 'Visible in queries, p99', big: p99, sub: quantiles },
  { key: 'staleness_latency', title: 'Forgotten, p99', big: p99, sub: quantiles },
  { key: 'targets_missed', title: 'Targets never scraped', big: plain, sub: spread },
  { key: 'samples_lost', title: 'Samples lost', big: plain, sub: ofServed },
  { key: 'samples_wrong', title: 'Samples wrong', big: plain, sub: spread },
  { key: 'ingest_rate', title: 'Samples stored', big: plain, sub: spread },
  { key: 'cpu_seconds_per_million_samples', title: 'CPU per million samples', big: plain, sub: spread },
  { key: 'rss_peak', title: 'Memory, peak', big: plain, sub: spread },
  { key: 'generator_lag', title: 'Lag of the harness, p99', big: p99, sub: quantiles },
]

/** The headline figures, as far as they were measured. */
export function tiles(arms: readonly Arm[]): Markup {
  const drawn = TILES.flatMap(({ key, title, big, sub }) => {
    const found = arms.flatMap(arm => {
      const summary = arm.metrics.get(key)
      return summary === undefined ? [] : [{ arm, summary }]
    })
    if (found.length === 0) return []
    const several = arms.length > 1
    const notes = several ? [] : found.map(({ arm, summary }) => sub(summary, arm)).filter(note => note !== '')
    return [
      html`<div class="tile panel">
        <dt>${title}</dt>
        ${found.map(
          ({ arm, summary }) =>
            html`<dd class="big${several && ' two'}">
              ${several && html`<span class="arm">${armChip(arm)}</span>`}${big(summary)}
            </dd>`,
        )}${notes.map(note => html`<dd class="sub">${note}</dd>`)}
      </div>`,
    ]
  })
  return drawn.length === 0 ? html`` : html`<dl class="tiles" aria-label="Headline figures">${drawn}</dl>`
}

export function thresholdSection(report: Report): Markup {
  const { thresholds } = report
  if (thresholds.length === 0) return html``
  return html`<section>
    <h2 id="thresholds">Thresholds</h2>
    <p class="intro">
      What the scenario demands. A threshold without data has failed; with several runs it must hold in each, and the
      worst is shown.
    </p>
    <div class="panel scroll">
      <table>
        <thead>
          <tr>
            <th></th>
            <th>Metric</th>
            <th>Must be</th>
            <th class="n">Was</th>
            <th class="n">Of the limit</th>
          </tr>
        </thead>
        <tbody>
          ${thresholds.map(({ metric, expression, value, ok }) => {
            const { unit } = infoOf(report, metric)
            return html`<tr>
              <td class="${ok ? 'ok' : 'bad'}">${ok ? '✓ held' : '✗ failed'}</td>
              <td><code>${metric}</code></td>
              <td><code>${expression}</code></td>
              <td class="n${!ok && ' bad'}">${found(value, expression, unit)}</td>
              <td class="n">${shareOfLimit(value, expression)}</td>
            </tr>`
          })}
        </tbody>
      </table>
    </div>
  </section>`
}

function shareOfLimit(value: number | null, expression: string): string {
  const parsed = parseExpression(expression)
  if (value === null || parsed === undefined || parsed.limit <= 0 || !/[<>]/.test(parsed.operator)) return ''
  return `${formatNumber(Math.round((1000 * value) / parsed.limit) / 10)} %`
}
