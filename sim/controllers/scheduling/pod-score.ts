import type { Pod } from 'kubernetes-types/core/v1.js'
import { isTolerated } from '../taints.ts'
import { nodePreference } from './node-affinity.ts'
import type { NodeInfo, NodeTable } from './node-table.ts'
import { type PodCount, type PodCounts, termKind } from './pod-counts.ts'
import { spreadKind } from './pod-filter.ts'
import { type PodRequests, podRequests } from './pod-requests.ts'

/** Weights of the scheduler's default profile. Images are not looked at: every node has them. */
const WEIGHTS = { taints: 3, nodeAffinity: 2, spread: 2, podAffinity: 2 }
const SCORE_MAX = 100

type Score = (nodes: readonly NodeInfo[]) => number[]

/**
 * How well nodes suit a pod that has preferences, from 0 to 100 for each of the scheduler's default plugins, weighted and
 * summed. `undefined` for a pod without: the order of the table says which node has most to give.
 *
 * Terms that pods on the nodes prefer (the mirror of pod affinity) are not looked at; spreading by default is left out.
 */
export function podScore(pod: Pod, table: NodeTable, counts: PodCounts): Score | undefined {
  const plugins: { readonly weight: number; readonly score: Score }[] = []
  if (table.hasPreferences) plugins.push({ weight: WEIGHTS.taints, score: taintScore(pod) })
  const preference = nodePreference(pod)
  if (preference !== undefined) {
    plugins.push({ weight: WEIGHTS.nodeAffinity, score: nodes => upTo100(nodes.map(preference)) })
  }
  const spread = spreadScore(pod, counts)
  if (spread !== undefined) plugins.push({ weight: WEIGHTS.spread, score: spread })
  const affinity = podAffinityScore(pod, counts)
  if (affinity !== undefined) plugins.push({ weight: WEIGHTS.podAffinity, score: affinity })
  if (plugins.length === 0) return undefined
  const requests = podRequests(pod)
  return nodes => {
    const sums = nodes.map(node => leastAllocated(node, requests) + balancedAllocation(node, requests))
    for (const { weight, score } of plugins) {
      score(nodes).forEach((points, i) => {
        sums[i]! += weight * points
      })
    }
    return sums
  }
}

function leastAllocated(node: NodeInfo, { scoredCpuMilli, scoredMemoryBytes }: PodRequests): number {
  const free = (used: number, max: number): number =>
    max === 0 || used > max ? 0 : Math.floor(((max - used) * SCORE_MAX) / max)
  const cpu = free(node.scoredCpuMilli + scoredCpuMilli, node.cpuMilliMax)
  return Math.floor((cpu + free(node.scoredMemoryBytes + scoredMemoryBytes, node.memoryBytesMax)) / 2)
}

function balancedAllocation(node: NodeInfo, { cpuMilli, memoryBytes }: PodRequests): number {
  const share = (used: number, max: number): number => (max === 0 ? 0 : Math.min(1, used / max))
  const cpu = share(node.cpuMilli + cpuMilli, node.cpuMilliMax)
  const memory = share(node.memoryBytes + memoryBytes, node.memoryBytesMax)
  return Math.floor((1 - Math.abs(cpu - memory) / 2) * SCORE_MAX)
}

function taintScore({ spec }: Pod): Score {
  return nodes => {
    const repelled = nodes.map(
      ({ node }) =>
        node?.spec?.taints?.filter(
          taint => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, spec?.tolerations),
        ).length ?? 0,
    )
    return upTo100(repelled).map(points => SCORE_MAX - points)
  }
}

function spreadScore(pod: Pod, counts: PodCounts): Score | undefined {
  const constraints = (pod.spec?.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway',
  )
  if (constraints.length === 0) return undefined
  const kinds = constraints.map(constraint => ({
    maxSkew: constraint.maxSkew,
    count: counts.of(spreadKind(constraint, pod)),
  }))
  return nodes => {
    const values = kinds.map(({ count }) => new Set(nodes.map(({ labels }) => labels[count.topologyKey])))
    const raw = nodes.map(({ labels }) => {
      if (kinds.some(({ count }) => labels[count.topologyKey] === undefined)) return undefined
      let sum = 0
      for (const [i, { maxSkew, count }] of kinds.entries()) {
        const pods = count.byValue.get(labels[count.topologyKey]!) ?? 0
        sum += pods * Math.log(values[i]!.size + 2) + (maxSkew - 1)
      }
      return Math.round(sum)
    })
    const known = raw.filter(points => points !== undefined)
    const most = Math.max(0, ...known)
    const least = Math.min(...known)
    return raw.map(points => {
      if (points === undefined) return 0
      return most === 0 ? SCORE_MAX : Math.floor((SCORE_MAX * (most + least - points)) / most)
    })
  }
}

function podAffinityScore(pod: Pod, counts: PodCounts): Score | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
  const terms: { readonly count: PodCount; readonly weight: number }[] = []
  for (const [preferred = [], sign] of [
    [podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1],
    [podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1],
  ] as const) {
    for (const { weight, podAffinityTerm } of preferred) {
      terms.push({ count: counts.of(termKind(podAffinityTerm, pod)), weight: sign * weight })
    }
  }
  if (terms.length === 0) return undefined
  return nodes => {
    const raw = nodes.map(({ labels }) =>
      terms.reduce((sum, { count, weight }) => {
        const value = labels[count.topologyKey]
        return value === undefined ? sum : sum + weight * (count.byValue.get(value) ?? 0)
      }, 0),
    )
    const least = Math.min(...raw)
    const width = Math.max(...raw) - least
    return raw.map(points => (width === 0 ? 0 : Math.floor((SCORE_MAX * (points - least)) / width)))
  }
}

function upTo100(raw: readonly number[]): number[] {
  const most = Math.max(0, ...raw)
  return raw.map(points => (most === 0 ? 0 : Math.floor((SCORE_MAX * points) / most)))
}
