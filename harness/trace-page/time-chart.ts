import { type Mark, type Markup, marks, px, type Scale, svg, timeScale, visibleTicks } from '../../reports/index.ts'

export interface TimeChart {
  /** Unique in the page. */
  readonly id: string
  readonly title: string
  /** What the figure shows, for those who do not see it. */
  readonly description: string
  readonly endMs: number
  readonly binMs: number
  readonly yLabel: string
  readonly y: (range: readonly [number, number]) => Scale
  /** What stands in the plot; columns are bins. */
  readonly draw: (place: Place) => Markup
  readonly legend: readonly { readonly name: string; readonly color: number }[]
  /** Of each bin, what to say when it is pointed at. */
  readonly hover: readonly string[]
  readonly marks?: readonly Mark[]
}

/** From bins and values to pixels. */
export interface Place {
  /** Left edge of a bin. */
  readonly x: (bin: number) => number
  readonly y: (value: number) => number
}

const FRAME = { width: 1280, height: 300, left: 70, right: 16, bottom: 44 } as const
/** Above the plot: the legend, and beneath it the names of marks. */
const LEGEND_PX = 34
const MARKS_PX = 46
const SWATCH_PX = 20
const LEGEND_CHAR_PX = 7.2

/** A chart over the time of a trace: axes, legend, marks, and bins that tell their figures when pointed at. */
export function timeChart(chart: TimeChart): Markup {
  const { id, endMs, binMs, hover } = chart
  const { width, left, bottom } = FRAME
  const marked = chart.marks ?? []
  const top = LEGEND_PX + (marked.length > 0 ? MARKS_PX : 0)
  const height = FRAME.height + top
  const floor = height - bottom
  const edge = width - FRAME.right
  const x = timeScale(endMs / 1000, [left, edge], 14)
  const y = chart.y([floor, top])
  const place: Place = { x: bin => x.at((bin * binMs) / 1000), y: value => y.at(value) }
  const grid = y.ticks.map(({ value }) => `M${left} ${px(y.at(value))}H${edge}`).join('')
  const ticks = x.ticks.map(({ value }) => `M${px(x.at(value))} ${floor}v4`).join('')
  const frame = { ...FRAME, height, top }
  return svg`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${chart.title}</title>
    <desc id="${id}-d">${chart.description}</desc>
    ${legendOf(chart.legend, left)}
    <path class="grid" d="${grid}"/>
    ${marks({ marks: marked, x, frame, labelMarks: true })}
    ${chart.draw(place)}
    <path class="axis" d="M${left} ${floor}H${edge}${ticks}"/>
    <g class="tick" text-anchor="end">
      ${y.ticks.map(({ value, label }) => svg`<text x="${left - 8}" y="${px(y.at(value) + 4)}">${label}</text>`)}
    </g>
    <g class="tick" text-anchor="middle">
      ${visibleTicks(x).map(({ value, label }) => svg`<text x="${px(x.at(value))}" y="${floor + 18}">${label}</text>`)}
    </g>
    <text class="name" x="${px((left + edge) / 2)}" y="${height - 6}" text-anchor="middle">time since the start of the trace</text>
    <text class="name" x="${edge}" y="16" text-anchor="end">${chart.yLabel}</text>
    <g class="hit">
      ${hover.map((text, bin) => text !== '' && svg`<path d="M${px(place.x(bin))} ${top}H${px(place.x(bin + 1))}V${floor}H${px(place.x(bin))}Z"><title>${text}</title></path>`)}
    </g>
  </svg>`
}

function legendOf(entries: TimeChart['legend'], left: number): Markup {
  let at = left
  return svg`<g class="legend">${entries.map(({ name, color }) => {
    const from = at
    at += SWATCH_PX + name.length * LEGEND_CHAR_PX + 18
    return svg`<rect class="f${color}" x="${px(from)}" y="6" width="12" height="12" rx="2"/><text x="${px(from + SWATCH_PX)}" y="16">${name}</text>`
  })}</g>`
}

/** Layers on top of each other, each as high as its values: the outline of the topmost is their sum. */
export function stacked(
  layers: readonly { readonly color: number; readonly values: readonly number[] }[],
  { x, y }: Place,
): Markup {
  const bins = layers[0]?.values.length ?? 0
  let below = Array.from({ length: bins }, () => 0)
  return svg`${layers.map(({ color, values }) => {
    const above = below.map((value, bin) => value + values[bin]!)
    const path = stretches(values).map(([from, to]) => {
      const upper = steps(from, to, bin => y(above[bin]!), x, false)
      const lower = steps(from, to, bin => y(below[bin]!), x, true)
      return `M${px(x(from))} ${px(y(below[from]!))}${upper}${lower}Z`
    })
    below = above
    return svg`<path class="layer f${color}" d="${path.join('')}"/>`
  })}`
}

/** Where values are not 0: [from, to) of each stretch. */
function stretches(values: readonly number[]): [number, number][] {
  const out: [number, number][] = []
  values.forEach((value, bin) => {
    const last = out.at(-1)
    if (value === 0) return
    if (last?.[1] === bin) last[1] = bin + 1
    else out.push([bin, bin + 1])
  })
  return out
}

/** Steps along the bins [from, to), or back. */
function steps(
  from: number,
  to: number,
  at: (bin: number) => number,
  x: (bin: number) => number,
  back: boolean,
): string {
  let path = ''
  let level = ''
  for (let i = 0; i < to - from; i++) {
    const bin = back ? to - 1 - i : from + i
    const height = px(at(bin))
    if (height !== level) path += `${i === 0 ? '' : `H${px(x(back ? bin + 1 : bin))}`}V${height}`
    level = height
  }
  return `${path}H${px(x(back ? from : to))}`
}

/** A quantity: its mean as a line, and between the lowest and the highest of each bin a band. */
export function banded(
  {
    mean,
    min,
    max,
  }: { readonly mean: readonly number[]; readonly min: readonly number[]; readonly max: readonly number[] },
  color: number,
  { x, y }: Place,
): Markup {
  const middle = (bin: number): number => (x(bin) + x(bin + 1)) / 2
  const points = mean.map((value, bin) => `${px(middle(bin))} ${px(y(value))}`)
  const upper = max.map((value, bin) => `${px(middle(bin))} ${px(y(value))}`)
  const lower = min.map((value, bin) => `${px(middle(bin))} ${px(y(value))}`).toReversed()
  const dense = mean.length > 300 ? ' dense' : ''
  return svg`<path class="spread-band f${color}" d="M${[...upper, ...lower].join('L')}Z"/>
    <path class="line s${color}${dense}" d="M${points.join('L')}"/>`
}
