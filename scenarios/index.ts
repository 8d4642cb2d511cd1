import nodeFailure from './node-failure.scenario.ts'
import rollout from './rollout.scenario.ts'
import scaleBurst from './scale-burst.scenario.ts'
import type { ScenarioInput } from './scenario.ts'

export type {
  Arrivals,
  ChurnInput,
  ClusterInput,
  Duration,
  GateStatistic,
  LoadStage,
  ProfileName,
  ScenarioInput,
  ScenarioOverrides,
  SearchInput,
  ThresholdInput,
  TimingsInput,
  WorkloadInput,
} from './scenario.ts'

/** The scenarios that come with churnbench, in the order in which they are listed. */
export const SCENARIOS: readonly ScenarioInput[] = [rollout, nodeFailure, scaleBurst]
