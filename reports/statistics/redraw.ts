import { decodeBuckets, type Prng } from '../../base/index.ts'
import { standardNormal, beta } from './random.ts'

/**
 * What a quantile (or the mean) of a trial's histogram would be, had its observations been drawn anew from the same
 * distribution: the inner level of the hierarchical bootstrap.
 *
 * The k-th of n draws from a distribution F is F⁻¹ of a Beta(k, n − k + 1) variate, so that no draw needs n steps. A mean of
 * n draws is normal for any n that a histogram is worth keeping for.
 *
 * @param hdr as in a report, values in nanoseconds
 * @param share of the quantile in (0, 1), or `mean`
 * @param nanosecondsPerUnit divides the values
 * @returns undefined for an empty histogram
 * @throws CodedError CHURN_HISTOGRAM
 */
export function redrawFrom(
  hdr: string,
  share: number | 'mean',
  nanosecondsPerUnit: number,
): ((prng: Prng) => number) | undefined {
  const values: number[] = []
  const upTo: number[] = []
  let count = 0
  let sum = 0
  let squares = 0
  decodeBuckets(hdr, (highestValue, inBucket) => {
    const value = highestValue / nanosecondsPerUnit
    count += inBucket
    sum += value * inBucket
    squares += value * value * inBucket
    values.push(value)
    upTo.push(count)
  })
  if (count === 0) return undefined
  if (share === 'mean') {
    const mean = sum / count
    const error = Math.sqrt(Math.max(0, squares / count - mean * mean) / count)
    return prng => mean + error * standardNormal(prng)
  }
  const rank = Math.min(count, Math.max(1, Math.ceil(share * count)))
  return prng => values[firstAtLeast(upTo, beta(prng, rank, count - rank + 1) * count)]!
}

function firstAtLeast(ascending: readonly number[], wanted: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! >= wanted) high = middle
    else low = middle + 1
  }
  return low
}
