import { median, medianAbsoluteDeviation } from './descriptive.ts'

/** Scales a MAD to the standard deviation of a normal distribution. */
const MAD_OF_NORMAL = 0.6745
/** As Iglewicz and Hoaglin advise. */
const MODIFIED_Z_MAX = 3.5
/**
 * A gap of so many MADs parts two modes. Of samples of eight that have one mode only, one in forty looks parted like this, of
 * larger ones fewer; at five MADs it would be one in eight.
 */
const MODE_GAP_MADS = 12
/** HDR histograms have three digits: values closer than this are one value. */
const RESOLUTION = 0.001

/**
 * Positions of values far from the rest: modified Z-score above 3.5. For a remark beside the figures; an outlier is a
 * measurement like any other and is never left out.
 */
export function outliers(values: readonly number[]): number[] {
  if (values.length < 5) return []
  const centre = median(values)
  const spread = Math.max(medianAbsoluteDeviation(values), (Math.abs(centre) * RESOLUTION) / 2)
  if (spread === 0) return []
  return values.flatMap((value, i) => ((MAD_OF_NORMAL * Math.abs(value - centre)) / spread > MODIFIED_Z_MAX ? [i] : []))
}

/**
 * The two centres that the values gather around, or undefined: split at their widest gap, with at least three values on
 * either side, the gap is wider than twelve MADs, where the MAD is taken within the two groups.
 *
 * A median between two modes is a value that never happens.
 */
export function twoModes(values: readonly number[]): readonly [number, number] | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  let split = 0
  let gap = 0
  for (let i = 3; i <= sorted.length - 3; i++) {
    if (sorted[i]! - sorted[i - 1]! > gap) {
      gap = sorted[i]! - sorted[i - 1]!
      split = i
    }
  }
  if (split === 0) return undefined
  const groups = [sorted.slice(0, split), sorted.slice(split)] as const
  const centres = [median(groups[0]), median(groups[1])] as const
  const within = median(groups.flatMap((group, g) => group.map(value => Math.abs(value - centres[g as 0 | 1]))))
  const floor = Math.abs(centres[1]) * RESOLUTION
  return gap > MODE_GAP_MADS * Math.max(within, floor) ? centres : undefined
}
