import {
  definitions,
  formatBytes,
  formatNumber,
  formatShare,
  figureGrid,
  html,
  htmlPage,
  LOGO,
  type Markup,
  oneLine,
  plural,
} from '../../reports/index.ts'
import type { Inspection } from '../../sim/index.ts'
import { timeFigures } from './figures.ts'
import { logHistogram } from './log-histogram.ts'
import { burstTable, churnTable, opTable, phaseTable, rateTable } from './tables.ts'
import type { TraceFile } from './text.ts'
import { boundsOf, completenessOf, instantOf, phasesOf, scrubbedOf, sourceOf, span, threeDigits } from './words.ts'

const STYLE = `
header{padding-bottom:16px}
.legend text{fill:var(--ink)}
.layer{opacity:.85}.layer.f5,.legend .f5{opacity:.5}
.spread-band{opacity:.16}
.hit path{fill:transparent}.hit path:hover{fill:var(--mark);opacity:.22}
.quantile path{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:3 2;fill:none;opacity:.7}.quantile text{fill:var(--ink);font-size:11px;font-weight:600;paint-order:stroke;stroke:var(--panel);stroke-width:3px}
.bar-of{opacity:.85}
.lengths{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:12px;margin-bottom:14px}
.lengths figure{padding:11px 12px 8px}
.lengths svg{display:block;width:100%;height:auto;margin-top:6px;font-size:11.5px;font-variant-numeric:tabular-nums}
.burst td{min-width:5em}.burst td:first-child{white-space:nowrap}
.pairs{columns:3 240px;column-gap:36px;padding:12px 16px;margin:0}
.pairs div{display:flex;justify-content:space-between;gap:12px;break-inside:avoid;padding:3px 0;border-bottom:1px dotted var(--line)}
.pairs dd{margin:0;font-variant-numeric:tabular-nums}
section>.panel.scroll+.panel.scroll{margin-top:14px}
@media print{.lengths{grid-template-columns:repeat(3,1fr);gap:6px}.hit{display:none}}
`

/** What a trace holds as one HTML file that needs nothing else: no network, no script, light and dark, screen and paper. */
export function renderInspectHtml(inspection: Inspection, file: TraceFile, { top }: { readonly top: number }): string {
  let next = 0
  const id = (name: string): string => `f${next++}-${name.replace(/[^A-Za-z0-9]+/g, '-')}`
  const { tone, word, sentence } = completenessOf(inspection)
  const { completeness } = inspection
  const remarks = [...completeness.examples.slice(0, 10), ...boundsOf(inspection)]
  const name = oneLine(file.name.split('/').at(-1) ?? file.name)
  const figures = timeFigures(inspection, id)
  const sections = [
    figures.length > 0 && section('time', 'Over time', TIME_INTRO, figureGrid(figures)),
    inspection.bursts.found.length > 0 && section('bursts', 'Bursts', burstIntro(inspection), burstTable(inspection)),
    lengths(inspection, id),
    churn(inspection, top),
    section('rates', 'Rates', RATES_INTRO, rateTable(inspection)),
    section('events', 'Events', '', opTable(inspection)),
    section('reading', 'How to read this page', '', reading()),
  ].filter(one => one !== false)
  const body = html`<header>
      <div class="brand">
        ${LOGO}<span>churnbench</span>${inspection.header.start !== undefined && html`<time>${oneLine(inspection.header.start)}</time>`}
      </div>
      <h1>${name}</h1>
      <p class="lead">Churn trace of ${span(inspection.durationMs)}, ${sourceOf(inspection)}.</p>
      ${factList(inspection, file)}
    </header>
    <main>
      <section class="verdict ${tone}" aria-label="State of the trace">
        <div class="sign" aria-hidden="true">${tone === 'pass' ? '✓' : '!'}</div>
        <div>
          <strong>${word}</strong>
          <p>${sentence}</p>
        </div>
      </section>
      ${
        remarks.length > 0 &&
        html`<ul class="warnings" aria-label="Remarks">
          ${remarks.map(remark => html`<li>${oneLine(remark)}</li>`)}
        </ul>`
      }
      <nav aria-label="Contents">${sections.map(({ anchor, title }) => html`<a href="#${anchor}">${title}</a>`)}</nav>
      ${tiles(inspection)}${sections.map(({ body }) => body)}
    </main>
    <footer>churnbench trace inspect · <code>${oneLine(file.name)}</code></footer>`
  return htmlPage({ title: `${name} · churnbench`, body, style: STYLE })
}

interface Section {
  readonly anchor: string
  readonly title: string
  readonly body: Markup
}

function section(anchor: string, title: string, intro: string, content: Markup): Section {
  return {
    anchor,
    title,
    body: html`<section>
      <h2 id="${anchor}">${title}</h2>
      ${intro !== '' && html`<p class="intro">${intro}</p>`}${content}
    </section>`,
  }
}

function factList(inspection: Inspection, { bytes }: TraceFile): Markup {
  const { header, events, scale } = inspection
  const facts: [string, string][] = [
    ['Events', formatNumber(events)],
    ...(bytes === undefined ? [] : ([['File', formatBytes(bytes)]] as [string, string][])),
    [
      'At most',
      `${plural(scale.nodes, 'node')}, ${plural(scale.workloads, 'workload')}, ${plural(scale.services, 'service')}`,
    ],
    ['Scrubbed', scrubbedOf(inspection)],
    ['Scraped are', header.targets === 'all' ? 'all pods' : 'pods whose annotations say so'],
    ['Format', `version ${header.version}`],
  ]
  return definitions('facts', facts)
}

function tiles({ pods, nodes, levels, rates, durationMs }: Inspection): Markup {
  const [second] = rates.events
  const perHour = durationMs === 0 ? 0 : ((pods.created - pods.atStart) * 3_600_000) / durationMs
  const some: [string, string, string][] = [
    ['Pods created', formatNumber(pods.created), pods.atStart > 0 ? `${formatNumber(pods.atStart)} at time 0` : ''],
    [
      'Pods alive, most',
      formatNumber(levels.podsAlive.max),
      `at ${instantOf(levels.podsAlive.maxAtMs)} · mean ${threeDigits(levels.podsAlive.mean)}`,
    ],
    ['Pods created per hour', threeDigits(perHour), 'after time 0'],
    [
      'Events in 1 s, most',
      formatNumber(second!.max),
      `at ${instantOf(second!.maxAtMs)} · mean ${threeDigits(rates.eventsPerS)}`,
    ],
    ['Nodes, most', formatNumber(levels.nodes.max), `ready on average ${threeDigits(levels.nodesReady.mean)}`],
  ]
  if (pods.lifetime.ms !== undefined) {
    some.push(['Lifetime, p50', span(pods.lifetime.ms.p50), `p99 ${span(pods.lifetime.ms.p99)}`])
  }
  if (pods.ready.ms !== undefined) {
    some.push(['Address to ready, p99', span(pods.ready.ms.p99), `p50 ${span(pods.ready.ms.p50)}`])
  }
  if (nodes.outage.ms !== undefined) {
    some.push([
      'Node down, p50',
      span(nodes.outage.ms.p50),
      plural(nodes.outage.ms.count + nodes.outage.open, 'outage'),
    ])
  }
  if (pods.restarts > 0) some.push(['Container restarts', formatNumber(pods.restarts), ''])
  if (pods.addresses.given > 0) {
    const { given, reused, afterMs } = pods.addresses
    some.push([
      'Addresses taken again',
      formatShare(reused / given),
      afterMs === undefined
        ? `of ${formatNumber(given)} given`
        : `of ${formatNumber(given)} · soonest after ${span(afterMs.min)}`,
    ])
  }
  return html`<dl class="tiles" aria-label="Headline figures">
    ${some.map(
      ([title, big, sub]) =>
        html`<div class="tile panel">
          <dt>${title}</dt>
          <dd class="big">${big}</dd>
          ${sub !== '' && html`<dd class="sub">${sub}</dd>`}
        </div>`,
    )}
  </dl>`
}

function lengths(inspection: Inspection, id: (name: string) => string): Section | false {
  const rows = phasesOf(inspection)
  if (rows.length === 0) return false
  const drawn = rows.filter(({ phase }) => phase.ms !== undefined)
  return section(
    'lengths',
    'How long it took',
    'On logarithmic axes. Quantiles are over what was seen from beginning to end; what was still going on when the trace ended took longer than could be seen.',
    html`<div class="lengths">
        ${drawn.map(
          ({ name, phase }) =>
            html`<figure class="panel">
              <h4>${name}</h4>
              ${logHistogram(id(name), name, phase)}
            </figure>`,
        )}
      </div>
      ${phaseTable(inspection)}`,
  )
}

/** Owners in the page at least: a page has more room than a terminal. */
const OWNERS_MIN = 50

function churn(inspection: Inspection, top: number): Section | false {
  if (inspection.pods.created === 0) return false
  const rows = Math.max(top, OWNERS_MIN)
  return section(
    'churn',
    'Churn',
    'Owners are the workloads that a person knows: pods of a ReplicaSet are those of its Deployment, pods of a Job those of its CronJob.',
    html`${churnTable('Namespace', inspection.namespaces, rows)}${churnTable('Owner', inspection.owners, rows)}`,
  )
}

function burstIntro({ bursts }: Inspection): string {
  return `Windows of ${span(bursts.windowMs)} with the most events, those that touch put together. Causes are actions, changes of workloads and lost nodes within the first window or the one before.`
}

const TIME_INTRO =
  'Point at a column for its figures. Lines are means; the bands around them reach from lowest to highest.'
const RATES_INTRO =
  'How many fell into windows of equal width, empty ones included. A Fano factor of 1 is what independent arrivals have; far above it, they come in bursts.'

function reading(): Markup {
  return definitions('panel read', READING)
}

const READING: readonly (readonly [string, string])[] = [
  [
    'Time 0',
    'What the source listed first, or was set up before anything happened. It is in the totals and in no rate, no burst and no column.',
  ],
  [
    'Alive and ready',
    'Alive is created and not yet deleted, also when its containers have ended. Ready is what the API shows: a pod on a dead node stays ready until the control plane notices.',
  ],
  [
    'Node down',
    'From the failure, where the source knows it, or else from not ready, until it is ready and answers again.',
  ],
  [
    'An address taken again',
    'By another pod than had it before. The shorter the time between, the more likely a scraper mixes their series.',
  ],
  [
    'What this page cannot tell',
    'How long pods lived that were there at time 0 or still at the end: long lives are under-represented in the quantiles, the more so the shorter the trace.',
  ],
]
