import { probePodNetwork } from '../sim/index.ts'
import { noPodNetwork } from './errors.ts'
import type { Scenario } from './scenario.ts'

/** How pods get their addresses on this machine. @throws HarnessError CHURN_POD_NETWORK where they cannot have any. */
export async function requirePodNetwork(scenario: Scenario): Promise<string> {
  const { mode } = await probePodNetwork(scenario.cluster.workloads.map(workload => workload.port))
  if (mode !== 'address-per-pod') throw noPodNetwork()
  return mode
}
