export type {
  Calibration,
  Capacity,
  CapacityStep,
  ComparedArm,
  Comparison,
  ComparisonRow,
  CrossedThreshold,
  EnvironmentInfo,
  Heatmap,
  HistogramValue,
  HostConditions,
  MetricInfo,
  MetricValue,
  MisbehaviourResult,
  Noise,
  ReplayFidelity,
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
export {
  type Baseline,
  BASELINES_FOLDER,
  baselineNames,
  findReport,
  readBaseline,
  removeBaseline,
  saveBaseline,
} from './baselines.ts'
export { compareReport } from './compare-report.ts'
export { calibrationOf } from './compare/calibration.ts'
export { type Comparable, type CompareOptions, compareArms } from './compare/compare.ts'
export { compareReports } from './compare/compare-reports.ts'
export { confirm } from './compare/confirm.ts'
export { type Differences, differencesBetween } from './compare/differences.ts'
export { blocksNeeded, gatesFault, gatesSupported } from './compare/gates.ts'
export { verdictOfComparison } from './compare/verdict.ts'
export { type ExportFiles, type ExportName, EXPORTS, prepareExports, writeExports } from './exports.ts'
export { prepareReportFolder, readReport, writeReport } from './files.ts'
export { mergeHistogramValues, percentileOf, spectrum, toHistogramValue } from './histogram-value.ts'
export { readK6Files } from './import/k6-files.ts'
export { type K6Import, reportOfK6 } from './import/k6.ts'
export { canonicalJson, prettyJson } from './json.ts'
export { metricKey, parseMetricKey } from './metric-key.ts'
export { describeMetrics, metricInfo, METRICS } from './metrics.ts'
export { formatBytes, formatNumber, formatShare, oneLine, plural } from './render/format.ts'
export { layOut, wrap } from './render/grid.ts'
export { htmlPage } from './render/html/document.ts'
export { type Figure, figureGrid } from './render/html/figure.ts'
export { html, type Markup, svg } from './render/html/markup.ts'
export { LOGO } from './render/html/overview.ts'
export { definitions } from './render/html/definitions.ts'
export { renderHtml } from './render/html/page.ts'
export { PALETTE_STYLE } from './render/html/palette.ts'
export { renderMarkdown } from './render/markdown.ts'
export { marks } from './render/svg/annotations.ts'
export { type Mark, px, visibleTicks } from './render/svg/chart.ts'
export { linearScale, type Scale, timeScale } from './render/svg/scale.ts'
export { renderTerminal, type TerminalOptions } from './render/terminal.ts'
export { validateReport } from './schema.ts'
export { type ChangePoint, type ChangePointOptions, changePoints } from './statistics/change-points.ts'
export { type Threshold, type ThresholdsInput, checkThresholds, parseThresholds } from './thresholds.ts'
export { type Measured, evaluateThresholds, firstCrossing } from './threshold-evaluation.ts'
export type { TimelineColumn } from './timeline.ts'
export { type Collected, type CollectedReport, collectReports } from './trend/collect.ts'
export { historiesOf, type History, type TrendChange, type TrendPoint, type TrendSeries } from './trend/history.ts'
export { renderTrendHtml } from './trend/page.ts'
export { renderTrendText } from './trend/text.ts'
export { median } from './statistics/descriptive.ts'
