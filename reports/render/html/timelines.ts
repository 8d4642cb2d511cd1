import type { Arm } from '../../arms.ts'
import type { Report, Run } from '../../report.ts'
import { columnLabel, columnUnit, TIMELINE_COLUMNS } from '../../timeline.ts'
import { formatValue } from '../format.ts'
import { downsample, type Point } from '../svg/downsample.ts'
import { cutLabel, labelRoom, type Series } from '../svg/chart.ts'
import { lineChart } from '../svg/line-chart.ts'
import { linearScale, timeScale } from '../svg/scale.ts'
import type { Figure } from './figure.ts'
import type { LiveFigure } from './interactive.ts'
import { lastSecond, marksOf } from './marks.ts'
import { medianTrial } from './trials.ts'

/** Columns that belong in one figure; whatever matches none has its own. */
const TOGETHER: readonly { readonly title: string; readonly match: RegExp; readonly wide?: boolean }[] = [
  { title: 'Pods', match: /^pods_/, wide: true },
  { title: 'Samples per second', match: /^samples_.*_per_s$/ },
  { title: 'CPU of the subject, in cores', match: /^subject_cpu_cores$/ },
  { title: 'Resident memory of the subject', match: /^subject_rss_bytes$/ },
  { title: 'Requests to the API server', match: /^apiserver_requests_per_s$/ },
  { title: 'Traffic of the API server', match: /^apiserver_bytes_per_s$/ },
  { title: 'The harness itself: longest delay in each interval', match: /_(?:lag|delay)(?:_max|_p\d+)?_s$/ },
]

const NARROW = { width: 620, height: 280, left: 70, top: 18, bottom: 44 } as const
const WIDE = { width: 1280, height: 380, left: 56, top: 66, bottom: 44 } as const
/** Points of all lines of a figure together. */
const POINTS = 1000
const POINTS_LEAST = 40

/** The quantity behind one column of one run. */
interface Track {
  readonly column: string
  readonly run: Run
  readonly arm: Arm
}

/** A figure as it stands in the page, and what it becomes where scripts run. */
export interface TimelineFigure {
  readonly figure: Figure
  readonly live: LiveFigure
}

/**
 * Figures over planned time, in the order of their columns. Empty when nothing was sampled.
 *
 * Of each arm, the middle trial comes first: it has the label, and where only one can be shown it is this one.
 *
 * @param detail 1, or less to make the page smaller
 */
export function timelineFigures(
  report: Report,
  arms: readonly Arm[],
  id: (name: string) => string,
  detail = 1,
): TimelineFigure[] {
  const tracks = arms.flatMap(arm => {
    const middle = medianTrial(report, arm)
    return [middle, ...arm.used.filter(run => run !== middle)].flatMap(run =>
      run.timeline.columns.slice(1).map(column => ({ column, run, arm })),
    )
  })
  const filled = tracks.filter(track => pointsOf(track).some(point => point !== null))
  const groups = TOGETHER.map(group => ({ ...group, tracks: filled.filter(({ column }) => group.match.test(column)) }))
  for (const column of new Set(filled.map(track => track.column))) {
    if (TOGETHER.some(({ match }) => match.test(column))) continue
    groups.push({ title: title(column), match: /^$/, tracks: filled.filter(track => track.column === column) })
  }
  const maxS = endOf(arms)
  return groups.flatMap(group => {
    const columns = [...new Set(group.tracks.map(({ column }) => column))]
    if (columns.length === 0) return []
    const top = group.tracks.reduce((max, track) => Math.max(max, highest(pointsOf(track))), 0)
    const draw = (name: string, own: readonly Track[], heading: string): TimelineFigure =>
      figure(id(name), heading, own, { top, maxS, wide: group.wide ?? false, compared: arms.length > 1, detail })
    if (columns.length === 1 || arms.length === 1) return [draw(columns[0]!, group.tracks, group.title)]
    // Several quantities of several arms: a figure for each arm, on the same axes.
    return arms.flatMap(arm => {
      const own = group.tracks.filter(track => track.arm === arm)
      return own.length === 0 ? [] : [draw(`${columns[0]!}-${arm.name}`, own, `${group.title}: ${arm.label}`)]
    })
  })
}

/** Where the time axis of all figures ends. */
export function endOf(arms: readonly Arm[]): number {
  return Math.max(1, ...arms.flatMap(arm => arm.used.map(lastSecond)))
}

interface Look {
  readonly top: number
  readonly maxS: number
  readonly wide: boolean
  /** Arms are told apart by colour, instead of columns. */
  readonly compared: boolean
  readonly detail: number
}

function figure(
  id: string,
  heading: string,
  tracks: readonly Track[],
  { top, maxS, wide, compared, detail }: Look,
): TimelineFigure {
  const columns = [...new Set(tracks.map(({ column }) => column))]
  const byArm = compared && columns.length === 1
  const first = tracks[0]!
  // Many trials of many quantities in one figure show nothing: then the middle one speaks for the others.
  const shown = columns.length > 1 ? tracks.filter(({ run }) => run === first.run) : tracks
  const points = Math.floor(detail * Math.max(POINTS_LEAST, POINTS / shown.length))
  const labelled = new Set<string>()
  // What is there, against which the others are held; two delays have no such order.
  const filledColumn = columns.length === 1 || /^(?:pods|samples)_/.test(columns[0]!) ? columns[0] : undefined
  const series = shown.map((track): Series => {
    const label = byArm ? track.arm.label : columnWord(track.column, columns)
    const color = byArm ? (track.arm.name === 'A' ? 0 : 1) : columns.indexOf(track.column) % 6
    const fresh = !labelled.has(label)
    labelled.add(label)
    return {
      ...(fresh && (columns.length > 1 || byArm) ? { label: cutLabel(label) } : {}),
      color,
      dashed: byArm && track.arm.name === 'B',
      area: !byArm && shown.length === columns.length && track.column === filledColumn,
      faint: !fresh,
      points: downsample(pointsOf(track), points),
    }
  })
  const base = wide ? WIDE : NARROW
  const frame = { ...base, right: labelRoom(series.flatMap(({ label }) => (label === undefined ? [] : [label]))) }
  const marks = marksOf(first.run.events, maxS)
  const unit = columnUnit(first.column)
  const trials = new Set(tracks.map(({ run }) => run)).size
  const notes = columns
    .filter(column => helpOf(column) !== '')
    .map(column => (columns.length > 1 ? `${columnWord(column, columns)}: ` : '') + helpOf(column))
  if (columns.length > 1 && trials > 1) notes.push(`The middle one of ${trials} trials is shown.`)
  if (wide && marks.length > 0) notes.push('Marked is what was done to the cluster; the whole list is below.')
  const drawn: Figure = {
    title: heading,
    wide,
    live: id,
    chart: lineChart({
      id,
      title: `Over time: ${heading}`,
      description: series
        .flatMap(one => (one.faint === true ? [] : [describe(one, unit, one.label ?? heading)]))
        .join(' '),
      frame,
      x: timeScale(maxS, [frame.left, frame.width - frame.right], wide ? 14 : 7),
      y: linearScale(top, [frame.height - frame.bottom, frame.top], unit, 4),
      xLabel: maxS <= 120 ? 'planned time' : 'planned time, minutes and seconds',
      series,
      marks,
      labelMarks: wide,
    }),
    notes: wide ? [notes.join(' ')] : notes,
  }
  const middle = (arm: Arm): Run => tracks.find(track => track.arm === arm)!.run
  return {
    figure: drawn,
    live: {
      id,
      unit,
      wide,
      lines: shown.flatMap((track, i) =>
        track.run === middle(track.arm)
          ? {
              arm: track.arm.name,
              column: track.column,
              label: byArm ? track.arm.label : columnWord(track.column, columns),
              color: series[i]!.color,
              dashed: series[i]!.dashed ?? false,
              area: !byArm && track.column === filledColumn,
            }
          : [],
      ),
    },
  }
}

function pointsOf({ column, run }: Track): (Point | null)[] {
  const index = run.timeline.columns.indexOf(column)
  return run.timeline.rows.map(row => {
    const at = row[0]
    const value = row[index]
    return at === null || at === undefined || value === null || value === undefined ? null : ([at, value] as const)
  })
}

function highest(points: readonly (Point | null)[]): number {
  return points.reduce((max, point) => Math.max(max, point?.[1] ?? 0), 0)
}

function describe(series: Series, unit: string, label: string): string {
  const values = series.points.flatMap(point => (point === null ? [] : [point[1]]))
  const at = (value: number): string => formatValue(value, unit)
  return `${label}: from ${at(values[0]!)} to ${at(values.at(-1)!)}, lowest ${at(Math.min(...values))}, highest ${at(Math.max(...values))}.`
}

function helpOf(column: string): string {
  return Object.hasOwn(TIMELINE_COLUMNS, column) ? TIMELINE_COLUMNS[column as keyof typeof TIMELINE_COLUMNS] : ''
}

/** What tells a column from the others of its figure: `pods_ready` beside `pods_scraped` is `ready`. */
function columnWord(column: string, columns: readonly string[]): string {
  const words = columnLabel(column)
    .replace(/ (?:max|p\d+)$/, '')
    .split(' ')
  const shared = columns.every(other => columnLabel(other).startsWith(`${words[0]} `))
  return shared && words.length > 1 ? words.slice(1).join(' ') : words.join(' ')
}

function title(column: string): string {
  const words = columnLabel(column)
  return words.charAt(0).toUpperCase() + words.slice(1)
}
