import { type Markup, svg } from '../html/markup.ts'
import { endLabels, limits, marks } from './annotations.ts'
import { type Chart, px, type Series, visibleTicks } from './chart.ts'
import type { Point } from './downsample.ts'
import type { Scale } from './scale.ts'

/** Lines over a grid, labelled at their ends: one SVG that needs nothing but the page's style. */
export function lineChart(chart: Chart): Markup {
  const { id, frame, x, y } = chart
  const right = frame.width - frame.right
  const bottom = frame.height - frame.bottom
  const grid = y.ticks.map(({ value }) => `M${frame.left} ${px(y.at(value))}H${right}`).join('')
  const ticks = x.ticks.map(({ value }) => `M${px(x.at(value))} ${bottom}v4`).join('')
  return svg`<svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${chart.title}</title>
    <desc id="${id}-d">${chart.description}</desc>
    <path class="grid" d="${grid}"/>
    <path class="axis" d="M${frame.left} ${bottom}H${right}${ticks}"/>
    <g class="tick" text-anchor="end">
      ${y.ticks.map(({ value, label }) => svg`<text x="${frame.left - 8}" y="${px(y.at(value) + 4)}">${label}</text>`)}
    </g>
    <g class="tick" text-anchor="middle">
      ${visibleTicks(x).map(({ value, label }) => svg`<text x="${px(x.at(value))}" y="${bottom + 18}">${label}</text>`)}
    </g>
    <text class="name" x="${px((frame.left + right) / 2)}" y="${frame.height - 4}" text-anchor="middle">${chart.xLabel}</text>
    ${chart.yLabel !== undefined && svg`<text class="name" x="${frame.left}" y="${frame.top - 10}">${chart.yLabel}</text>`}
    ${marks(chart)}
    ${chart.series.map(series => line(series, x, y, bottom))}
    ${limits(chart)}
    ${endLabels(chart)}
  </svg>`
}

/** Lines of more points are drawn thin, or their ups and downs would run together. */
const DENSE_FROM = 300

function line(series: Series, x: Scale, y: Scale, bottom: number): Markup {
  const stretches = split(series.points)
  const outline = (points: readonly Point[]): string => polyline(points.map(([a, b]) => [x.at(a), y.at(b)]))
  const dense = series.points.length > DENSE_FROM ? ' dense' : ''
  const kind = `line s${series.color}${dense}${series.dashed === true ? ' dashed' : ''}${series.faint === true ? ' faint' : ''}`
  const path = stretches.map(outline).join('')
  const area = stretches.map(points => `${outline(points)}V${bottom}H${px(x.at(points[0]![0]))}Z`).join('')
  // A point without neighbours would be invisible as a path.
  const alone = stretches.filter(points => points.length === 1).flat()
  return svg`
    ${series.area === true && area !== '' && svg`<path class="area f${series.color}" d="${area}"/>`}
    ${path !== '' && svg`<path class="${kind}" d="${path}"/>`}
    ${alone.map(([a, b]) => svg`<circle class="f${series.color}" cx="${px(x.at(a))}" cy="${px(y.at(b))}" r="2.5"/>`)}`
}

/**
 * A path in tenths of a pixel, each point relative to the one before: half as long as in full coordinates. Differences
 * are taken between rounded places, so that roundings do not add up.
 */
function polyline(points: readonly Point[]): string {
  let path = ''
  let [lastX, lastY] = [0, 0]
  for (const [x, y] of points) {
    const [tenthX, tenthY] = [Math.round(x * 10), Math.round(y * 10)]
    if (path === '') path = `M${tenthX / 10} ${tenthY / 10}`
    else path += `l${(tenthX - lastX) / 10} ${(tenthY - lastY) / 10}`
    lastX = tenthX
    lastY = tenthY
  }
  return path
}

/** The stretches between the gaps. */
function split(points: readonly (Point | null)[]): Point[][] {
  const out: Point[][] = []
  let open: Point[] | undefined
  for (const point of points) {
    if (point === null) {
      open = undefined
    } else if (open === undefined) {
      open = [point]
      out.push(open)
    } else {
      open.push(point)
    }
  }
  return out
}
