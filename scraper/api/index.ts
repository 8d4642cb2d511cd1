export { createApi } from './create-api.ts'
export type { ApiDeps, BuildInfo, RuntimeStatus } from './deps.ts'
