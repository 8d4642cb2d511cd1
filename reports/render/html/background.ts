import { definitions } from './definitions.ts'
import type { Report } from '../../report.ts'
import { prettyJson } from '../../json.ts'
import { formatNumber, formatValue } from '../format.ts'
import { timeText } from '../words.ts'
import { betweenTags, html, type Markup } from './markup.ts'
import { instant } from './overview.ts'

/** A resolved scenario longer than this is cut: the whole stands in report.json. */
const JSON_MAX_CHARS = 24_000
const EVENTS_MAX = 300

/** Under what circumstances the figures came about. */
export function environmentSection(report: Report): Markup {
  const { environment: e, tool, scenario, runs } = report
  const traces = [...new Set(runs.map(run => run.traceSha256))]
  const commit =
    tool.gitSha === undefined ? '' : ` at ${tool.gitSha.slice(0, 12)}${tool.gitDirty === true ? ' with changes' : ''}`
  const rows: (readonly [string, Markup | string])[] = [
    ['Processor', `${e.cpuCount} × ${e.cpuModel}, ${e.arch}`],
    ['Memory', formatValue(e.memBytes, 'bytes')],
    ['System', `${e.os} ${e.kernel}${e.containerized ? ', in a container' : ''}`],
    ['Node', `${e.node}, V8 ${e.v8}`],
    ['Load average before', formatNumber(e.loadAvgBefore)],
    ['Open files allowed', e.ulimitNofile === null ? 'unlimited' : formatNumber(e.ulimitNofile)],
    ['Pod network', e.podNetwork],
    ['Environment', html`<code>${e.fingerprint}</code>`],
    ['Tool', `${tool.name} ${tool.version}${commit}`],
    ['Taken', `${instant(report.startedAt)} to ${instant(report.endedAt)}`],
    ['Scenario', html`<code>${scenario.sha256}</code>`],
    [
      traces.length === 1 ? 'Trace' : 'Traces',
      traces.map(trace => html`<code>${trace}</code> `).reduce((a, b) => html`${a}${b}`, html``),
    ],
    ['Report', html`<code>${report.id}</code>`],
  ]
  return html`<div class="panel scroll env">
    <table>
      <tbody>
        ${rows.map(
          ([name, content]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${content}</td>
            </tr>`,
        )}${subjects(report)}
      </tbody>
    </table>
  </div>`
}

/** Each subject once, however many trials it had. */
function subjects({ runs }: Report): Markup[] {
  const seen = new Set<string>()
  return runs.flatMap(({ arm, subject }) => {
    const id = `${arm} ${subject.kind} ${subject.version} ${subject.configSha256}`
    if (seen.has(id)) return []
    seen.add(id)
    return [
      html`<tr>
        <th scope="row">Subject ${arm}</th>
        <td>
          ${subject.kind} ${subject.version}<small>command <code>${subject.command.join(' ')}</code></small
          ><small>configuration <code>${subject.configSha256}</code></small
          >${
            subject.files.length > 0 &&
            html`<small>kept beside the report: <code>${subject.files.join(', ')}</code></small>`
          }
        </td>
      </tr>`,
    ]
  })
}

export function scenarioDetails({ scenario }: Report): Markup {
  const json = prettyJson(scenario.resolved)
  const shown =
    json.length > JSON_MAX_CHARS ? `${json.slice(0, JSON_MAX_CHARS)}\n… cut here; the whole is in report.json` : json
  return html`<details class="panel">
    <summary>The scenario, resolved</summary>
    <pre>${betweenTags(shown)}</pre>
  </details>`
}

/** Everything that was done to the cluster; of the first run, for the others saw the same. */
export function eventDetails({ runs }: Report): Markup {
  const events = runs[0]?.events ?? []
  if (events.length === 0) return html``
  const shown = events.slice(0, EVENTS_MAX)
  const rest = events.length - shown.length
  return html`<details class="panel">
    <summary>What was done to the cluster (${events.length})</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th class="n">At</th>
            <th>Event</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            ({ atS, label }) =>
              html`<tr>
                <td class="n">${timeText(atS)}</td>
                <td>${label}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${rest > 0 && html`<p>… and ${rest} more in report.json</p>`}
  </details>`
}

const READING: readonly (readonly [string, string])[] = [
  [
    'What is measured',
    'A simulated Kubernetes control plane starts and stops fake pods with real metrics endpoints. The subject discovers and scrapes them as it would in a cluster. Times and counts are taken at the pods’ own sockets and by asking the subject back; the subject is never asked how well it did.',
  ],
  [
    'Percentiles',
    'p99 is the value that 99 of 100 observations did not exceed. Each further nine on the axis of a percentile spectrum is ten times rarer; a flat line is an even service, a step is a second kind of behaviour. Values are kept to three digits (0.1 %). Faint quantiles in the tables have fewer than ten observations above them.',
  ],
  [
    'What never happened',
    'A pod that was not found before the end is not left out: it enters at the deadline, and is counted as “never”.',
  ],
  [
    'From when time counts',
    'Every event has a planned instant. Time counts from there, not from when the harness got round to it, so that a stall cannot hide the waits behind it.',
  ],
  [
    'The scrape interval',
    'Scrapers spread their first scrapes over an interval on purpose. Runs with different intervals cannot be compared; discovery_floor is the part of the wait that this spreading explains.',
  ],
  [
    'The harness itself',
    'If planned events ran late, the harness was the bottleneck and the run is invalid: this is said at the top, before any figure.',
  ],
  [
    'One run or several',
    'Curves and quantiles over several runs pool their observations for display. The spread between runs, not within them, tells whether a difference is real.',
  ],
  [
    'A change and its interval',
    'In a comparison, the interval holds the change with the confidence that is named. An interval within the shaded band is no change that matters; one that also leaves the band is undecided: more blocks would make it shorter. Only gates decide, and their p-values are adjusted for how many they are.',
  ],
  [
    'Same again',
    'Scenario, profile and seed fix the sequence of events: equal trace hashes mean that equal things were done to the cluster.',
  ],
]

export function howToRead(): Markup {
  return definitions('panel read', READING)
}
