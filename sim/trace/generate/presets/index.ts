import type { TraceModel } from '../model.ts'
import { batch } from './batch.ts'
import { bursty } from './bursty.ts'
import { large } from './large.ts'
import { midSize } from './mid-size.ts'
import { steady } from './steady.ts'

export { steady } from './steady.ts'

/** Models to begin with, by name. */
export const TRACE_PRESETS: Readonly<Record<string, TraceModel>> = {
  'mid-size': midSize,
  large,
  bursty,
  batch,
  steady: steady(),
}
