import { mergeHistogramValues } from './histogram-value.ts'
import { parseMetricKey } from './metric-key.ts'
import { METRICS, metricInfo } from './metrics.ts'
import { median } from './statistics/descriptive.ts'
import type { HistogramValue, MetricInfo, MetricValue, Report, Run } from './report.ts'

/** What the runs of one arm say together, for display. Inference works on the runs one by one, not on this. */
export interface Arm {
  readonly name: Run['arm']
  /** `embedded 0.1.0` */
  readonly subject: string
  /** As short as it tells the arms apart: `A embedded`, `B 0.2.0`, `A`. */
  readonly label: string
  /** All runs of the arm. */
  readonly runs: readonly Run[]
  /** The runs that `metrics` sums up: the valid and complete ones, or all of them when there is none. */
  readonly used: readonly Run[]
  /** By key, in reading order. */
  readonly metrics: ReadonlyMap<string, Summary>
}

/** One metric of one arm. */
export type Summary =
  | { readonly kind: 'histogram'; readonly info: MetricInfo; readonly value: HistogramValue }
  | {
      readonly kind: 'scalar'
      readonly info: MetricInfo
      /** Median over the runs. */
      readonly value: number
      readonly min: number
      readonly max: number
      readonly runs: number
    }

/** The arms of a report in order. */
export function armsOf(report: Report): Arm[] {
  const names = [...new Set(report.runs.map(run => run.arm))].toSorted()
  return names.map(name => {
    const runs = report.runs.filter(run => run.arm === name)
    const good = runs.filter(run => run.valid && !run.aborted)
    const used = good.length > 0 ? good : runs
    const { kind, version } = runs[0]!.subject
    const subject = `${kind} ${version}`.trim()
    return { name, subject, label: label(report, runs[0]!), runs, used, metrics: summarise(report, used) }
  })
}

function label(report: Report, { arm, subject }: Run): string {
  const differ = (field: 'kind' | 'version'): boolean => new Set(report.runs.map(run => run.subject[field])).size > 1
  return differ('kind') ? `${arm} ${subject.kind}` : differ('version') ? `${arm} ${subject.version}` : arm
}

/** Every key that occurs in an arm, in reading order. */
export function keysOf(arms: readonly Arm[]): string[] {
  return [...new Set(arms.flatMap(arm => [...arm.metrics.keys()]))].toSorted(byReadingOrder)
}

/** What a metric means: as the report says, otherwise as the catalogue does. */
export function infoOf(report: Pick<Report, 'metrics'>, key: string): MetricInfo {
  const { name } = parseMetricKey(key)
  const own = Object.hasOwn(report.metrics, name) ? report.metrics[name] : undefined
  return own ?? metricInfo(name) ?? { kind: 'value', unit: '1', direction: 'none', help: '' }
}

function summarise(report: Report, runs: readonly Run[]): Map<string, Summary> {
  const keys = [...new Set(runs.flatMap(run => Object.keys(run.metrics)))].toSorted(byReadingOrder)
  const out = new Map<string, Summary>()
  for (const key of keys) {
    const values = runs.map(run => run.metrics[key]).filter(value => value !== undefined)
    out.set(key, summary(infoOf(report, key), values))
  }
  return out
}

function summary(info: MetricInfo, values: readonly MetricValue[]): Summary {
  const histograms = values.filter(value => 'hdr' in value)
  if (histograms.length > 0) {
    return { kind: 'histogram', info, value: mergeHistogramValues(histograms, info.unit) }
  }
  const scalars = values.flatMap(value => ('value' in value ? [value.value] : [])).toSorted((a, b) => a - b)
  return {
    kind: 'scalar',
    info,
    value: median(scalars),
    min: scalars[0]!,
    max: scalars.at(-1)!,
    runs: scalars.length,
  }
}

const POSITION = new Map(Object.keys(METRICS).map((name, i) => [name, i]))

/** Orders keys as the catalogue does, those that it does not know at the end. */
export function byReadingOrder(a: string, b: string): number {
  const position = (key: string): number => POSITION.get(parseMetricKey(key).name) ?? POSITION.size
  return position(a) - position(b) || (a < b ? -1 : a > b ? 1 : 0)
}
