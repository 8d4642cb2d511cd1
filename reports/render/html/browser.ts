import type uPlot from 'uplot'
import type { LiveData, LiveFigure } from './interactive.ts'

/** As much of a browser as is used below. */
interface Page {
  readonly document: {
    readonly documentElement: Node
    getElementById(id: string): Node | null
    querySelector(selector: string): Node | null
    querySelectorAll(selector: string): Iterable<Node>
    createElement(name: string): Node
  }
  readonly devicePixelRatio: number
  readonly ResizeObserver: new (callback: () => void) => { observe(node: Node): void }
  getComputedStyle(node: Node): { getPropertyValue(name: string): string }
  matchMedia(query: string): { addEventListener(type: 'change', listener: () => void): void }
}

interface Node {
  textContent: string | null
  hidden: boolean
  disabled: boolean
  tabIndex: number
  className: string
  readonly value: string
  readonly clientWidth: number
  readonly dataset: Readonly<Record<string, string | undefined>>
  append(child: Node): void
  remove(): void
  setAttribute(name: string, value: string): void
  addEventListener(type: string, listener: (event: { readonly key: string; preventDefault(): void }) => void): void
}

/**
 * Runs in the browser: puts charts that can be zoomed in the place of the time lines, with one cursor through all of them
 * and what was done to the cluster marked in each. Without it the page is complete as it stands.
 *
 * Its source text is put into the page, so it may use nothing but its arguments.
 */
export function bringToLife(library: typeof uPlot, page: Page): void {
  const { document } = page
  const source = document.getElementById('time-data')
  const controls = document.getElementById('time-controls')
  const whole = document.getElementById('time-reset')
  const at = document.getElementById('time-at')
  if (source === null || controls === null || whole === null || at === null) return
  const data = JSON.parse(source.textContent ?? '') as LiveData
  const shown: Record<string, number> = { ...data.shown }
  const color = (name: string): string => page.getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const charts: { readonly figure: LiveFigure; readonly place: Node; readonly chart: uPlot }[] = []
  let zoom = { min: 0, max: data.maxS }
  let busy = false

  /** `1:05`, `12.5 s`; with tenths where the reader has zoomed in. */
  function timeText(seconds: number, step = 1): string {
    const digits = step < 1 ? (step < 0.1 ? 2 : 1) : 0
    if (data.maxS <= 120) return `${seconds.toFixed(digits)} s`
    const minutes = Math.floor(seconds / 60)
    const rest = (seconds - 60 * minutes).toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0')
    if (data.maxS <= 7200) return `${minutes}:${rest}`
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`
  }

  function valueText(value: number | null | undefined, unit: string): string {
    if (value === null || value === undefined) return '–'
    const steps: Record<string, [number, string][]> = {
      s: [
        [1, ' s'],
        [1e-3, ' ms'],
        [1e-6, ' µs'],
        [1e-9, ' ns'],
      ],
      bytes: [
        [1024 ** 3, ' GiB'],
        [1024 ** 2, ' MiB'],
        [1024, ' KiB'],
        [1, ' B'],
      ],
      '1/s': [
        [1e6, ' M/s'],
        [1e3, ' k/s'],
        [1, '/s'],
      ],
    }
    steps['bytes/s'] = steps['bytes']!.map(([size, suffix]) => [size, `${suffix}/s`])
    const known = steps[unit] ?? [[1, unit === '1' ? '' : ` ${unit}`]]
    const [size, suffix] = known.find(([least]) => Math.abs(value) >= least * 0.999) ?? known[known.length - 1]!
    const scaled = value / size
    if (scaled === 0) return '0'
    return (Math.abs(scaled) >= 1000 ? Math.round(scaled) : Number(scaled.toPrecision(3))).toLocaleString('en') + suffix
  }

  /** The chosen trials' columns on one time axis. */
  function dataOf(figure: LiveFigure): uPlot.AlignedData {
    const tables = figure.lines.map(line => {
      const trial = data.trials[shown[line.arm]!]!
      const own = trial.columns[line.column] ?? trial.t.map(() => null)
      return [trial.t, own] as unknown as uPlot.AlignedData
    })
    return library.join(tables)
  }

  function drawMarks(chart: uPlot, labelled: boolean): void {
    const { ctx, bbox } = chart
    const dots = page.devicePixelRatio
    const many = data.marks.length > 40
    ctx.save()
    ctx.strokeStyle = color('--mark')
    ctx.fillStyle = color('--soft')
    ctx.lineWidth = dots
    ctx.font = `${11.5 * dots}px system-ui, sans-serif`
    ctx.setLineDash(many ? [] : [2 * dots, 3 * dots])
    const rows = [-Infinity, -Infinity, -Infinity]
    for (const [x, label] of data.marks) {
      const left = chart.valToPos(x, 'x', true)
      if (left < bbox.left - 0.5 || left > bbox.left + bbox.width + 0.5) continue
      ctx.beginPath()
      ctx.moveTo(left, many ? bbox.top + bbox.height - 9 * dots : bbox.top)
      ctx.lineTo(left, bbox.top + bbox.height)
      ctx.stroke()
      if (!labelled) continue
      // A label goes into the lowest line above the plot in which it has room.
      const width: number = ctx.measureText(label).width
      const end = left + width > bbox.left + bbox.width + 40 * dots
      const from = end ? left - width : left
      const row = rows.findIndex(free => from >= free)
      if (row < 0) continue
      rows[row] = from + width + 8 * dots
      ctx.textAlign = end ? 'right' : 'left'
      ctx.fillText(label, left, bbox.top - (5 + 14 * row) * dots)
    }
    ctx.restore()
  }

  /** The instant under the cursor and what was last done before it. */
  function tell(chart: uPlot): void {
    const left = chart.cursor.left ?? -1
    if (left < 0) {
      at!.textContent = ''
      return
    }
    const time = chart.posToVal(left, 'x')
    const before = data.marks.filter(([x]) => x <= time)
    const last = before[before.length - 1]
    at!.textContent =
      timeText(time, 0.5) + (last === undefined ? '' : ` · after “${last[1]}” at ${timeText(last[0], 0.5)}`)
  }

  function zoomTo(min: number, max: number): void {
    const least = data.maxS / 500
    const width = Math.min(data.maxS, Math.max(least, max - min))
    const from = Math.min(Math.max(0, min), data.maxS - width)
    zoom = { min: from, max: from + width }
    whole!.disabled = width >= data.maxS * 0.999
    busy = true
    for (const { chart } of charts) chart.setScale('x', zoom)
    busy = false
  }

  function optionsOf(figure: LiveFigure, width: number): uPlot.Options {
    const { unit } = figure
    const axis = { stroke: color('--soft'), font: '12px system-ui, sans-serif', ticks: { show: false } }
    const grid = { stroke: color('--grid'), width: 1 }
    return {
      width,
      height: figure.wide ? 340 : 250,
      padding: [figure.wide ? 48 : 12, 20, 0, 0],
      // A drag selects a stretch in all charts; the scale of each follows by `zoomTo`.
      cursor: {
        sync: { key: 'time', scales: ['x', null] },
        drag: { x: true, y: false, setScale: false },
        points: { size: 7 },
      },
      legend: { live: true },
      scales: {
        x: { time: false, range: (_chart, min, max) => (Number.isFinite(min) ? [min, max] : [0, data.maxS]) },
        y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.06 : 1] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 30,
          space: 70,
          incrs: [
            0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200,
            86_400,
          ],
          values: (_chart, splits, _axis, _space, step) => splits.map(split => timeText(split, step)),
        },
        {
          ...axis,
          grid,
          size: 74,
          values: (_chart, splits) => splits.map(split => valueText(split, unit)),
          ...(unit.startsWith('bytes') ? { incrs: Array.from({ length: 46 }, (_, power) => 2 ** power) } : {}),
          // Of what is counted there are no halves.
          ...(unit === '1'
            ? { incrs: Array.from({ length: 30 }, (_, i) => [1, 2, 5][i % 3]! * 10 ** Math.floor(i / 3)) }
            : {}),
        },
      ],
      series: [
        {
          label: 'time',
          value: (_chart, value) => (value === null || value === undefined ? '–' : timeText(value, 0.5)),
        },
        ...figure.lines.map(line => ({
          label: line.label,
          stroke: color(`--s${line.color}`),
          width: 1.75,
          spanGaps: false,
          points: { show: false },
          ...(line.dashed ? { dash: [6, 4] } : {}),
          ...(line.area ? { fill: `${color(`--s${line.color}`)}20` } : {}),
          value: (_chart: uPlot, value: number | null) => valueText(value, unit),
        })),
      ],
      hooks: {
        drawClear: [chart => drawMarks(chart, figure.wide)],
        setCursor: [chart => tell(chart)],
        setSelect: [
          chart => {
            const { left, width: wide } = chart.select
            if (busy || wide < 4) return
            busy = true
            const [min, max] = [chart.posToVal(left, 'x'), chart.posToVal(left + wide, 'x')]
            for (const one of charts) one.chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            zoomTo(min, max)
          },
        ],
      },
    }
  }

  function onKey(event: { readonly key: string; preventDefault(): void }): void {
    const width = zoom.max - zoom.min
    const middle = (zoom.min + zoom.max) / 2
    if (event.key === 'ArrowLeft') zoomTo(zoom.min - width / 4, zoom.max - width / 4)
    else if (event.key === 'ArrowRight') zoomTo(zoom.min + width / 4, zoom.max + width / 4)
    else if (event.key === '+') zoomTo(middle - width / 4, middle + width / 4)
    else if (event.key === '-') zoomTo(middle - width, middle + width)
    else if (event.key === '0' || event.key === 'Escape') zoomTo(0, data.maxS)
    else return
    event.preventDefault()
  }

  /** Makes all charts, or makes them anew in the colours that now hold. */
  function build(): void {
    for (const { chart } of charts) chart.destroy()
    const places = charts.splice(0).map(({ place }) => place)
    data.figures.forEach((figure, i) => {
      const plot = document.querySelector(`[data-live="${figure.id}"]`)
      if (plot === null) return
      let place = places[i]
      if (place === undefined) {
        place = document.createElement('div')
        place.className = 'live'
        place.tabIndex = 0
        // The static chart beside it is hidden now, but still tells what there is to see.
        place.setAttribute('role', 'group')
        place.setAttribute('aria-labelledby', `${figure.id}-t`)
        place.setAttribute('aria-describedby', `${figure.id}-d`)
        place.addEventListener('keydown', onKey)
        place.addEventListener('dblclick', () => zoomTo(0, data.maxS))
        plot.append(place)
      }
      const options = optionsOf(figure, Math.max(240, place.clientWidth))
      charts.push({ figure, place, chart: new library(options, dataOf(figure), place) })
    })
    zoomTo(zoom.min, zoom.max)
  }

  document.documentElement.className = 'js'
  controls.hidden = false
  build()
  whole.addEventListener('click', () => zoomTo(0, data.maxS))
  for (const choice of document.querySelectorAll('#time-controls select')) {
    choice.addEventListener('change', () => {
      shown[choice.dataset['arm'] ?? ''] = Number(choice.value)
      for (const { figure, chart } of charts) chart.setData(dataOf(figure), false)
      zoomTo(zoom.min, zoom.max)
    })
  }
  page.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build)
  const watch = new page.ResizeObserver(() => {
    for (const { place, chart, figure } of charts) {
      const width = Math.max(240, place.clientWidth)
      if (width !== chart.width) chart.setSize({ width, height: figure.wide ? 340 : 250 })
    }
  })
  for (const { place } of charts) watch.observe(place)
}
