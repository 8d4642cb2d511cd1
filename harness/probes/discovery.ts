import { DurationHistogram } from '../../base/index.ts'
import type { TruthTable } from '../../sim/index.ts'
import type { EligibleFrom, PodHistories, PodHistory } from './pods.ts'

export interface DiscoveryResult {
  readonly latency: DurationHistogram
  /** Pods that were eligible and never scraped; they stand in `latency` with the time they waited in vain. */
  readonly missed: number
  readonly discovered: number
}

/**
 * Discovery latency from ground truth: from the instant a pod could be known to its first request for metrics.
 *
 * A pod that was never scraped enters at its deadline: the moment it went away or fell silent, else the end of the run.
 */
export function measureDiscovery(
  pods: PodHistories,
  truth: TruthTable,
  from: EligibleFrom,
  untilNs: bigint,
): DiscoveryResult {
  const latency = new DurationHistogram()
  let missed = 0
  let discovered = 0
  for (const pod of pods.byUid.values()) {
    const eligibleNs = pods.eligibleNs(pod, from)
    if (eligibleNs === undefined) continue
    const { waitNs, scraped } = waitOf(pod, eligibleNs, truth, untilNs)
    if (scraped) discovered++
    else missed++
    latency.record(Number(waitNs))
  }
  return { latency, missed, discovered }
}

/** How long a pod waited for its first scrape since it could be known; in vain, until its deadline. */
export function waitOf(
  pod: PodHistory,
  eligibleNs: bigint,
  truth: TruthTable,
  untilNs: bigint,
): { readonly waitNs: bigint; readonly scraped: boolean } {
  const firstNs = truth.firstScrapeNs(pod.target.slot)
  if (firstNs !== undefined) return { waitNs: firstNs - eligibleNs, scraped: true }
  return { waitNs: deadlineOf(pod, untilNs) - eligibleNs, scraped: false }
}

/** From when on nothing is expected of a pod's scrapes: it began to go away, fell silent, or the run was over. */
export function deadlineOf(pod: PodHistory, untilNs: bigint): bigint {
  return earliest(pod.terminatingNs, pod.silentNs, pod.deletedNs, untilNs)
}

/** Of the pods that were scraped by now, while a trial runs. The histogram is the caller's. */
export function measureDiscoveredSoFar(pods: PodHistories, truth: TruthTable, from: EligibleFrom): DurationHistogram {
  const latency = new DurationHistogram()
  for (const pod of pods.byUid.values()) {
    const eligibleNs = pods.eligibleNs(pod, from)
    const firstNs = truth.firstScrapeNs(pod.target.slot)
    if (eligibleNs !== undefined && firstNs !== undefined) latency.record(Number(firstNs - eligibleNs))
  }
  return latency
}

function earliest(...instants: readonly (bigint | undefined)[]): bigint {
  return instants.filter(instant => instant !== undefined).reduce((a, b) => (a < b ? a : b))
}
