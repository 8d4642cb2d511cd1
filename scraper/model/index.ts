export { Labels, LabelsBuilder, METRIC_NAME, quote } from './labels.ts'
export { AnchoredRegex, listedTexts } from './regex.ts'
export { Matcher, type MatchType } from './matcher.ts'
export { isStaleAt, writeStale } from './stale.ts'
