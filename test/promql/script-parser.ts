import { Labels, METRIC_NAME } from '../../scraper/model/index.ts'
import { durationSeconds, numberValue, unquote } from '../../scraper/promql/parse/literals.ts'
import type { TestSample } from './memory-storage.ts'

/** One instant of a series as written: a value, nothing, or a native histogram, which this storage cannot hold. */
export type Point = TestSample | 'none' | 'histogram'

export interface SeriesLine {
  readonly labels: Labels
  readonly points: readonly Point[]
}

export interface Expectation {
  readonly kind: 'ordered' | 'fail' | 'warn' | 'no_warn' | 'info' | 'no_info'
  readonly match: { readonly type: 'msg' | 'regex'; readonly text: string } | undefined
}

export interface EvalCommand {
  readonly kind: 'eval'
  readonly line: number
  readonly query: string
  readonly startMs: number
  readonly endMs: number
  /** `undefined`: an instant query at `startMs`. */
  readonly stepMs: number | undefined
  readonly expectations: readonly Expectation[]
  readonly series: readonly SeriesLine[]
  readonly scalar: number | undefined
  readonly string: string | undefined
  /** Where an instant query gives a range vector. */
  readonly rangeVector: { readonly startMs: number; readonly stepMs: number } | undefined
}

export type Command =
  | { readonly kind: 'clear' }
  | { readonly kind: 'load'; readonly stepMs: number; readonly nhcb: boolean; readonly series: readonly SeriesLine[] }
  | EvalCommand

const COMMAND = /^(?:eval(?:_\w+)?|load(?:_with_nhcb)?|clear)(?:\s|$)/
const LOAD = /^load(_with_nhcb)?\s+(\S+)$/
const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+))?\s+(.+)$/
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+?)\s+(.+)$/
const EXPECT = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/
const EXPECT_RANGE = /^expect range vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/

/** Reads a script in the language of Prometheus' promqltest. @throws Error naming the line */
export function parseScript(text: string): Command[] {
  const lines = text.split('\n').map(line => line.trim())
  const commands: Command[] = []
  let at = 0
  const block = (): [line: number, text: string][] => {
    const out: [number, string][] = []
    for (; at < lines.length && lines[at] !== '' && !COMMAND.test(lines[at]!); at++) {
      if (!lines[at]!.startsWith('#')) out.push([at + 1, lines[at]!])
    }
    return out
  }
  while (at < lines.length) {
    const line = lines[at++]!
    if (line === '' || line.startsWith('#')) continue
    try {
      const load = LOAD.exec(line)
      if (line === 'clear') commands.push({ kind: 'clear' })
      else if (load !== null) {
        const series = block().map(([, body]) => parseSeriesLine(body))
        commands.push({ kind: 'load', stepMs: timeMs(load[2]!), nhcb: load[1] !== undefined, series })
      } else if (line.startsWith('eval')) commands.push(parseEval(line, at, block()))
      else throw new Error(`unknown command: ${line}`)
    } catch (error) {
      throw new Error(`line ${at}: ${(error as Error).message}`, { cause: error })
    }
  }
  return commands
}

function parseEval(head: string, line: number, body: readonly [number, string][]): EvalCommand {
  const instant = INSTANT.exec(head)
  const range = instant === null ? RANGE.exec(head) : null
  if (instant === null && range === null) throw new Error(`not an eval: ${head}`)
  const expectations: Expectation[] = []
  const flag = (instant ?? range)![1]
  if (flag !== undefined) expectations.push({ kind: flag as Expectation['kind'], match: undefined })
  const series: SeriesLine[] = []
  let scalar: number | undefined
  let string: string | undefined
  let rangeVector: EvalCommand['rangeVector']
  for (const [, text] of body) {
    const expect = EXPECT.exec(text)
    const expectRange = EXPECT_RANGE.exec(text)
    if (expect !== null) {
      const match =
        expect[2] === undefined ? undefined : { type: expect[2] as 'msg' | 'regex', text: expect[3]!.trim() }
      expectations.push({ kind: expect[1] as Expectation['kind'], match })
    } else if (text.startsWith('expect string')) {
      string = unquote(text.slice('expect string'.length).trim())
    } else if (expectRange !== null) {
      rangeVector = { startMs: timeMs(expectRange[1]!), stepMs: timeMs(expectRange[3]!) }
    } else {
      const value = numberValue(text)
      if (value !== undefined) scalar = value
      else series.push(parseSeriesLine(text))
    }
  }
  const times =
    instant === null
      ? { startMs: timeMs(range![2]!), endMs: timeMs(range![3]!), stepMs: timeMs(range![4]!) }
      : { startMs: timeMs(instant[2] ?? '0'), endMs: timeMs(instant[2] ?? '0'), stepMs: undefined }
  const query = (instant === null ? range![5]! : instant[3]!).trim()
  return { kind: 'eval', line, query, ...times, expectations, series, scalar, string, rangeVector }
}

/** `5m`, `30` (seconds), `-1m`. */
function timeMs(text: string): number {
  const negative = text.startsWith('-')
  const body = negative ? text.slice(1) : text
  const seconds = numberValue(body) ?? durationSeconds(body)
  if (seconds === undefined) throw new Error(`not a time: ${text}`)
  return (negative ? -1 : 1) * Math.round(seconds * 1000)
}

function parseSeriesLine(text: string): SeriesLine {
  const [labels, rest] = parseMetric(text)
  return { labels, points: parsePoints(rest) }
}

/** A metric at the start of `text`, and what follows it. */
export function parseMetric(text: string): [Labels, string] {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(text)?.[0] ?? ''
  const record: Record<string, string> = name === '' ? {} : { [METRIC_NAME]: name }
  let at = name.length
  while (text[at] === ' ' || text[at] === '\t') at++
  if (text[at] !== '{' || text[at + 1] === '{') return [Labels.fromRecord(record), text.slice(name.length)]
  at++
  const label =
    /\s*(?:([a-zA-Z_][\w]*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))\s*(?:=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`))?\s*,?\s*/y
  for (;;) {
    while (text[at] === ' ') at++
    if (text[at] === '}') return [Labels.fromRecord(record), text.slice(at + 1)]
    label.lastIndex = at
    const match = label.exec(text)
    if (match === null) throw new Error(`not a metric: ${text}`)
    const key = match[1] ?? unquote(match[2]!)
    if (match[3] === undefined) record[METRIC_NAME] = key
    else record[key] = unquote(match[3])
    at = label.lastIndex
  }
}

function parsePoints(text: string): Point[] {
  const points: Point[] = []
  let rest = text.trim()
  while (rest !== '') {
    if (rest.startsWith('{{')) {
      // `{{…}}`, `{{…}}xN`, `{{…}}+{{…}}xN`: only how many instants it covers is of interest.
      const match = /^\{\{[^}]*\}\}(?:(?:[+-]\{\{[^}]*\}\})?x(\d+))?(?:@\S+)?/.exec(rest)
      if (match === null) throw new Error(`not a histogram: ${rest}`)
      for (let i = 0; i <= Number(match[1] ?? 0); i++) points.push('histogram')
      rest = rest.slice(match[0].length).trim()
      continue
    }
    const word = /^\S+/.exec(rest)![0]
    rest = rest.slice(word.length).trim()
    points.push(...expand(word))
  }
  return points
}

/** `5`, `_`, `_x3`, `stale`, `5x3`, `0+10x5`, `100-5x4`. */
function expand(word: string): Point[] {
  const [body = '', annotation] = word.split('@')
  if (annotation !== undefined) throw new Error('start timestamps are not supported')
  if (body === 'stale') return ['stale']
  const omitted = /^_(?:x(\d+))?$/.exec(body)
  if (omitted !== null) return Array.from({ length: Number(omitted[1] ?? 1) }, (): Point => 'none')
  // `0x59` is sixty zeroes here, not a hexadecimal number.
  const plain = body.includes('x') ? undefined : numberValue(body)
  if (plain !== undefined) return [plain]
  const repeated = /^(.+?)(?:([+-])([^x+-][^x]*(?:[eE][+-]\d+)?))?x(\d+)$/.exec(body)
  if (repeated === null) throw new Error(`not a value: ${word}`)
  const start = numberValue(repeated[1]!)
  const step = repeated[3] === undefined ? 0 : numberValue(repeated[3])
  if (start === undefined || step === undefined) throw new Error(`not a value: ${word}`)
  const out: Point[] = []
  let value = start
  for (let i = 0; i <= Number(repeated[4]); i++) {
    out.push(value)
    value += repeated[2] === '-' ? -step : step
  }
  return out
}
