import type { Point } from './downsample.ts'
import type { Scale } from './scale.ts'

/** A line in pixels-to-be; `null` is a gap. */
export interface Series {
  /** Written beside the end of the line; absent for lines that stay in the background. */
  readonly label?: string
  /** 0 to 5: a colour of the palette. */
  readonly color: number
  readonly dashed?: boolean
  readonly faint?: boolean
  /** Fills down to the axis: for a quantity that others are held against. */
  readonly area?: boolean
  readonly points: readonly (Point | null)[]
}

/** A limit to hold a line against: a bar at (x, y). */
export interface Limit {
  readonly x: number
  readonly y: number
  readonly label: string
  readonly ok: boolean
}

/** Something that happened at x. */
export interface Mark {
  readonly x: number
  readonly label: string
}

export interface Frame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export interface Chart {
  /** Unique in the page. */
  readonly id: string
  readonly title: string
  /** What the figure shows, for those who do not see it. */
  readonly description: string
  readonly frame: Frame
  readonly x: Scale
  readonly y: Scale
  readonly xLabel: string
  readonly yLabel?: string
  readonly series: readonly Series[]
  readonly limits?: readonly Limit[]
  readonly marks?: readonly Mark[]
  /** Writes the marks' labels above the plot, as far as there is room in the top margin. */
  readonly labelMarks?: boolean
}

/** Average advance of a digit or letter at the figures' 12 pixels, with some to spare for wide fonts. */
export const CHAR_PX = 7
/** The same in bold. */
const BOLD_PX = 8
export const LABEL_LINE_PX = 15

/** Room that direct labels need at the right of a plot. */
export function labelRoom(labels: readonly string[]): number {
  return Math.min(190, Math.max(24, ...labels.map(label => label.length * BOLD_PX + 14)))
}

/** A coordinate, to a tenth of a pixel. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** Ticks whose labels do not run into each other. */
export function visibleTicks(scale: Scale): Scale['ticks'] {
  let free = -Infinity
  return scale.ticks.filter(({ value, label }) => {
    const half = (label.length * CHAR_PX) / 2
    const at = scale.at(value)
    if (at - half < free) return false
    free = at + half + 6
    return true
  })
}

/** A label as far as there is room for it; the whole of it stands elsewhere. */
export function cutLabel(label: string, charsMax = 26): string {
  return label.length > charsMax ? `${label.slice(0, charsMax - 1)}…` : label
}
