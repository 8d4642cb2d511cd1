import { parseMetricKey } from './metric-key.ts'

/**
 * The columns that a run's time line is expected to have, after `t_s`; units last in the name, as everywhere.
 *
 * Others may be added: a column of another name is drawn as well, in a figure of its own.
 */
export const TIMELINE_COLUMNS = {
  t_s: 'Seconds since the start of planned time.',
  pods_ready: 'Pods that are ready.',
  pods_scraped: 'Those of them that have been scraped at least once.',
  pods_visible: 'Those of them whose samples a query returns.',
  samples_served_per_s: 'Samples that targets served.',
  samples_stored_per_s: "Samples that the subject stored, by the subject's own answers.",
  subject_cpu_cores: "CPU time of the subject's process per second.",
  subject_rss_bytes: "Resident memory of the subject's process.",
  apiserver_requests_per_s: 'Requests of the subject to the API server.',
  apiserver_bytes_per_s: 'Bytes that the API server sent to the subject.',
  generator_lag_max_s: 'Longest lag of a planned event.',
  eventloop_delay_max_s: "Longest delay on the harness' event loops.",
} as const

export type TimelineColumn = keyof typeof TIMELINE_COLUMNS

/** Unit of a column, by the end of its name: `1` when it names none. */
export function columnUnit(column: string): string {
  const { name } = parseMetricKey(column)
  if (name.endsWith('_bytes_per_s')) return 'bytes/s'
  if (name.endsWith('_per_s')) return '1/s'
  if (name.endsWith('_bytes')) return 'bytes'
  if (name.endsWith('_s')) return 's'
  if (name.endsWith('_ns')) return 'ns'
  if (name.endsWith('_cores')) return 'cores'
  return '1'
}

/** A column's name for people: without its unit, blanks for underscores. */
export function columnLabel(column: string): string {
  return column.replace(/_(?:bytes_per_s|per_s|bytes|cores|ns|s)$/, '').replaceAll('_', ' ')
}
