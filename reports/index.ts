export type {
  Calibration,
  Capacity,
  CapacityStep,
  ComparedArm,
  Comparison,
  ComparisonRow,
  EnvironmentInfo,
  Heatmap,
  HistogramValue,
  HostConditions,
  MetricInfo,
  MetricValue,
  Noise,
  Report,
  RowVerdict,
  Run,
  Statistic,
  Timeline,
  ThresholdResult,
  TimelineEvent,
  ToolInfo,
  Warning,
} from './report.ts'
export { prepareReportFolder, readReport, writeReport } from './files.ts'
export { mergeHistogramValues, percentileOf, spectrum, toHistogramValue } from './histogram-value.ts'
export { canonicalJson, prettyJson } from './json.ts'
export { metricKey, parseMetricKey } from './metric-key.ts'
export { describeMetrics, METRICS } from './metrics.ts'
export { renderHtml } from './render/html/page.ts'
export { renderMarkdown } from './render/markdown.ts'
export { renderTerminal } from './render/terminal.ts'
export { validateReport } from './schema.ts'
export { type ThresholdsInput, checkThresholds, parseThresholds } from './thresholds.ts'
export { type Measured, evaluateThresholds } from './threshold-evaluation.ts'
export type { TimelineColumn } from './timeline.ts'
