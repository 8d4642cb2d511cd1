import type { Heatmap } from '../../report.ts'
import { type Markup, svg } from '../html/markup.ts'
import { marks } from './annotations.ts'
import { CHAR_PX, type Mark, px } from './chart.ts'
import { formatValue } from '../format.ts'
import { logScale, timeScale } from './scale.ts'

export interface HeatMapChart {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly map: Heatmap
  readonly unit: string
  /** End of the time axis. */
  readonly maxS: number
  /** Lowest and highest bucket on the axis, so that figures beside each other have the same. */
  readonly buckets: readonly [number, number]
  /** Highest count on the scale of colours. */
  readonly countMax: number
  readonly marks: readonly Mark[]
}

const FRAME = { width: 1280, height: 404, left: 64, right: 24, top: 66, bottom: 66 } as const
const LEVELS = 6

/** Counts by time and value, more being further from the ground; the marks of events run along the top. */
export function heatMap(chart: HeatMapChart): Markup {
  const { id, map } = chart
  const { width, height, left, right, top, bottom } = FRAME
  const floor = height - bottom
  const x = timeScale(chart.maxS, [left, width - right], 14)
  const [low, high] = chart.buckets
  const y = bucketScale(low, high, [floor, top], chart.unit)
  const levels = levelsOf(chart.countMax)
  const paths = Array.from({ length: LEVELS }, () => '')
  for (const [column, bucket, count] of map.cells) {
    const from = x.at(column * map.intervalS)
    const to = x.at((column + 1) * map.intervalS)
    const upper = y.atBucket(bucket + 1)
    const level = levels.findLastIndex(least => count >= least)
    // Cells overlap by a hair, or the ground would shine through between them.
    paths[level] +=
      `M${px(from)} ${px(upper)}h${px(to - from + 0.2)}v${px(y.atBucket(bucket) - upper + 0.2)}h${px(from - to - 0.2)}Z`
  }
  const grid = y.ticks.map(({ value }) => `M${left} ${px(y.at(value))}H${width - right}`).join('')
  const ticks = x.ticks.map(({ value }) => `M${px(x.at(value))} ${floor}v4`).join('')
  return svg`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${chart.title}</title>
    <desc id="${id}-d">${chart.description}</desc>
    <path class="grid" d="${grid}"/>
    ${marks({ marks: chart.marks, x, frame: FRAME, labelMarks: true })}
    ${paths.map((path, level) => path !== '' && svg`<path class="h${colorOf(level, levels.length)}" d="${path}"/>`)}
    <path class="axis" d="M${left} ${floor}H${width - right}${ticks}"/>
    <g class="tick" text-anchor="end">
      ${y.ticks.map(({ value, label }) => svg`<text x="${left - 8}" y="${px(y.at(value) + 4)}">${label}</text>`)}
    </g>
    <g class="tick" text-anchor="middle">
      ${x.ticks.map(({ value, label }) => svg`<text x="${px(x.at(value))}" y="${floor + 18}">${label}</text>`)}
    </g>
    <text class="name" x="${px((left + width - right) / 2)}" y="${floor + 36}" text-anchor="middle">planned time at which a pod could first be known</text>
    ${legend(levels, chart.countMax, left, height - 18)}
  </svg>`
}

/** Lowest counts of the levels: a geometric scale from 1, with as many levels as there are different counts. */
function levelsOf(countMax: number): number[] {
  const ratio = Math.pow(Math.max(LEVELS, countMax), 1 / LEVELS)
  const levels: number[] = []
  for (let i = 0; i < LEVELS; i++) levels.push(Math.max((levels.at(-1) ?? 0) + 1, Math.round(ratio ** i)))
  return levels.filter(least => least <= countMax)
}

/** Few levels take the strong colours, far apart: a single pod that waited long must be seen. */
function colorOf(level: number, levels: number): number {
  if (levels >= LEVELS) return level
  return levels === 1 ? 3 : 1 + Math.round((level * (LEVELS - 2)) / (levels - 1))
}

function legend(levels: readonly number[], countMax: number, left: number, y: number): Markup {
  let at = left
  const parts: Markup[] = [svg`<text x="${at}" y="${y + 4}">pods in a cell</text>`]
  at += 14 * CHAR_PX + 6
  levels.forEach((least, level) => {
    const next = levels[level + 1]
    const most = next === undefined ? countMax : next - 1
    const label = most > least ? `${formatValue(least, '1')}–${formatValue(most, '1')}` : formatValue(least, '1')
    parts.push(
      svg`<path class="h${colorOf(level, levels.length)}" d="M${at} ${y - 7}h18v14h-18Z"/><text x="${at + 24}" y="${y + 4}">${label}</text>`,
    )
    at += 24 + label.length * CHAR_PX + 16
  })
  return svg`<g class="tick legend">${parts}</g>`
}

interface BucketScale {
  readonly ticks: readonly { readonly value: number; readonly label: string }[]
  at(value: number): number
  atBucket(bucket: number): number
}

/** A logarithmic axis whose ends are buckets' bounds; ticks at 1, 2 and 5 where there is room, else at decades. */
function bucketScale(low: number, high: number, [floor, top]: readonly [number, number], unit: string): BucketScale {
  const atBucket = (bucket: number): number => floor + ((bucket - low) / (high + 1 - low)) * (top - floor)
  const at = (value: number): number => atBucket(10 * Math.log10(value))
  const wanted = logScale(10 ** (low / 10), 10 ** ((high + 1) / 10), [floor, top], unit).ticks
  const ticks = wanted.filter(
    ({ value }) => 10 * Math.log10(value) >= low - 1e-6 && 10 * Math.log10(value) <= high + 1 + 1e-6,
  )
  return { ticks, at, atBucket }
}
