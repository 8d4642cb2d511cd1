import { timestamp } from '../cluster/index.ts'
import type { PlannedClock } from './planned-clock.ts'

let second = -1
let text = ''

/**
 * Now, as Kubernetes writes times: whole seconds. For show, never to decide upon.
 *
 * hot: several times for each commit; within one second the same text is handed out.
 */
export function stampOf(clock: PlannedClock): string {
  const now = Math.floor(clock.unixMs() / 1000)
  if (now !== second) {
    second = now
    text = timestamp(now * 1000)
  }
  return text
}
