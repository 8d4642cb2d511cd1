export { afterUpdate, type Applied, apply, type Conflict, ConflictError, type TrackOptions } from './ownership.ts'
export type { Workflow } from './managers.ts'
