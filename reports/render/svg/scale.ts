import { formatNumber } from '../format.ts'

export interface Tick {
  readonly value: number
  readonly label: string
}

/** From values to pixels, with the ticks of its axis. */
export interface Scale {
  readonly ticks: readonly Tick[]
  /** Lowest and highest value on the axis. */
  readonly domain: readonly [number, number]
  at(value: number): number
}

type Range = readonly [from: number, to: number]

/** An axis from 0 (or lower) to a round value at or above `max`. */
export function linearScale(max: number, range: Range, unit: string, wanted = 5, min = 0): Scale {
  const top = max - min > 1e-300 ? max : min + 1
  const { size, suffix } = axisUnit(Math.max(Math.abs(top), Math.abs(min)), unit)
  let step = niceStep((top - min) / size / wanted) * size
  if (unit === '1' && step < 1) step = 1
  const low = Math.floor(min / step) * step
  const high = Math.max(low + step, Math.ceil(top / step - 1e-9) * step)
  const ticks: Tick[] = []
  for (let i = 0; low + i * step <= high + step / 2; i++) {
    const value = low + i * step
    ticks.push({ value, label: tickLabel(value, size, suffix) })
  }
  return { ticks, domain: [low, high], at: value => project((value - low) / (high - low), range) }
}

/** An axis around values that may be far from 0, with as many digits as tell its ticks apart. */
export function rangeScale(values: readonly number[], range: Range, unit: string, wanted = 4): Scale {
  const least = values.length === 0 ? 0 : values.reduce((a, b) => Math.min(a, b))
  const most = values.length === 0 ? 0 : values.reduce((a, b) => Math.max(a, b))
  const air = Math.max((most - least) * 0.1, Math.max(Math.abs(most), Math.abs(least)) * 0.01) || 1
  const { size, suffix } = axisUnit(Math.max(Math.abs(most), Math.abs(least)), unit)
  const step = niceStep((most - least + 2 * air) / size / wanted)
  // Nothing that is measured here can be below 0: neither should its axis.
  const bottom = Math.max((least - air) / size, least >= 0 ? 0 : -Infinity)
  const [low, high] = [Math.floor(bottom / step + 1e-9), Math.ceil((most + air) / size / step - 1e-9)]
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const labelOf = (inUnit: number): string =>
    decimals === 0 ? formatNumber(inUnit) : decimals <= 6 ? inUnit.toFixed(decimals) : inUnit.toExponential(2)
  const ticks: Tick[] = []
  for (let i = low; i <= high; i++) {
    ticks.push({ value: i * step * size, label: i === 0 ? '0' : labelOf(i * step) + suffix })
  }
  const [from, to] = [low * step * size, high * step * size]
  return { ticks, domain: [from, to], at: value => project((value - from) / (to - from), range) }
}

/** A logarithmic axis between round values (1, 2, 5); values at or below 0 stand at its lower end. */
export function logScale(min: number, max: number, range: Range, unit: string): Scale {
  const bottom = roundDown(min)
  const top = Math.max(niceStep(max), bottom * 10)
  const low = Math.log10(bottom)
  const high = Math.log10(top)
  // Over few decades, the steps within them are worth a line as well.
  const leads = high - low < 2.5 ? [1, 2, 5] : [1]
  const ticks: Tick[] = []
  for (let decade = Math.floor(low); decade <= high; decade++) {
    for (const lead of leads) {
      const value = Number(`${lead}e${decade}`)
      if (value < bottom * 0.999 || value > top * 1.001) continue
      const { size, suffix } = axisUnit(value, unit)
      ticks.push({ value, label: tickLabel(value, size, suffix) })
    }
  }
  return {
    ticks,
    domain: [bottom, top],
    at: value => project(value <= 0 ? 0 : (Math.log10(value) - low) / (high - low), range),
  }
}

/** Seconds of a run: round steps of a clock, `0:30` style from two minutes on, days from four on. */
export function timeScale(maxS: number, range: Range, wanted = 8): Scale {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400]
  const step = steps.find(candidate => maxS / candidate <= wanted) ?? niceStep(maxS / wanted / 86_400) * 86_400
  const high = Math.max(maxS, 1)
  const ticks: Tick[] = []
  for (let value = 0; value <= high * (1 + 1e-9); value += step) ticks.push({ value, label: clock(value, high) })
  return { ticks, domain: [0, high], at: value => project(value / high, range) }
}

/**
 * The axis of a percentile spectrum: even steps of log(1 / (1 − share)), so that each tick is a tenth as rare.
 *
 * `count` observations reach as far as 1 − 1 / (2 · count), where the maximum stands.
 */
export function tailScale(count: number, range: Range): Scale {
  const reach = Math.max(Math.log10(2 * Math.max(1, count)), 1)
  const ticks: Tick[] = [{ value: 0, label: '0 %' }]
  if (reach < 3.5) ticks.push({ value: 0.5, label: '50 %' })
  for (let nines = 1; nines <= reach + 1e-9; nines++) {
    const share = 1 - Math.pow(10, -nines)
    ticks.push({ value: share, label: `${(100 * share).toFixed(Math.max(0, nines - 2))} %` })
  }
  const most = 1 - Math.pow(10, -reach)
  return {
    ticks,
    domain: [0, most],
    at: share => project(share >= most ? 1 : -Math.log10(1 - share) / reach, range),
  }
}

export function project(share: number, [from, to]: Range): number {
  return from + Math.min(1, Math.max(0, share)) * (to - from)
}

/** 1, 2 or 5 times a power of ten, at or above `raw`. */
export function niceStep(raw: number): number {
  const power = Math.pow(10, Math.floor(Math.log10(raw)))
  const lead = raw / power
  return (lead <= 1 + 1e-9 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power
}

/** 1, 2 or 5 times a power of ten, at or below `value`. */
function roundDown(value: number): number {
  const power = Math.pow(10, Math.floor(Math.log10(value) + 1e-9))
  const lead = value / power
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power
}

/** The unit in which an axis with values of this size reads well, and what it is in base units. */
function axisUnit(size: number, unit: string): { readonly size: number; readonly suffix: string } {
  const pick = (units: readonly (readonly [number, string])[]): { size: number; suffix: string } => {
    const [best, suffix] = units.find(([least]) => size >= least * 0.999) ?? units.at(-1)!
    return { size: best, suffix }
  }
  switch (unit) {
    case 's':
      if (size >= 180) return { size: 60, suffix: ' min' }
      return pick([
        [1, ' s'],
        [1e-3, ' ms'],
        [1e-6, ' µs'],
        [1e-9, ' ns'],
      ])
    case 'ns':
      return pick([
        [1e9, ' s'],
        [1e6, ' ms'],
        [1e3, ' µs'],
        [1, ' ns'],
      ])
    case 'bytes':
    case 'bytes/s': {
      const per = unit === 'bytes' ? '' : '/s'
      return pick([
        [1024 ** 3, ` GiB${per}`],
        [1024 ** 2, ` MiB${per}`],
        [1024, ` KiB${per}`],
        [1, ` B${per}`],
      ])
    }
    case '1':
    case 'cores':
      return { size: 1, suffix: '' }
    default: {
      const suffix = unit === '1/s' ? '/s' : ` ${unit}`
      return pick([
        [1e6, ` M${suffix.trimStart()}`],
        [1e3, ` k${suffix.trimStart()}`],
        [1, suffix],
      ])
    }
  }
}

function tickLabel(value: number, size: number, suffix: string): string {
  const inUnit = Number((value / size).toPrecision(6))
  return inUnit === 0 ? '0' : `${formatNumber(inUnit)}${suffix}`
}

function clock(seconds: number, max: number): string {
  if (max <= 120) return `${seconds} s`
  const two = (part: number): string => String(Math.floor(part)).padStart(2, '0')
  if (max <= 7200) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
  if (max > 4 * 86_400) return `${Number((seconds / 86_400).toFixed(2))} d`
  return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)} h`
}
