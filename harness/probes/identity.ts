import { SEQUENCE_SERIES, UID_LABEL } from '../../sim/index.ts'
import type { RawSeries } from '../subjects/index.ts'

export type RawSamples = (selector: string, minUnixMs: number, maxUnixMs: number) => Promise<RawSeries[]>

/** How a subject labels the series of one target: what relabelling made of it, whatever that is. */
export interface StoredIdentity {
  readonly uid: string
  /** The labels that all series of the target share. */
  readonly targetLabels: ReadonlyMap<string, string>
}

/**
 * Finds out under which labels a subject keeps each pod: the identity series carries the pod's uid through any
 * relabelling, and its other labels are the target's. A pod has several identities when its target labels changed.
 */
export async function readIdentities(
  rawSamples: RawSamples,
  minUnixMs: number,
  maxUnixMs: number,
): Promise<ReadonlyMap<string, readonly StoredIdentity[]>> {
  const out = new Map<string, StoredIdentity[]>()
  for (const series of await rawSamples(SEQUENCE_SERIES, minUnixMs, maxUnixMs)) {
    const uid = series.labels[UID_LABEL]
    if (uid === undefined) continue
    const targetLabels = new Map(
      Object.entries(series.labels).filter(([name]) => name !== '__name__' && name !== UID_LABEL),
    )
    const known = out.get(uid)
    if (known === undefined) out.set(uid, [{ uid, targetLabels }])
    else known.push({ uid, targetLabels })
  }
  return out
}

/** A selector for exactly these labels. */
export function selectorOf(labels: ReadonlyMap<string, string>): string {
  return `{${[...labels].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`
}
