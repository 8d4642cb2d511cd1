import { timestamp } from '../cluster/index.ts'
import type { PlannedClock } from './planned-clock.ts'

/** Now, as Kubernetes writes times: whole seconds. For show, never to decide upon. */
export function stampOf(clock: PlannedClock): string {
  return timestamp(clock.unixMs())
}
