/** What became of a query. */
export const QueryOutcome = { answered: 0, empty: 1, failed: 2 } as const
export type QueryOutcome = (typeof QueryOutcome)[keyof typeof QueryOutcome]

/** What a runner of queries tells, as it happens. */
export interface QueryObserver {
  /** A query, or a virtual user, was begun `lagNs` after it should have been: the harness about itself. */
  begun(lagNs: number): void
  /**
   * A query is over.
   *
   * @param latencyNs from when it was due to its complete answer; of one that failed, to its deadline.
   * @param serviceNs from when it was sent; NaN when it was never sent or never answered.
   */
  over(key: string, latencyNs: number, serviceNs: number, outcome: QueryOutcome): void
  /** Why a query failed, for people. */
  complained(reason: string): void
}
