import type { Prng } from '../../base/index.ts'

export type ArmName = 'A' | 'B'

/** In which order the two trials of a block are executed: drawn, so that neither arm is always the one that comes first. */
export function drawOrder(prng: Prng, set: number, block: number): readonly [ArmName, ArmName] {
  return prng.fork(`set/${set}/block/${block}`).below(2) === 0 ? ['A', 'B'] : ['B', 'A']
}
