import type { LearnedFamily, LearnedPage, LearnedSample } from './learned-page.ts'
import type { PageFamily, PageSample } from './parse-page.ts'

const DECIMALS_MAX = 9
/** Without a second page, a counter is taken to have been counting for so long. */
const ASSUMED_SECONDS = 3_600

/** A second page of the same target, and how long after the first it was taken. */
export interface LaterPage {
  readonly families: readonly PageFamily[]
  readonly seconds: number
}

/** Learns names, labels, types and values; with a second page also how fast counters rise and how far gauges swing. */
export function learnPage(first: readonly PageFamily[], later?: LaterPage): LearnedPage {
  const laterValues = new Map(
    later?.families.flatMap(({ samples }) => samples.map(sample => [keyOf(sample), sample.value] as const)) ?? [],
  )
  let leftOut = 0
  const families = first.map((family): LearnedFamily => {
    const samples: LearnedSample[] = []
    for (const sample of family.samples) {
      const learned = learnSample(family, sample, laterValues.get(keyOf(sample)), later?.seconds)
      if (learned === undefined) leftOut++
      else samples.push(learned)
    }
    const { name, help, type } = family
    return { name, help, type, samples }
  })
  return { families: families.filter(({ samples }) => samples.length > 0), leftOut }
}

function learnSample(
  { name, type }: PageFamily,
  sample: PageSample,
  laterText: string | undefined,
  seconds: number | undefined,
): LearnedSample | undefined {
  const value = Number(sample.value)
  const after = laterText === undefined ? undefined : Number(laterText)
  const decimals = Math.max(decimalsOf(value), after === undefined ? 0 : decimalsOf(after))
  const mantissa = Math.round(value * 10 ** decimals)
  if (!Number.isFinite(value) || Math.abs(mantissa) >= Number.MAX_SAFE_INTEGER) return undefined
  const suffix = sample.name.slice(name.length)
  const isCounted = type === 'counter' || ((type === 'histogram' || type === 'summary') && suffix !== '')
  const change =
    after === undefined || !Number.isFinite(after) ? undefined : Math.round(after * 10 ** decimals) - mantissa
  const rise = change === undefined ? mantissa / ASSUMED_SECONDS : change / (seconds ?? 1)
  return {
    suffix,
    labels: sample.labels,
    decimals,
    mantissa: isCounted ? Math.max(0, mantissa) : mantissa,
    perSecond: isCounted ? Math.max(0, rise) : 0,
    swing: isCounted ? 0 : Math.abs(change ?? 0),
  }
}

/** As few as tell the value exactly; nine where none do. */
function decimalsOf(value: number): number {
  if (!Number.isFinite(value)) return 0
  for (let decimals = 0; decimals < DECIMALS_MAX; decimals++) {
    if (Math.round(value * 10 ** decimals) / 10 ** decimals === value) return decimals
  }
  return Math.abs(value) < 9_000_000 ? DECIMALS_MAX : 3
}

function keyOf({ name, labels }: PageSample): string {
  return JSON.stringify([name, ...Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])
}
