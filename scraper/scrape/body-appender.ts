import { AppendStatus, type Appender, type SeriesRef } from '../storage/index.ts'
import type { ScrapeConfig } from '../config/index.ts'
import type { Labels } from '../model/index.ts'
import { Entry, TextFormatError, type TextParser } from '../textparse/index.ts'
import { DROPPED, type EntryId, sameBytes, ScrapeCache, viewOf } from './scrape-cache.ts'
import type { ScrapeMetrics } from './scrape-metrics.ts'
import type { ScrapeRow } from './scrape-row.ts'
import { identifySeries } from './series-identity.ts'

/** What all targets of a thread share while a body is read. */
export interface BodyScratch {
  readonly parser: TextParser
  readonly row: ScrapeRow
}

/** What became of one body; the numbers go into the target's synthetic series. */
export interface BodyOutcome {
  /** Samples in the body, up to the error if there is one. */
  readonly scraped: number
  /** Those that metric relabelling kept. */
  readonly kept: number
  /** Series that the last good scrape did not have. */
  readonly seriesAdded: number
  /** Why the scrape fails although the body arrived: nothing of it was appended. */
  readonly problem: string | undefined
}

/** A sample this far ahead of the clock is refused. */
const MAX_AHEAD_MS = 600_000

/**
 * Reads the bodies of one target and appends their samples, markers of staleness included.
 *
 *   body ──read──▶ row (entry, value, time) ──append──▶ storage ──▶ markers for what is missing
 *
 * Reading touches nothing but the cache's texts: a body that turns out to be broken or over a limit leaves no trace but
 * markers. Generations number the bodies; an entry's `trackedIn` tells in which it was last seen.
 */
export class BodyAppender {
  readonly #config: ScrapeConfig
  readonly #targetLabels: Labels
  readonly #scratch: BodyScratch
  readonly #metrics: ScrapeMetrics
  #cache = new ScrapeCache()
  /** Of the body being worked on, or the last one. */
  #generation = 0
  /** Of the last body that was good and not empty. */
  #lastGood = -1
  /** Entries tracked in the last generation. */
  #trackedCount = 0
  /** Labels of entries that this body told first, until their series are made. */
  readonly #fresh = new Map<EntryId, Labels>()

  constructor(config: ScrapeConfig, targetLabels: Labels, scratch: BodyScratch, metrics: ScrapeMetrics) {
    this.#config = config
    this.#targetLabels = targetLabels
    this.#scratch = scratch
    this.#metrics = metrics
  }

  get cacheSizeBytes(): number {
    return this.#cache.sizeBytes
  }

  /** @param nowMs the scrape's timestamp, for all samples that bring none. */
  append(appender: Appender, body: Buffer, nowMs: number): BodyOutcome {
    const read = this.#read(body)
    if (read.problem !== undefined) {
      this.#fresh.clear()
      this.markAllStale(appender, nowMs)
      return { ...read, seriesAdded: 0 }
    }
    const seriesAdded = this.#appendRow(appender, nowMs)
    this.#fresh.clear()
    if (read.scraped > 0) this.#endGoodBody(read.scraped)
    return { ...read, seriesAdded }
  }

  /** For a failed scrape, or the end of the target: all its series end at `tMs`. */
  markAllStale(appender: Appender, tMs: number): void {
    const previous = this.#generation
    this.#generation++
    if (this.#trackedCount > 0) this.#markStale(appender, previous, tMs)
    this.#trackedCount = 0
  }

  // hot: once per sample. In the steady state no allocation and no string.
  #read(body: Buffer): { scraped: number; kept: number; problem: string | undefined } {
    const { parser, row } = this.#scratch
    const { honorTimestamps, sampleLimit } = this.#config
    const bodyView = viewOf(body)
    const lengthBytes = body.length
    const cache = this.#cache
    let last: EntryId = 0
    let scraped = 0
    row.length = 0
    parser.reset(body, lengthBytes)
    try {
      for (;;) {
        const kind = parser.next()
        if (kind === Entry.end) break
        if (kind !== Entry.series) continue
        const start = parser.seriesStart
        let entry: EntryId = cache.next[last]!
        const length = cache.textLength[entry]!
        const isExpected =
          entry !== 0 &&
          start + length < lengthBytes &&
          sameBytes(bodyView, start, cache.arenaView, cache.textStart[entry]!, length) &&
          parser.acceptSeries(start + length)
        if (!isExpected) {
          parser.readSeries()
          entry = cache.find(body, start, parser.seriesEnd)
          if (entry === 0) entry = cache.add(body, start, parser.seriesEnd)
          cache.next[last] = entry
        }
        last = entry
        parser.readValue()
        scraped++
        if (cache.ref[entry] === DROPPED) {
          cache.seenIn[entry] = this.#generation + 1
          continue
        }
        if (cache.ref[entry] === 0 && !this.#fresh.has(entry)) {
          const problem = this.#identify(entry)
          if (problem !== undefined) return { scraped, kept: row.length, problem }
          if (cache.ref[entry] === DROPPED) continue
        }
        if (row.length === row.entries.length) row.grow()
        const i = row.length++
        row.entries[i] = entry
        row.values[i] = parser.value
        row.tMs[i] = parser.hasTimestamp && honorTimestamps ? parser.timestampMs : NaN
      }
    } catch (error) {
      if (!(error instanceof TextFormatError)) throw error
      return { scraped, kept: row.length, problem: error.message }
    }
    if (sampleLimit > 0 && row.length > sampleLimit) {
      this.#metrics.exceededSampleLimit.inc()
      return { scraped, kept: row.length, problem: 'sample limit exceeded' }
    }
    return { scraped, kept: row.length, problem: undefined }
  }

  /** Finds out the labels of an entry without a series; they wait in `#fresh`. @returns why the scrape must fail. */
  #identify(entry: EntryId): string | undefined {
    const cache = this.#cache
    const start = cache.textStart[entry]!
    const identity = identifySeries(
      cache.arena,
      start,
      start + cache.textLength[entry]!,
      this.#targetLabels,
      this.#config,
    )
    switch (identity.kind) {
      case 'kept':
        this.#fresh.set(entry, identity.labels)
        return undefined
      case 'dropped':
        cache.ref[entry] = DROPPED
        cache.seenIn[entry] = this.#generation + 1
        return undefined
      case 'refused':
        if (identity.isLimit) this.#metrics.exceededLabelLimits.inc()
        return identity.problem
    }
  }

  // hot: once per sample. No allocation, but for new series.
  #appendRow(appender: Appender, nowMs: number): number {
    const { row } = this.#scratch
    const { entries, values, tMs, length } = row
    const cache = this.#cache
    const trackTimestamps = this.#config.trackTimestampsStaleness
    const previous = this.#generation
    const generation = ++this.#generation
    const lastGood = this.#lastGood
    const maxMs = nowMs + MAX_AHEAD_MS
    let seriesAdded = 0
    let tracked = 0
    let retracked = 0
    for (let i = 0; i < length; i++) {
      const entry = entries[i]!
      const ownMs = tMs[i]!
      const hasOwn = ownMs === ownMs
      const isRepeated = cache.seenIn[entry] === generation
      if (isRepeated && !hasOwn) {
        this.#metrics.duplicate.inc()
        continue
      }
      if (!isRepeated) {
        if (cache.seenIn[entry] !== lastGood) seriesAdded++
        cache.seenIn[entry] = generation
      }
      if (hasOwn && ownMs > maxMs) {
        this.#metrics.outOfBounds.inc()
        continue
      }
      const at = hasOwn ? ownMs : nowMs
      let ref = cache.ref[entry]!
      if (ref === 0) ref = this.#createSeries(appender, entry)
      let status = appender.append(ref, at, values[i]!)
      if (status === AppendStatus.unknownSeries) {
        ref = this.#createSeries(appender, entry)
        status = appender.append(ref, at, values[i]!)
      }
      if (status !== AppendStatus.ok) this.#countRefusal(status)
      if ((!hasOwn || trackTimestamps) && cache.trackedIn[entry] !== generation) {
        if (cache.trackedIn[entry] === previous) retracked++
        tracked++
        cache.trackedIn[entry] = generation
      }
    }
    if (retracked < this.#trackedCount) this.#markStale(appender, previous, nowMs)
    this.#trackedCount = tracked
    return seriesAdded
  }

  #endGoodBody(scraped: number): void {
    this.#lastGood = this.#generation
    if (!this.#cache.needsCompaction(scraped)) return
    this.#metrics.cacheFlush.inc()
    this.#cache = this.#cache.compacted(this.#generation)
  }

  /**
   * Ends the series that were tracked in generation `previous` and have not been since. Two texts may stand for one
   * series: it lives as long as one of them is told.
   */
  #markStale(appender: Appender, previous: number, tMs: number): void {
    const cache = this.#cache
    const done = new Set<SeriesRef>()
    for (let entry: EntryId = 1; entry <= cache.count; entry++) {
      if (cache.trackedIn[entry] === this.#generation) done.add(cache.ref[entry]!)
    }
    for (let entry: EntryId = 1; entry <= cache.count; entry++) {
      const ref = cache.ref[entry]!
      if (cache.trackedIn[entry] !== previous || ref <= 0 || done.has(ref)) continue
      done.add(ref)
      // A series that has a later sample already, or is gone, needs no marker.
      appender.appendStale(ref, tMs)
    }
  }

  #createSeries(appender: Appender, entry: EntryId): SeriesRef {
    let labels = this.#fresh.get(entry)
    if (labels === undefined) {
      // The storage has forgotten the series; its text is still here.
      this.#identify(entry)
      labels = this.#fresh.get(entry)!
    }
    const ref = appender.series(labels)
    this.#cache.ref[entry] = ref
    return ref
  }

  #countRefusal(status: AppendStatus): void {
    if (status === AppendStatus.outOfOrder) this.#metrics.outOfOrder.inc()
    else if (status === AppendStatus.duplicate) this.#metrics.duplicate.inc()
    else this.#metrics.outOfBounds.inc()
  }
}
