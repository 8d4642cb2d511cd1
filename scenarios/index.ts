import apiFaults from './api-faults.scenario.ts'
import canary from './canary.scenario.ts'
import controlPlaneScale from './control-plane-scale.scenario.ts'
import capacity from './capacity.scenario.ts'
import cardinalitySpike from './cardinality-spike.scenario.ts'
import misbehavingTargets from './misbehaving-targets.scenario.ts'
import ipReuse from './ip-reuse.scenario.ts'
import kubeletPartition from './kubelet-partition.scenario.ts'
import manyPods from './many-pods.scenario.ts'
import nodeFailure from './node-failure.scenario.ts'
import nodeFlap from './node-flap.scenario.ts'
import partition from './partition.scenario.ts'
import queryLoad from './query-load.scenario.ts'
import replay from './replay.scenario.ts'
import rollingReboot from './rolling-reboot.scenario.ts'
import rollout from './rollout.scenario.ts'
import sawTooth from './saw-tooth.scenario.ts'
import scaleBurst from './scale-burst.scenario.ts'
import sidecarExporters from './sidecar-exporters.scenario.ts'
import soak from './soak.scenario.ts'
import spotReclaim from './spot-reclaim.scenario.ts'
import targetCapacity from './target-capacity.scenario.ts'
import steadyIngest from './steady-ingest.scenario.ts'
import zoneOutage from './zone-outage.scenario.ts'
import type { ScenarioInput } from './scenario.ts'

export { sawTooth, steps, triangle, waves } from './shapes.ts'
export type {
  Arrivals,
  ChurnInput,
  ClusterInput,
  ContainerInput,
  ControlPlaneInput,
  Duration,
  GateStatistic,
  LoadStage,
  ProfileName,
  ScenarioInput,
  ScenarioOverrides,
  SearchInput,
  TargetCapacityInput,
  ThresholdInput,
  TimingsInput,
  TraceInput,
  WorkloadInput,
} from './scenario.ts'

/** The scenarios that come with churnbench, in the order in which they are listed. */
export const SCENARIOS: readonly ScenarioInput[] = [
  rollout,
  scaleBurst,
  sawTooth,
  nodeFailure,
  nodeFlap,
  rollingReboot,
  spotReclaim,
  zoneOutage,
  partition,
  kubeletPartition,
  misbehavingTargets,
  ipReuse,
  apiFaults,
  canary,
  sidecarExporters,
  steadyIngest,
  manyPods,
  capacity,
  cardinalitySpike,
  queryLoad,
  soak,
  controlPlaneScale,
  targetCapacity,
  replay,
]
