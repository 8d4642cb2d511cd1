import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { GrowableFloat64, VirtualClock } from '../../../base/index.ts'
import { wordsOf } from '../../../scraper/chunkenc/index.ts'
import type { Labels, Matcher } from '../../../scraper/model/index.ts'
import { writeStale } from '../../../scraper/model/index.ts'
import { AppendStatus, type Appender, type SeriesRef, type Storage } from '../../../scraper/storage/interfaces.ts'

export const STALE = 'stale'
export type Value = number | typeof STALE

/** The words of a value, as a text: equal for equal bits only. */
export function bitsOf(value: Value): string {
  const column = new Float64Array(1)
  if (value === STALE) writeStale(column, 0)
  else column[0] = value
  return [...wordsOf(column)].join(':')
}

export function appendValue(appender: Appender, ref: SeriesRef, tMs: number, value: Value): AppendStatus {
  return value === STALE ? appender.appendStale(ref, tMs) : appender.append(ref, tMs, value)
}

/** Series (as text) → samples (`time=bits`), in the order in which the storage gives them. */
export type Content = Map<string, string[]>

export async function contentOf(
  storage: Storage,
  matchers: readonly Matcher[] = [],
  minMs = -Infinity,
  maxMs = Infinity,
): Promise<Content> {
  const content: Content = new Map()
  const set = await storage.querier(minMs, maxMs).select(matchers, { sort: true })
  const columns = { tMs: new GrowableFloat64(1), values: new GrowableFloat64(1) }
  for (let i = 0; i < set.length; i++) {
    columns.tMs.clear()
    columns.values.clear()
    set.samplesAt(i, columns)
    const words = wordsOf(columns.values.array)
    const samples: string[] = []
    for (let k = 0; k < columns.tMs.length; k++) {
      samples.push(`${columns.tMs.array[k]}=${words[2 * k]}:${words[2 * k + 1]}`)
    }
    content.set(set.labelsAt(i).toString(), samples)
  }
  return content
}

/** The same rules, done in the plainest way. */
export class ModelStore {
  readonly series = new Map<string, { readonly labels: Labels; readonly samples: { tMs: number; bits: string }[] }>()
  #pending: { readonly key: string; readonly tMs: number; readonly bits: string }[] = []

  create(labels: Labels): void {
    if (!this.series.has(labels.toString())) this.series.set(labels.toString(), { labels, samples: [] })
  }

  append(labels: Labels, tMs: number, value: Value): AppendStatus {
    const key = labels.toString()
    const bits = bitsOf(value)
    const last =
      this.#pending.findLast(sample => sample.key === key) ?? this.series.get(key)!.samples.at(-1) ?? undefined
    if (last !== undefined && tMs < last.tMs) return AppendStatus.outOfOrder
    if (last?.tMs === tMs) return last.bits === bits ? AppendStatus.ok : AppendStatus.duplicate
    this.#pending.push({ key, tMs, bits })
    return AppendStatus.ok
  }

  commit(): void {
    for (const { key, tMs, bits } of this.#pending) this.series.get(key)!.samples.push({ tMs, bits })
    this.#pending = []
  }

  rollback(): void {
    this.#pending = []
  }

  content(matchers: readonly Matcher[] = [], minMs = -Infinity, maxMs = Infinity): Content {
    const content: Content = new Map()
    const sorted = [...this.series.values()].sort((a, b) => a.labels.compare(b.labels))
    for (const { labels, samples } of sorted) {
      if (!matchers.every(matcher => matcher.matches(labels.get(matcher.name)))) continue
      const within = samples.filter(sample => sample.tMs >= minMs && sample.tMs <= maxMs)
      if (within.length > 0)
        content.set(
          labels.toString(),
          within.map(({ tMs, bits }) => `${tMs}=${bits}`),
        )
    }
    return content
  }
}

export function newClock(): VirtualClock {
  return new VirtualClock()
}

/** Calls `use` with an empty directory that is removed afterwards. */
export async function withDir<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'churn-tsdb-'))
  try {
    return await use(dir)
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}
