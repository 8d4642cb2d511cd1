import { type Markup, svg } from '../html/markup.ts'
import { formatValue } from '../format.ts'
import { px } from './chart.ts'
import { linearScale, logScale } from './scale.ts'

export interface StepPlot {
  readonly id: string
  readonly title: string
  readonly description: string
  /** In the order in which they were tried. */
  readonly steps: readonly { readonly load: number; readonly sustained: boolean }[]
  readonly sustained: number | null
  readonly failed: number | null
}

const FRAME = { width: 1280, height: 330, left: 70, right: 150, top: 22, bottom: 44 } as const
/** Loads that span more than this factor stand on a logarithmic axis. */
const LOG_FROM_RATIO = 8

/** A search: the load of each step and whether it was sustained, and between which two the limit lies. */
export function stepPlot({ id, title, description, steps, sustained, failed }: StepPlot): Markup {
  const { width, height, left, right, top, bottom } = FRAME
  const floor = height - bottom
  const edge = width - right
  const loads = steps.map(step => step.load)
  const [least, most] = [Math.min(...loads), Math.max(...loads)]
  const y =
    least > 0 && most / least > LOG_FROM_RATIO
      ? logScale(least * 0.9, most * 1.1, [floor, top], '1')
      : linearScale(most * 1.05, [floor, top], '1')
  const xOf = (i: number): number => left + ((i + 0.5) / steps.length) * (edge - left)
  const points = steps.map(({ load, sustained: ok }, i) => ({ x: xOf(i), y: y.at(load), ok, load }))
  const trail = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${px(point.x)} ${px(point.y)}`).join('')
  const grid = y.ticks.map(({ value }) => `M${left} ${px(y.at(value))}H${edge}`).join('')
  const every = Math.ceil(steps.length / 20)
  return svg`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${title}</title>
    <desc id="${id}-d">${description}</desc>
    <path class="grid" d="${grid}"/>
    ${
      sustained !== null &&
      failed !== null &&
      svg`<rect class="band" x="${left}" y="${px(y.at(failed))}" width="${edge - left}" height="${px(Math.max(1, y.at(sustained) - y.at(failed)))}"/>`
    }
    ${sustained !== null && limitLine(y.at(sustained), left, edge, 'ok', `✓ ${formatValue(sustained, '1')} sustained`, failed === null ? 0 : clear(y.at(sustained), y.at(failed)))}
    ${failed !== null && limitLine(y.at(failed), left, edge, 'bad', `✗ ${formatValue(failed, '1')} not`, sustained === null ? 0 : -clear(y.at(sustained), y.at(failed)))}
    <path class="axis" d="M${left} ${floor}H${edge}"/>
    <g class="tick" text-anchor="end">
      ${y.ticks.map(({ value, label }) => svg`<text x="${left - 8}" y="${px(y.at(value) + 4)}">${label}</text>`)}
    </g>
    <g class="tick" text-anchor="middle">
      ${points.map(({ x }, i) => i % every === 0 && svg`<text x="${px(x)}" y="${floor + 18}">${i + 1}</text>`)}
    </g>
    <text class="name" x="${px((left + edge) / 2)}" y="${height - 4}" text-anchor="middle">step of the search</text>
    <path class="pair" d="${trail}"/>
    ${points.map(({ x, y: at, ok, load }) =>
      ok
        ? svg`<circle class="step ok" cx="${px(x)}" cy="${px(at)}" r="6"><title>${formatValue(load, '1')}: sustained</title></circle>`
        : svg`<path class="step bad" d="M${px(x - 5)} ${px(at - 5)}l10 10M${px(x + 5)} ${px(at - 5)}l-10 10"><title>${formatValue(load, '1')}: not sustained</title></path>`,
    )}
  </svg>`
}

/** How far two labels have to be moved apart. */
function clear(lower: number, upper: number): number {
  return Math.max(0, (17 - (lower - upper)) / 2)
}

function limitLine(at: number, left: number, edge: number, kind: 'ok' | 'bad', label: string, shift: number): Markup {
  return svg`<g class="limit ${kind}">
    <path class="thin" d="M${left} ${px(at)}H${edge}"/>
    <text x="${edge + 8}" y="${px(at + 4 + shift)}">${label}</text>
  </g>`
}
