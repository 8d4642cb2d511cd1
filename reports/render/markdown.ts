import { type Arm, armsOf, infoOf } from '../arms.ts'
import type { Report } from '../report.ts'
import { formatNumber, formatValue } from './format.ts'
import { groupMetrics } from './layout.ts'
import { calibrationBlocks, capacityBlocks, comparisonBlocks } from './markdown-comparison.ts'
import { misbehaviourRows } from './misbehaviours.ts'
import { code, details, marker, table, text } from './markdown-text.ts'
import {
  found,
  headline,
  machineOf,
  methodOf,
  replayOf,
  runsOf,
  scaleOf,
  shownArms,
  subjectOf,
  toldWarnings,
} from './words.ts'

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
  const { scenario, verdict, comparison, calibration, capacity } = report
  const { word, sentence } = headline(report)
  const replay = replayOf(report)
  const failed = report.thresholds.some(threshold => !threshold.ok)
  const subjects = arms.map(arm => (arms.length > 1 ? `${arm.name}: ` : '') + text(subjectOf(report, arm))).join(' · ')
  const blocks = [
    marker(scenario.name),
    `### ${ICONS[verdict.status]} churnbench ${code(scenario.name)}: ${word}`,
    [...(sentence === '' ? [] : [`**${sentence}**`]), ...verdict.reasons.map(reason => `- ${text(reason)}`)].join('\n'),
    `${subjects} · ${text(scaleOf(report))} · ${text(runsOf(report))} · profile ${code(scenario.profile)} · seed ${code(scenario.seed)}`,
    replay === undefined ? '' : `Trace: ${text(replay)}`,
    warnings(report),
    failed ? thresholds(report) : '',
    ...(comparison === undefined || calibration !== undefined ? [] : comparisonBlocks(comparison)),
    ...(calibration === undefined ? [] : calibrationBlocks(calibration, comparison)),
    ...(capacity === undefined ? [] : capacityBlocks(capacity)),
    failed ? '' : thresholds(report),
    misbehaviours(report),
    figures(report, arms),
    environment(report),
  ]
  return `${blocks.filter(block => block !== '').join('\n\n')}\n`
}

function warnings(report: Report): string {
  const told = toldWarnings(report)
  const lines = told.map(
    ({ code: kind, message }) => `> ${told.length > 1 ? '- ' : ''}${text(message)} (${code(kind)})`,
  )
  return lines.length === 0 ? '' : ['> [!WARNING]', ...lines].join('\n')
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

/** In a comparison that is about something else, thresholds that all held are folded away. */
function thresholds(report: Report): string {
  const made = thresholdTable(report)
  if (report.comparison === undefined || made === '' || report.thresholds.some(({ ok }) => !ok)) return made
  return details(`Thresholds: all ${formatNumber(report.thresholds.length)} held`, made)
}

function misbehaviours(report: Report): string {
  const rows = misbehaviourRows(report).map(({ ok, kind, seen, expected }) => [
    ok === undefined ? '' : ok ? '✅' : '❌',
    code(kind),
    text(seen),
    text(expected),
  ])
  return rows.length === 0 ? '' : table(['', 'misbehaviour', 'seen', 'documented'], ['-', '-', '-', '-'], rows)
}

function figures(report: Report, arms: readonly Arm[]): string {
  const shown = shownArms(report, arms)
  return shown.length === 0 && arms.length > 0 ? '' : figureTable(shown)
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
    ...(report.comparison === undefined ? [] : [['method', text(methodOf(report))]]),
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
  return details('Environment', table(['', ''], ['-', '-'], rows))
}
