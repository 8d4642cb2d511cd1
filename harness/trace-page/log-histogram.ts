import { linearScale, type Markup, px, svg } from '../../reports/index.ts'
import type { PhaseFigures } from '../../sim/index.ts'
import { span } from './words.ts'

const FRAME = { width: 400, height: 200, left: 46, right: 14, top: 36, bottom: 30 } as const
/** Instants and spans that people know, as ticks of a logarithmic axis. */
const TICKS_MS: readonly (readonly [number, string])[] = [
  [1, '1 ms'],
  [10, '10 ms'],
  [100, '100 ms'],
  [1000, '1 s'],
  [10_000, '10 s'],
  [60_000, '1 min'],
  [600_000, '10 min'],
  [3_600_000, '1 h'],
  [36_000_000, '10 h'],
  [86_400_000 * 4, '4 d'],
  [86_400_000 * 40, '40 d'],
  [86_400_000 * 400, '400 d'],
]
const LABEL_PX = 46

/** How often something took how long, on a logarithmic axis, with median and p99. */
export function logHistogram(id: string, title: string, { ms, buckets }: PhaseFigures): Markup {
  const { width, height, left, right, top, bottom } = FRAME
  const floor = height - bottom
  const edge = width - right
  const y = linearScale(Math.max(...buckets.map(({ count }) => count)), [floor, top], '1', 3)
  const zero = buckets[0]!.from === 0
  const [low, high] = [Math.log10(zero ? 1 : buckets[0]!.from) - (zero ? 0.1 : 0), Math.log10(buckets.at(-1)!.to)]
  // A single bucket needs some room around it, to be seen as what it is.
  const room = Math.max(0, 1 - (high - low)) / 2
  const [first, last] = [low - room, high + room]
  const at = (value: number): number =>
    left + ((Math.max(low, Math.log10(Math.max(value, 1e-9))) - first) / (last - first)) * (edge - left)
  const bars = buckets.map(({ from, to, count }) => {
    if (count === 0) return undefined
    const [x0, x1] = [at(from), at(to)]
    return svg`<path class="f0 bar-of" d="M${px(x0 + 0.5)} ${floor}V${px(y.at(count))}H${px(Math.max(x0 + 1, x1 - 0.5))}V${floor}Z"><title>${from === 0 ? 'less than 1 ms' : `${span(Math.round(from))} to ${span(Math.round(to))}`}: ${count}</title></path>`
  })
  let free = -Infinity
  const ticks = TICKS_MS.filter(([value]) => {
    const x = at(value)
    if (Math.log10(value) < first - 1e-9 || Math.log10(value) > last + 1e-9 || x < free) return false
    free = x + LABEL_PX
    return true
  })
  const quantile = (value: number, name: string, height: number): Markup => {
    const x = Math.min(edge, at(value))
    const late = x > (left + edge) / 2
    return svg`<g class="quantile"><path d="M${px(x)} ${height + 4}V${floor}"/><text x="${px(late ? x - 3 : x + 3)}" y="${height + 8}" text-anchor="${late ? 'end' : 'start'}">${name} ${span(value)}</text></g>`
  }
  const grid = y.ticks.map(({ value }) => `M${left} ${px(y.at(value))}H${edge}`).join('')
  return svg`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${title}</title>
    <desc id="${id}-d">${ms!.count} times, from ${span(ms!.min)} to ${span(ms!.max)}, half of them at most ${span(ms!.p50)}</desc>
    <path class="grid" d="${grid}"/>
    ${bars}
    <path class="axis" d="M${left} ${floor}H${edge}${ticks.map(([value]) => `M${px(at(value))} ${floor}v4`).join('')}"/>
    <g class="tick" text-anchor="end">${y.ticks.map(({ value, label }) => svg`<text x="${left - 6}" y="${px(y.at(value) + 4)}">${label}</text>`)}</g>
    <g class="tick" text-anchor="middle">${ticks.map(([value, label]) => svg`<text x="${px(at(value))}" y="${floor + 18}">${label}</text>`)}</g>
    ${quantile(ms!.p50, 'p50', 16)}${ms!.p99 > ms!.p50 && quantile(ms!.p99, 'p99', 0)}
  </svg>`
}
