import { type Clock, describeError, formatDuration } from '../../base/index.ts'
import { type QueryObserver, QueryOutcome } from './query-observer.ts'
import type { QueryRequest } from './query-request.ts'
import type { QuerySender } from './query-sender.ts'

/** One query as a runner wants it asked. */
export interface PlannedQuery {
  readonly key: string
  readonly request: QueryRequest
}

/**
 * Asks one query and tells the observer what became of it. Never rejects.
 *
 * A query that fails has no answer; it is taken to be one that would have come at its deadline, as a user who waits and
 * gives up sees it. An error that comes fast must not make a subject look fast. When `ended` says that the run is over, it
 * is taken at that moment.
 *
 * @param dueNs monotonic instant from which its latency counts.
 */
export async function attempt(
  clock: Clock,
  sender: QuerySender,
  observer: QueryObserver,
  { key, request }: PlannedQuery,
  times: { readonly dueNs: bigint; readonly deadlineMs: number; readonly ended: AbortSignal },
): Promise<void> {
  const { dueNs, deadlineMs, ended } = times
  const sentNs = clock.monotonicNs()
  const abort = new AbortController()
  const giveUp = (): void => abort.abort()
  ended.addEventListener('abort', giveUp, { once: true })
  const timer = clock.schedule(deadlineMs - Number(sentNs - dueNs) / 1e6, giveUp)
  let fault: string | undefined
  try {
    const answer = await sender.send(request, abort.signal)
    const doneNs = clock.monotonicNs()
    if (answer.fault === undefined) {
      const outcome = answer.empty && request.promisesData ? QueryOutcome.empty : QueryOutcome.answered
      observer.over(key, Number(doneNs - dueNs), Number(doneNs - sentNs), outcome)
      return
    }
    fault = answer.fault
  } catch (error) {
    if (!abort.signal.aborted) fault = describeError(error)
  } finally {
    timer.cancel()
    ended.removeEventListener('abort', giveUp)
  }
  unanswered(clock, observer, key, { ...times, ...(fault === undefined ? {} : { fault }) })
}

/** Tells of a query that got no answer, whether or not it was sent. */
export function unanswered(
  clock: Clock,
  observer: QueryObserver,
  key: string,
  times: { readonly dueNs: bigint; readonly deadlineMs: number; readonly ended: AbortSignal; readonly fault?: string },
): void {
  const { dueNs, deadlineMs, ended, fault } = times
  const waitedMs = Number(clock.monotonicNs() - dueNs) / 1e6
  const early = fault === undefined && ended.aborted && waitedMs < deadlineMs
  observer.over(key, (early ? waitedMs : deadlineMs) * 1e6, Number.NaN, QueryOutcome.failed)
  observer.complained(
    fault ??
      (early
        ? 'it was still unanswered when the run ended'
        : `it was not answered within ${formatDuration(deadlineMs)}`),
  )
}
