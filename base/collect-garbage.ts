import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Collects this thread's garbage now, so that what a warm-up left behind is not collected in the middle of a measurement.
 *
 * The engine's own second collection some seconds later, all at once and to give memory back, is off from then on, in the whole
 * process. Takes some milliseconds. Does nothing where the engine does not offer it.
 */
export function collectGarbage(): void {
  setFlagsFromString('--no-memory-reducer')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('globalThis.gc') as (() => void) | undefined
  collect?.()
}
