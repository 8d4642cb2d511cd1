import type { Clock } from '../../base/index.ts'
import type { MetricValue, Warning } from '../../reports/index.ts'
import {
  type ClusterSpec,
  profileByName,
  SEQUENCE_SERIES,
  type TargetSpec,
  type TruthEvent,
  type TruthTable,
} from '../../sim/index.ts'
import { uidSelector } from './uid-selector.ts'
import type { RawSeries } from '../subjects/index.ts'
import { selectorOf, targetLabelsOf } from './identity.ts'
import type { PodHistories } from './pods.ts'

/** How often the subject's counter is read. It costs the subject a page of its own metrics. */
const EVERY_S = 5
/** How far both counts may lie apart, as a ratio, before the reader is told. */
const ERROR_RATIO_MAX = 0.001
/** After something went away: subjects notice (Prometheus within 5 s) and mark its series stale, two intervals later. */
const QUIET_MS = 10_000
const QUIET_INTERVALS = 3
/** A reading waits for a pause between scrapes, so that none is under way; but not for ever. */
const PAUSE_MS = 30
const PAUSE_ATTEMPTS = 10

/** How far back the subject's own series are looked for. */
const LATELY_MS = 120_000

/** Events after which a subject stores markers, or asks what nobody counts. */
const DISTURBING: ReadonlySet<TruthEvent['type']> = new Set([
  'pod-terminating',
  'pod-deleted',
  'node-silent',
  'node-answering',
])

/** What this needs of a trial. */
export interface SelfCountContext {
  readonly clock: Clock
  readonly scenario: { readonly scrapeIntervalMs: number; readonly cluster?: Pick<ClusterSpec, 'workloads'> }
  readonly simulation: { readonly truth: Pick<TruthTable, 'read'> }
  readonly pods: PodHistories
  readonly subject: {
    samplesAppended?(): Promise<number | undefined>
    readonly samplesAppendedLateMs?: number
    rawSamples(selector: string, minUnixMs: number, maxUnixMs: number): Promise<RawSeries[]>
  }
  warn(warning: Warning): void
}

/** What the targets served so far. */
interface Served {
  readonly samples: number
  readonly scrapes: number
  readonly failed: number
}

interface Reading {
  readonly atNs: bigint
  readonly appended: number
  readonly served: Served
  /** Scrapes by which `served` may be off: those served while the counter was read, and one that was just being stored. */
  readonly slackScrapes: number
}

export interface SelfCountWindow {
  /** By the subject's own counter. */
  readonly reported: number
  /** By what the targets served, and by what the subject adds for each scrape. */
  readonly expected: number
  /** How far both may lie apart because scrapes were under way when the counter was read. */
  readonly slack: number
}

/**
 * Compares the subject's own counter of appended samples with what the targets served: two witnesses of one thing.
 *
 *   departures   ✕  ✕                                  ✕
 *   readings    ·    ·    ·    ◀────── window ──────▶·    ·    the longest quiet one counts
 *                  └─ quiet ─┘
 *
 * For each scrape a subject stores some series of its own beside those that it was served (`up`, `scrape_…`); how many is
 * asked of itself. When a target goes away it stores a stale marker for each series, and it may try in vain: therefore
 * only windows count in which nothing has gone away, nor shortly before. The same life cycle as a trial's other parts.
 */
export class SelfCount {
  #context: SelfCountContext | undefined
  #first: Reading | undefined
  #longest:
    | { readonly reported: number; readonly samples: number; readonly scrapes: number; readonly slackScrapes: number }
    | undefined
  #disturbances = 0
  /** Uids. */
  readonly #misbehaving = new Set<string>()
  #quietFromNs = 0n
  #reading: Promise<void> | undefined
  #seconds = 0
  #ownPerScrape: number | undefined
  readonly #profiles = new Set<string>()

  onStart(context: SelfCountContext): void {
    // What real programs serve is counted by nobody but the subject.
    const hasOthers = context.scenario.cluster?.workloads.some(({ containers }) =>
      containers?.some(({ runs, metrics }) => runs === 'process' && metrics),
    )
    this.#context = hasOthers === true || context.subject.samplesAppended === undefined ? undefined : context
    // The pods of the warm-up have just gone away.
    this.#disturb()
  }

  onEvents(events: readonly TruthEvent[]): void {
    for (const event of events) {
      if (event.type === 'target-opened') this.#onTarget(event.target)
      if (event.type !== 'pods-misbehave') continue
      for (const uid of event.uids) {
        if (event.order === undefined) this.#misbehaving.delete(uid)
        else this.#misbehaving.add(uid)
      }
      // What is stored of them beside their pages nobody counts, nor whether their pages are.
      this.#disturb()
    }
    if (events.some(({ type }) => DISTURBING.has(type))) this.#disturb()
  }

  onSecond(): void {
    if (++this.#seconds % EVERY_S === 0) void this.#read()
  }

  async onStop(): Promise<void> {
    await this.#reading
    await this.#read()
    if (this.#longest !== undefined) this.#ownPerScrape = await ownSeries(this.#context!)
  }

  /** The longest quiet window; `undefined` when there was none, or the subject does not say enough of itself. */
  get window(): SelfCountWindow | undefined {
    if (this.#longest === undefined || this.#ownPerScrape === undefined) return undefined
    const { reported, samples, scrapes, slackScrapes } = this.#longest
    const expected = samples + this.#ownPerScrape * scrapes
    return { reported, expected, slack: (slackScrapes * expected) / scrapes }
  }

  onMeasured(metrics: Record<string, MetricValue>): void {
    const { window } = this
    if (window === undefined) return
    const difference = Math.abs(window.reported - window.expected)
    const error = difference / window.expected
    metrics.samples_self_reported = { value: window.reported }
    metrics.self_count_error = { value: error }
    const lost = metrics.samples_lost
    const tolerated = difference <= Math.max(window.slack, ERROR_RATIO_MAX * window.expected)
    if (tolerated || lost === undefined || !('value' in lost) || lost.value > 0) return
    this.#context!.warn({
      code: 'self-count',
      message:
        `nothing is lost, but in a quiet part of the run the subject's own counter grew by ${window.reported} samples ` +
        `where ${window.expected} were to be expected; it may have further jobs, or the harness has miscounted`,
    })
  }

  /** Where series come and go by themselves, markers of those that went are stored all the time: nothing can be said. */
  #onTarget(target: TargetSpec): void {
    if (this.#profiles.has(target.profile)) return
    this.#profiles.add(target.profile)
    if (profileByName(target.profile).page(target).at === undefined) return
    this.#context = undefined
    this.#longest = undefined
  }

  #disturb(): void {
    this.#disturbances++
    this.#first = undefined
    if (this.#context === undefined) return
    const { clock, scenario } = this.#context
    const quietMs = QUIET_MS + QUIET_INTERVALS * scenario.scrapeIntervalMs
    this.#quietFromNs = clock.monotonicNs() + BigInt(Math.round(quietMs * 1e6))
  }

  /** One at a time; a reading that something came in between of is thrown away. */
  #read(): Promise<void> {
    const context = this.#context
    if (context === undefined || this.#reading !== undefined) return this.#reading ?? Promise.resolve()
    if (context.clock.monotonicNs() < this.#quietFromNs || this.#misbehaving.size > 0) return Promise.resolve()
    const disturbances = this.#disturbances
    this.#reading = readPaused(context)
      .then(reading => {
        const isWanted = this.#context !== undefined && disturbances === this.#disturbances
        if (reading !== undefined && isWanted) this.#take(reading)
      })
      .finally(() => {
        this.#reading = undefined
      })
    return this.#reading
  }

  #take(reading: Reading): void {
    const from = this.#first
    if (from === undefined || reading.served.failed !== from.served.failed || reading.appended < from.appended) {
      this.#first = reading
      return
    }
    const samples = reading.served.samples - from.served.samples
    if (samples <= (this.#longest?.samples ?? 0)) return
    const scrapes = reading.served.scrapes - from.served.scrapes
    const windowMs = Number(reading.atNs - from.atNs) / 1e6
    const lateShare = (this.#context!.subject.samplesAppendedLateMs ?? 0) / windowMs
    const slackScrapes = from.slackScrapes + reading.slackScrapes + scrapes * lateShare
    this.#longest = { reported: reading.appended - from.appended, samples, scrapes, slackScrapes }
  }
}

/** A reading in a pause between scrapes; where there is none, what was served is taken from the middle of the reading. */
async function readPaused(context: SelfCountContext): Promise<Reading | undefined> {
  let last: Reading | undefined
  for (let attempt = 0; attempt < PAUSE_ATTEMPTS; attempt++) {
    const before = servedSoFar(context)
    await new Promise<void>(resolve => context.clock.schedule(PAUSE_MS, resolve))
    const paused = servedSoFar(context)
    if (paused.samples !== before.samples && attempt < PAUSE_ATTEMPTS - 1) continue
    // A subject that does not answer is told elsewhere.
    const appended = await context.subject.samplesAppended!().catch(() => undefined)
    if (appended === undefined) return undefined
    const after = servedSoFar(context)
    const wasPaused = after.samples === before.samples
    const slackScrapes = wasPaused ? 0 : (after.scrapes - paused.scrapes) / 2 + 1
    last = { atNs: context.clock.monotonicNs(), appended, served: middle(paused, after), slackScrapes }
    if (wasPaused) return last
  }
  return last
}

function servedSoFar({ pods, simulation }: SelfCountContext): Served {
  let [samples, scrapes, failed] = [0, 0, 0]
  for (const { target } of pods.byUid.values()) {
    const row = simulation.truth.read(target.slot)
    samples += row.samplesServed
    scrapes += row.scrapesServed
    failed += row.scrapesFailed
  }
  return { samples, scrapes, failed }
}

function middle(a: Served, b: Served): Served {
  return { samples: (a.samples + b.samples) / 2, scrapes: (a.scrapes + b.scrapes) / 2, failed: b.failed }
}

/** How many series a subject stores of itself for each target: those of some target that it did not expose. */
async function ownSeries({ clock, pods, simulation, subject }: SelfCountContext): Promise<number | undefined> {
  const pod = [...pods.byUid.values()].findLast(
    // Of a page that tells what is in the store it is not known here what it exposes.
    ({ target, deletedNs }) =>
      deletedNs === undefined &&
      target.runs === undefined &&
      profileByName(target.profile).fedWith === undefined &&
      simulation.truth.read(target.slot).scrapesServed > 0,
  )
  if (pod === undefined) return undefined
  const untilMs = Math.ceil(clock.unixMs())
  const ask = (selector: string): Promise<RawSeries[]> => subject.rawSamples(selector, untilMs - LATELY_MS, untilMs)
  try {
    const [identity] = await ask(uidSelector(SEQUENCE_SERIES, [pod.target.uid]))
    if (identity === undefined) return undefined
    const exposed = new Set(
      profileByName(pod.target.profile)
        .page(pod.target)
        .series.map(({ name }) => name),
    )
    const stored = await ask(selectorOf(targetLabelsOf(identity)))
    return stored.filter(({ labels }) => !exposed.has(labels.__name__ ?? '')).length
  } catch {
    // It answers no such question: nothing can be said then.
    return undefined
  }
}
