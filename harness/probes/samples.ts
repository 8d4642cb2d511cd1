import {
  escapeName,
  pageAt,
  SEQUENCE_SERIES,
  type ServedPage,
  servedPage,
  type TargetScrapeLog,
  type TargetSpec,
  TIME_SERIES,
  UID_LABEL,
} from '../../sim/index.ts'
import type { RawSeries } from '../subjects/index.ts'
import { foreignIdentities } from './foreign-labels.ts'
import { type RawSamples, selectorOf, type StoredIdentity } from './identity.ts'
import { CLOCK_MS, type Explanation, type Row, ScrapeFinder } from './scrape-finder.ts'
import { StoredColumns } from './stored-columns.ts'

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
 * pod's by its labels, and one that belongs to no scrape is wrong. Of a scrape that was excused nothing can be lost, and what is
 * wrong is wrong all the same.
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
  const page = servedPage(target, log)
  const isBeforeCut = (sequence: number): boolean => log.requestMs[sequence - 1]! < options.cutMs
  const hitsOf = new Map<number, Hits>()
  const where = `${target.namespace}/${target.pod}`
  for (const identity of options.identities.get(log.uid) ?? []) {
    const { targetLabels } = identity
    const stored = await options.rawSamples(selectorOf(targetLabels), options.minUnixMs, options.maxUnixMs)
    const columns = new StoredColumns((each, index) => keyOf(each, index))
    for (const { row, explanation } of explainRows(options, log, page, columns, stored, targetLabels)) {
      if (explanation !== undefined && !isBeforeCut(explanation.sequence)) continue
      if (explanation !== undefined && foreign.has(identity)) {
        tally.wrong += row.values.length
        tally.misattributed += row.values.length
        tally.example(
          `${where}: ${row.values.length} samples of scrape ${explanation.sequence} are stored under the labels of another pod: ${selectorOf(targetLabels)}`,
        )
      } else {
        countRow(row, explanation, columns, hitsOf, tally)
      }
    }
  }
  for (let i = 0; i < log.requestMs.length; i++) {
    if (!isBeforeCut(i + 1)) continue
    const hits = hitsOf.get(i + 1)
    // Of a scrape of which nothing is stored, the log says what the page was, to the milliseconds between two clocks.
    const then = hits?.page ?? pageAt(page, Math.floor(options.originUnixMs + log.requestMs[i]!), i + 1)
    const all = then.samplesIn?.(i + 1) ?? then.sampleCount
    let found = 0
    let again = 0
    for (const count of hits?.counts ?? []) {
      if (count > 0) found++
      if (count > 1) again += count - 1
    }
    tally.wrong += again
    if (again > 0) tally.example(`${where}: ${again} samples of scrape ${i + 1} are stored twice`)
    // What was not served, or is excused by a misbehaviour, need not be there.
    if (log.served[i] !== 1) continue
    tally.served += all
    tally.stored += found
    tally.lost += all - found
    if (found < all) tally.example(`${where}: ${all - found} of ${all} samples of scrape ${i + 1} are lost`)
  }
}

/** Of one scrape: how often the right value of each series of its page is stored. */
interface Hits {
  readonly page: ServedPage
  readonly counts: Uint8Array
}

function countRow(
  row: Row,
  explanation: Explanation | undefined,
  stored: StoredColumns,
  hitsOf: Map<number, Hits>,
  tally: Tally,
): void {
  const { values, columns } = row
  const nameOf = (position: number): string => stored.nameOf(columns[position]!)
  if (explanation === undefined) {
    tally.wrong += values.length
    tally.example(`${nameOf(0)} at ${row.tMs} ms: belongs to no scrape that was served`)
    return
  }
  const { sequence, unixMs, page } = explanation
  let hits = hitsOf.get(sequence)
  if (hits === undefined) hitsOf.set(sequence, (hits = { page, counts: new Uint8Array(page.sampleCount) }))
  const { counts } = hits
  const indices = stored.indicesIn(page)
  const wrong = new Set(explanation.wrong)
  for (let i = 0; i < values.length; i++) {
    const index = indices[columns[i]!]!
    if (!wrong.has(i)) {
      counts[index] = Math.min(HITS_MAX, counts[index]! + 1)
      continue
    }
    tally.wrong++
    const served = index < 0 ? 'nothing of that name and labels' : page.valueAt(index, unixMs, sequence)
    tally.example(`${nameOf(i)} of scrape ${sequence}: stored ${values[i]}, served ${served}`)
  }
}

/** The rows that a subject stored of a target, and where each comes from; those later than the log are left out. */
function* explainRows(
  options: SamplesOptions,
  log: TargetScrapeLog,
  page: ServedPage,
  columns: StoredColumns,
  stored: readonly RawSeries[],
  targetLabels: ReadonlyMap<string, string>,
): Iterable<{ readonly row: Row; readonly explanation: Explanation | undefined }> {
  const { logsUntilUnixMs, valueErrorRatioMax } = options
  const rows = rowsOf(log.uid, pagesOf(page, log, options.originUnixMs), columns, stored, targetLabels)
  const finder = new ScrapeFinder(page, columns, log, options.originUnixMs, (value, served) =>
    isSameValue(value, served, valueErrorRatioMax),
  )
  for (const row of rows) {
    // Of a scrape that the log does not know yet: its number is beyond, or it came later.
    const isLogged = row.sequence !== undefined && row.sequence <= log.requestMs.length
    if (!isLogged && (row.unixMs ?? row.tMs + ANSWER_MS) >= logsUntilUnixMs) continue
    yield { row, explanation: finder.explain(row) }
  }
}

/** All that the page was while it was asked for. */
function pagesOf(page: ServedPage, log: TargetScrapeLog, originUnixMs: number): ReadonlySet<ServedPage> {
  const pages = new Set([page])
  if (page.at === undefined) return pages
  for (const [i, requestMs] of log.requestMs.entries()) {
    const unixMs = Math.floor(originUnixMs + requestMs)
    for (const by of [-CLOCK_MS, 0, CLOCK_MS]) pages.add(page.at(unixMs + by, i + 1))
  }
  return pages
}

/** Stored series turned by time stamp. Those that the target never exposed (up, …) are the subject's own and left out. */
function rowsOf(
  uid: string,
  pages: ReadonlySet<ServedPage>,
  into: StoredColumns,
  stored: readonly RawSeries[],
  targetLabels: ReadonlyMap<string, string>,
): readonly Row[] {
  const mine = stored.filter(series => (series.labels[UID_LABEL] ?? uid) === uid)
  const sequenceAt = columnOf(mine, SEQUENCE_SERIES, value => value)
  const unixMsAt = columnOf(mine, TIME_SERIES, value => Math.round(value * 1000))
  // A pod that came after this one under the same labels has rows of its own among these.
  const others = stored.filter(series => (series.labels[UID_LABEL] ?? uid) !== uid)
  const foreign = new Set(others.flatMap(({ tMs }) => [...tMs]))
  const known = canonicalKeys(pages)
  const rows = new Map<number, { readonly columns: number[]; readonly values: number[] }>()
  for (const { labels, tMs, values } of mine) {
    const name = labels.__name__ ?? ''
    const key = known.get(seriesKey(name, labels, targetLabels))
    if (key === undefined) continue
    const column = into.add(name, key)
    for (let i = 0; i < tMs.length; i++) {
      const at = tMs[i]!
      if (foreign.has(at) && !sequenceAt.has(at) && !unixMsAt.has(at)) continue
      let row = rows.get(at)
      if (row === undefined) rows.set(at, (row = { columns: [], values: [] }))
      row.columns.push(column)
      row.values.push(values[i]!)
    }
  }
  return [...rows].map(([tMs, row]) => ({ tMs, ...row, sequence: sequenceAt.get(tMs), unixMs: unixMsAt.get(tMs) }))
}

/** Whether a stored value is the one that was served. NaN is NaN. */
export function isSameValue(value: number, served: number, errorRatioMax: number): boolean {
  return value === served || Object.is(value, served) || Math.abs(value - served) <= errorRatioMax * Math.abs(served)
}

/** Who does not take every name gets them escaped: a series is known by either, and called by its own. */
export function canonicalKeys(pages: ReadonlySet<ServedPage>): ReadonlyMap<string, string> {
  const out = new Map<string, string>()
  for (const page of pages) {
    for (const [index, { name, labels }] of page.series.entries()) {
      const key = keyOf(page, index)
      const escaped = Object.entries(labels).map(([label, value]) => [escapeName(label, 'underscores'), value])
      out.set(seriesKey(escapeName(name, 'underscores'), Object.fromEntries(escaped) as typeof labels, NO_LABELS), key)
      out.set(key, key)
    }
  }
  return out
}

function columnOf(stored: readonly RawSeries[], name: string, read: (value: number) => number): Map<number, number> {
  const out = new Map<number, number>()
  for (const series of stored) {
    if (series.labels.__name__ !== name) continue
    for (let i = 0; i < series.tMs.length; i++) out.set(series.tMs[i]!, read(series.values[i]!))
  }
  return out
}

function keyOf(page: ServedPage, index: number): string {
  const { name, labels } = page.series[index]!
  return seriesKey(name, labels, NO_LABELS)
}

/** Identity of a series as its target exposed it: without the target's labels, and with renamed conflicts undone. */
function seriesKey(
  name: string,
  labels: Readonly<Record<string, string>>,
  targetLabels: ReadonlyMap<string, string>,
): string {
  const pairs: [string, string][] = []
  for (const [label, value] of Object.entries(labels)) {
    // A label without a value is no label: who exposes one has it stored without.
    if (label === '__name__' || value === '' || targetLabels.has(label)) continue
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
