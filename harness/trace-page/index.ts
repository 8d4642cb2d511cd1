export { renderDiffText } from './diff-text.ts'
export { renderInspectHtml } from './page.ts'
export { renderInspectText, type TraceFile } from './text.ts'
