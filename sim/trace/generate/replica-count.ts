import type { Prng } from '../../../base/index.ts'
import { draw } from './distribution.ts'
import type { ScalingModel, WorkloadClass } from './model.ts'

/** Replicas of a workload of this class when the trace begins. */
export function firstReplicas({ replicas, scaling }: WorkloadClass, prng: Prng, dayMs: number): number {
  const base = baseReplicas(replicas, prng)
  return scaling === undefined ? base : within(scaling, Math.round(base * curveAt(scaling, dayMs)))
}

export function baseReplicas(replicas: WorkloadClass['replicas'], prng: Prng): number {
  return replicas === undefined ? 1 : Math.max(0, Math.round(draw(replicas, prng.fork('replicas'))))
}

/** Replicas that an autoscaler sets at this time of the day. */
export function scaledReplicas(scaling: ScalingModel, base: number, dayMs: number, prng: Prng): number {
  return within(scaling, Math.round(base * curveAt(scaling, dayMs) * draw(scaling.factor, prng)))
}

/** The curve begins again after its last bin; between the middles of two bins it is a straight line. */
function curveAt({ curve, binMs = 3_600_000 }: ScalingModel, dayMs: number): number {
  const position = dayMs / binMs - 0.5
  const low = Math.floor(position)
  const at = (i: number): number => curve[((i % curve.length) + curve.length) % curve.length]!
  return at(low) + (position - low) * (at(low + 1) - at(low))
}

function within({ min, max = Infinity }: ScalingModel, replicas: number): number {
  return Math.min(max, Math.max(min, replicas))
}
