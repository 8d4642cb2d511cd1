import type { TruthEvent } from '../../sim/index.ts'
import type { EligibleFrom } from '../probes/index.ts'
import type { Snapshot } from '../sampler.ts'
import { ClusterModel, type NodePlace, type Witness } from './cluster-model.ts'
import type { FeedSource } from './feed.ts'
import { RowRing } from './row-ring.ts'
import type { LogEntry, LogKind, Phase, Row, Title, Update, VerdictText } from './wire.ts'

/** Entries of the event log that are kept; the oldest go first. */
const LOG_MAX = 500

export interface BoardOptions {
  readonly title: Title
  readonly places: readonly NodePlace[]
  readonly from: EligibleFrom
  /** Milliseconds of planned time. */
  readonly nowMs: () => number
}

/**
 * Everything that the page shows, without a page: the cluster now, the time lines and the log so far.
 *
 * Costs, while nobody looks: an entry of a map per event, and once a second a look at those pods that were not seen scraped
 * or visible yet, four percentiles and a row. All of it is bounded: by live pods, `RowRing` and LOG_MAX.
 */
export class Board implements FeedSource {
  readonly #options: BoardOptions
  readonly #model: ClusterModel
  readonly #rows = new RowRing()
  #log: LogEntry[] = []
  #phase: Phase = 'starting'
  #verdict: VerdictText | undefined
  #lagMaxS: number | null = null
  #isTracking = false
  #newRows: Row[] = []
  #newLog: LogEntry[] = []
  #toldPhase: Phase | undefined

  constructor(options: BoardOptions) {
    this.#options = options
    this.#model = new ClusterModel(options.places, options.from)
  }

  get model(): ClusterModel {
    return this.#model
  }

  get phase(): Phase {
    return this.#phase
  }

  set phase(phase: Phase) {
    this.#phase = phase
  }

  /** Planned time, whole milliseconds. */
  get nowMs(): number {
    return Math.round(this.#options.nowMs())
  }

  witnessedBy(witness: Witness): void {
    this.#model.witnessedBy(witness)
  }

  apply(events: readonly TruthEvent[]): void {
    for (const event of events) {
      this.#model.apply(event)
      this.#lagMaxS = Math.max(this.#lagMaxS ?? 0, Number(event.committedNs - event.plannedNs) / 1e9)
      if (event.type === 'action') this.log('action', event.detail, event.plannedMs)
      else if (event.type === 'node-silent') this.log('node', `${event.node} does not answer any more`, event.plannedMs)
      else if (event.type === 'node-answering') this.log('node', `${event.node} answers again`, event.plannedMs)
      else if (event.type === 'node-not-ready') this.log('node', `${event.node} is found not ready`, event.plannedMs)
      else if (event.type === 'node-ready') this.log('node', `${event.node} is ready`, event.plannedMs)
      else if (event.type === 'node-deleted') this.log('node', `Node ${event.node} is deleted`, event.plannedMs)
    }
  }

  second(snapshot: Snapshot): void {
    this.#model.observe()
    const latencies = this.#model.latencies()
    const row: Row = [
      rounded(snapshot.atS),
      snapshot.pods,
      snapshot.scraped,
      snapshot.visible,
      rounded(snapshot.samplesPerSecond),
      rounded(snapshot.cpuCores),
      snapshot.rssBytes,
      latencies.discoveryP50S,
      latencies.discoveryP99S,
      latencies.visibilityP50S,
      latencies.visibilityP99S,
      this.#lagMaxS,
    ]
    this.#lagMaxS = null
    this.#rows.push(row)
    if (this.#isTracking) this.#newRows.push(row)
  }

  log(kind: LogKind, text: string, atMs: number = this.#options.nowMs()): void {
    const entry: LogEntry = { atMs: Math.round(atMs), kind, text }
    this.#log.push(entry)
    if (this.#log.length > LOG_MAX) this.#log.shift()
    if (this.#isTracking) this.#newLog.push(entry)
  }

  conclude(verdict: VerdictText): void {
    this.#verdict = verdict
    this.#phase = 'done'
  }

  everything(): Update {
    this.forget()
    this.#isTracking = true
    this.#model.observe()
    const headline = this.#model.headline()
    const { nodes, pods, states } = this.#model.everything()
    this.#toldPhase = this.#phase
    return {
      reset: this.#options.title,
      atMs: this.nowMs,
      phase: this.#phase,
      nodes,
      pods,
      states,
      rows: this.#rows.rows,
      log: this.#log,
      headline,
      ...(this.#verdict === undefined ? {} : { verdict: this.#verdict }),
    }
  }

  changes(): Update | undefined {
    if (!this.#isTracking) return undefined
    this.#model.observe()
    const { nodes, pods, states, gone } = this.#model.changes()
    const rows = this.#newRows
    const log = this.#newLog
    const verdict = this.#toldPhase === this.#phase ? undefined : this.#verdict
    const lists = { nodes, pods, states, gone, rows, log }
    const isQuiet = Object.values(lists).every(list => list.length === 0) && this.#phase === this.#toldPhase
    if (isQuiet) return undefined
    this.#newRows = []
    this.#newLog = []
    this.#toldPhase = this.#phase
    return {
      ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
      atMs: this.nowMs,
      phase: this.#phase,
      headline: this.#model.headline(),
      ...(verdict === undefined ? {} : { verdict }),
    }
  }

  forget(): void {
    this.#isTracking = false
    this.#newRows = []
    this.#newLog = []
    this.#model.forget()
  }
}

function rounded(value: number): number
function rounded(value: number | null): number | null
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000
}
