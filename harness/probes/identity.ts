import { SEQUENCE_SERIES, TIME_SERIES, UID_LABEL } from '../../sim/index.ts'
import type { RawSeries } from '../subjects/index.ts'

export type RawSamples = (selector: string, minUnixMs: number, maxUnixMs: number) => Promise<RawSeries[]>

/** How a subject labels the series of one target: what relabelling made of it, whatever that is. */
export interface StoredIdentity {
  readonly uid: string
  /** The labels that all series of the target share. */
  readonly targetLabels: ReadonlyMap<string, string>
}

/**
 * Finds out under which labels a subject keeps each pod: the identity series carry the pod's uid through any
 * relabelling, and its other labels are the target's. A pod has several identities when its target labels changed.
 */
export async function readIdentities(
  rawSamples: RawSamples,
  minUnixMs: number,
  maxUnixMs: number,
): Promise<ReadonlyMap<string, readonly StoredIdentity[]>> {
  const out = new Map<string, Map<string, StoredIdentity>>()
  // Two series carry the uid: one of them may be lost.
  for (const name of [SEQUENCE_SERIES, TIME_SERIES]) {
    for (const series of await rawSamples(name, minUnixMs, maxUnixMs)) {
      const uid = series.labels[UID_LABEL]
      if (uid === undefined) continue
      const targetLabels = targetLabelsOf(series)
      const known = out.get(uid) ?? new Map<string, StoredIdentity>()
      known.set(selectorOf(targetLabels), { uid, targetLabels })
      out.set(uid, known)
    }
  }
  return new Map([...out].map(([uid, identities]) => [uid, [...identities.values()]]))
}

/** Of an identity series: the labels that relabelling gave to its target, in the order of their names. */
export function targetLabelsOf({ labels }: RawSeries): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(labels)
      .filter(([name]) => name !== '__name__' && name !== UID_LABEL)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** A selector for exactly these labels. */
export function selectorOf(labels: ReadonlyMap<string, string>): string {
  return `{${[...labels].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`
}
