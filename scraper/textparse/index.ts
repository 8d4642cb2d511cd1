export { TextFormatError } from './errors.ts'
export { Entry, TextParser } from './text-parser.ts'
export { parseSeriesLabels, type SeriesLabels } from './series-labels.ts'
