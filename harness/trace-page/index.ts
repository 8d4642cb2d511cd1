export { renderInspectText, type TraceFile } from './text.ts'
