import { type Markup, svg } from '../html/markup.ts'
import { CHAR_PX, type Chart, LABEL_LINE_PX, px } from './chart.ts'

/** Labels beside the lines' ends, moved apart so that none covers another. */
export function endLabels({ series, x, y, frame }: Chart): Markup[] {
  const right = frame.width - frame.right
  const labels = series.flatMap(one => {
    const last = one.points.findLast(point => point !== null)
    return one.label === undefined || last === undefined || last === null
      ? []
      : [{ label: one.label, color: one.color, x: x.at(last[0]), wanted: y.at(last[1]), y: y.at(last[1]) }]
  })
  labels.sort((a, b) => a.wanted - b.wanted)
  for (let i = 1; i < labels.length; i++) labels[i]!.y = Math.max(labels[i]!.y, labels[i - 1]!.y + LABEL_LINE_PX)
  // What was pushed below the plot comes back up, and pushes the ones above it.
  let limit = frame.height - frame.bottom + 2
  for (const label of labels.toReversed()) {
    label.y = Math.min(label.y, limit)
    limit = label.y - LABEL_LINE_PX
  }
  return labels.map(({ label, color, x: at, wanted, y: height }) => {
    const leader = `M${px(at + 2)} ${px(wanted)}L${right + 6} ${px(height)}`
    return svg`<path class="leader s${color}" d="${leader}"/>
      <text class="label f${color}" x="${right + 9}" y="${px(height + 4)}">${label}</text>`
  })
}

/** Short bars where a line must not be above (or below), with what was demanded. */
export function limits({ limits = [], x, y, frame }: Chart): Markup[] {
  return limits.map(({ x: share, y: value, label, ok }) => {
    const at = x.at(share)
    const height = y.at(value)
    const leftOf = at > (frame.left + frame.width - frame.right) / 2
    const [textAt, anchor] = leftOf ? [at - 18, 'end'] : [at + 18, 'start']
    return svg`<g class="limit ${ok ? 'ok' : 'bad'}">
      <path d="M${px(at - 14)} ${px(height)}h28M${px(at)} ${px(height)}v-5"/>
      <text x="${px(textAt)}" y="${px(height + 4)}" text-anchor="${anchor}">${ok ? '✓' : '✗'} ${label}</text>
    </g>`
  })
}

/** Labels of marks are cut here; the whole stands in the mark's title. */
const MARK_LABEL_MAX = 30

/** More marks than this are a rug along the axis: lines through the plot would hide what it shows. */
const MARK_LINES_MAX = 40
const RUG_PX = 9

/** Vertical lines where something happened; with labels above the plot as far as they have room. */
export function marks({
  marks = [],
  x,
  frame,
  labelMarks = false,
}: Pick<Chart, 'marks' | 'x' | 'frame' | 'labelMarks'>): Markup {
  const bottom = frame.height - frame.bottom
  const rug = marks.length > MARK_LINES_MAX
  const rows = labelMarks && !rug ? Math.max(0, Math.floor((frame.top - 8) / LABEL_LINE_PX)) : 0
  const freeFrom = Array.from({ length: rows }, () => -Infinity)
  const labelled: Markup[] = []
  const bare = new Set<number>()
  for (const { x: value, label } of marks) {
    const at = Math.round(x.at(value))
    const text = label.length > MARK_LABEL_MAX ? `${label.slice(0, MARK_LABEL_MAX - 1)}…` : label
    const width = text.length * CHAR_PX
    // A label starts at its mark, or ends there when it would run out of the figure.
    const leftOf = at + width > frame.width - 4
    const from = leftOf ? at - width - 4 : at + 4
    const row = freeFrom.findIndex(free => from >= free)
    if (row < 0) {
      bare.add(at)
      continue
    }
    freeFrom[row] = from + width + 8
    const height = frame.top - 4 - (rows - 1 - row) * LABEL_LINE_PX
    const [textAt, anchor] = leftOf ? [at - 4, 'end'] : [at + 4, 'start']
    labelled.push(svg`<g class="mark">
      <title>${label}</title>
      <path d="M${at} ${height - 10}V${bottom}"/>
      <text x="${px(textAt)}" y="${height}" text-anchor="${anchor}">${text}</text>
    </g>`)
  }
  // One element for all the others: there may be hundreds, in every figure. Those within a pixel are one.
  const top = rug ? bottom - RUG_PX : frame.top
  const lines = [...bare].map(at => `M${at} ${top}V${bottom}`).join('')
  return svg`${lines !== '' && svg`<g class="mark${rug && ' rug'}"><path d="${lines}"/></g>`}${labelled}`
}
