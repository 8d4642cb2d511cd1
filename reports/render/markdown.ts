import { type Arm, armsOf, infoOf } from '../arms.ts'
import type { Report } from '../report.ts'
import { formatNumber, formatValue, oneLine } from './format.ts'
import { groupMetrics } from './layout.ts'
import { found, headline, machineOf, runsOf, scaleOf } from './words.ts'

const ICONS = {
  pass: '✅',
  fail: '❌',
  invalid: '⚠️',
  aborted: '⏹️',
  regressed: '🔻',
  improved: '🔺',
  unchanged: '🟰',
  inconclusive: '❔',
} as const

/**
 * The report as GitHub-flavoured Markdown, for pull requests and job summaries.
 *
 * Its first line is a hidden marker by which a comment of an earlier run is found and replaced.
 */
export function renderMarkdown(report: Report): string {
  const arms = armsOf(report)
  const { scenario, verdict, warnings } = report
  const { word, sentence } = headline(report)
  const subjects = arms.map(arm => (arms.length > 1 ? `${arm.name}: ` : '') + text(arm.subject)).join(' · ')
  const blocks = [
    `<!-- churnbench:${marker(scenario.name)} -->`,
    `### ${ICONS[verdict.status]} churnbench ${code(scenario.name)}: ${word}`,
    [`**${sentence}**`, ...verdict.reasons.map(reason => `- ${text(reason)}`)].join('\n'),
    `${subjects} · ${text(scaleOf(report))} · ${text(runsOf(report))} · profile ${code(scenario.profile)} · seed ${code(scenario.seed)}`,
    warnings.map(warning => `> [!WARNING]\n> ${text(warning.message)} (${code(warning.code)})`).join('\n\n'),
    thresholdTable(report),
    figureTable(arms),
    environment(report),
  ]
  return `${blocks.filter(block => block !== '').join('\n\n')}\n`
}

function thresholdTable(report: Report): string {
  if (report.thresholds.length === 0) return ''
  const rows = report.thresholds.map(({ metric, expression, value, ok }) => [
    ok ? '✅' : '❌',
    code(metric),
    code(expression),
    text(found(value, expression, infoOf(report, metric).unit)),
  ])
  return table(['', 'threshold', 'limit', 'measured'], ['-', '-', '-', '-:'], rows)
}

function figureTable(arms: readonly Arm[]): string {
  const rows: string[][] = []
  for (const group of groupMetrics(arms)) {
    rows.push([`**${group.title}**`, '', '', '', '', ''])
    for (const key of group.keys) {
      for (const arm of arms) {
        const summary = arm.metrics.get(key)
        if (summary === undefined) continue
        const name = code(key) + (arms.length > 1 ? ` ${arm.name}` : '')
        const figure = (value: number): string => text(formatValue(value, summary.info.unit))
        if (summary.kind === 'scalar') {
          rows.push([name, figure(summary.value), '', '', '', ''])
        } else if (summary.value.count === 0) {
          rows.push([name, '–', '–', '–', '–', '0'])
        } else {
          const { p50, p90, p99, max, count, censored } = summary.value
          const never = censored === undefined || censored === 0 ? '' : ` (${formatNumber(censored)} never)`
          rows.push([name, ...[p50, p90, p99, max].map(figure), formatNumber(count) + never])
        }
      }
    }
  }
  if (rows.length === 0) return '_Nothing was measured._'
  return table(['metric', 'value or p50', 'p90', 'p99', 'max', 'count'], ['-', '-:', '-:', '-:', '-:', '-:'], rows)
}

function environment(report: Report): string {
  const { environment: e, scenario, tool, runs } = report
  const rows = [
    ['machine', text(machineOf(report))],
    ['load average before', formatNumber(e.loadAvgBefore)],
    ['pod network', text(e.podNetwork)],
    ['environment', code(e.fingerprint.slice(0, 12))],
    [
      'tool',
      text(
        `${tool.name} ${tool.version}${tool.gitSha === undefined ? '' : ` (${tool.gitSha.slice(0, 12)}${tool.gitDirty === true ? ', changed' : ''})`}`,
      ),
    ],
    ['scenario', code(scenario.sha256.slice(0, 12))],
    ['trace', [...new Set(runs.map(run => code(run.traceSha256.slice(0, 12))))].join(' ')],
    ['taken', text(`${report.startedAt} to ${report.endedAt}`)],
  ]
  return `<details>\n<summary>Environment</summary>\n\n${table(['', ''], ['-', '-'], rows)}\n\n</details>`
}

function table(heads: readonly string[], rules: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, rules, ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

/** Plain text: nothing in it is markup, a mention or a cell border. */
function text(value: string): string {
  return oneLine(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_[\]|#@~!]/g, char => `&#${char.charCodeAt(0)};`)
}

/** Code; HTML instead of backquotes where the text itself has some or would end a cell. */
function code(value: string): string {
  const line = oneLine(value)
  return /^[^`|]+$/.test(line) ? `\`${line}\`` : `<code>${text(line)}</code>`
}

/** A comment cannot hold two hyphens or an angle bracket. */
function marker(name: string): string {
  return oneLine(name)
    .replace(/[^\w.-]+/g, '-')
    .replace(/-{2,}/g, '-')
}
