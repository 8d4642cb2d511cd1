import { formatChange } from '../format.ts'
import { niceStep, project, type Scale, type Tick } from './scale.ts'

/** Changes beyond these are drawn at the edge: a twentieth and twenty times. */
const LOWEST = 1 / 20 - 1
const HIGHEST = 19
/** Marks of an axis over large changes; pairs of them are each other's inverse: twice as much and half as much. */
const WIDE_TICKS = [-0.95, -0.9, -0.8, -0.5, -0.2, 0, 0.25, 1, 4, 9, 19]
const WIDE_FROM = 0.5

/**
 * An axis of relative changes (head / base − 1) on which a factor is as long upwards as downwards. It holds 0 and all
 * `changes`, within a twentieth and twenty times.
 */
export function ratioScale(changes: readonly number[], range: readonly [from: number, to: number]): Scale {
  const shown = changes.map(change => Math.min(HIGHEST, Math.max(LOWEST, change)))
  const lengthOf = (change: number): number => Math.log1p(change)
  const lengths = shown.map(lengthOf)
  const span = Math.max(...lengths, 0.01) - Math.min(...lengths, -0.01)
  // Some air beside the outermost.
  const low = Math.min(...lengths, -0.01) - 0.04 * span
  const high = Math.max(...lengths, 0.01) + 0.04 * span
  return {
    ticks: ticksBetween(Math.expm1(low), Math.expm1(high)),
    domain: [Math.expm1(low), Math.expm1(high)],
    at: change => project((lengthOf(Math.max(-0.999, change)) - low) / (high - low), range),
  }
}

function ticksBetween(low: number, high: number): Tick[] {
  if (high - low > WIDE_FROM) {
    return WIDE_TICKS.filter(value => value >= low && value <= high).map(value => ({
      value,
      label: formatChange(value),
    }))
  }
  const step = niceStep((high - low) / 7)
  const ticks: Tick[] = []
  for (let i = Math.ceil(low / step); i * step <= high; i++) {
    const value = Number((i * step).toPrecision(6))
    ticks.push({ value, label: formatChange(value) })
  }
  return ticks
}
