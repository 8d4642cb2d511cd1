import pc from 'picocolors'
import {
  formatBytes,
  formatNumber,
  formatShare,
  layOut,
  oneLine,
  plural,
  type TerminalOptions,
  wrap,
} from '../../reports/index.ts'
import type { ChurnTableFigures, Inspection, LevelFigures } from '../../sim/index.ts'
import { sparkLine } from './spark.ts'
import {
  boundsOf,
  burstCauses,
  burstSize,
  burstOwners,
  completenessOf,
  instantOf,
  ownerName,
  phasesOf,
  remainderOf,
  scrubbedOf,
  sourceOf,
  span,
  threeDigits,
  windowName,
} from './words.ts'

/** What is known of the file beside what stands in it. */
export interface TraceFile {
  readonly name: string
  /** Absent for the standard input. */
  readonly bytes?: number
}

export interface InspectTextOptions extends TerminalOptions {
  /** Rows of the tables. */
  readonly top: number
}

type Column = Parameters<typeof layOut>[0][number]

const INDENT = '  '
const MARGIN = 13
const WIDTH = 120

const left = (head: string): Column => ({ head, align: 'left' })
const right = (head: string): Column => ({ head, align: 'right' })

/** What a trace holds, for a terminal. Ends with a line feed. */
export function renderInspectText(
  inspection: Inspection,
  file: TraceFile,
  { color, width = WIDTH, top }: InspectTextOptions,
): string {
  const c = pc.createColors(color)
  const inner = Math.max(40, width - INDENT.length)
  const lines: string[] = ['']
  const put = (line: string): void => void lines.push(`${INDENT}${line}`.trimEnd())
  const fact = (name: string, text: string, paint = (painted: string): string => painted): void => {
    const [first = '', ...more] = wrap(text, inner - MARGIN)
    put(c.dim(name.padEnd(MARGIN)) + paint(first))
    for (const line of more) put(' '.repeat(MARGIN) + paint(line))
  }
  const table = (title: string, columns: readonly Column[], rows: readonly (readonly string[])[]): void => {
    if (rows.length === 0) return
    const grid = layOut(columns, rows)
    lines.push('')
    put(c.bold(title))
    if (grid.head !== '') put(c.dim(cut(grid.head, inner)))
    for (const row of grid.rows) put(cut(row, inner))
  }

  put(c.bold(oneLine(file.name)))
  lines.push('')
  facts(inspection, file, fact, c.yellow)
  lines.push('')
  for (const spark of sparks(inspection, inner)) fact(spark.name, `${spark.line}  ${spark.tail}`)
  table(
    'Events',
    ['', '', '', '', '', ''].map((_, i) => (i % 2 === 0 ? left('') : right(''))),
    opRows(inspection),
  )
  table(
    'Rates',
    [left(''), ...['mean', 'p50', 'p90', 'p99', 'max'].map(right), left('at'), right('max/mean'), right('Fano')],
    rateRows(inspection),
  )
  table(
    'How long it took',
    [left(''), ...['p50', 'p90', 'p99', 'max', 'count'].map(right), left('not counted')],
    phaseRows(inspection),
  )
  bursts(inspection, top, inner, put, lines, c)
  churn('Churn by namespace', inspection.namespaces, top, table)
  churn('Churn by owner', inspection.owners, top, table)
  const bounds = boundsOf(inspection)
  if (bounds.length > 0) lines.push('')
  for (const bound of bounds) fact('note', bound)
  return `${lines.join('\n')}\n`
}

type Fact = (name: string, text: string, paint?: (text: string) => string) => void

function facts(inspection: Inspection, { bytes }: TraceFile, fact: Fact, warn: (text: string) => string): void {
  const { header, events, durationMs, eventsAtStart, completeness, pods, nodes, levels } = inspection
  const size = bytes === undefined ? [] : [formatBytes(bytes)]
  const start = header.start === undefined ? [] : [`from ${oneLine(header.start)}`]
  fact('trace', [`version ${header.version}`, span(durationMs), plural(events, 'event'), ...size, ...start].join(' · '))
  fact('source', sourceOf(inspection))
  fact('scrubbed', scrubbedOf(inspection))
  const { tone, word, sentence } = completenessOf(inspection)
  const whole = `${word}. ${sentence}`
  if (tone === 'pass') fact('state', whole)
  else fact('state', whole, warn)
  for (const example of completeness.examples.slice(0, 3)) fact('', oneLine(example), warn)
  if (eventsAtStart > 0) {
    fact(
      'at time 0',
      `${plural(eventsAtStart, 'event')}, in no rate and no burst; ${plural(pods.atStart, 'pod')} created`,
    )
  }
  const restarts = pods.restarts === 0 ? [] : [plural(pods.restarts, 'restart')]
  const ended = [
    pods.succeeded > 0 && `${formatNumber(pods.succeeded)} succeeded`,
    pods.failed > 0 && `${formatNumber(pods.failed)} failed`,
  ].filter(part => part !== false)
  fact(
    'pods',
    [
      `${formatNumber(pods.created)} created`,
      `${formatNumber(pods.deleted)} deleted`,
      ...ended,
      ...restarts,
      levelOf(levels.podsAlive, 'alive'),
      levelOf(levels.podsReady, 'ready'),
    ].join(' · '),
  )
  const { podsMax } = nodes
  fact(
    'nodes',
    [
      `${formatNumber(nodes.added)} added`,
      ...(nodes.removed > 0 ? [`${formatNumber(nodes.removed)} removed`] : []),
      ...(nodes.failed > 0 ? [`failed ${times(nodes.failed)}`] : []),
      ...(nodes.notReady > 0 ? [`not ready ${times(nodes.notReady)}`] : []),
      levelOf(levels.nodes, 'there'),
      ...(podsMax.node === undefined
        ? []
        : [`at most ${plural(podsMax.pods, 'pod')} on one (${oneLine(podsMax.node)}, ${instantOf(podsMax.atMs)})`]),
    ].join(' · '),
  )
  const { given, reused, shared, afterMs } = pods.addresses
  if (given > 0) {
    const after =
      afterMs === undefined ? '' : `, soonest after ${span(afterMs.min)}, half of them within ${span(afterMs.p50)}`
    const both = shared === 0 ? '' : ` · ${formatNumber(shared)} while another pod had it`
    fact(
      'addresses',
      `${formatNumber(given)} given · ${formatNumber(reused)} (${formatShare(reused / given)}) had been another pod's${after}${both}`,
    )
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${formatNumber(count)} times`
}

function levelOf({ max, maxAtMs, atEnd }: LevelFigures, what: string): string {
  return `at most ${formatNumber(max)} ${what} (${instantOf(maxAtMs)}), ${formatNumber(atEnd)} at the end`
}

interface Spark {
  readonly name: string
  readonly line: string
  readonly tail: string
}

function sparks({ series, rates, levels, eventsAtStart, events }: Inspection, inner: number): Spark[] {
  const { binMs, bins } = series
  const groups = Object.values(series.events)
  const perS = Array.from({ length: bins }, (_, i) => {
    const inBin = groups.reduce((sum, values) => sum + values[i]!, 0)
    return (inBin * 1000) / binMs
  })
  const width = Math.max(16, Math.min(bins, inner - MARGIN - 38))
  const [second] = rates.events
  const rows: Spark[] = []
  if (events > eventsAtStart) {
    rows.push({
      name: 'events/s',
      line: sparkLine(perS, width),
      tail: `mean ${threeDigits(rates.eventsPerS)}, most in 1 s ${formatNumber(second!.max)}`,
    })
  }
  const level = (name: string, figures: LevelFigures, line: string): void => {
    if (figures.max === 0) return
    rows.push({ name, line, tail: `mean ${threeDigits(figures.mean)}, most ${formatNumber(figures.max)}` })
  }
  level('pods alive', levels.podsAlive, sparkLine(series.podsAlive.max, width))
  level('pods ready', levels.podsReady, sparkLine(series.podsReady.mean, width, mean))
  // An outage is what is looked for here.
  level(
    'nodes ready',
    levels.nodesReady,
    sparkLine(series.nodesReady.min, width, stretch => Math.min(...stretch)),
  )
  return rows
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Names and counts, three pairs on a line, down the columns. */
function opRows({ byOp }: Inspection): string[][] {
  const pairs = Object.entries(byOp)
  const height = Math.ceil(pairs.length / 3)
  return Array.from({ length: height }, (_, i) =>
    [i, i + height, i + 2 * height].flatMap(at => {
      const pair = pairs[at]
      return pair === undefined ? ['', ''] : [oneLine(pair[0]), formatNumber(pair[1])]
    }),
  )
}

function rateRows({ rates }: Inspection): string[][] {
  return (['events', 'podsCreated'] as const).flatMap(name =>
    rates[name]
      .filter(({ max }) => max > 0)
      .map(({ windowMs, mean, p50, p90, p99, max, maxAtMs, peakToMean, fano }) => [
        `${name === 'events' ? 'events' : 'pods created'} in ${windowName(windowMs)}`,
        threeDigits(mean),
        ...[p50, p90, p99, max].map(formatNumber),
        instantOf(maxAtMs),
        threeDigits(peakToMean),
        threeDigits(fano),
      ]),
  )
}

function phaseRows(inspection: Inspection): string[][] {
  return phasesOf(inspection).map(({ name, phase }) => {
    const { ms } = phase
    const figures = ms === undefined ? ['–', '–', '–', '–', '0'] : [ms.p50, ms.p90, ms.p99, ms.max].map(span)
    return [name, ...figures, ...(ms === undefined ? [] : [formatNumber(ms.count)]), remainderOf(phase)]
  })
}

function bursts(
  { bursts: { windowMs, found } }: Inspection,
  top: number,
  inner: number,
  put: (line: string) => void,
  lines: string[],
  c: ReturnType<typeof pc.createColors>,
): void {
  if (found.length === 0) return
  const window = windowName(windowMs)
  lines.push('')
  const note = cut(`windows of ${window} with the most events; those that touch are one`, inner - 8)
  put(`${c.bold('Bursts')}  ${c.dim(note)}`)
  const shown = found.slice(0, top)
  const starts = shown.map(({ startMs }) => instantOf(startMs))
  const counts = shown.map(({ peak }) => `${formatNumber(peak)} in ${window}`)
  const widths = [starts, counts].map(cells => Math.max(...cells.map(cell => cell.length)))
  const margin = widths[0]! + widths[1]! + 4
  shown.forEach((burst, i) => {
    const causes = burstCauses(burst)
    const texts = [burstSize(burst, windowMs), burstOwners(burst), causes === '' ? '' : `after ${causes}`]
    const [first = '', ...more] = texts.filter(text => text !== '').flatMap(text => wrap(text, inner - margin))
    put(`${starts[i]!.padStart(widths[0]!)}  ${counts[i]!.padStart(widths[1]!)}  ${first}`)
    for (const line of more) put(c.dim(' '.repeat(margin) + line))
  })
}

function churn(
  title: string,
  { rows, rest }: ChurnTableFigures,
  top: number,
  table: (title: string, columns: readonly Column[], rows: readonly (readonly string[])[]) => void,
): void {
  const shown = rows.slice(0, top)
  const cells = shown.map(row => [ownerName(row), ...churnCells(row)])
  if (rest !== undefined) cells.push([`(${plural(rest.rows, 'smaller one')})`, ...churnCells(rest)])
  const any = (i: number): boolean => cells.some(row => row[i] !== '0')
  const heads = [
    '',
    'created',
    'per hour',
    'deleted',
    'succeeded',
    'failed',
    'restarts',
    'mean alive',
    'most',
    'at end',
  ]
  // What happened to none of them is no column.
  const kept = heads.map((_, i) => i).filter(i => ![4, 5, 6].includes(i) || any(i))
  const more = rows.length > shown.length ? `, the first ${shown.length} of ${formatNumber(rows.length)}` : ''
  table(
    title + more,
    kept.map(i => (i === 0 ? left('') : right(heads[i]!))),
    cells.map(row => kept.map(i => row[i]!)),
  )
}

type Churn = NonNullable<ChurnTableFigures['rest']> | ChurnTableFigures['rows'][number]

function churnCells(row: Churn): string[] {
  return [
    formatNumber(row.created),
    threeDigits(row.createdPerHour),
    ...[row.deleted, row.succeeded, row.failed, row.restarts].map(formatNumber),
    threeDigits(row.aliveMean),
    ...[row.aliveMax, row.aliveAtEnd].map(formatNumber),
  ]
}

function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line
}
