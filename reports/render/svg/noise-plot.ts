import { type Markup, svg } from '../html/markup.ts'
import { formatShare } from '../format.ts'
import { cutLabel, px } from './chart.ts'
import { niceStep, project } from './scale.ts'

export interface NoiseRow {
  readonly label: string
  readonly variation: number
  readonly change95: number
  readonly minEffect: number
}

const WIDTH = 1000
const LEFT = 296
const RIGHT = 96
const ROW = 28
const TOP = 14
const BOTTOM = 44

/** How far equal trials lie apart: a bar to the smallest effect, on it the two figures that it was made of. */
export function noisePlot(
  rows: readonly NoiseRow[],
  { id, title, description }: { readonly id: string; readonly title: string; readonly description: string },
): Markup {
  const height = TOP + rows.length * ROW + BOTTOM
  const right = WIDTH - RIGHT
  const bottom = height - BOTTOM
  const most = Math.max(0.01, ...rows.flatMap(row => [row.variation, row.change95, row.minEffect]))
  const step = niceStep(most / 7)
  const count = Math.ceil(most / step - 1e-9)
  const at = (share: number): number => project(share / (count * step), [LEFT, right])
  const ticks = Array.from({ length: count + 1 }, (_, i) => i * step)
  return svg`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${title}</title>
    <desc id="${id}-d">${description}</desc>
    <path class="grid" d="${ticks.map(tick => `M${px(at(tick))} ${TOP}V${bottom}`).join('')}"/>
    <g class="tick" text-anchor="middle">
      ${ticks.map(tick => svg`<text x="${px(at(tick))}" y="${bottom + 18}">${formatShare(tick)}</text>`)}
    </g>
    <text class="name" x="${px((LEFT + right) / 2)}" y="${height - 6}" text-anchor="middle">relative to the median</text>
    ${rows.map((row, i) => {
      const y = TOP + i * ROW + ROW / 2
      return svg`<g class="effect plain">
        <text class="what" x="${LEFT - 14}" y="${y + 4}" text-anchor="end">${cutLabel(row.label, 36)}</text>
        <rect class="band" x="${LEFT}" y="${y - 8}" width="${px(at(row.minEffect) - LEFT)}" height="16"/>
        <path class="whisker" d="M${px(at(row.minEffect))} ${y - 8}v16"/>
        <circle class="dot f0" cx="${px(at(row.variation))}" cy="${y}" r="4"/>
        <path class="dot f1" d="M${px(at(row.change95))} ${y - 5}l5 5l-5 5l-5-5Z"/>
        <text class="figure" x="${px(at(row.minEffect) + 8)}" y="${y + 4}">${formatShare(row.minEffect)}</text>
      </g>`
    })}
  </svg>`
}
