import exec from 'k6/execution'
import type { RefinedResponse, ResponseType } from 'k6/http'
import { Counter, Trend } from 'k6/metrics'

/**
 * Latency from when a request was due, not from when it was sent: k6's own `http_req_duration` begins with the sending, so
 * that a subject that stands still delays requests which then look fast. Milliseconds, tagged like the request.
 */
const queryLatency = new Trend('query_latency', true)

/** Requests that got no answer, an error, or an answer that is no success. */
const queriesFailed = new Counter('queries_failed')

/** Answers without data. */
const queriesEmpty = new Counter('queries_empty')

/** Milliseconds between the moment at which this iteration of a constant arrival rate was due and now. */
export function lagMs(ratePerSecond: number): number {
  const { startTime, iterationInTest } = exec.scenario
  return Math.max(0, Date.now() - (startTime + (iterationInTest * 1000) / ratePerSecond))
}

/** What the answer is worth: to be told of every request, whatever became of it. */
export interface Outcome {
  readonly failed: boolean
  readonly empty: boolean
}

/** @param waitedMs as `lagMs` said right before the request was sent. */
export function observe(
  response: RefinedResponse<ResponseType | undefined>,
  waitedMs: number,
  { failed, empty }: Outcome,
  tags: Record<string, string>,
): void {
  const { blocked, connecting, duration } = response.timings
  queryLatency.add(waitedMs + blocked + connecting + duration, tags)
  queriesFailed.add(failed ? 1 : 0, tags)
  queriesEmpty.add(!failed && empty ? 1 : 0, tags)
}
