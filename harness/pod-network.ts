import { type ClusterSpec, probePodNetwork } from '../sim/index.ts'
import { noPodNetwork } from './errors.ts'
import type { Scenario } from './scenario.ts'

/** The ports that pods of the cluster's workloads listen on. */
export function podPorts({ workloads }: Pick<ClusterSpec, 'workloads'>): number[] {
  return workloads.flatMap(({ port, containers }) => containers?.flatMap(each => each.port ?? []) ?? [port])
}

/** How pods get their addresses on this machine. @throws HarnessError CHURN_POD_NETWORK where they cannot have any. */
export async function requirePodNetwork(scenario: Scenario): Promise<string> {
  const { mode } = await probePodNetwork(podPorts(scenario.cluster))
  if (mode !== 'address-per-pod') throw noPodNetwork()
  return mode
}
