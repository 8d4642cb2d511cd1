import { infoOf } from '../arms.ts'
import { parseMetricKey } from '../metric-key.ts'
import type { MetricValue, Report } from '../report.ts'

const COLUMNS = [
  'report',
  'kind',
  'scenario',
  'profile',
  'seed',
  'environment',
  'commit',
  'run',
  'arm',
  'block',
  'set',
  'order',
  'started_at',
  'subject',
  'version',
  'valid',
  'aborted',
  'metric',
  'tags',
  'statistic',
  'value',
  'unit',
] as const

/**
 * The report in long form: a line for each run, metric and statistic, as RFC 4180 has it (CRLF, quotes doubled), with a
 * head line. Values in base units, as in the JSON; `tags` is `tag=value` by tag, joined by semicolons.
 */
export function renderCsv(report: Report): string {
  const { id, kind, scenario, environment, tool } = report
  const lines: string[] = [COLUMNS.join(',')]
  for (const run of report.runs) {
    const about = [
      id,
      kind,
      scenario.name,
      scenario.profile,
      scenario.seed,
      environment.fingerprint,
      tool.gitSha ?? '',
      run.index,
      run.arm,
      run.block ?? '',
      run.set ?? '',
      run.order ?? '',
      run.startedAt,
      run.subject.kind,
      run.subject.version,
      run.valid,
      run.aborted,
    ]
    for (const [key, value] of Object.entries(run.metrics)) {
      const { name, tags } = parseMetricKey(key)
      const tagged = Object.entries(tags).map(([tag, of]) => `${tag}=${of}`)
      const { unit } = infoOf(report, key)
      for (const [statistic, number] of statisticsOf(value)) {
        const ofCount = statistic === 'count' || statistic === 'censored'
        lines.push([...about, name, tagged.join(';'), statistic, number, ofCount ? '1' : unit].map(field).join(','))
      }
    }
  }
  return lines.map(line => `${line}\r\n`).join('')
}

function statisticsOf(value: MetricValue): [string, number][] {
  if (!('hdr' in value)) return [['value', value.value]]
  const { count, min, mean, p50, p90, p95, p99, p999, max, censored } = value
  // An empty histogram has a count and nothing else.
  const figures = count === 0 ? {} : { min, mean, p50, p90, p95, p99, p999, max }
  return Object.entries({ count, ...figures, ...(censored === undefined ? {} : { censored }) })
}

function field(value: string | number | boolean): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
