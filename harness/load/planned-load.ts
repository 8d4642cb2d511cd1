/** An executor after judgement: everything in milliseconds since the scenario's start. */
export type PlannedLoad = OpenLoad | ClosedLoad

/** Iterations start at these intended times, whatever became of those before; latencies count from them. */
export interface OpenLoad {
  readonly kind: 'open'
  /** Ascending. */
  readonly atMs: readonly number[]
}

/** Virtual users, each of which begins an iteration as soon as its last one is over. */
export interface ClosedLoad {
  readonly kind: 'closed'
  readonly startMs: number
  /** Number of virtual users over time: linear from the level before (`startVus` at first) to `vus` at `untilMs`. */
  readonly startVus: number
  readonly stages: readonly { readonly untilMs: number; readonly vus: number }[]
  /** Iterations that all virtual users share, or that each of them performs; absent: as many as there is time for. */
  readonly iterations?: { readonly count: number; readonly of: 'all' | 'each' }
  /** How long after the last stage an iteration that has begun may take. */
  readonly gracefulStopMs: number
}

/** A load of queries: `exec: 'query'`. */
export interface QueryLoad {
  /** Name of the entry in the scenario. */
  readonly name: string
  readonly load: PlannedLoad
  /** Of iteration i: `args` overridden by the i-th of each list in `each`, as in the scenario. */
  readonly args: Readonly<Record<string, string | number | boolean>>
  readonly each: Readonly<Record<string, readonly (string | number | boolean)[]>>
  readonly tags: Readonly<Record<string, string>>
}
