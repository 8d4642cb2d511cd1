import { DurationHistogram } from '../../base/index.ts'
import type { TruthTable } from '../../sim/index.ts'
import type { RawSamples, StoredIdentity } from './identity.ts'
import type { PodHistories } from './pods.ts'

export interface RemovalOptions {
  readonly rawSamples: RawSamples
  readonly identities: ReadonlyMap<string, readonly StoredIdentity[]>
  readonly pods: PodHistories
  readonly truth: TruthTable
  readonly minUnixMs: number
  readonly maxUnixMs: number
  /** Turns monotonic nanoseconds into Unix milliseconds. */
  readonly toUnixMs: (ns: bigint) => number
  /** Told of every entry, and of which pod it is. */
  readonly onPod?: (uid: string, latencyNs: number) => void
}

/**
 * Removal latency: from a pod's deletion to the last attempt to scrape it; 0 when there was none after it.
 *
 * A deleted pod's address refuses connections, so attempts after the deletion leave no trace at our sockets. They leave
 * one in the subject: each attempt, failed ones above all, stores a sample of `up` under the target's labels. The later of
 * the two counts.
 */
export async function measureRemoval(options: RemovalOptions): Promise<DurationHistogram> {
  const latency = new DurationHistogram()
  const lastAttemptMs = new Map<string, number>()
  for (const series of await options.rawSamples('up', options.minUnixMs, options.maxUnixMs)) {
    const key = labelsKey(Object.entries(series.labels).filter(([name]) => name !== '__name__'))
    const last = series.tMs.at(-1)
    if (last !== undefined) lastAttemptMs.set(key, Math.max(last, lastAttemptMs.get(key) ?? 0))
  }
  for (const [uid, pod] of options.pods.byUid) {
    if (pod.deletedNs === undefined) continue
    const deletedMs = options.toUnixMs(pod.deletedNs)
    const requestNs = options.truth.read(pod.target.slot).lastScrapeNs
    let lastMs = requestNs === undefined ? 0 : options.toUnixMs(requestNs)
    for (const identity of options.identities.get(uid) ?? []) {
      lastMs = Math.max(lastMs, lastAttemptMs.get(labelsKey(identity.targetLabels)) ?? 0)
    }
    // A pod that was never scraped cannot be scraped too long; it counts as missed elsewhere.
    if (lastMs === 0) continue
    const latencyNs = Math.max(0, lastMs - deletedMs) * 1e6
    latency.record(latencyNs)
    options.onPod?.(uid, latencyNs)
  }
  return latency
}

function labelsKey(labels: Iterable<readonly [string, string]>): string {
  return JSON.stringify([...labels].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
