export { afterUpdate, type Applied, apply, type Conflict, ConflictError } from './ownership.ts'
export type { Workflow } from './managers.ts'
