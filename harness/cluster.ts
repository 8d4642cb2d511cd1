import { ExitCode, SystemClock } from '../base/index.ts'
import type { ClusterInput, ScenarioInput } from '../scenarios/index.ts'
import { probePodNetwork } from '../sim/index.ts'
import { HarnessError, noPodNetwork } from './errors.ts'
import { podPorts } from './pod-network.ts'
import { resolveScenario } from './scenario.ts'
import { Simulation } from './simulation.ts'
import { openClusterPage } from './ui/index.ts'

export interface StartClusterOptions {
  /** `undefined` when there is no scenario of that name. */
  readonly input: ScenarioInput | undefined
  readonly name: string
  readonly seed: string
  readonly nodes: number | undefined
  /** Metrics of all workloads, instead of the scenario's. */
  readonly profile?: string | undefined
  readonly port: number
  readonly kubeconfig: string
  /** Whether nodes listen on their kubelets' port. */
  readonly kubeletPorts: boolean
  /** Port of the control page, 0 for a free one; no page when absent. */
  readonly uiPort?: number | undefined
}

export interface RunningCluster {
  readonly url: string
  /** Of the control page. */
  readonly uiUrl: string | undefined
  /** Which real programs run in its pods, and which could not. */
  readonly remarks: readonly string[]
  /** Settles with the error when the simulation stops by itself. */
  readonly failed: Promise<Error>
  stop(): Promise<void>
}

/**
 * Starts the cluster of a scenario, without its churn, and lets it live until stopped.
 *
 * @throws HarnessError CHURN_SCENARIO_UNKNOWN, CHURN_SCENARIO; CodedError CHURN_API_PORT, CHURN_UI_PORT, CHURN_FD_LIMIT,
 *   CHURN_PROGRAM_MISSING.
 */
export async function startCluster(options: StartClusterOptions): Promise<RunningCluster> {
  if (options.input === undefined) {
    throw new HarnessError('CHURN_SCENARIO_UNKNOWN', `there is no scenario "${options.name}"`, {
      exitCode: ExitCode.usage,
    })
  }
  // What a control plane is filled with when it is measured itself is no part of its cluster.
  const { controlPlane: _, targetCapacity: __, ...input } = options.input
  const resolved = resolveScenario(
    { ...input, cluster: withProfile(input.cluster, options.profile), scenarios: {} },
    {
      profile: 'quick',
      seed: options.seed,
      set: options.nodes === undefined ? [] : [`cluster.nodes=${options.nodes}`],
    },
  )
  const scenario = { ...resolved, cluster: { ...resolved.cluster, kubeletPorts: options.kubeletPorts } }
  const network = await probePodNetwork(podPorts(scenario.cluster))
  if (network.mode !== 'address-per-pod') throw noPodNetwork()
  const clock = new SystemClock()
  let report: (error: Error) => void = () => {}
  const failed = new Promise<Error>(resolve => {
    report = resolve
  })
  const { uiPort: port } = options
  const page =
    port === undefined ? undefined : await openClusterPage(new SystemClock({ unref: true }), { scenario, port })
  try {
    const simulation = await Simulation.create(clock, {
      scenario,
      originNs: clock.monotonicNs(),
      port: options.port,
      kubeconfigPath: options.kubeconfig,
      processFolder: `${options.kubeconfig}-processes`,
      endless: true,
      onEvents: events => page?.onEvents(events),
      onFailure: error => report(error),
    })
    const startNs = await simulation.go()
    page?.begin(simulation, startNs)
    const stop = async (): Promise<void> => {
      await page?.close()
      await simulation.stop()
    }
    return { url: simulation.api.url, uiUrl: page?.url, remarks: simulation.remarks, failed, stop }
  } catch (error) {
    await page?.close()
    throw error
  }
}

function withProfile(cluster: ClusterInput, profile: string | undefined): ClusterInput {
  if (profile === undefined) return cluster
  const workloads = Object.entries(cluster.workloads).map(
    ([name, workload]) => [name, { ...workload, profile }] as const,
  )
  return { ...cluster, workloads: Object.fromEntries(workloads) }
}
