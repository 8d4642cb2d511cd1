/** What k6 says of a run at its end, of either form, read. */
export interface K6Summary {
  /** By k6's name, `http_req_duration{class:series}`; trends of time in milliseconds. */
  readonly metrics: ReadonlyMap<string, K6Metric>
  /** Absent in what `--summary-export` writes. */
  readonly durationS?: number
  /** What our own scripts add. */
  readonly script?: K6Script
}

export interface K6Metric {
  readonly values: Readonly<Record<string, number>>
  readonly thresholds: readonly { readonly expression: string; readonly ok: boolean }[]
}

export interface K6Script {
  readonly name: string
  readonly description: string
  readonly settings: Readonly<Record<string, string | number>>
  readonly subject?: { readonly kind: string; readonly version: string }
}

type Json = Readonly<Record<string, unknown>>

/**
 * Reads what k6 gives to `handleSummary`, written as JSON, or the file of `--summary-export`; `undefined` when it is neither.
 *
 * The two differ in where values are, and in what a threshold's boolean means: `ok: true` in the first is `false` (not
 * crossed) in the second.
 */
export function parseK6Summary(json: unknown): K6Summary | undefined {
  if (!isRecord(json) || !isRecord(json.metrics)) return undefined
  const metrics = new Map<string, K6Metric>()
  for (const [name, metric] of Object.entries(json.metrics)) {
    if (!isRecord(metric)) return undefined
    const values = numbersOf(isRecord(metric.values) ? metric.values : metric)
    const thresholds = Object.entries(isRecord(metric.thresholds) ? metric.thresholds : {}).map(
      ([expression, result]) => ({ expression, ok: isRecord(result) ? result.ok === true : result === false }),
    )
    metrics.set(name, { values, thresholds })
  }
  // Every run has these, whatever its script does: any JSON with "metrics" would do otherwise.
  if (!metrics.has('iterations') && !metrics.has('dropped_iterations') && !metrics.has('vus_max')) return undefined
  const durationMs = isRecord(json.state) ? json.state.testRunDurationMs : undefined
  const script = scriptOf(json.churnbench)
  return {
    metrics,
    ...(typeof durationMs === 'number' ? { durationS: durationMs / 1000 } : {}),
    ...(script === undefined ? {} : { script }),
  }
}

function scriptOf(json: unknown): K6Script | undefined {
  if (!isRecord(json) || typeof json.name !== 'string') return undefined
  const { name, description, settings, subject } = json
  return {
    name,
    description: typeof description === 'string' ? description : '',
    settings: isRecord(settings) ? (settings as K6Script['settings']) : {},
    ...(isRecord(subject) && typeof subject.kind === 'string' && typeof subject.version === 'string'
      ? { subject: { kind: subject.kind, version: subject.version } }
      : {}),
  }
}

function numbersOf(json: Json): Record<string, number> {
  return Object.fromEntries(
    Object.entries(json).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  )
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
