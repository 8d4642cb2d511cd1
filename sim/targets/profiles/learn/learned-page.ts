import type { PageType } from './parse-page.ts'

/** What was learned of a page: plain data, that is posted between threads and processes. */
export interface LearnedPage {
  readonly families: readonly LearnedFamily[]
  /** Samples that cannot be told: NaN, infinities, and values beyond 2^53. */
  readonly leftOut: number
}

export interface LearnedFamily {
  readonly name: string
  readonly help: string
  readonly type: PageType
  readonly samples: readonly LearnedSample[]
}

export interface LearnedSample {
  readonly suffix: string
  readonly labels: Readonly<Record<string, string>>
  readonly decimals: number
  /** Of the first page. */
  readonly mantissa: number
  /** By how much it rose in a second, in mantissas; 0 where it did not. */
  readonly perSecond: number
  /** Greatest distance from `mantissa` that was seen. */
  readonly swing: number
}
