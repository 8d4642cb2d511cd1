import { assert, type Clock, CodedError, type Timer } from '../../base/index.ts'
import type { LoggedSeries, Wal } from '../wal/index.ts'
import { storageError } from './errors.ts'
import type { Head } from './head.ts'
import { Sweep } from './sweep.ts'

export interface UpkeepOptions {
  readonly retentionMs: number
  readonly sweepIntervalMs: number
  readonly idleMs: number
  readonly onProblem: (problem: CodedError) => void
}

/** Labels of removed series stay known for at least this long: more than any query may take. */
const REMOVED_LABELS_MS = 5 * 60_000
const CHECKPOINT_BATCH_SERIES = 1000

/**
 * What a head needs done in the background, in small steps:
 *
 *   waiting ──sweepIntervalMs──▶ sweeping ──slice──▶ sweeping … ──last──▶ truncating the log ──▶ waiting
 */
export class Upkeep {
  readonly #clock: Clock
  readonly #dir: string
  readonly #head: Head
  readonly #wal: Wal | undefined
  readonly #aliases: Map<number, number>
  readonly #options: UpkeepOptions
  #timer: Timer | undefined
  #truncating: Promise<void> = Promise.resolve()
  #turnedAtMs: number
  #stopped = false

  constructor(
    clock: Clock,
    dir: string,
    head: Head,
    wal: Wal | undefined,
    aliases: Map<number, number>,
    options: UpkeepOptions,
  ) {
    this.#clock = clock
    this.#dir = dir
    this.#head = head
    this.#wal = wal
    this.#aliases = aliases
    this.#options = options
    this.#turnedAtMs = clock.unixMs()
  }

  start(): void {
    assert(this.#timer === undefined, 'upkeep is started once')
    this.#wait()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#truncating
  }

  #wait(): void {
    if (this.#stopped) return
    this.#timer = this.#clock.schedule(this.#options.sweepIntervalMs, () => {
      const cutoffMs = this.#head.maxMs - this.#options.retentionMs
      const idleBeforeMs = Math.max(cutoffMs, this.#head.maxMs - this.#options.idleMs)
      this.#sweep(new Sweep(this.#head, { cutoffMs, idleBeforeMs }), cutoffMs)
    })
  }

  #sweep(sweep: Sweep, cutoffMs: number): void {
    if (!sweep.step()) {
      this.#timer = this.#clock.schedule(0, () => this.#sweep(sweep, cutoffMs))
      return
    }
    const nowMs = this.#clock.unixMs()
    if (nowMs - this.#turnedAtMs >= REMOVED_LABELS_MS) {
      this.#head.removedLabels.turn()
      this.#turnedAtMs = nowMs
    }
    this.#truncating = this.#truncate(cutoffMs).finally(() => this.#wait())
  }

  async #truncate(cutoffMs: number): Promise<void> {
    const wal = this.#wal
    const expired = wal?.expired(cutoffMs)
    if (wal === undefined || expired === undefined || !wal.isWorthDropping(expired.number)) return
    try {
      await wal.truncate(expired.number, this.#definitions())
    } catch (error) {
      this.#options.onProblem(error instanceof CodedError ? error : storageError(this.#dir, error))
    }
  }

  /** All series that are there, under all their refs, in batches. Those that come meanwhile are in the log anyway. */
  *#definitions(): Generator<readonly LoggedSeries[]> {
    const head = this.#head
    let batch: LoggedSeries[] = []
    const { state } = head.samples
    for (let ref = 1; ref < state.refEnd; ref++) {
      if (!head.index.has(ref)) continue
      batch.push({ ref, labels: head.index.labels(ref) })
      if (batch.length < CHECKPOINT_BATCH_SERIES) continue
      yield batch
      batch = []
    }
    for (const [alias, ref] of this.#aliases) {
      if (head.index.has(ref)) batch.push({ ref: alias, labels: head.index.labels(ref) })
      else this.#aliases.delete(alias)
    }
    if (batch.length > 0) yield batch
  }
}
