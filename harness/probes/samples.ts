import {
  type MetricsPage,
  profileByName,
  SEQUENCE_SERIES,
  type TargetScrapeLog,
  type TargetSpec,
  TIME_SERIES,
  UID_LABEL,
} from '../../sim/index.ts'
import type { RawSeries } from '../subjects/index.ts'
import { type RawSamples, selectorOf, type StoredIdentity } from './identity.ts'

export interface SamplesResult {
  /** Samples in complete answers that were handed over before the cut. */
  readonly served: number
  /** Of these, found in the subject with the right value. */
  readonly stored: number
  readonly lost: number
  /** Stored with another value than was served, more than once, or never served at all. */
  readonly wrong: number
  /** Up to ten of the wrong or lost, in words. */
  readonly examples: readonly string[]
}

export interface SamplesOptions {
  readonly rawSamples: RawSamples
  readonly identities: ReadonlyMap<string, readonly StoredIdentity[]>
  readonly targets: ReadonlyMap<string, TargetSpec>
  readonly logs: readonly TargetScrapeLog[]
  readonly minUnixMs: number
  readonly maxUnixMs: number
  /** Requests after this instant (milliseconds on the logs' clock) are left out: they may be under way. */
  readonly cutMs: number
  /** Unix milliseconds at which the logs were taken: rows that were answered later are not known to them. */
  readonly logsUntilUnixMs: number
  /** Relative error of values that the subject admits to (a lossy codec); 0 for those that keep what they get. */
  readonly valueErrorRatioMax: number
}

const EXAMPLES_MAX = 10
const PARALLEL = 4
const NO_LABELS: ReadonlyMap<string, string> = new Map()
const CONFLICT_PREFIX = 'exported_'

/**
 * Counts lost and wrong samples by asking the subject back for everything that was served.
 *
 * Nothing is assumed of the subject's time stamps: a stored row explains itself, for every answer carries the number of
 * its scrape and the target's clock, and all other values are a function of these two. A served scrape whose rows are
 * missing is lost; a row that says something else than was served is wrong.
 */
export async function measureSamples(options: SamplesOptions): Promise<SamplesResult> {
  const tally = new Tally()
  const pending = options.logs.filter(log => options.targets.has(log.uid))
  const lanes = Array.from({ length: PARALLEL }, async () => {
    for (let log = pending.pop(); log !== undefined; log = pending.pop()) await checkTarget(options, log, tally)
  })
  await Promise.all(lanes)
  return tally.result()
}

async function checkTarget(options: SamplesOptions, log: TargetScrapeLog, tally: Tally): Promise<void> {
  const target = options.targets.get(log.uid)!
  const page = profileByName(target.profile).page(target)
  const rightOf = new Map<number, number>()
  for (const { targetLabels } of options.identities.get(log.uid) ?? []) {
    const stored = await options.rawSamples(selectorOf(targetLabels), options.minUnixMs, options.maxUnixMs)
    checkRows(log, page, stored, targetLabels, rightOf, tally, options)
  }
  for (let i = 0; i < log.requestMs.length; i++) {
    if (log.served[i] !== 1 || log.requestMs[i]! >= options.cutMs) continue
    const sequence = i + 1
    const all = page.series.length
    const right = rightOf.get(sequence) ?? 0
    tally.served += all
    tally.stored += Math.min(right, all)
    if (right < all) {
      tally.lost += all - right
      tally.example(
        `${target.namespace}/${target.pod}: ${all - right} of ${all} samples of scrape ${sequence} are lost`,
      )
    } else if (right > all) {
      tally.wrong += right - all
      tally.example(`${target.namespace}/${target.pod}: ${right - all} samples of scrape ${sequence} are stored twice`)
    }
  }
}

/** Checks all stored series of one target and counts, per scrape, the right samples into `rightOf`. */
function checkRows(
  log: TargetScrapeLog,
  page: MetricsPage,
  stored: readonly RawSeries[],
  targetLabels: ReadonlyMap<string, string>,
  rightOf: Map<number, number>,
  tally: Tally,
  { logsUntilUnixMs, valueErrorRatioMax }: SamplesOptions,
): void {
  const mine = stored.filter(series => (series.labels[UID_LABEL] ?? log.uid) === log.uid)
  const sequenceAt = columnOf(mine, SEQUENCE_SERIES, value => value)
  const unixMsAt = columnOf(mine, TIME_SERIES, value => Math.round(value * 1000))
  const indexOf = new Map(page.series.map(({ name, labels }, index) => [seriesKey(name, labels, NO_LABELS), index]))
  for (const series of mine) {
    const name = series.labels.__name__ ?? ''
    const index = indexOf.get(seriesKey(name, series.labels, targetLabels))
    // Series that the target never exposed (up, scrape_duration_seconds, …) are the subject's own.
    if (index === undefined) continue
    for (let i = 0; i < series.tMs.length; i++) {
      const sequence = sequenceAt.get(series.tMs[i]!)
      const unixMs = unixMsAt.get(series.tMs[i]!)
      const value = series.values[i]!
      const known = sequence !== undefined && sequence <= log.requestMs.length
      if (!known && unixMs !== undefined && unixMs >= logsUntilUnixMs) continue
      if (!known || unixMs === undefined) {
        tally.wrong++
        tally.example(`${name} at ${series.tMs[i]} ms: belongs to no scrape that was served`)
        continue
      }
      const served = page.valueAt(index, unixMs, sequence)
      if (value === served || Math.abs(value - served) <= valueErrorRatioMax * Math.abs(served)) {
        rightOf.set(sequence, (rightOf.get(sequence) ?? 0) + 1)
      } else {
        tally.wrong++
        tally.example(`${name} of scrape ${sequence}: stored ${value}, served ${served}`)
      }
    }
  }
}

function columnOf(stored: readonly RawSeries[], name: string, read: (value: number) => number): Map<number, number> {
  const out = new Map<number, number>()
  for (const series of stored) {
    if (series.labels.__name__ !== name) continue
    for (let i = 0; i < series.tMs.length; i++) out.set(series.tMs[i]!, read(series.values[i]!))
  }
  return out
}

/** Identity of a series as its target exposed it: without the target's labels, and with renamed conflicts undone. */
function seriesKey(
  name: string,
  labels: Readonly<Record<string, string>>,
  targetLabels: ReadonlyMap<string, string>,
): string {
  const pairs: [string, string][] = []
  for (const [label, value] of Object.entries(labels)) {
    if (label === '__name__' || targetLabels.has(label)) continue
    const original = label.startsWith(CONFLICT_PREFIX) ? label.slice(CONFLICT_PREFIX.length) : label
    pairs.push([targetLabels.has(original) ? original : label, value])
  }
  return JSON.stringify([name, ...pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)).flat()])
}

class Tally {
  served = 0
  stored = 0
  lost = 0
  wrong = 0
  readonly #examples: string[] = []

  example(text: string): void {
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push(text)
  }

  result(): SamplesResult {
    const { served, stored, lost, wrong } = this
    return { served, stored, lost, wrong, examples: this.#examples }
  }
}
