import type UPlot from 'uplot'
import { ROW_COLUMNS, type RowColumn } from '../wire.ts'
import { byId, element, setText } from './dom.ts'
import type { PageState } from './page-state.ts'
import { colour } from './theme.ts'
import { bytes, clock, compact, count, seconds } from './words.ts'

/** Loaded before this module, by a script of its own. */
declare const uPlot: typeof UPlot

interface Line {
  readonly column: RowColumn
  readonly label: string
  readonly colour: string
  readonly dash?: readonly number[]
  /** There is no value in a second without events: single ones must be seen. */
  readonly isSparse?: boolean
}

interface ChartPlan {
  readonly title: string
  readonly lines: readonly Line[]
  readonly format: (value: number | null) => string
  /** How values are written at the axis, where that differs. */
  readonly axis?: (value: number) => string
  /** Steps that the axis may have. */
  readonly steps?: readonly number[]
  readonly isLog?: boolean
  /** Whether it says anything of a cluster without a subject. */
  readonly needsSubject: boolean
}

const PLANS: readonly ChartPlan[] = [
  {
    title: 'Pods',
    needsSubject: false,
    format: count,
    axis: compact,
    lines: [
      { column: 'pods_ready', label: 'ready', colour: '--s1' },
      { column: 'pods_scraped', label: 'scraped', colour: '--s2', dash: [7, 4] },
      { column: 'pods_visible', label: 'queryable', colour: '--s0', dash: [2, 3] },
    ],
  },
  {
    title: 'Discovery and visibility latency so far',
    needsSubject: true,
    format: seconds,
    isLog: true,
    lines: [
      { column: 'discovery_p50_s', label: 'discovery p50', colour: '--s0' },
      { column: 'discovery_p99_s', label: 'discovery p99', colour: '--s0', dash: [7, 4] },
      { column: 'visibility_p50_s', label: 'visibility p50', colour: '--s1' },
      { column: 'visibility_p99_s', label: 'visibility p99', colour: '--s1', dash: [7, 4] },
    ],
  },
  {
    title: 'Samples served per second',
    needsSubject: false,
    format: count,
    axis: compact,
    lines: [{ column: 'samples_served_per_s', label: 'samples/s', colour: '--s2' }],
  },
  {
    title: 'CPU of the subject',
    needsSubject: true,
    format: count,
    lines: [{ column: 'subject_cpu_cores', label: 'cores', colour: '--s3' }],
  },
  {
    title: 'Memory of the subject',
    needsSubject: true,
    format: bytes,
    steps: Array.from({ length: 40 }, (_, i) => 2 ** i),
    lines: [{ column: 'subject_rss_bytes', label: 'RSS', colour: '--s5' }],
  },
  {
    title: 'Lag of the harness',
    needsSubject: false,
    format: seconds,
    lines: [{ column: 'generator_lag_max_s', label: 'longest in the second', colour: '--s4', isSparse: true }],
  },
]

const HEIGHT = 170
/** Whole seconds, and steps that people count in. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400]

interface Chart {
  readonly plan: ChartPlan
  readonly plot: UPlot
  readonly keys: readonly HTMLElement[]
}

/** Time lines that grow; actions on the cluster are dashed lines in each. */
export class Charts {
  readonly #state: PageState
  readonly #root = byId('charts')
  #charts: Chart[] = []
  #cursor: number | null = null

  constructor(state: PageState) {
    this.#state = state
    new ResizeObserver(() => this.#resize()).observe(this.#root)
  }

  /** Makes all of them anew: when what they show has begun anew, and when colours change. */
  rebuild(): void {
    for (const { plot } of this.#charts) plot.destroy()
    this.#root.replaceChildren()
    const hasSubject = this.#state.title?.subject !== undefined
    this.#charts = PLANS.filter(plan => hasSubject || !plan.needsSubject).map(plan => this.#make(plan, hasSubject))
    this.update()
  }

  update(): void {
    const hasSubject = this.#state.title?.subject !== undefined
    if (this.#state.title === undefined) return
    const { rows } = this.#state.rows
    const columns = ROW_COLUMNS.map((_, i) => rows.map(row => row[i] ?? null))
    const { durationMs, settleMs } = this.#state.title
    const lastS = rows.at(-1)?.[0] ?? 0
    const max = durationMs === null ? Math.max(60, lastS) : Math.max((durationMs + settleMs) / 1000, lastS)
    for (const { plan, plot } of this.#charts) {
      const data = [columns[0]!, ...linesOf(plan, hasSubject).map(line => columns[ROW_COLUMNS.indexOf(line.column)]!)]
      plot.batch(() => {
        plot.setData(data as UPlot.AlignedData, false)
        plot.setScale('x', { min: 0, max })
      })
    }
    this.#writeKeys()
  }

  #make(plan: ChartPlan, hasSubject: boolean): Chart {
    const lines = linesOf(plan, hasSubject)
    const caption = element('figcaption', {}, plan.title)
    const keys = lines.map(line => {
      const key = element('span', { class: 'key' })
      const stroke = element('i', line.dash === undefined ? {} : { class: 'dashed' })
      stroke.style.borderColor = colour(line.colour)
      const value = element('span')
      key.append(stroke, `${line.label} `, value)
      caption.append(key)
      return value
    })
    const holder = element('div')
    const figure = element('figure', { class: 'panel' }, caption, holder)
    this.#root.append(figure)
    const plot = new uPlot(this.#options(plan, lines), [[], ...lines.map(() => [])] as UPlot.AlignedData, holder)
    return { plan, plot, keys }
  }

  #options(plan: ChartPlan, lines: readonly Line[]): UPlot.Options {
    const axis: UPlot.Axis = {
      stroke: colour('--soft'),
      grid: { stroke: colour('--grid'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
      font: '12px system-ui, sans-serif',
    }
    return {
      width: this.#width(),
      height: HEIGHT,
      legend: { show: false },
      cursor: { sync: { key: 'live' }, drag: { x: false, y: false }, y: false },
      scales: {
        x: { time: false },
        y: plan.isLog === true ? { distr: 3, range: logRange } : { range: fromZero },
      },
      axes: [
        { ...axis, size: 30, incrs: TIME_STEPS, values: (_, splits) => splits.map(s => clock(s * 1000)) },
        {
          ...axis,
          size: 72,
          ...(plan.steps === undefined ? {} : { incrs: [...plan.steps] }),
          values: (_, splits) =>
            splits.map(value => (plan.isLog === true && !isPowerOfTen(value) ? '' : (plan.axis ?? plan.format)(value))),
        },
      ],
      series: [
        {},
        ...lines.map(line => ({
          label: line.label,
          stroke: colour(line.colour),
          width: 2,
          ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
          points: { show: line.isSparse ?? false, size: 5, fill: colour(line.colour) },
          spanGaps: false,
        })),
      ],
      hooks: {
        drawClear: [plot => this.#markActions(plot)],
        setCursor: [
          plot => {
            this.#cursor = plot.cursor.idx ?? null
            this.#writeKeys()
          },
        ],
      },
    }
  }

  #markActions(plot: UPlot): void {
    const { ctx, bbox } = plot
    ctx.save()
    ctx.strokeStyle = colour('--mark')
    ctx.lineWidth = devicePixelRatio
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio])
    ctx.beginPath()
    for (const { kind, atMs } of this.#state.log) {
      if (kind !== 'action') continue
      const x = Math.round(plot.valToPos(atMs / 1000, 'x', true))
      if (x < bbox.left || x > bbox.left + bbox.width) continue
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
    }
    ctx.stroke()
    ctx.restore()
  }

  /** Values at the cursor, else the latest. */
  #writeKeys(): void {
    for (const { plan, plot, keys } of this.#charts) {
      for (const [i, key] of keys.entries()) {
        const values = plot.data[i + 1]
        const value = this.#cursor === null ? values?.at(-1) : values?.[this.#cursor]
        setText(key, plan.format(value ?? null))
      }
    }
  }

  #width(): number {
    const columns = matchMedia('(max-width: 900px)').matches ? 1 : 2
    return Math.max(240, Math.floor((this.#root.clientWidth - 14 * (columns - 1)) / columns) - 34)
  }

  #resize(): void {
    const width = this.#width()
    for (const { plot } of this.#charts) if (plot.width !== width) plot.setSize({ width, height: HEIGHT })
  }
}

/** Without a subject nobody queries. */
function linesOf(plan: ChartPlan, hasSubject: boolean): readonly Line[] {
  return hasSubject ? plan.lines : plan.lines.filter(line => line.column !== 'pods_visible')
}

function fromZero(_plot: UPlot, _min: number, max: number): [number, number] {
  return [0, Number.isFinite(max) && max > 0 ? max * 1.08 : 1]
}

/** Whole decades, so that the scale does not creep. */
function logRange(_plot: UPlot, min: number, max: number): [number, number] {
  const low = Number.isFinite(min) && min > 0 ? min : 0.001
  const high = Number.isFinite(max) && max > 0 ? max : 1
  const from = 10 ** Math.floor(Math.log10(low))
  return [from, Math.max(10 ** Math.ceil(Math.log10(high)), from * 10)]
}

function isPowerOfTen(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9
}
