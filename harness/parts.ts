import type { TrialSetup } from './execute-trial.ts'
import type { TrialPart } from './trial-part.ts'

/** The parts that a trial needs beside its probes, by what its scenario and its options ask for. */
export function partsOf(_setup: TrialSetup): TrialPart[] {
  return []
}
