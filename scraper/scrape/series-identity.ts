import { isValidLabelName, isValidMetricName, type ScrapeConfig } from '../config/index.ts'
import { type Labels, LabelsBuilder, METRIC_NAME } from '../model/index.ts'
import { relabel } from '../relabel/index.ts'
import { parseSeriesLabels } from '../textparse/index.ts'

/** What a series' text stands for in one target: final labels, nothing (dropped), or a reason to fail the scrape. */
export type SeriesIdentity =
  | { readonly kind: 'kept'; readonly labels: Labels }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'refused'; readonly problem: string; readonly isLimit: boolean }

const DROPPED: SeriesIdentity = { kind: 'dropped' }

/**
 * Turns the text of a series into its final labels: target labels joined, metric relabelling applied, limits checked.
 *
 * @param targetLabels the labels that the target attaches to all its series.
 */
export function identifySeries(
  bytes: Uint8Array,
  start: number,
  end: number,
  targetLabels: Labels,
  config: ScrapeConfig,
): SeriesIdentity {
  const parsed = parseSeriesLabels(bytes, start, end)
  if ('problem' in parsed) return refused(`${parsed.problem} in ${shown(bytes, start, end)}`)
  const builder = new LabelsBuilder(parsed.labels)
  if (config.honorLabels) honorLabels(builder, targetLabels, parsed.emptyNames)
  else joinTargetLabels(builder, targetLabels)
  if (!relabel(config.metricRelabel, builder)) return DROPPED
  const labels = builder.build()
  if (labels.size === 0) return DROPPED
  const name = labels.get(METRIC_NAME)
  if (name === '') return refused('missing metric name (__name__ label)')
  if (!isValidMetricName(name, config.nameScheme)) return refused(`invalid metric name ${JSON.stringify(name)}`)
  for (const [label] of labels) {
    if (!isValidLabelName(label, config.nameScheme)) return refused(`invalid label name ${JSON.stringify(label)}`)
  }
  const problem = exceededLimit(labels, config)
  return problem === undefined ? { kind: 'kept', labels } : { kind: 'refused', problem, isLimit: true }
}

/** What the target exposes wins; also when it exposes a label as empty. */
function honorLabels(builder: LabelsBuilder, targetLabels: Labels, emptyNames: readonly string[]): void {
  for (const [name, value] of targetLabels) {
    if (builder.get(name) === '' && !emptyNames.includes(name)) builder.set(name, value)
  }
}

/** The target's labels win; exposed ones of the same name become `exported_<name>`, repeatedly until free. */
function joinTargetLabels(builder: LabelsBuilder, targetLabels: Labels): void {
  const conflicting: [name: string, value: string][] = []
  for (const [name, value] of targetLabels) {
    const exposed = builder.get(name)
    if (exposed !== '') conflicting.push([name, exposed])
    builder.set(name, value)
  }
  // Short names first, so that `a` takes `exported_a` before an exposed `exported_a` looks for its place.
  for (const [name, value] of conflicting.toSorted(([a], [b]) => a.length - b.length)) {
    let free = `exported_${name}`
    while (builder.get(free) !== '') free = `exported_${free}`
    builder.set(free, value)
  }
}

function exceededLimit(labels: Labels, config: ScrapeConfig): string | undefined {
  const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = config
  const metric = (): string => `metric: ${labels.get(METRIC_NAME).slice(0, 50)}`
  if (labelLimit > 0 && labels.size > labelLimit) {
    return `label_limit exceeded (${metric()}, number of labels: ${labels.size}, limit: ${labelLimit})`
  }
  if (labelNameLengthLimit === 0 && labelValueLengthLimit === 0) return undefined
  for (const [name, value] of labels) {
    if (labelNameLengthLimit > 0 && Buffer.byteLength(name) > labelNameLengthLimit) {
      return `label_name_length_limit exceeded (${metric()}, label name: ${name.slice(0, 50)}, limit: ${labelNameLengthLimit})`
    }
    if (labelValueLengthLimit > 0 && Buffer.byteLength(value) > labelValueLengthLimit) {
      return `label_value_length_limit exceeded (${metric()}, label name: ${name}, limit: ${labelValueLengthLimit})`
    }
  }
  return undefined
}

function refused(problem: string): SeriesIdentity {
  return { kind: 'refused', problem, isLimit: false }
}

function shown(bytes: Uint8Array, start: number, end: number): string {
  return JSON.stringify(Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, 80)).toString())
}
