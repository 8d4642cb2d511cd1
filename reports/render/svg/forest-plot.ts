import { type Markup, svg } from '../html/markup.ts'
import { cutLabel, px, visibleTicks } from './chart.ts'
import { ratioScale } from './ratio-scale.ts'
import type { Scale } from './scale.ts'

export interface ForestRow {
  readonly label: string
  /** Which way is better. */
  readonly hint: string
  /** Whether it decides the comparison. */
  readonly gate: boolean
  readonly change: number
  readonly interval: readonly [number, number] | null
  /** Half the width of the band in which a change means nothing. */
  readonly minEffect: number
  readonly changeText: string
  readonly word: string
  readonly tone: 'good' | 'bad' | 'doubtful' | 'plain' | 'faint'
}

/** Where things stand: labels and figures beside the plot, or above it where the screen is narrow. */
interface Layout {
  readonly width: number
  readonly left: number
  readonly right: number
  readonly row: number
  /** Of a row, what the label takes above the line. */
  readonly head: number
  readonly top: number
}

const BROAD: Layout = { width: 1000, left: 296, right: 236, row: 34, head: 0, top: 26 }
const NARROW: Layout = { width: 360, left: 6, right: 6, row: 62, head: 32, top: 4 }
const BOTTOM = 46
const LABEL_MAX = 36

interface Named {
  readonly id: string
  readonly title: string
  readonly description: string
}

/** One line a row: the change with its interval, in front of the band that means nothing. */
export function forestPlot(rows: readonly ForestRow[], named: Named, narrow = false): Markup {
  const layout = narrow ? NARROW : BROAD
  const { id, title, description } = named
  const height = layout.top + rows.length * layout.row + BOTTOM
  const right = layout.width - layout.right
  const bottom = height - BOTTOM
  const scale = ratioScale(
    rows.flatMap(row => [row.change, ...(row.interval ?? []), row.minEffect, -row.minEffect]),
    [layout.left, right],
  )
  const grid = scale.ticks.map(({ value }) => `M${px(scale.at(value))} ${layout.top}V${bottom}`).join('')
  const ticks = visibleTicks(scale)
  return svg`<svg class="${narrow ? 'narrow' : 'broad'}" viewBox="0 0 ${layout.width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${title}</title>
    <desc id="${id}-d">${description}</desc>
    <path class="grid" d="${grid}"/>
    ${rows.map((row, i) => bandOf(row, layout.top + i * layout.row, scale, layout))}
    <path class="zero" d="M${px(scale.at(0))} ${layout.top - 4}V${bottom}"/>
    <g class="tick" text-anchor="middle">
      ${ticks.map(({ value, label }) => svg`<text x="${px(scale.at(value))}" y="${bottom + 18}">${label}</text>`)}
    </g>
    <text class="name" x="${px((layout.left + right) / 2)}" y="${height - 6}" text-anchor="middle">change from A to B</text>
    ${
      !narrow &&
      svg`<g class="tick"><text x="${right + 20}" y="${layout.top - 8}">change</text><text x="${right + 98}" y="${layout.top - 8}">verdict</text></g>`
    }
    ${rows.map((row, i) => {
      const top = layout.top + i * layout.row
      const y = top + layout.head + (layout.row - layout.head) / 2
      return svg`<g class="effect ${row.tone}${row.gate && ' gate'}">
        ${narrow ? above(row, top, right) : beside(row, y, layout.left, right)}${effect(row, y, scale)}
      </g>`
    })}
  </svg>`
}

function beside(row: ForestRow, y: number, left: number, right: number): Markup {
  return svg`<text class="what" x="${left - 14}" y="${y}" text-anchor="end">${row.gate && '◆ '}${cutLabel(row.label, LABEL_MAX)}</text>
    <text class="hint" x="${left - 14}" y="${y + 13}" text-anchor="end">${row.hint}</text>
    <text class="figure" x="${right + 20}" y="${y + 4}">${row.changeText}</text>
    <text class="word" x="${right + 98}" y="${y + 4}">${row.word}</text>`
}

/** The label on one line; what became of it on the next. A ground of their own keeps the grid out of the letters. */
function above(row: ForestRow, top: number, right: number): Markup {
  return svg`<rect class="ground" x="0" y="${top + 2}" width="${right + 6}" height="32"/>
    <text class="what" x="2" y="${top + 14}">${row.gate && '◆ '}${cutLabel(row.label, LABEL_MAX)}</text>
    <text class="hint" x="2" y="${top + 29}">${row.hint}</text>
    <text class="figure" x="${right}" y="${top + 29}" text-anchor="end">${`${row.changeText}  ${row.word}`.trim()}</text>`
}

function bandOf({ minEffect }: ForestRow, top: number, scale: Scale, { row, head }: Layout): Markup {
  const from = scale.at(-minEffect)
  const width = scale.at(minEffect) - from
  return svg`<rect class="band" x="${px(from)}" y="${top + head + 4}" width="${px(width)}" height="${row - head - 8}"/>`
}

function effect(row: ForestRow, y: number, scale: Scale): Markup {
  const at = px(scale.at(row.change))
  return svg`${row.interval !== null && whiskers(row.interval, y, scale)}
    ${
      row.gate
        ? svg`<path class="point" d="M${at} ${y - 6}l6 6l-6 6l-6-6Z"/>`
        : svg`<circle class="point" cx="${at}" cy="${y}" r="4.5"/>`
    }`
}

/** The interval; an end that lies beyond the axis is an arrow. */
function whiskers([low, high]: readonly [number, number], y: number, scale: Scale): Markup {
  const [from, to] = [scale.at(low), scale.at(high)]
  const leftEnd = low < scale.domain[0] ? `M${px(from + 6)} ${y - 5}l-6 5l6 5` : `M${px(from)} ${y - 5}v10`
  const rightEnd = high > scale.domain[1] ? `M${px(to - 6)} ${y - 5}l6 5l-6 5` : `M${px(to)} ${y - 5}v10`
  return svg`<path class="whisker" d="M${px(from)} ${y}H${px(to)}${leftEnd}${rightEnd}"/>`
}
