import type { Misbehaviour, MisbehaviourOutcome } from '../../sim/index.ts'
import { SEQUENCE_SERIES } from '../../sim/index.ts'
import type { RawSeries } from '../subjects/index.ts'
import { scrapeErrorClass } from './error-class.ts'

/** What a subject made of the targets of one misbehaviour. */
export interface ObservedOutcome {
  /** Scrapes that it wrote an `up` for, and how many of these were 1. */
  readonly scrapes: number
  readonly up: number
  /** Scrapes of which it stored the page. */
  readonly pages: number
  /** Samples of the series that the misbehaviour adds: the most of one target. */
  readonly extra: number
  /** As it says why the last scrape failed; absent where it does not say. */
  readonly error?: string
}

/** Reads it off what was stored while the targets misbehaved. @param stored series of these targets. */
export function observedOutcome(
  misbehaviour: Misbehaviour,
  stored: readonly RawSeries[],
  error: string | undefined,
): ObservedOutcome {
  const named = (name: string): RawSeries[] => stored.filter(({ labels }) => labels.__name__ === name)
  const ups = named('up').flatMap(({ values }) => [...values])
  const extras = new Map<string, number>()
  for (const { labels, tMs } of misbehaviour.extraSeries === undefined ? [] : named(misbehaviour.extraSeries)) {
    const target = labels['instance'] ?? ''
    extras.set(target, (extras.get(target) ?? 0) + tMs.length)
  }
  return {
    scrapes: ups.length,
    up: ups.filter(value => value === 1).length,
    pages: named(SEQUENCE_SERIES).reduce((sum, { tMs }) => sum + tMs.length, 0),
    extra: Math.max(0, ...extras.values()),
    ...(error === undefined || error === '' ? {} : { error }),
  }
}

/** A machine that stalls makes some good answers too late: what a subject does with the rest is what it does. */
const TOLERATED_SHARE = 0.25

/** In what an outcome is another one than expected, in words; empty when in nothing. */
export function disagreements(expected: MisbehaviourOutcome, observed: ObservedOutcome): string[] {
  const out: string[] = []
  const { scrapes, up, pages, extra, error } = observed
  if (scrapes === 0) return ['was not scraped']
  const others = expected.up === 1 ? scrapes - up : up
  if (others > (expected.up === 1 ? TOLERATED_SHARE * scrapes : 0)) out.push(`up is 1 in ${up} of ${scrapes} scrapes`)
  if (expected.page !== pages > 0) out.push(`${pages} pages are stored`)
  if (expected.page && pages < up) out.push(`${pages} pages of ${up} good scrapes are stored`)
  if (expected.error !== undefined && error !== undefined) {
    const known = scrapeErrorClass(error)
    if (known !== expected.error)
      out.push(`it says ${JSON.stringify(error)}, which is about ${known ?? 'something else'}`)
  }
  if (expected.extra === 'none' && extra > 0) out.push(`${extra} further samples are stored`)
  if (expected.extra === 'first' && extra !== 1) out.push(`${extra} further samples are stored`)
  if (expected.extra === 'each' && extra < up / 2) out.push(`${extra} further samples are stored in ${up} scrapes`)
  return out
}
