import { nearest, parseDuration } from '../../../../base/index.ts'

export type Mode = 'default' | 'gradual-change' | 'double-halve' | 'spike'

/** What a synthetic page consists of and how it changes: avalanche's knobs, with smaller defaults. Intervals: 0 is never. */
export interface Knobs {
  readonly gauges: number
  readonly counters: number
  readonly histograms: number
  readonly histogramBuckets: number
  readonly summaries: number
  readonly summaryObjectives: number
  readonly seriesPerMetric: number
  readonly labels: number
  readonly metricNameLength: number
  readonly labelNameLength: number
  readonly labelValueLength: number
  readonly constLabels: readonly (readonly [name: string, value: string])[]
  readonly valueIntervalMs: number
  readonly seriesIntervalMs: number
  readonly metricIntervalMs: number
  readonly mode: Mode
  readonly seriesChangeIntervalMs: number
  readonly seriesChangeRate: number
  readonly seriesMin: number
  readonly seriesMax: number
  readonly spikeMultiplier: number
}

interface KnobInfo {
  readonly name: string
  readonly kind: 'count' | 'duration' | 'ratio' | 'mode' | 'label'
  readonly by: string
  readonly min?: number
  readonly max?: number
  readonly meaning: string
}

const MODES: readonly Mode[] = ['default', 'gradual-change', 'double-halve', 'spike']

/** Of one page: what nobody scrapes, and what fits into the memory of a few hundred of them. */
const SERIES_MAX = 200_000

/** In the order in which they are listed to people. `by`: the default. */
export const KNOBS: readonly KnobInfo[] = [
  { name: 'gauges', kind: 'count', by: '20', max: 10_000, meaning: 'how many metrics of type gauge' },
  { name: 'counters', kind: 'count', by: '0', max: 10_000, meaning: 'how many counters' },
  { name: 'histograms', kind: 'count', by: '0', max: 10_000, meaning: 'how many classic histograms' },
  { name: 'histogramBuckets', kind: 'count', by: '7', min: 1, max: 10, meaning: 'buckets of each, beside `+Inf`' },
  { name: 'summaries', kind: 'count', by: '0', max: 10_000, meaning: 'how many summaries' },
  { name: 'summaryObjectives', kind: 'count', by: '2', max: 50, meaning: 'quantiles of each' },
  {
    name: 'seriesPerMetric',
    kind: 'count',
    by: '10',
    min: 1,
    max: 100_000,
    meaning: 'series of each metric at the start; a histogram or summary has several samples for each',
  },
  {
    name: 'labels',
    kind: 'count',
    by: '10',
    max: 100,
    meaning: 'labels of each series, beside `series_id` and `cycle_id`',
  },
  {
    name: 'metricNameLength',
    kind: 'count',
    by: '5',
    min: 1,
    max: 500,
    meaning: 'letters in the middle of each metric’s name',
  },
  {
    name: 'labelNameLength',
    kind: 'count',
    by: '5',
    min: 1,
    max: 500,
    meaning: 'letters in the middle of each label’s name',
  },
  { name: 'labelValueLength', kind: 'count', by: '12', min: 1, max: 500, meaning: 'letters of each label’s value' },
  { name: 'constLabel', kind: 'label', by: '', meaning: '`name=value` of every series; may be given several times' },
  { name: 'valueInterval', kind: 'duration', by: '30s', meaning: 'how often values change' },
  {
    name: 'seriesInterval',
    kind: 'duration',
    by: '60s',
    meaning: 'how often all series are replaced: `cycle_id` changes',
  },
  { name: 'metricInterval', kind: 'duration', by: '0s', meaning: 'how often all names are replaced' },
  {
    name: 'mode',
    kind: 'mode',
    by: 'default',
    meaning:
      'how the number of series changes: `default` not at all; `gradual-change` up and down between two bounds; `double-halve` twice as many and back; `spike` `spikeMultiplier` times as many and back',
  },
  { name: 'seriesChangeInterval', kind: 'duration', by: '30s', meaning: 'how often the number of series changes' },
  {
    name: 'seriesChangeRate',
    kind: 'count',
    by: '100',
    min: 1,
    max: 100_000,
    meaning: 'by how many in `gradual-change`',
  },
  {
    name: 'seriesMin',
    kind: 'count',
    by: '100',
    min: 1,
    max: 100_000,
    meaning: 'the bounds of `gradual-change`: fewest',
  },
  { name: 'seriesMax', kind: 'count', by: '1000', min: 1, max: 100_000, meaning: 'and most' },
  { name: 'spikeMultiplier', kind: 'ratio', by: '1.5', min: 1, max: 1000, meaning: 'factor of `spike`' },
]

type Options = ReadonlyMap<string, readonly string[]>

/** All faults of a set of options, each `option: what is wrong`. */
export function knobFaults(options: Options): string[] {
  const faults: string[] = []
  for (const [name, values] of options) {
    const info = KNOBS.find(knob => knob.name === name)
    if (info === undefined) {
      const near = nearest(
        name,
        KNOBS.map(knob => knob.name),
      )
      faults.push(`${name}: there is no such option${near === undefined ? '' : `; did you mean ${near}?`}`)
      continue
    }
    if (values.length > 1 && info.kind !== 'label') faults.push(`${name}: is given ${values.length} times`)
    for (const value of values) {
      const fault = faultOf(info, value)
      if (fault !== undefined) faults.push(`${name}: ${fault}`)
    }
  }
  return faults.length > 0 ? faults : faultsTogether(knobsOf(options))
}

function faultOf({ kind, min = 0, max = Infinity }: KnobInfo, text: string): string | undefined {
  switch (kind) {
    case 'count':
    case 'ratio': {
      const value = Number(text)
      if (text.trim() === '' || !Number.isFinite(value)) return `"${text}" is no number`
      if (kind === 'count' && !Number.isInteger(value)) return `${text} is no whole number`
      return value < min || value > max ? `${text} is not from ${min} to ${max}` : undefined
    }
    case 'duration':
      try {
        const ms = parseDuration(text)
        return ms > 0 && ms < 100 ? `${text} is shorter than 100ms; 0s is never` : undefined
      } catch (error) {
        return (error as Error).message
      }
    case 'mode':
      return (MODES as readonly string[]).includes(text) ? undefined : `"${text}" is none of ${MODES.join(', ')}`
    case 'label':
      return /^[a-zA-Z_][a-zA-Z0-9_]*=.*$/s.test(text) ? undefined : `"${text}" is not written name=value`
  }
}

function faultsTogether(knobs: Knobs): string[] {
  const faults: string[] = []
  const { gauges, counters, histograms, summaries } = knobs
  if (gauges + counters + histograms + summaries === 0) {
    faults.push('gauges: there must be a metric of some type')
  }
  if (knobs.mode === 'gradual-change' && knobs.seriesMax <= knobs.seriesMin) {
    faults.push(`seriesMax: ${knobs.seriesMax} must be more than seriesMin, ${knobs.seriesMin}`)
  }
  if (knobs.mode !== 'default' && knobs.seriesChangeIntervalMs === 0) {
    faults.push(`seriesChangeInterval: mode ${knobs.mode} needs one`)
  }
  const names = knobs.constLabels.map(([name]) => name)
  if (new Set(names).size < names.length) faults.push('constLabel: a name is given twice')
  const most = samplesPerSeries(knobs) * seriesMost(knobs)
  if (most > SERIES_MAX)
    faults.push(`seriesPerMetric: a page would have ${most} samples; at most ${SERIES_MAX} are possible`)
  return faults
}

/** Samples of a page that has one series of each metric. */
export function samplesPerSeries(knobs: Knobs): number {
  return (
    knobs.gauges +
    knobs.counters +
    knobs.histograms * (knobs.histogramBuckets + 3) +
    knobs.summaries * (knobs.summaryObjectives + 2)
  )
}

function seriesMost({ mode, seriesPerMetric, seriesMax, spikeMultiplier }: Knobs): number {
  if (mode === 'gradual-change') return Math.max(seriesMax, seriesPerMetric)
  if (mode === 'double-halve') return 2 * seriesPerMetric
  return mode === 'spike' ? Math.floor(seriesPerMetric * spikeMultiplier) : seriesPerMetric
}

/** Of options without faults. */
export function knobsOf(options: Options): Knobs {
  const text = (name: string): string => options.get(name)?.[0] ?? KNOBS.find(knob => knob.name === name)!.by
  const count = (name: string): number => Number(text(name))
  const ms = (name: string): number => parseDuration(text(name))
  return {
    gauges: count('gauges'),
    counters: count('counters'),
    histograms: count('histograms'),
    histogramBuckets: count('histogramBuckets'),
    summaries: count('summaries'),
    summaryObjectives: count('summaryObjectives'),
    seriesPerMetric: count('seriesPerMetric'),
    labels: count('labels'),
    metricNameLength: count('metricNameLength'),
    labelNameLength: count('labelNameLength'),
    labelValueLength: count('labelValueLength'),
    constLabels: (options.get('constLabel') ?? []).map(pair => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)] as const
    }),
    valueIntervalMs: ms('valueInterval'),
    seriesIntervalMs: ms('seriesInterval'),
    metricIntervalMs: ms('metricInterval'),
    mode: text('mode') as Mode,
    seriesChangeIntervalMs: ms('seriesChangeInterval'),
    seriesChangeRate: count('seriesChangeRate'),
    seriesMin: count('seriesMin'),
    seriesMax: count('seriesMax'),
    spikeMultiplier: count('spikeMultiplier'),
  }
}
