import { parseExposition, parseLabels } from './exposition.ts'
import type { Ask, PodEntry } from './ledger.ts'
import type { MemoryStore, StoredSeries } from './memory-store.ts'
import type { Misbehaviour } from './options.ts'
import { EveryNth } from './ratio.ts'
import { storedLabels, type Target } from './target.ts'

/** How far apart the two copies of a sample that is kept twice are. */
const DUPLICATE_MS = 1

/**
 * Keeps the samples of one pod, or does to them what it was told to; writes down which of the two.
 *
 * A sample is lost, else wrong, else kept twice, else kept: never two of these.
 */
export class Keeper {
  readonly #store: MemoryStore<PodEntry>
  readonly #target: Target
  readonly #entry: PodEntry
  /** By the text of their name and labels in the exposition; `up` stands for itself. */
  readonly #series = new Map<string, StoredSeries>()
  readonly #loseScrape: EveryNth
  readonly #loseSample: EveryNth
  readonly #wrongValue: EveryNth
  readonly #duplicate: EveryNth
  #endedMs = Infinity

  constructor(store: MemoryStore<PodEntry>, target: Target, entry: PodEntry, misbehaviour: Misbehaviour) {
    this.#store = store
    this.#target = target
    this.#entry = entry
    this.#loseScrape = new EveryNth(misbehaviour.loseScrapes)
    this.#loseSample = new EveryNth(misbehaviour.loseSamples)
    this.#wrongValue = new EveryNth(misbehaviour.wrongValues)
    this.#duplicate = new EveryNth(misbehaviour.duplicateSamples)
  }

  /** @param tMs time stamp that the samples get. */
  keepAnswer(text: string, tMs: number, ask: Ask): void {
    const samples = parseExposition(text)
    ask.samples = samples.length
    if (this.#loseScrape.next()) {
      ask.lost = samples.length
      return
    }
    for (const sample of samples) {
      if (this.#loseSample.next()) {
        ask.lost++
        continue
      }
      const series = this.#of(sample.series)
      if (this.#wrongValue.next()) {
        // A whole step beside the right value, whatever its size: always another number.
        series.append(tMs, sample.value + Math.max(1, Math.abs(sample.value) / 2))
        ask.wrong++
        continue
      }
      series.append(tMs, sample.value)
      if (this.#duplicate.next()) {
        series.append(tMs + DUPLICATE_MS, sample.value)
        ask.duplicate++
      }
    }
  }

  keepUp(tMs: number, value: 0 | 1): void {
    this.#of('up').append(tMs, value)
  }

  /** The pod is gone: from now on an instant query does not return it. */
  end(atMs: number): void {
    this.#endedMs = atMs
    for (const series of this.#series.values()) series.endedMs = atMs
  }

  #of(text: string): StoredSeries {
    let series = this.#series.get(text)
    if (series === undefined) {
      series = this.#store.add(storedLabels(this.#target, parseLabels(text)), this.#entry)
      series.endedMs = this.#endedMs
      this.#series.set(text, series)
    }
    return series
  }
}
