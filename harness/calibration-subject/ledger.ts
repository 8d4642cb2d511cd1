import { readFileSync, writeFileSync } from 'node:fs'

/**
 * What the subject really did, in its own words. Instants are monotonic nanoseconds as decimal strings: the kernel's
 * monotonic clock is one for all processes of a machine, so they compare with the harness' own to the nanosecond.
 */
export interface Ledger {
  readonly startedNs: string
  readonly stalls: { readonly fromNs: string; readonly toNs: string }[]
  readonly pods: PodEntry[]
}

export interface PodEntry {
  readonly uid: string
  readonly namespace: string
  readonly pod: string
  /** The watch said that it can be scraped. */
  readonly learntNs: string
  readonly delayMs: number
  /** Never scraped, as told. */
  readonly missed: boolean
  /** The watch said that it is gone. */
  goneNs?: string
  /** Number of its schedule's instants that passed without a scrape, as told or because the process stood still. */
  readonly skipped: Instant[]
  readonly asks: Ask[]
  /** A query's answer held the pod's samples for the first time: when it was put together. */
  shownNs?: string
  /** When the next query came in, whatever it asked for: by then the one before had been read. */
  afterShownNs?: string
  /** The first query that asked for the pod after it was gone and got nothing. */
  hiddenNs?: string
}

/** An instant of a target's schedule. */
export interface Instant {
  /** From 0, the first scrape. */
  readonly slot: number
  readonly dueNs: string
}

/** One request for metrics. */
export interface Ask extends Instant {
  /** Once more in the same interval. */
  readonly again: boolean
  /** Just before the request was handed to the network, and just after the last byte of its answer was there. */
  readonly sentNs: string
  receivedNs?: string
  /** Samples in the answer, and what became of them; all others were kept as they came. */
  samples: number
  lost: number
  wrong: number
  duplicate: number
}

export function readLedger(path: string): Ledger {
  return JSON.parse(readFileSync(path, 'utf8')) as Ledger
}

export function writeLedger(path: string, ledger: Ledger): void {
  writeFileSync(path, `${JSON.stringify(ledger)}\n`)
}
