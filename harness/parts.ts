import type { TrialSetup } from './execute-trial.ts'
import { LiveThresholds, type SoFar } from './live-thresholds.ts'
import { QueryLoadPart } from './load/query-load.ts'
import { MisbehaviourPart } from './misbehaviour/misbehaviour-part.ts'
import { ProfilePart } from './profile-part.ts'
import { SelfCount } from './probes/index.ts'
import { RemarksPart } from './remarks-part.ts'
import type { TrialPart } from './trial-part.ts'

/** The parts that a trial needs beside its probes, by what its scenario and its options ask for. */
export function partsOf({ scenario, subject, profileSubject }: TrialSetup): TrialPart[] {
  const parts: TrialPart[] = [new RemarksPart(), new SelfCount(), new MisbehaviourPart(subject.config === undefined)]
  let soFar: SoFar | undefined
  if (scenario.queries.length > 0) {
    const queries = new QueryLoadPart(scenario)
    soFar = wanted => queries.soFar(wanted)
    parts.push(queries)
  }
  if (LiveThresholds.wantedBy(scenario.thresholds)) parts.push(new LiveThresholds(scenario.thresholds, soFar))
  if (profileSubject === true) parts.push(new ProfilePart())
  return parts
}
