import { median } from '../../statistics/descriptive.ts'
import { type Markup, svg } from '../html/markup.ts'
import { px } from './chart.ts'
import { rangeScale, type Scale } from './scale.ts'

export interface StripPlot {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly unit: string
  readonly labels: readonly [string, string]
  /** One value per trial. */
  readonly base: readonly number[]
  readonly head: readonly number[]
  /** The i-th of both belong together. */
  readonly paired: boolean
}

const FRAME = { width: 300, height: 210, left: 66, right: 20, top: 14, bottom: 30 } as const
/** Dots nearer than this stand beside each other. */
const DOT_PX = 7

/** Every trial as a dot, the arms beside each other, their medians as bars; thin lines join the trials of a block. */
export function stripPlot(plot: StripPlot): Markup {
  const { id, unit, labels } = plot
  const { width, height, left, right, top, bottom } = FRAME
  const floor = height - bottom
  const y = rangeScale([...plot.base, ...plot.head], [floor, top], unit)
  const place = [left + (width - left - right) * 0.27, left + (width - left - right) * 0.73] as const
  const dots = [dotsOf(plot.base, place[0], y), dotsOf(plot.head, place[1], y)] as const
  const blocks = plot.paired ? Math.min(plot.base.length, plot.head.length) : 0
  const lines = Array.from({ length: blocks }, (_, i) => {
    const [a, b] = [dots[0][i]!, dots[1][i]!]
    return `M${px(a.x)} ${px(a.y)}L${px(b.x)} ${px(b.y)}`
  }).join('')
  const grid = y.ticks.map(({ value }) => `M${left} ${px(y.at(value))}H${width - right}`).join('')
  return svg`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${plot.title}</title>
    <desc id="${id}-d">${plot.description}</desc>
    <path class="grid" d="${grid}"/>
    <path class="axis" d="M${left} ${floor}H${width - right}"/>
    <g class="tick" text-anchor="end">
      ${y.ticks.map(({ value, label }) => svg`<text x="${left - 8}" y="${px(y.at(value) + 4)}">${label}</text>`)}
    </g>
    ${lines !== '' && svg`<path class="pair" d="${lines}"/>`}
    ${dots.map((own, arm) =>
      own.map(({ x, y: at }) =>
        // The arms differ in shape as well as in colour.
        arm === 0
          ? svg`<circle class="dot f0" cx="${px(x)}" cy="${px(at)}" r="3.5"/>`
          : svg`<path class="dot f1" d="M${px(x)} ${px(at - 4.4)}l4.4 4.4l-4.4 4.4l-4.4-4.4Z"/>`,
      ),
    )}
    ${[plot.base, plot.head].map((values, arm) => {
      if (values.length === 0) return undefined
      const at = px(y.at(median(values)))
      return svg`<path class="median s${arm}" d="M${px(place[arm]! - 26)} ${at}h52"/>`
    })}
    ${labels.map((label, arm) => svg`<text class="label f${arm}" x="${px(place[arm]!)}" y="${height - 10}" text-anchor="middle">${label}</text>`)}
  </svg>`
}

/** Dots in the order of the values; those that would cover each other stand side by side. */
function dotsOf(values: readonly number[], center: number, y: Scale): { readonly x: number; readonly y: number }[] {
  const placed: { x: number; y: number }[] = []
  return values.map(value => {
    const at = y.at(value)
    const taken = placed.filter(dot => Math.abs(dot.y - at) < DOT_PX).map(dot => dot.x)
    let step = 0
    const x = (): number => center + (step % 2 === 0 ? -1 : 1) * Math.ceil(step / 2) * DOT_PX
    while (taken.some(other => Math.abs(other - x()) < DOT_PX) && step < 12) step++
    const dot = { x: x(), y: at }
    placed.push(dot)
    return dot
  })
}
