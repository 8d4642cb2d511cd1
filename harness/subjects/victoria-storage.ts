import type { Clock } from '../../base/index.ts'
import { counterTotal } from './counter-total.ts'
import { SubjectError } from './errors.ts'
import { ExportLines } from './export-lines.ts'
import { type QueryClient, seconds } from './query-client.ts'
import type { RawSeries, Subject } from './subject.ts'

/**
 * It keeps values as decimal mantissas with an exponent that all values of a block share, cut off rather than rounded.
 * Measured with 1.79.5 on 24 000 samples of each sort: integers up to 2^53 and decimals of up to 12 digits come back
 * exact, other values within 1.0001e-12 of themselves; in series whose values lie 24 orders apart, the small ones are
 * lost altogether, which no tolerance excuses.
 */
const VALUE_ERROR_RATIO_MAX = 1e-11

/** How long a scrape may go on after the instant that its samples bear; see `Flush`. */
const SCRAPE_MS_MAX = 2_000

/** Its counter moves when a buffer is handed on. Seen with 1.79.5 at 11 000 samples/s: up to 0.25 s behind. */
const APPENDED_LATE_MS = 1_000

/** How a VictoriaMetrics is asked for what it stored, whoever started it. */
export function victoriaStorage(
  clock: Clock,
  client: QueryClient,
): Required<Pick<Subject, 'valueErrorRatioMax' | 'rawSamples' | 'samplesAppended' | 'samplesAppendedLateMs'>> {
  const flush = new Flush(clock, client)
  return {
    valueErrorRatioMax: VALUE_ERROR_RATIO_MAX,
    samplesAppended: async () => counterTotal(await client.text('/metrics'), 'vm_rows_inserted_total', 'promscrape'),
    samplesAppendedLateMs: APPENDED_LATE_MS,
    rawSamples: async (selector, min, max) => {
      await flush.after(max)
      return exported(client, selector, min, max)
    },
  }
}

/** Makes what VictoriaMetrics holds in buffers visible to a search, as seldom as possible. */
class Flush {
  readonly #clock: Clock
  readonly #client: QueryClient
  #doneUnixMs = -Infinity
  #underWay: Promise<void> | undefined

  constructor(clock: Clock, client: QueryClient) {
    this.#clock = clock
    this.#client = client
  }

  /**
   * Samples up to `unixMs` are visible afterwards. The many questions about one window at the end of a run share a flush:
   * one that began well after the window's end holds for all.
   */
  async after(unixMs: number): Promise<void> {
    if (this.#doneUnixMs > unixMs + SCRAPE_MS_MAX) return
    this.#underWay ??= this.#flush().finally(() => (this.#underWay = undefined))
    await this.#underWay
  }

  async #flush(): Promise<void> {
    const startedUnixMs = this.#clock.unixMs()
    const status = await this.#client.post('/internal/force_flush', {}, () => {})
    if (status !== 200) throw new SubjectError('CHURN_SUBJECT_QUERY', `VictoriaMetrics does not flush: HTTP ${status}`)
    this.#doneUnixMs = startedUnixMs
  }
}

/** Its query API resamples; the export is what it has stored. The window is asked for one millisecond wider, for floats. */
async function exported(client: QueryClient, selector: string, min: number, max: number): Promise<RawSeries[]> {
  const lines = new ExportLines(min, max)
  const refusal: Buffer[] = []
  const form = { 'match[]': selector, start: seconds(min - 1), end: seconds(max + 1) }
  const status = await client.post('/api/v1/export', form, (chunk, statusCode) => {
    if (statusCode === 200) lines.push(chunk)
    else refusal.push(chunk)
  })
  if (status === 200) return lines.finish()
  const why = Buffer.concat(refusal).toString('utf8').trim()
  throw new SubjectError('CHURN_SUBJECT_QUERY', `VictoriaMetrics does not export "${selector}": HTTP ${status}: ${why}`)
}
