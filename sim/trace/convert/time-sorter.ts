import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { TraceError } from '../errors.ts'
import { LineSplitter } from '../line-splitter.ts'

export interface Timed {
  /** Milliseconds from any origin. */
  readonly t: number
  /** Which of those at the same time comes first. */
  readonly rank: number
}

/** Items sorted at once; what is more goes to disk in runs of so many. */
const RUN_ITEMS = 100_000
const BATCH_ITEMS = 1024
const WRITE_ITEMS = 8192
const LINE_BYTES_MAX = 4 * 1024 * 1024

/**
 * Sorts by (time, rank, order of adding) in bounded memory: runs of items, sorted, go to a folder of their own and are merged.
 * Items must survive JSON. Few items never touch the disk.
 */
export class TimeSorter<T extends Timed> {
  readonly #scratchDir: string
  readonly #runItems: number
  #dir: string | undefined
  readonly #runs: string[] = []
  #items: T[] = []

  /** @param scratchDir an existing folder; what is written there is removed by `close`. */
  constructor(scratchDir: string, runItems = RUN_ITEMS) {
    this.#scratchDir = scratchDir
    this.#runItems = runItems
  }

  /** @throws TraceError CHURN_TRACE_FILE when the disk is needed and cannot be written. */
  async add(item: T): Promise<void> {
    this.#items.push(item)
    if (this.#items.length >= this.#runItems) await this.#spill()
  }

  /** All items in order, in batches; once. */
  async *sorted(): AsyncGenerator<readonly T[]> {
    if (this.#runs.length === 0) {
      const items = inOrder(this.#items)
      this.#items = []
      for (let i = 0; i < items.length; i += BATCH_ITEMS) yield items.slice(i, i + BATCH_ITEMS)
      return
    }
    await this.#spill()
    const runs = await Promise.all(this.#runs.map(path => Run.open<T>(path)))
    try {
      yield* merged(runs)
    } finally {
      for (const run of runs) await run.close()
    }
  }

  close(): void {
    if (this.#dir !== undefined) rmSync(this.#dir, { recursive: true, force: true })
    this.#dir = undefined
  }

  async #spill(): Promise<void> {
    const items = inOrder(this.#items)
    this.#items = []
    if (items.length === 0) return
    try {
      this.#dir ??= mkdtempSync(join(this.#scratchDir, '.churnbench-sort-'))
      const path = join(this.#dir, `${this.#runs.length}.jsonl`)
      this.#runs.push(path)
      const file = await open(path, 'w')
      try {
        for (let i = 0; i < items.length; i += WRITE_ITEMS) {
          const lines = items.slice(i, i + WRITE_ITEMS).map(item => JSON.stringify(item))
          await file.write(`${lines.join('\n')}\n`)
        }
      } finally {
        await file.close()
      }
    } catch (cause) {
      throw new TraceError('CHURN_TRACE_FILE', `what does not fit into memory cannot be kept in ${this.#scratchDir}`, {
        cause,
      })
    }
  }
}

/** Sorting is stable: equal ones stay in order of adding. */
function inOrder<T extends Timed>(items: T[]): T[] {
  return items.sort(compare)
}

function compare(a: Timed, b: Timed): number {
  return a.t - b.t || a.rank - b.rank
}

/** A run on disk, read item by item. */
class Run<T> {
  readonly #lines: AsyncGenerator<readonly T[]>
  #batch: readonly T[] = []
  #index = 0
  #head: T | undefined

  private constructor(path: string) {
    this.#lines = itemsOf<T>(path)
  }

  static async open<T>(path: string): Promise<Run<T>> {
    const run = new Run<T>(path)
    await run.advance()
    return run
  }

  /** The next item, `undefined` after the last. */
  get head(): T | undefined {
    return this.#head
  }

  /** Whether `step` can go on without waiting. */
  step(): boolean {
    if (this.#index >= this.#batch.length) return false
    this.#head = this.#batch[this.#index++]
    return true
  }

  async advance(): Promise<void> {
    while (!this.step()) {
      const next = await this.#lines.next()
      if (next.done === true) {
        this.#head = undefined
        return
      }
      this.#batch = next.value
      this.#index = 0
    }
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined)
  }
}

async function* itemsOf<T>(path: string): AsyncGenerator<readonly T[]> {
  const splitter = new LineSplitter(LINE_BYTES_MAX)
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    yield splitter.push(chunk).map(line => JSON.parse(line.text) as T)
  }
}

/** The runs are few: the least head is found by looking at each. Earlier runs hold what was added earlier. */
async function* merged<T extends Timed>(runs: readonly Run<T>[]): AsyncGenerator<readonly T[]> {
  let batch: T[] = []
  for (;;) {
    let least: Run<T> | undefined
    for (const run of runs) {
      if (run.head !== undefined && (least === undefined || compare(run.head, least.head!) < 0)) least = run
    }
    if (least === undefined) break
    batch.push(least.head!)
    if (!least.step()) await least.advance()
    if (batch.length < BATCH_ITEMS) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
