import { formatChange, formatValue } from '../render/format.ts'
import { type Markup, svg } from '../render/html/markup.ts'
import { px } from '../render/svg/chart.ts'
import { rangeScale } from '../render/svg/scale.ts'
import type { TrendPoint, TrendSeries } from './history.ts'
import { changeWord, commitOf, dayOf } from './words.ts'

const FRAME = { width: 620, height: 270, left: 70, right: 22, top: 40, bottom: 44 } as const
const LABEL_PX = 78

/** Results in their order, evenly apart: median, range of the trials, and the level between the changes. */
export function trendChart(id: string, title: string, series: TrendSeries): Markup {
  const { points, changes, info } = series
  const { width, height, left, right, top, bottom } = FRAME
  const [edge, floor] = [width - right, height - bottom]
  const y = rangeScale(
    points.flatMap(point => [point.min, point.max]),
    [floor, top],
    info.unit,
  )
  const step = (edge - left) / points.length
  const xOf = (i: number): number => left + (i + 0.5) * step
  const grid = y.ticks.map(({ value }) => `M${left} ${px(y.at(value))}H${edge}`).join('')
  const spread = points.map((point, i) => `M${px(xOf(i))} ${px(y.at(point.min))}V${px(y.at(point.max))}`).join('')
  const every = Math.max(1, Math.ceil(LABEL_PX / step))
  return svg`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${title}</title>
    <desc id="${id}-d">${describe(series)}</desc>
    <path class="grid" d="${grid}"/>
    <path class="axis" d="M${left} ${floor}H${edge}"/>
    <g class="tick" text-anchor="end">
      ${y.ticks.map(({ value, label }) => svg`<text x="${left - 8}" y="${px(y.at(value) + 4)}">${label}</text>`)}
    </g>
    <g class="tick" text-anchor="middle">
      ${points.map((point, i) => i % every === 0 && svg`<text x="${px(xOf(i))}" y="${floor + 17}">${dayOf(point)}</text><text class="commit" x="${px(xOf(i))}" y="${floor + 32}">${commitOf(point)}</text>`)}
    </g>
    ${revised(points, xOf, floor)}
    <path class="spread" d="${spread}"/>
    ${levels(series, xOf, value => y.at(value))}
    ${changes.map(({ index, change, worse }) => {
      const at = left + index * step
      const label = `${change === null ? '' : formatChange(change)} ${changeWord(worse)}`.trim()
      const late = at > (left + edge) / 2
      return svg`<g class="change ${worse === null ? 'plain' : worse ? 'bad' : 'ok'}">
        <path d="M${px(at)} ${top - 20}V${floor}"/>
        <text x="${px(late ? at - 5 : at + 5)}" y="${top - 14}" text-anchor="${late ? 'end' : 'start'}">${label}</text>
      </g>`
    })}
    ${points.map((point, i) => svg`<circle class="dot f0" cx="${px(xOf(i))}" cy="${px(y.at(point.value))}" r="${step > 9 ? 3.6 : 2.2}"><title>${hover(point, info.unit)}</title></circle>`)}
  </svg>`
}

/** The mean between two changes, where there are any. */
function levels({ changes, points }: TrendSeries, xOf: (i: number) => number, yOf: (value: number) => number): Markup {
  if (changes.length === 0) return svg``
  const ends = [0, ...changes.map(change => change.index), points.length]
  const path = ends.slice(1).map((end, i) => {
    const level = i === 0 ? changes[0]!.before : changes[i - 1]!.after
    return `M${px(xOf(ends[i]!) - 4)} ${px(yOf(level))}H${px(xOf(end - 1) + 4)}`
  })
  return svg`<path class="level" d="${path.join('')}"/>`
}

/** Where the scenario itself is not what it was before: a shift there may be of our own making. */
function revised(points: readonly TrendPoint[], xOf: (i: number) => number, floor: number): Markup[] {
  return points.flatMap((point, i) =>
    i > 0 && point.scenarioSha256 !== points[i - 1]!.scenarioSha256
      ? svg`<path class="revised" d="M${px((xOf(i) + xOf(i - 1)) / 2)} ${floor}l-5 -9h10Z"><title>the scenario changed here</title></path>`
      : [],
  )
}

function hover(point: TrendPoint, unit: string): string {
  const range =
    point.trials > 1
      ? `, ${formatValue(point.min, unit)} to ${formatValue(point.max, unit)} over ${point.trials} trials`
      : ''
  return `${formatValue(point.value, unit)}${range}\n${point.startedAt.slice(0, 16).replace('T', ' ')} UTC, commit ${commitOf(point)}, subject ${point.version}\n${point.file}`
}

function describe({ points, changes, info }: TrendSeries): string {
  const at = (point: TrendPoint | undefined): string => formatValue(point!.value, info.unit)
  const found = changes.map(
    ({ change, to, worse }) =>
      `At ${commitOf(to)}${change === null ? '' : ` ${formatChange(change)}`}${changeWord(worse) === '' ? '' : `, ${changeWord(worse)}`}.`,
  )
  return `${points.length} results, from ${at(points[0])} to ${at(points.at(-1))}. ${found.join(' ')}`.trim()
}
