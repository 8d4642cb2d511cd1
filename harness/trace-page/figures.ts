import { type Figure, formatNumber, linearScale, oneLine, plural, svg } from '../../reports/index.ts'
import type { Inspection, LevelBins } from '../../sim/index.ts'
import { banded, stacked, timeChart } from './time-chart.ts'
import { instantOf, windowName } from './words.ts'

/** Columns of a chart: bins beyond are put together. */
const COLUMNS_MAX = 360

type Id = (name: string) => string

/** What happened and what was there, over the time of the trace. */
export function timeFigures(inspection: Inspection, id: Id): Figure[] {
  return [
    eventFigure(inspection, id),
    podFigure(inspection, id),
    nodeFigure(inspection, id),
    namespaceFigure(inspection, id),
  ].filter(figure => figure !== undefined)
}

const GROUPS = [
  { group: 'pods created', name: 'pods created', color: 0 },
  { group: 'pods deleted', name: 'pods deleted', color: 1 },
  { group: 'readiness', name: 'pods ready and not', color: 2 },
  { group: 'other of pods', name: 'other of pods', color: 5 },
  { group: 'nodes', name: 'nodes', color: 3 },
  { group: 'intents', name: 'workloads, services, actions', color: 4 },
] as const

function eventFigure(inspection: Inspection, id: Id): Figure | undefined {
  const { series, durationMs, eventsAtStart } = inspection
  const factor = factorOf(series.bins)
  const layers = GROUPS.map(({ group, name, color }) => ({
    name,
    color,
    values: sums(series.events[group], factor),
  })).filter(({ values }) => values.some(value => value > 0))
  if (layers.length === 0) return undefined
  const totals = layers[0]!.values.map((_, bin) => layers.reduce((sum, { values }) => sum + values[bin]!, 0))
  const binMs = series.binMs * factor
  const shown = marksOf(series.marks)
  const most = Math.max(...totals)
  const peak = totals.indexOf(most)
  return {
    title: 'Events',
    wide: true,
    chart: timeChart({
      id: id('events'),
      title: 'Events over time',
      description: `Events in ${windowName(binMs)}, by what they are; the most, ${formatNumber(totals[peak]!)}, from ${instantOf(peak * binMs)} on.`,
      endMs: durationMs,
      binMs,
      yLabel: `events in ${windowName(binMs)}`,
      y: range => linearScale(most, range, '1'),
      draw: place => stacked(layers, place),
      legend: layers,
      hover: totals.map((total, bin) =>
        total === 0
          ? ''
          : `${instantOf(bin * binMs)} and ${windowName(binMs)} on: ${plural(total, 'event')}\n${layers
              .filter(({ values }) => values[bin]! > 0)
              .map(({ name, values }) => `${formatNumber(values[bin]!)} ${name}`)
              .join('\n')}`,
      ),
      marks: shown.map(({ t, what }) => ({ x: t / 1000, label: oneLine(what) })),
    }),
    notes: [
      ...(eventsAtStart === 0
        ? []
        : [`What was there at time 0, or was set up then, is not in it: ${plural(eventsAtStart, 'event')}.`]),
      ...(shown === series.marks ? [] : ['Marks: nodes that were lost. There are too many others to mark.']),
    ],
  }
}

/** More marks than this have no room for their names. */
const MARKS_MAX = 40

/** What happened to nodes and what the scenario did, as far as there is room; else what was lost. */
function marksOf(marks: Inspection['series']['marks']): Inspection['series']['marks'] {
  return marks.length <= MARKS_MAX
    ? marks
    : marks.filter(({ what }) => /^node .* (failed|not-ready|removed)$/.test(what))
}

function podFigure({ series, durationMs, levels }: Inspection, id: Id): Figure | undefined {
  if (levels.podsAlive.max === 0) return undefined
  return levelFigure(
    {
      title: 'Pods',
      unit: 'pods',
      lines: [
        { name: 'alive', color: 0, bins: series.podsAlive },
        { name: 'ready', color: 2, bins: series.podsReady },
      ],
      notes: [
        `At most ${formatNumber(levels.podsAlive.max)} alive (${instantOf(levels.podsAlive.maxAtMs)}) and ${formatNumber(levels.podsReady.max)} ready (${instantOf(levels.podsReady.maxAtMs)}).`,
      ],
    },
    series,
    durationMs,
    id,
  )
}

function nodeFigure({ series, durationMs, levels, nodes }: Inspection, id: Id): Figure | undefined {
  if (levels.nodes.max === 0) return undefined
  const { podsMax } = nodes
  return levelFigure(
    {
      title: 'Nodes',
      unit: 'nodes',
      lines: [
        { name: 'there', color: 0, bins: series.nodes },
        { name: 'ready', color: 2, bins: series.nodesReady },
      ],
      notes:
        podsMax.node === undefined
          ? []
          : [`At most ${plural(podsMax.pods, 'pod')} on one: ${oneLine(podsMax.node)}, at ${instantOf(podsMax.atMs)}.`],
    },
    series,
    durationMs,
    id,
  )
}

interface Levels {
  readonly title: string
  readonly unit: string
  readonly lines: readonly { readonly name: string; readonly color: number; readonly bins: LevelBins }[]
  readonly notes: readonly string[]
}

function levelFigure(
  { title, unit, lines, notes }: Levels,
  series: Inspection['series'],
  endMs: number,
  id: Id,
): Figure {
  const factor = factorOf(series.bins)
  const binMs = series.binMs * factor
  const drawn = lines.map(({ name, color, bins }) => ({
    name,
    color,
    bins: {
      mean: stretched(bins.mean, factor, values => values.reduce((sum, value) => sum + value, 0) / values.length),
      min: stretched(bins.min, factor, values => Math.min(...values)),
      max: stretched(bins.max, factor, values => Math.max(...values)),
    },
  }))
  const most = Math.max(...drawn.flatMap(({ bins }) => bins.max))
  return {
    title,
    wide: true,
    chart: timeChart({
      id: id(title),
      title: `${title} over time`,
      description: `${lines.map(({ name }) => name).join(' and ')}: mean, and lowest to highest, of each ${windowName(binMs)}. ${notes.join(' ')}`,
      endMs,
      binMs,
      yLabel: unit,
      y: range => linearScale(most, range, '1'),
      draw: place => svg`${drawn.map(({ bins, color }) => banded(bins, color, place))}`,
      legend: lines,
      hover: drawn[0]!.bins.mean.map(
        (_, bin) =>
          `${instantOf(bin * binMs)} and ${windowName(binMs)} on\n${drawn
            .map(({ name, bins }) => {
              const [low, high] = [bins.min[bin]!, bins.max[bin]!]
              return `${name} ${low === high ? formatNumber(low) : `${formatNumber(low)} to ${formatNumber(high)}`}`
            })
            .join('\n')}`,
      ),
    }),
    notes,
  }
}

function namespaceFigure({ series, durationMs }: Inspection, id: Id): Figure | undefined {
  if (series.podsCreatedBy.length === 0) return undefined
  const factor = factorOf(series.bins)
  const binMs = series.binMs * factor
  const layers = series.podsCreatedBy.map(({ namespace, values }, i) => ({
    name: namespace === null ? 'others' : oneLine(namespace).slice(0, 24),
    color: namespace === null ? 5 : i,
    values: sums(values, factor),
  }))
  const totals = layers[0]!.values.map((_, bin) => layers.reduce((sum, { values }) => sum + values[bin]!, 0))
  return {
    title: 'Pods created, by namespace',
    wide: true,
    chart: timeChart({
      id: id('namespaces'),
      title: 'Pods created over time, by namespace',
      description: `Pods created after time 0 in ${windowName(binMs)}; the most, ${formatNumber(Math.max(...totals))}, from ${instantOf(totals.indexOf(Math.max(...totals)) * binMs)} on.`,
      endMs: durationMs,
      binMs,
      yLabel: `pods created in ${windowName(binMs)}`,
      y: range => linearScale(Math.max(...totals), range, '1'),
      draw: place => stacked(layers, place),
      legend: layers,
      hover: totals.map((total, bin) =>
        total === 0
          ? ''
          : `${instantOf(bin * binMs)} and ${windowName(binMs)} on\n${layers
              .filter(({ values }) => values[bin]! > 0)
              .map(({ name, values }) => `${name} ${formatNumber(values[bin]!)}`)
              .join('\n')}`,
      ),
    }),
    notes: ['What was created at time 0 is not in it.'],
  }
}

function factorOf(bins: number): number {
  return Math.max(1, Math.ceil(bins / COLUMNS_MAX))
}

function sums(values: readonly number[], factor: number): number[] {
  return stretched(values, factor, stretch => stretch.reduce((sum, value) => sum + value, 0))
}

function stretched(values: readonly number[], factor: number, pick: (stretch: readonly number[]) => number): number[] {
  return Array.from({ length: Math.ceil(values.length / factor) }, (_, i) =>
    pick(values.slice(i * factor, (i + 1) * factor)),
  )
}
