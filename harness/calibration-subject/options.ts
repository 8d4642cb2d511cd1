import { CodedError, parseDuration } from '../../base/index.ts'
import { parseRatio, type Ratio } from './ratio.ts'

/** How the subject is told to misbehave. All of it is exact: no chance in it, and the ledger keeps what was done. */
export interface Misbehaviour {
  /** From learning of a pod to its first scrape: of pod i, the entry i modulo their number. */
  readonly discoveryDelaysMs: readonly number[]
  /**
   * `at-once`: the first scrape comes after the delay and begins the target's schedule. `on-schedule`: a target has an
   * offset of its own within the interval, and its first scrape is at the first such instant after the delay.
   */
  readonly firstScrape: 'at-once' | 'on-schedule'
  /** Of all pods, these are never scraped. */
  readonly missTargets: Ratio | undefined
  /** After so many scrapes a pod is left alone. */
  readonly scrapesPerPodMax: number
  /** Of a pod's instants after the first, these pass without a scrape. */
  readonly skipScrapes: Ratio | undefined
  /** Of a pod's instants after the first, these are scraped once more, half an interval later. */
  readonly duplicateScrapes: Ratio | undefined
  /** Of a pod's instants after the first, these are scraped so much later. */
  readonly late: { readonly ratio: Ratio; readonly byMs: number } | undefined
  /** Of a pod's answers, these are thrown away. */
  readonly loseScrapes: Ratio | undefined
  /** Of a pod's samples, in the order of its answers, these are thrown away. */
  readonly loseSamples: Ratio | undefined
  /** Of those that are left, these are kept with another value. */
  readonly wrongValues: Ratio | undefined
  /** Of those that are left and right, these are kept twice, a millisecond apart. */
  readonly duplicateSamples: Ratio | undefined
  /** The process does nothing at all for a while. */
  readonly stalls: readonly Stall[]
}

export interface Stall {
  /** Since the start of the process. */
  readonly atMs: number
  readonly forMs: number
}

export interface Options extends Misbehaviour {
  readonly configFile: string
  readonly ledgerFile: string
  readonly port: number
}

/** What is wrong with the arguments, all of it; one line each. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @param args `--name=value` each. @throws UsageError */
export function parseOptions(args: readonly string[]): Options {
  const faults: string[] = []
  const given = new Map<string, string[]>()
  for (const arg of args) {
    const match = /^--([a-z-]+)=(.*)$/.exec(arg)
    if (match === null) faults.push(`${arg}: arguments are written --name=value`)
    else given.set(match[1]!, [...(given.get(match[1]!) ?? []), match[2]!])
  }
  const last = (name: string): string | undefined => given.get(name)?.at(-1)
  const read = <T>(name: string, text: string, parse: (text: string) => T | undefined, what: string): T | undefined => {
    const value = parse(text)
    if (value === undefined) faults.push(`--${name}=${text}: not ${what}`)
    return value
  }
  const optional = <T>(name: string, parse: (text: string) => T | undefined, what: string): T | undefined => {
    const text = last(name)
    return text === undefined ? undefined : read(name, text, parse, what)
  }
  const required = (name: string): string => {
    const text = last(name)
    if (text === undefined) faults.push(`--${name}= is missing`)
    return text ?? ''
  }
  const ratio = (name: string): Ratio | undefined => optional(name, parseRatio, 'a ratio like 1/7')
  const options: Options = {
    configFile: required('config-file'),
    ledgerFile: required('ledger-file'),
    port: read('port', required('port'), wholeNumber, 'a port') ?? 0,
    discoveryDelaysMs: optional('discovery-delay', durations, 'durations like 250ms or 0s,250ms') ?? [0],
    firstScrape: optional('first-scrape', firstScrape, 'at-once or on-schedule') ?? 'at-once',
    missTargets: ratio('miss-targets'),
    scrapesPerPodMax: optional('scrapes-per-pod', wholeNumber, 'a whole number') ?? Number.POSITIVE_INFINITY,
    skipScrapes: ratio('skip-scrapes'),
    duplicateScrapes: ratio('duplicate-scrapes'),
    late: optional('late', lateness, 'a ratio and a duration like 1/5,40ms'),
    loseScrapes: ratio('lose-scrapes'),
    loseSamples: ratio('lose-samples'),
    wrongValues: ratio('wrong-values'),
    duplicateSamples: ratio('duplicate-samples'),
    stalls: (given.get('stall') ?? []).flatMap(text => read('stall', text, stall, 'two durations like 5s,2s') ?? []),
  }
  const known = new Set([...KNOWN, 'config-file', 'ledger-file', 'port'])
  for (const name of given.keys()) if (!known.has(name)) faults.push(`--${name}: there is no such argument`)
  if (faults.length > 0) throw new UsageError(faults.join('\n'))
  return options
}

/** What misbehaviour is called on the command line. */
const KNOWN = [
  'discovery-delay',
  'first-scrape',
  'miss-targets',
  'scrapes-per-pod',
  'skip-scrapes',
  'duplicate-scrapes',
  'late',
  'lose-scrapes',
  'lose-samples',
  'wrong-values',
  'duplicate-samples',
  'stall',
]

function duration(text: string): number | undefined {
  try {
    return parseDuration(text)
  } catch (error) {
    if (error instanceof CodedError) return undefined
    throw error
  }
}

function durations(text: string): readonly number[] | undefined {
  const values = text.split(',').map(duration)
  return values.some(value => value === undefined) ? undefined : (values as number[])
}

function stall(text: string): Stall | undefined {
  const values = durations(text)
  return values?.length === 2 ? { atMs: values[0]!, forMs: values[1]! } : undefined
}

function lateness(text: string): Misbehaviour['late'] {
  const [share = '', by = ''] = text.split(',')
  const [ratio, byMs] = [parseRatio(share), duration(by)]
  return ratio === undefined || byMs === undefined ? undefined : { ratio, byMs }
}

function firstScrape(text: string): Misbehaviour['firstScrape'] | undefined {
  return text === 'at-once' || text === 'on-schedule' ? text : undefined
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
