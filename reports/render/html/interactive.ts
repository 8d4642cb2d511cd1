import type { Arm } from '../../arms.ts'
import type { Report, Run } from '../../report.ts'
import { plural } from '../format.ts'
import { html, type Markup } from './markup.ts'
import { marksOf } from './marks.ts'
import { medianTrial } from './trials.ts'

/** What the page's script needs to draw the time lines again, so that they can be looked into. */
export interface LiveData {
  readonly figures: readonly LiveFigure[]
  readonly trials: readonly LiveTrial[]
  /** Index in `trials` of the one that is shown first, by arm. */
  readonly shown: Readonly<Record<string, number>>
  readonly marks: readonly (readonly [atS: number, label: string])[]
  readonly maxS: number
}

export interface LiveFigure {
  /** Of the chart that stands in its place without scripts. */
  readonly id: string
  readonly unit: string
  readonly wide: boolean
  readonly lines: readonly LiveLine[]
}

export interface LiveLine {
  readonly arm: string
  readonly column: string
  readonly label: string
  readonly color: number
  readonly dashed: boolean
  /** Fills down to the axis. */
  readonly area: boolean
}

export interface LiveTrial {
  readonly arm: string
  readonly label: string
  readonly t: readonly number[]
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>
}

/** Figures in the page's data altogether: about 60 KB. */
const CELLS_MAX = 10_000
/** Of one trial, at most; and at least, or it is left out. */
const ROWS_MAX = 900
const ROWS_LEAST = 90
const MARKS_MAX = 300

/**
 * All trials in full if there is room; otherwise the middle one of each arm as finely as possible, and the others as far as
 * there is room.
 *
 * @param detail 1, or less to make the page smaller
 */
export function liveData(
  report: Report,
  arms: readonly Arm[],
  {
    figures,
    maxS,
    detail,
  }: { readonly figures: readonly LiveFigure[]; readonly maxS: number; readonly detail: number },
): LiveData {
  const columns = [...new Set(figures.flatMap(figure => figure.lines.map(line => line.column)))]
  const middles = new Map(arms.map(arm => [arm.name, medianTrial(report, arm)]))
  const rowsMax = Math.floor((detail * CELLS_MAX) / (columns.length + 1))
  const used = arms.flatMap(arm => arm.used)
  const fits = used.reduce((sum, run) => sum + Math.min(ROWS_MAX, run.timeline.rows.length), 0) <= rowsMax
  const others = Math.max(1, used.length - arms.length)
  const rowsOfMiddle = fits ? ROWS_MAX : Math.min(ROWS_MAX, Math.floor(rowsMax / 2 / Math.max(1, arms.length)))
  const rowsOfOthers = fits ? ROWS_MAX : Math.min(rowsOfMiddle, Math.floor(rowsMax / 2 / others))
  const trials: LiveTrial[] = []
  const shown: Record<string, number> = {}
  for (const arm of arms) {
    arm.used.forEach((run, i) => {
      const isMiddle = middles.get(arm.name) === run
      const rows = isMiddle ? rowsOfMiddle : rowsOfOthers
      if (!isMiddle && rows < Math.min(ROWS_LEAST, run.timeline.rows.length)) return
      if (isMiddle) shown[arm.name] = trials.length
      const label = `trial ${i + 1} of ${arm.used.length}${isMiddle && arm.used.length > 1 ? ' (middle one)' : ''}`
      trials.push({ arm: arm.name, label, ...thinned(run, columns, rows) })
    })
  }
  const events = arms[0] === undefined ? [] : middles.get(arms[0].name)!.events
  const marks = marksOf(events, maxS)
    .slice(0, MARKS_MAX)
    .map(({ x, label }) => [Number(x.toFixed(2)), label] as const)
  return { figures, trials, shown, marks, maxS }
}

/** At most `rowsMax` rows, evenly chosen; figures to four digits. */
function thinned({ timeline }: Run, columns: readonly string[], rowsMax: number): Pick<LiveTrial, 't' | 'columns'> {
  const step = Math.max(1, Math.ceil(timeline.rows.length / rowsMax))
  const rows = timeline.rows.filter((row, i) => i % step === 0 && typeof row[0] === 'number')
  // The chart library wants ascending times.
  const ascending = rows.toSorted((a, b) => a[0]! - b[0]!)
  const own = columns.filter(column => timeline.columns.includes(column))
  return {
    t: ascending.map(row => Number(row[0]!.toFixed(2))),
    columns: Object.fromEntries(
      own.map(column => {
        const index = timeline.columns.indexOf(column)
        return [column, ascending.map(row => short(row[index] ?? null))]
      }),
    ),
  }
}

function short(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4))
}

/** What a reader can do with the figures; shown by the script, for without it nothing can be done. */
export function liveControls({ trials, shown }: LiveData): Markup {
  const arms = [...new Set(trials.map(trial => trial.arm))]
  const choices = arms.flatMap(arm => {
    const own = trials.flatMap((trial, index) => (trial.arm === arm ? [{ ...trial, index }] : []))
    if (own.length < 2) return []
    return html`<label
      >${arms.length > 1 && `${arm}: `}<select data-arm="${arm}">
        ${own.map(
          ({ label, index }) =>
            html`<option value="${index}" ${index === shown[arm] && html` selected=""`}>${label}</option>`,
        )}
      </select></label
    >`
  })
  return html`<div class="controls" id="time-controls" hidden="">
    ${choices}
    <button type="button" id="time-reset" disabled="">Whole run</button>
    <span class="how">Drag to zoom; double-click for the whole run. Keys: ← → move, + − zoom, 0 whole.</span>
    <output id="time-at" aria-live="off"></output>
  </div>`
}

/** How many trials the reader can choose from, when that is not all of them. */
export function liveNote(data: LiveData, arms: readonly Arm[]): string {
  const all = arms.reduce((sum, arm) => sum + arm.used.length, 0)
  return data.trials.length < all
    ? `To keep this page small, it holds the time lines of ${data.trials.length} of ${plural(all, 'trial')}; report.json holds all.`
    : ''
}
