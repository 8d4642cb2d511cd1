import type { ChurnInput } from '../../scenarios/index.ts'

/**
 * The planned times of an executor's iterations, in milliseconds since the start, ascending.
 *
 * Solved from the definition, not sliced by a ticker: iteration i of a constant arrival rate starts at exactly
 * `startTime + i · timeUnit / rate`, rounded to a millisecond, so rates that do not divide a second do not drift.
 *
 * @param ms reads a duration, or notes a fault at the given path and returns 0.
 */
export function timetable(churn: ChurnInput, path: string, ms: (path: string, text: string) => number): number[] {
  const startMs = churn.startTime === undefined ? 0 : ms(`${path}.startTime`, churn.startTime)
  if (churn.executor === 'shared-iterations') return Array.from({ length: churn.iterations ?? 1 }, () => startMs)

  if (churn.executor !== 'constant-arrival-rate') return []

  const unitMs = ms(`${path}.timeUnit`, churn.timeUnit ?? '1s')
  const durationMs = ms(`${path}.duration`, churn.duration)
  const iterations = Math.ceil((durationMs / unitMs) * churn.rate)
  return Array.from({ length: iterations }, (_, i) => Math.round(startMs + (i * unitMs) / churn.rate))
}
