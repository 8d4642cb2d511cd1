/** What k6 hands to `handleSummary`; `@types/k6` does not have it. */
export interface SummaryData {
  readonly metrics: Readonly<Record<string, SummaryMetric>>
  readonly state: { readonly testRunDurationMs: number }
}

export interface SummaryMetric {
  readonly type: 'counter' | 'gauge' | 'rate' | 'trend'
  readonly contains: 'default' | 'time' | 'data'
  readonly values: Readonly<Record<string, number>>
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>
}

/** Where the script came from and what it was told to do: `npm run import` keeps it in the report. */
export interface ScriptInfo {
  readonly name: string
  readonly description: string
  /** What decides over the load: two runs of different settings are not comparable. */
  readonly settings: Readonly<Record<string, string | number>>
  /** What was asked, as it says itself. */
  readonly subject?: { readonly kind: string; readonly version: string }
}

/** The files and the text of a summary: everything as JSON for `npm run import`, and a line for each class for people. */
export function summaryOf(data: SummaryData, script: ScriptInfo, file: string): Record<string, string> {
  return { [file]: JSON.stringify({ ...data, churnbench: script }, undefined, 2), stdout: table(data, file) }
}

const COLUMNS = ['count', 'med', 'p(95)', 'p(99)', 'max'] as const

function table({ metrics, state }: SummaryData, file: string): string {
  const rows = [['', ...COLUMNS]]
  for (const [name, { values }] of Object.entries(metrics)) {
    if (!name.startsWith('query_latency{')) continue
    rows.push([name, ...COLUMNS.map(column => cell(column, values[column]))])
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  const lines = rows.map(row => row.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))))
  const dropped = metrics.dropped_iterations?.values.count ?? 0
  const failed = Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
    Object.entries(thresholds).flatMap(([expression, { ok }]) =>
      ok ? [] : [`threshold failed: ${name} ${expression}`],
    ),
  )
  return [
    '',
    ...lines.map(line => line.join('  ')),
    `${(state.testRunDurationMs / 1000).toFixed(1)} s, ${dropped} iterations dropped`,
    ...failed,
    `summary: ${file}`,
    '',
  ].join('\n')
}

function cell(column: string, value: number | undefined): string {
  if (value === undefined) return '-'
  return column === 'count' ? String(value) : `${value.toFixed(value < 10 ? 2 : 0)} ms`
}
