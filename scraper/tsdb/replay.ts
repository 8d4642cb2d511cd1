import {
  type ByteReader,
  decodeSamples,
  decodeSeries,
  type LogVisitor,
  SampleBatch,
  type WalDamage,
} from '../wal/index.ts'
import type { Head } from './head.ts'

/** What opening a data directory found. */
export interface ReplayReport {
  readonly segments: number
  readonly records: number
  readonly bytes: number
  readonly series: number
  readonly samples: number
  /** Samples in the log whose series are gone, because the samples were older than the retention. */
  readonly samplesExpired: number
  /** Samples that are in the log but whose series is not: damage took its definition. */
  readonly samplesWithoutSeries: number
  /** Empty when nothing was lost. What was behind the damage was not read: its samples are not known. */
  readonly damage: readonly WalDamage[]
  readonly durationMs: number
}

/** Samples of one record that belong to no known series. */
interface Orphans {
  readonly maxMs: number
  readonly count: number
}

/** Puts what the log says into a head. */
export class HeadReplay implements LogVisitor {
  readonly #head: Head
  readonly #batch = new SampleBatch(4096)
  readonly #orphans: Orphans[] = []
  #segment = 0
  #segmentMaxMs = -Infinity
  #samples = 0
  /** Other refs of series that the log has under several. Later records may use any of them. */
  readonly aliases: Map<number, number> = new Map<number, number>()

  constructor(head: Head) {
    this.#head = head
  }

  get segmentMaxMs(): number {
    return this.#segmentMaxMs
  }

  get samplesRestored(): number {
    return this.#samples
  }

  segment(number: number): void {
    this.#segment = number
    this.#segmentMaxMs = -Infinity
  }

  series(payload: ByteReader): void {
    for (const { ref, labels } of decodeSeries(payload)) {
      const known = this.#head.restoreSeries(ref, labels)
      if (known === ref) this.aliases.delete(ref)
      else this.aliases.set(ref, known)
    }
  }

  samples(payload: ByteReader): void {
    const batch = this.#batch
    decodeSamples(payload, batch)
    const refs = batch.refs.array
    let orphans = 0
    let maxMs = -Infinity
    for (let i = 0; i < batch.length; i++) {
      const alias = this.aliases.size === 0 ? undefined : this.aliases.get(refs[i]!)
      if (alias !== undefined) refs[i] = alias
      if (!this.#head.index.has(refs[i]!)) orphans++
      if (batch.tMs[i]! > maxMs) maxMs = batch.tMs[i]!
    }
    if (orphans > 0) this.#orphans.push({ maxMs, count: orphans })
    if (maxMs > this.#segmentMaxMs) this.#segmentMaxMs = maxMs
    const leftOut = this.#head.restoreSamples(batch, this.#segment)
    this.#samples += batch.length - leftOut
  }

  /** Orphans in records that are older than `cutoffMs` have expired; for the others something was lost. */
  orphans(cutoffMs: number): { readonly expired: number; readonly lost: number } {
    let expired = 0
    let lost = 0
    for (const { maxMs, count } of this.#orphans) {
      if (maxMs < cutoffMs) expired += count
      else lost += count
    }
    return { expired, lost }
  }
}
