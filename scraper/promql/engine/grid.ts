/** The instants at which an expression is evaluated: `startMs + i × stepMs` for i in [0, count). Unix milliseconds. */
export interface Grid {
  readonly startMs: number
  /** Positive, also when there is one instant only. */
  readonly stepMs: number
  readonly count: number
}

export function instant(tMs: number): Grid {
  return { startMs: tMs, stepMs: 1, count: 1 }
}

export function timeAt(grid: Grid, step: number): number {
  return grid.startMs + step * grid.stepMs
}
