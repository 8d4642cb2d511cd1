import pc from 'picocolors'
import { formatNumber, layOut, oneLine, plural, type TerminalOptions, wrap } from '../../reports/index.ts'
import type { Both, DiffSide, ObjectDiff, ObjectList, Parting, PlacedEvent, TraceDiff } from '../../sim/index.ts'
import { eventWords, span } from './words.ts'

export interface DiffTextOptions extends TerminalOptions {
  /** Rows of the lists. */
  readonly top: number
}

const INDENT = '  '
const WIDTH = 120
const LINE_MARGIN = 10

/** How two traces differ, for a terminal. Ends with a line feed. */
export function renderDiffText(diff: TraceDiff, { color, width = WIDTH, top }: DiffTextOptions): string {
  const c = pc.createColors(color)
  const inner = Math.max(40, width - INDENT.length)
  const lines: string[] = ['']
  const put = (text: string): void => void lines.push(`${INDENT}${text}`.trimEnd())
  const title = (text: string, note = ''): void => {
    lines.push('')
    put(`${c.bold(text)}${note === '' ? '' : `  ${c.dim(note)}`}`)
  }
  put(`${c.red('A')}  ${sideOf(diff.a)}`)
  put(`${c.green('B')}  ${sideOf(diff.b)}`)
  lines.push('')
  for (const line of wrap(conclusionOf(diff), inner)) put(c.bold((diff.same ? c.green : c.yellow)(line)))
  if (diff.parting !== undefined) partingLines(diff.parting, inner, title, put, c)
  table(
    'Header',
    ['', 'A', 'B'],
    diff.header.map(({ field, a, b }) => [oneLine(field), oneLine(a ?? '–'), oneLine(b ?? '–')]),
    inner,
    title,
    put,
    c,
  )
  bothTable('Events', diff.counts, inner, title, put, c)
  bothTable('What there was', diff.states, inner, title, put, c)
  objectLines('Only in A', diff.objects.onlyA, 'a', top, inner, title, put, c)
  objectLines('Only in B', diff.objects.onlyB, 'b', top, inner, title, put, c)
  changedLines(diff.objects.changed, top, inner, title, put, c)
  timeTable(diff, inner, title, put, c)
  return `${lines.join('\n')}\n`
}

type Colors = ReturnType<typeof pc.createColors>
type Put = (text: string) => void
type Title = (text: string, note?: string) => void

function sideOf({ path, events, durationMs, complete, faults }: DiffSide): string {
  const state = [!complete && 'cut off', faults > 0 && `${plural(faults, 'line')} left out`].filter(
    part => part !== false,
  )
  return [oneLine(path), plural(events, 'event'), span(durationMs), ...state].join(' · ')
}

function conclusionOf({ same, ignored, toleranceMs, a, b, parting }: TraceDiff): string {
  const without = [
    ignored.length > 0 && `without ${ignored.join(', ')}`,
    toleranceMs > 0 && `with times up to ${span(toleranceMs)} apart`,
  ].filter(part => part !== false)
  const how = without.length === 0 ? '' : ` (${without.join('; ')})`
  if (same) return `The same ${plural(a.events, 'event')} in the same order${how}.`
  if (parting === undefined) {
    return `The same events in the same order${how}, but one lasts ${span(a.durationMs)} and the other ${span(b.durationMs)}.`
  }
  return `They differ from event ${formatNumber(parting.index + 1)} on${how}.`
}

const FIELD_NAMES: Readonly<Record<string, string>> = {
  t: 'times',
  uid: 'uids',
  address: 'addresses',
  name: 'names',
  node: 'nodes',
}

function partingLines(parting: Parting, inner: number, title: Title, put: Put, c: Colors): void {
  const { a, b, fields, before, afterA, afterB } = parting
  title('Where they part')
  const line = (sign: string, { line: number, text }: PlacedEvent, paint: (text: string) => string): void => {
    const shown = eventWords(text)
    const room = inner - LINE_MARGIN - 2
    put(
      paint(
        `${sign} ${formatNumber(number).padStart(LINE_MARGIN - 2)}  ${shown.length > room ? `${shown.slice(0, room - 1)}…` : shown}`,
      ),
    )
  }
  for (const event of before) line(' ', event, c.dim)
  if (a === undefined) put(c.red('- A is over'))
  else line('-', a, c.red)
  for (const event of afterA) line('-', event, c.red)
  if (b === undefined) put(c.green('+ B is over'))
  else line('+', b, c.green)
  for (const event of afterB) line('+', event, c.green)
  if (fields.length === 0) return
  const names = fields.map(field => FIELD_NAMES[field])
  const way = names.every(name => name !== undefined) ? `; --ignore ${names.join(',')} leaves them out` : ''
  for (const text of wrap(`The same operation; what differs is ${fields.join(', ')}${way}.`, inner)) put(text)
}

function table(
  name: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  inner: number,
  title: Title,
  put: Put,
  c: Colors,
  align: 'left' | 'right' = 'left',
): void {
  if (rows.length === 0) return
  const grid = layOut(
    heads.map((head, i) => ({ head, align: i === 0 ? 'left' : align })),
    rows,
  )
  const cut = (text: string): string => (text.length > inner ? `${text.slice(0, inner - 1)}…` : text)
  title(name)
  put(c.dim(cut(grid.head)))
  for (const row of grid.rows) put(cut(row))
}

/** Only what differs. */
function bothTable(name: string, rows: readonly Both[], inner: number, title: Title, put: Put, c: Colors): void {
  const differing = rows.filter(({ a, b }) => a !== b)
  table(
    name,
    ['', 'A', 'B', 'B − A'],
    differing.map(({ what, a, b }) => [oneLine(what), formatNumber(a), formatNumber(b), signed(b - a)]),
    inner,
    title,
    put,
    c,
    'right',
  )
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${formatNumber(Math.abs(value))}`
}

function objectLines(
  name: string,
  { count, objects }: ObjectList,
  side: 'a' | 'b',
  top: number,
  inner: number,
  title: Title,
  put: Put,
  c: Colors,
): void {
  if (count === 0) return
  title(`${name}: ${plural(count, 'object')}`)
  const rows = objects.slice(0, top).map(({ object, seen }) => {
    const times = seen[side]
    return object.startsWith('pods of ') ? `${oneLine(object)} (${formatNumber(times)})` : oneLine(object)
  })
  for (const row of rows) put(row.length > inner ? `${row.slice(0, inner - 1)}…` : row)
  if (count > rows.length) put(c.dim(`… and ${formatNumber(count - rows.length)} more`))
}

function changedLines(
  { count, objects }: ObjectList,
  top: number,
  inner: number,
  title: Title,
  put: Put,
  c: Colors,
): void {
  if (count === 0) return
  title(`In both, with another fate: ${plural(count, 'object')}`)
  for (const object of objects.slice(0, top)) {
    put(oneLine(object.object) + c.dim(changeOf(object)))
    for (const { sequence, a, b } of object.sequences.slice(0, 3)) {
      const head = `    A ${formatNumber(a)} × · B ${formatNumber(b)} ×  `
      const [first = '', ...more] = wrap(oneLine(sequence), inner - head.length)
      put(c.dim(head) + first)
      for (const text of more) put(' '.repeat(head.length) + text)
    }
    if (object.sequences.length > 3)
      put(c.dim(`    … and ${plural(object.sequences.length - 3, 'other life').replace(/lifes$/, 'lives')}`))
  }
  if (count > top) put(c.dim(`… and ${formatNumber(count - Math.min(top, objects.length))} more`))
}

function changeOf({ seen, atEnd }: ObjectDiff): string {
  const parts = [
    seen.a !== seen.b && `seen ${formatNumber(seen.a)} and ${formatNumber(seen.b)} times`,
    atEnd.a !== atEnd.b && `${formatNumber(atEnd.a)} and ${formatNumber(atEnd.b)} at the end`,
  ].filter(part => part !== false)
  return parts.length === 0 ? '' : `  ${parts.join(', ')}`
}

function timeTable({ times, timesForgotten }: TraceDiff, inner: number, title: Title, put: Put, c: Colors): void {
  const moved = times.filter(({ ms, onlyA, onlyB }) => (ms?.max ?? 0) > 0 || onlyA > 0 || onlyB > 0)
  table(
    'How far apart in time',
    ['', 'matched', 'only A', 'only B', 'B later', 'B earlier', 'p50', 'p99', 'max'],
    moved.map(({ op, matched, onlyA, onlyB, later, earlier, ms }) => [
      oneLine(op),
      ...[matched, onlyA, onlyB, later, earlier].map(formatNumber),
      ...(ms === undefined ? ['–', '–', '–'] : [span(ms.p50), span(ms.p99), span(ms.max)]),
    ]),
    inner,
    title,
    put,
    c,
    'right',
  )
  if (moved.length === 0 && times.length > 0) {
    lastLine(put, c, 'Events that belong together are at the same times.')
  }
  if (timesForgotten > 0)
    lastLine(put, c, `${plural(timesForgotten, 'event')} had no match in sight and are in no row.`)
}

function lastLine(put: Put, c: Colors, text: string): void {
  put('')
  put(c.dim(text))
}
