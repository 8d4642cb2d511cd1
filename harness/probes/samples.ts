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
import { foreignIdentities } from './foreign-labels.ts'
import { type RawSamples, selectorOf, type StoredIdentity } from './identity.ts'
import { type Explanation, type Row, ScrapeFinder } from './scrape-finder.ts'

export interface SamplesResult {
  /** Samples in complete answers that were handed over before the cut. */
  readonly served: number
  /** Of these, found in the subject with the right value. */
  readonly stored: number
  readonly lost: number
  /** Stored with another value than was served, more than once, under the labels of another pod, or never served at all. */
  readonly wrong: number
  /** Of the wrong ones: served by one pod and stored under the labels of another. */
  readonly misattributed: number
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
  /** Unix milliseconds of the logs' zero. */
  readonly originUnixMs: number
  /** Unix milliseconds at which the logs were taken: rows that were answered later are not known to them. */
  readonly logsUntilUnixMs: number
  /** Relative error of values that the subject admits to (a lossy codec); 0 for those that keep what they get. */
  readonly valueErrorRatioMax: number
}

const EXAMPLES_MAX = 10
const PARALLEL = 4
/** An answer is given at most so much later than its sample's time stamp, in case nothing else tells when. */
const ANSWER_MS = 1000
/** More copies of one sample are not told apart. */
const HITS_MAX = 255
const NO_LABELS: ReadonlyMap<string, string> = new Map()
const CONFLICT_PREFIX = 'exported_'
/** Labels whose values are numbers: `1` and `1.0` are one bucket. Prometheus 3 writes the one for the other, OpenTelemetry back. */
const NUMBERS: ReadonlySet<string> = new Set(['le', 'quantile'])

/**
 * Counts lost and wrong samples by asking the subject back for everything that was served.
 *
 * Nothing is assumed of the subject's time stamps: a stored row explains itself, for every answer carries the number of
 * its scrape and the target's clock, and all other values are a function of these two (scrape-finder.ts). A sample of a
 * served scrape that is not there with the right value is lost; one with another value, a second one, one that is another
 * pod's by its labels, and one that belongs to no scrape is wrong.
 */
export async function measureSamples(options: SamplesOptions): Promise<SamplesResult> {
  const tally = new Tally()
  const foreign = foreignIdentities(options.identities, options.targets)
  const pending = options.logs.filter(log => options.targets.has(log.uid))
  const lanes = Array.from({ length: PARALLEL }, async () => {
    for (let log = pending.pop(); log !== undefined; log = pending.pop())
      await checkTarget(options, log, foreign, tally)
  })
  await Promise.all(lanes)
  return tally.result()
}

async function checkTarget(
  options: SamplesOptions,
  log: TargetScrapeLog,
  foreign: ReadonlySet<StoredIdentity>,
  tally: Tally,
): Promise<void> {
  const target = options.targets.get(log.uid)!
  const page = profileByName(target.profile).page(target)
  const isBeforeCut = (sequence: number): boolean => log.requestMs[sequence - 1]! < options.cutMs
  // Per scrape, how often the right value of each series is stored.
  const hitsOf = new Map<number, Uint8Array>()
  const where = `${target.namespace}/${target.pod}`
  for (const identity of options.identities.get(log.uid) ?? []) {
    const { targetLabels } = identity
    const stored = await options.rawSamples(selectorOf(targetLabels), options.minUnixMs, options.maxUnixMs)
    for (const { row, explanation } of explainRows(options, log, page, stored, targetLabels)) {
      if (explanation !== undefined && !isBeforeCut(explanation.sequence)) continue
      if (explanation !== undefined && foreign.has(identity)) {
        tally.wrong += row.values.length
        tally.misattributed += row.values.length
        tally.example(
          `${where}: ${row.values.length} samples of scrape ${explanation.sequence} are stored under the labels of another pod: ${selectorOf(targetLabels)}`,
        )
      } else {
        countRow(row, explanation, page, hitsOf, tally)
      }
    }
  }
  const all = page.sampleCount
  for (let i = 0; i < log.requestMs.length; i++) {
    if (log.served[i] !== 1 || !isBeforeCut(i + 1)) continue
    let found = 0
    let again = 0
    for (const hits of hitsOf.get(i + 1) ?? []) {
      if (hits > 0) found++
      if (hits > 1) again += hits - 1
    }
    tally.served += all
    tally.stored += found
    tally.lost += all - found
    tally.wrong += again
    if (found < all) tally.example(`${where}: ${all - found} of ${all} samples of scrape ${i + 1} are lost`)
    if (again > 0) tally.example(`${where}: ${again} samples of scrape ${i + 1} are stored twice`)
  }
}

function countRow(
  row: Row,
  explanation: Explanation | undefined,
  page: MetricsPage,
  hitsOf: Map<number, Uint8Array>,
  tally: Tally,
): void {
  const { values, indices } = row
  const nameOf = (position: number): string => page.series[indices[position]!]!.name
  if (explanation === undefined) {
    tally.wrong += values.length
    tally.example(`${nameOf(0)} at ${row.tMs} ms: belongs to no scrape that was served`)
    return
  }
  const { sequence, unixMs } = explanation
  let hits = hitsOf.get(sequence)
  if (hits === undefined) hitsOf.set(sequence, (hits = new Uint8Array(page.sampleCount)))
  const wrong = new Set(explanation.wrong)
  for (let i = 0; i < values.length; i++) {
    const index = indices[i]!
    if (!wrong.has(i)) {
      hits[index] = Math.min(HITS_MAX, hits[index]! + 1)
      continue
    }
    tally.wrong++
    const served = page.valueAt(index, unixMs, sequence)
    tally.example(`${nameOf(i)} of scrape ${sequence}: stored ${values[i]}, served ${served}`)
  }
}

/** The rows that a subject stored of a target, and where each comes from; those later than the log are left out. */
function* explainRows(
  options: SamplesOptions,
  log: TargetScrapeLog,
  page: MetricsPage,
  stored: readonly RawSeries[],
  targetLabels: ReadonlyMap<string, string>,
): Iterable<{ readonly row: Row; readonly explanation: Explanation | undefined }> {
  const { logsUntilUnixMs, valueErrorRatioMax } = options
  const finder = new ScrapeFinder(
    page,
    log,
    options.originUnixMs,
    (value, served) => value === served || Math.abs(value - served) <= valueErrorRatioMax * Math.abs(served),
  )
  for (const row of rowsOf(log.uid, page, stored, targetLabels)) {
    // Of a scrape that the log does not know yet: its number is beyond, or it came later.
    const isLogged = row.sequence !== undefined && row.sequence <= log.requestMs.length
    if (!isLogged && (row.unixMs ?? row.tMs + ANSWER_MS) >= logsUntilUnixMs) continue
    yield { row, explanation: finder.explain(row) }
  }
}

/** Stored series turned by time stamp. Those that the target never exposed (up, …) are the subject's own and left out. */
function rowsOf(
  uid: string,
  page: MetricsPage,
  stored: readonly RawSeries[],
  targetLabels: ReadonlyMap<string, string>,
): readonly Row[] {
  const mine = stored.filter(series => (series.labels[UID_LABEL] ?? uid) === uid)
  const sequenceAt = columnOf(mine, SEQUENCE_SERIES, value => value)
  const unixMsAt = columnOf(mine, TIME_SERIES, value => Math.round(value * 1000))
  // A pod that came after this one under the same labels has rows of its own among these.
  const others = stored.filter(series => (series.labels[UID_LABEL] ?? uid) !== uid)
  const foreign = new Set(others.flatMap(({ tMs }) => [...tMs]))
  const indexOf = new Map(page.series.map(({ name, labels }, index) => [seriesKey(name, labels, NO_LABELS), index]))
  const rows = new Map<number, { readonly indices: number[]; readonly values: number[] }>()
  for (const { labels, tMs, values } of mine) {
    const index = indexOf.get(seriesKey(labels.__name__ ?? '', labels, targetLabels))
    if (index === undefined) continue
    for (let i = 0; i < tMs.length; i++) {
      const at = tMs[i]!
      if (foreign.has(at) && !sequenceAt.has(at) && !unixMsAt.has(at)) continue
      let row = rows.get(at)
      if (row === undefined) rows.set(at, (row = { indices: [], values: [] }))
      row.indices.push(index)
      row.values.push(values[i]!)
    }
  }
  return [...rows].map(([tMs, row]) => ({ tMs, ...row, sequence: sequenceAt.get(tMs), unixMs: unixMsAt.get(tMs) }))
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
    pairs.push([targetLabels.has(original) ? original : label, NUMBERS.has(label) ? String(Number(value)) : value])
  }
  return JSON.stringify([name, ...pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)).flat()])
}

class Tally {
  served = 0
  stored = 0
  lost = 0
  wrong = 0
  misattributed = 0
  readonly #examples: string[] = []

  example(text: string): void {
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push(text)
  }

  result(): SamplesResult {
    const { served, stored, lost, wrong, misattributed } = this
    return { served, stored, lost, wrong, misattributed, examples: this.#examples }
  }
}
