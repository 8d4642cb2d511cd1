export { LabelIndex } from './label-index.ts'
export { regexShape, type RegexShape } from './regex-shape.ts'
export { REF_MAX } from './series-table.ts'
