export type {
  EnvironmentInfo,
  HistogramValue,
  MetricInfo,
  MetricValue,
  Report,
  Run,
  ScalarValue,
  ScenarioInfo,
  SubjectInfo,
  ThresholdResult,
  Timeline,
  TimelineEvent,
  ToolInfo,
  Verdict,
  Warning,
} from './report.ts'
export { type Arm, type Summary, armsOf } from './arms.ts'
export { ReportError } from './errors.ts'
export { type ReportFiles, prepareReportFolder, readReport, writeReport } from './files.ts'
export {
  type SpectrumPoint,
  mergeHistogramValues,
  percentileOf,
  spectrum,
  toHistogramValue,
} from './histogram-value.ts'
export { canonicalJson, prettyJson } from './json.ts'
export { type MetricKey, metricKey, parseMetricKey } from './metric-key.ts'
export { type MetricName, describeMetrics, METRICS, metricInfo } from './metrics.ts'
export { renderHtml } from './render/html/page.ts'
export { renderMarkdown } from './render/markdown.ts'
export { renderTerminal } from './render/terminal.ts'
export { validateReport } from './schema.ts'
export { type Threshold, type ThresholdsInput, checkThresholds, parseThresholds } from './thresholds.ts'
export { type Measured, evaluateThresholds } from './threshold-evaluation.ts'
export { TIMELINE_COLUMNS, type TimelineColumn } from './timeline.ts'
