import type { ClosedLoad } from './planned-load.ts'

/** From `atMs` on there are `vus` virtual users. */
export interface VuStep {
  readonly atMs: number
  readonly vus: number
}

/**
 * The number of virtual users over time as steps of whole users, solved from the ramps as k6 does: of a stage that changes
 * the number by n, the k-th user comes or goes k / n of the way through it. Ascending; a stage of no length jumps.
 */
export function vuSteps({ startMs, startVus, stages }: Pick<ClosedLoad, 'startMs' | 'startVus' | 'stages'>): VuStep[] {
  const out: VuStep[] = [{ atMs: startMs, vus: startVus }]
  let fromMs = startMs
  let level = startVus
  for (const { untilMs, vus } of stages) {
    const change = Math.abs(vus - level)
    const sign = Math.sign(vus - level)
    for (let k = 1; k <= change; k++) {
      if (untilMs === fromMs && k < change) continue
      out.push({ atMs: fromMs + ((untilMs - fromMs) * k) / change, vus: level + sign * k })
    }
    fromMs = untilMs
    level = vus
  }
  // Of several at one instant, the last one counts.
  return out.filter((step, i) => out[i + 1]?.atMs !== step.atMs)
}
