/** Kubernetes' own, since 1.31 with a limit of ten minutes. */
const FIRST_MS = 10_000
const LAST_MS = 600_000

/** How often pods of a job failed since one last succeeded, and when the last of them did. Immutable. */
export interface FailureRun {
  readonly count: number
  readonly lastMs: number
}

export const NO_FAILURES: FailureRun = { count: 0, lastMs: 0 }

/** The run with the pods that have ended since: a success ends it, and what failed later begins a new one. */
export function continued(run: FailureRun, succeededMs: readonly number[], failedMs: readonly number[]): FailureRun {
  if (succeededMs.length === 0) {
    return failedMs.length === 0 ? run : { count: run.count + failedMs.length, lastMs: Math.max(...failedMs) }
  }
  const lastSuccessMs = Math.max(...succeededMs)
  const later = failedMs.filter(atMs => atMs > lastSuccessMs)
  return later.length === 0 ? NO_FAILURES : { count: later.length, lastMs: Math.max(...later) }
}

/** Milliseconds until the next pod may be created: 10 s after the first failure in a row, twice as long after each more. */
export function backoffLeftMs({ count, lastMs }: FailureRun, nowMs: number): number {
  if (count === 0) return 0
  const backoffMs = Math.min(FIRST_MS * 2 ** Math.min(count - 1, 16), LAST_MS)
  return Math.max(0, lastMs + backoffMs - nowMs)
}
