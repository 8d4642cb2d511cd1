import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Collects this thread's garbage now, so that what a warm-up left behind is not collected in the middle of a measurement.
 *
 * Takes some milliseconds. Does nothing where the engine does not offer it.
 */
export function collectGarbage(): void {
  // Some seconds later V8 would do it once more, all at once, to give memory back.
  setFlagsFromString('--no-memory-reducer')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('globalThis.gc') as (() => void) | undefined
  collect?.()
}
