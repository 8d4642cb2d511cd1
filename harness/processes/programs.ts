import { ExitCode } from '../../base/index.ts'
import type { ClusterSpec, WorkloadSpec } from '../../sim/index.ts'
import { HarnessError } from '../errors.ts'
import { type Environment, findProgram, PEERS, peerVersion, programsOf } from '../peers/index.ts'

/** What of a cluster can be run on this machine. */
export interface ProgramPlan {
  /** Without the optional workloads whose programs are missing. */
  readonly cluster: ClusterSpec
  /** Programs of its containers, by the name that they are called by. */
  readonly programs: ReadonlyMap<string, string>
  /** For the report: what runs, and what was left out and why. */
  readonly remarks: readonly string[]
}

/**
 * Looks for the programs that a cluster's containers run. Peers are found by any of the names that they go by.
 *
 * @throws HarnessError CHURN_PROGRAM_MISSING (exit code 2) when one is not installed and its workload is not optional.
 */
export async function planPrograms(cluster: ClusterSpec, env: Environment = process.env): Promise<ProgramPlan> {
  const programs = new Map<string, string>()
  const remarks: string[] = []
  const missingOf = (workload: WorkloadSpec): string[] => {
    const missing: string[] = []
    for (const name of new Set(programNames(workload))) {
      const file = locate(name, env)
      if (file === undefined) missing.push(name)
      else programs.set(name, file)
    }
    return missing
  }
  const workloads = cluster.workloads.filter(workload => {
    const missing = missingOf(workload)
    if (missing.length === 0) return true
    const named = `workload ${workload.namespace}/${workload.name}`
    const why = `not installed: ${missing.join(', ')} (${missing.map(howToGet).join('; ')})`
    if (workload.optional !== true) {
      throw new HarnessError('CHURN_PROGRAM_MISSING', `${named} cannot be run: ${why}`, { exitCode: ExitCode.usage })
    }
    remarks.push(`${named} was left out; ${why}`)
    return false
  })
  const used = [...new Set(workloads.flatMap(programNames))]
  const ran = await Promise.all(used.map(async name => `${name} ${await versionOf(name, programs.get(name)!, env)}`))
  if (ran.length > 0) remarks.push(`real programs ran in pods: ${ran.join(', ')}`)
  return { cluster: { ...cluster, workloads }, programs, remarks }
}

function programNames({ containers = [] }: WorkloadSpec): string[] {
  return containers.flatMap(({ command }) => command?.slice(0, 1) ?? [])
}

function locate(name: string, env: Environment): string | undefined {
  const peer = PEERS.find(({ programs }) => programs.includes(name))
  return peer === undefined ? findProgram(name, env) : programsOf(peer, env)[0]
}

function howToGet(name: string): string {
  const peer = PEERS.find(({ programs }) => programs.includes(name))
  return peer === undefined ? `put ${name} on PATH` : peer.how
}

function versionOf(name: string, file: string, env: Environment): Promise<string> {
  const peer = PEERS.find(({ programs }) => programs.includes(name))
  return peer === undefined ? Promise.resolve(`(${file})`) : peerVersion(peer.name, file, env)
}
