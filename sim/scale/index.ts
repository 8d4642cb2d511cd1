export type { FromScalePlane, ScaleData, ScaleSpec, ToScalePlane } from './messages.ts'

/** The compiled thread, for `spawnWorker`. */
export const SCALE_WORKER = new URL('./scale.worker.js', import.meta.url)
