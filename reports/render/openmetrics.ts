import { infoOf } from '../arms.ts'
import { parseMetricKey } from '../metric-key.ts'
import type { HistogramValue, MetricInfo, Report } from '../report.ts'

type Labels = Readonly<Record<string, string>>

/** One metric family: its lines stand together, as the format demands. */
interface Family {
  readonly type: 'gauge' | 'summary'
  readonly help: string
  readonly unit: string
  readonly lines: string[]
}

const PREFIX = 'churnbench_'
const QUANTILES = {
  '0': 'min',
  '0.5': 'p50',
  '0.9': 'p90',
  '0.95': 'p95',
  '0.99': 'p99',
  '0.999': 'p999',
  '1': 'max',
} as const

/**
 * The report as OpenMetrics text: what a run measured, without time stamps, for a textfile collector or a push gateway.
 *
 * Histograms become summaries (quantiles, `_sum`, `_count`), everything else a gauge, for a report is a result and counts
 * nothing on. Durations are in seconds, whatever the metric's own unit. The labels of a run come first; a tag of the same
 * name is prefixed with `tag_`.
 */
export function renderOpenMetrics(report: Report): string {
  const families = new Map<string, Family>()
  const family = (name: string, type: Family['type'], help: string, unit = ''): Family => {
    const known = families.get(name)
    if (known !== undefined) return known
    const made: Family = { type, help, unit, lines: [] }
    families.set(name, made)
    return made
  }
  const { scenario, tool, environment, verdict } = report
  const common = { scenario: scenario.name, profile: scenario.profile }

  family(`${PREFIX}report_info`, 'gauge', 'What the report is of; always 1.').lines.push(
    sample(`${PREFIX}report_info`, 1, {
      ...common,
      report: report.id,
      kind: report.kind,
      seed: scenario.seed,
      version: tool.version,
      ...(tool.gitSha === undefined ? {} : { commit: tool.gitSha }),
      environment: environment.fingerprint,
      status: verdict.status,
    }),
  )
  family(`${PREFIX}exit_code`, 'gauge', 'Exit code of the command, see docs/errors.md.').lines.push(
    sample(`${PREFIX}exit_code`, verdict.exitCode, common),
  )
  for (const { metric, expression, ok } of report.thresholds) {
    family(`${PREFIX}threshold_held`, 'gauge', 'Whether a threshold held: 1, or 0.').lines.push(
      sample(`${PREFIX}threshold_held`, ok ? 1 : 0, { ...common, metric, expression }),
    )
  }

  for (const run of report.runs) {
    const labels: Record<string, string> = {
      ...common,
      subject: run.subject.kind,
      version: run.subject.version,
      arm: run.arm,
      run: String(run.index),
    }
    const valid = `${PREFIX}run_valid`
    family(valid, 'gauge', 'Whether the harness kept its promises in a run: 1, or 0.').lines.push(
      sample(valid, run.valid ? 1 : 0, labels),
    )
    for (const [key, value] of Object.entries(run.metrics)) {
      const { name: base, tags } = parseMetricKey(key)
      const info = infoOf(report, key)
      const own = { ...labels, ...renamed(tags, labels) }
      const isHistogram = 'hdr' in value
      const type = isHistogram ? 'summary' : 'gauge'
      const { name, unit } = distinct(nameOf(base, info), type, families)
      const { lines } = family(name, type, info.help, unit)
      if (isHistogram) lines.push(...summary(name, value, own, info.unit))
      else lines.push(sample(name, value.value / scaleOf(info.unit), own))
    }
  }

  const { comparison } = report
  for (const row of comparison?.rows ?? []) {
    const labels = { ...common, metric: row.metric, statistic: row.statistic, gate: String(row.gate) }
    if (row.change !== null) {
      const name = `${PREFIX}comparison_change_ratio`
      family(name, 'gauge', 'Head over base, minus 1.', 'ratio').lines.push(sample(name, row.change, labels))
    }
    if (row.gate) {
      const name = `${PREFIX}comparison_regressed`
      const regressed = row.verdict === 'regressed'
      family(name, 'gauge', 'Whether a gate regressed: 1, or 0.').lines.push(sample(name, regressed ? 1 : 0, labels))
    }
  }
  return `${[...families].flatMap(([name, made]) => [...head(name, made), ...made.lines]).join('\n')}\n# EOF\n`
}

function head(name: string, { type, help, unit }: Family): string[] {
  return [
    `# TYPE ${name} ${type}`,
    // Only a unit that ends the name may be named.
    ...(unit !== '' && name.endsWith(`_${unit}`) ? [`# UNIT ${name} ${unit}`] : []),
    // Prometheus' text format wants quotes as they are, OpenMetrics wants them escaped: neither has any here.
    ...(help === '' ? [] : [`# HELP ${name} ${escape(help.replaceAll('"', "'"))}`]),
  ]
}

/** The name in base units: `churnbench_discovery_latency_seconds`, `churnbench_rss_peak_bytes`. */
function nameOf(base: string, { unit }: MetricInfo): { readonly name: string; readonly unit: string } {
  const plain = base.replaceAll(/[^A-Za-z0-9_]/g, '_')
  const named = (suffix: string, stem = plain): { readonly name: string; readonly unit: string } => ({
    // `bytes_per_series` has its unit in its name already.
    name: `${PREFIX}${new RegExp(`(^|_)${suffix}(_|$)`).test(stem) ? stem : `${stem}_${suffix}`}`,
    unit: suffix,
  })
  switch (unit) {
    case 's':
      return named('seconds')
    case 'ns':
      return named('seconds', plain.replace(/_ns$/, ''))
    case 'bytes':
      return named('bytes')
    case '1/s':
      return { name: `${PREFIX}${plain}_per_second`, unit: '' }
    default:
      return { name: `${PREFIX}${plain}`, unit: '' }
  }
}

/** A metric that is a histogram in one run and a value in another is two families. */
function distinct(
  named: { readonly name: string; readonly unit: string },
  type: Family['type'],
  families: ReadonlyMap<string, Family>,
): { readonly name: string; readonly unit: string } {
  const known = families.get(named.name)
  return known === undefined || known.type === type
    ? named
    : { name: `${named.name}_${type === 'gauge' ? 'value' : 'distribution'}`, unit: '' }
}

/** What divides a value to make it one of the base unit. */
function scaleOf(unit: string): number {
  return unit === 'ns' ? 1e9 : 1
}

function summary(name: string, value: HistogramValue, labels: Labels, unit: string): string[] {
  const scale = scaleOf(unit)
  const quantiles = Object.entries(QUANTILES).map(([quantile, field]) =>
    sample(name, value.count === 0 ? NaN : value[field] / scale, { ...labels, quantile }),
  )
  return [
    ...quantiles,
    sample(`${name}_sum`, value.count === 0 ? 0 : (value.mean * value.count) / scale, labels),
    sample(`${name}_count`, value.count, labels),
  ]
}

function renamed(tags: Labels, taken: Labels): Labels {
  return Object.fromEntries(
    Object.entries(tags).map(([tag, value]) => {
      const name = tag.replaceAll(/[^A-Za-z0-9_]/g, '_')
      return [Object.hasOwn(taken, name) || name === 'quantile' ? `tag_${name}` : name, value]
    }),
  )
}

function sample(name: string, value: number, labels: Labels): string {
  const text = Object.entries(labels).map(([label, of]) => `${label}="${escape(of)}"`)
  return `${name}{${text.join(',')}} ${String(value)}`
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
