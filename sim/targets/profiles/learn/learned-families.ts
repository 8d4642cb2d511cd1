import type { FamilyData, SampleData } from '../model/family-data.ts'
import { CLOCK, constant, events, oneIn, quotient, type Source, STARTED, sum, times, wobble } from '../model/source.ts'
import type { LearnedFamily, LearnedPage, LearnedSample } from './learned-page.ts'

/**
 * Labels that say which pod it is: the pod's own take their place. A label that has several values on the page does not: it
 * tells of other pods, as those of kube-state-metrics do.
 */
const OWN_LABELS: Readonly<Record<string, string>> = {
  pod: '$pod',
  pod_name: '$pod',
  kubernetes_pod_name: '$pod',
  k8s_pod_name: '$pod',
  hostname: '$pod',
  namespace: '$namespace',
  kubernetes_namespace: '$namespace',
  k8s_namespace_name: '$namespace',
  node: '$node',
  nodename: '$node',
  node_name: '$node',
  kubernetes_node: '$node',
  container: '$container',
  container_name: '$container',
  instance: '$address',
  pod_ip: '$address',
}

/** A gauge that was seen once swings by one in so many of its value. */
const SWING_SHARE = 20
/** Whole numbers below this are states and limits rather than levels. */
const LEVEL_MIN = 20
/** Unix seconds between which a value is taken for a time. */
const TIME_SECONDS = [1_000_000_000, 4_000_000_000] as const

/** How a learned page goes on: counters at their rate and with the load, gauges around their value. */
export function learnedFamilies({ families }: LearnedPage): FamilyData[] {
  const own = ownLabels(families)
  return families.map(({ name, help, type, samples }) => ({
    name,
    help,
    type,
    samples: samplesOf(name, type, samples).map(sample => ({
      ...sample,
      labels: Object.fromEntries(
        Object.entries(sample.labels ?? {}).map(([label, text]) => [label, own.has(label) ? OWN_LABELS[label]! : text]),
      ),
    })),
  }))
}

function ownLabels(families: readonly LearnedFamily[]): ReadonlySet<string> {
  const values = new Map<string, Set<string>>()
  for (const { labels } of families.flatMap(({ samples }) => samples)) {
    for (const [label, text] of Object.entries(labels)) {
      if (Object.hasOwn(OWN_LABELS, label)) values.set(label, (values.get(label) ?? new Set()).add(text))
    }
  }
  return new Set([...values].filter(([, texts]) => texts.size === 1).map(([label]) => label))
}

function samplesOf(name: string, type: LearnedFamily['type'], samples: readonly LearnedSample[]): SampleData[] {
  switch (type) {
    case 'counter':
      return samples.map(each => plain(each, rising(each).total))
    case 'gauge':
    case 'unknown':
      return samples.map(each => plain(each, around(name, each)))
    case 'histogram':
    case 'summary':
      return groupsOf(samples).flatMap(group => observedSamples(name, group))
  }
}

function plain({ suffix, labels, decimals }: LearnedSample, value: Source): SampleData {
  return { suffix, labels, decimals, value }
}

/** A counter that begins at what was seen, and what it has counted since. */
interface Rising {
  readonly total: Source
  readonly more: Source
}

function rising({ mantissa, perSecond }: Pick<LearnedSample, 'mantissa' | 'perSecond'>): Rising {
  // What rises faster than the load has units for rises by several at once.
  const step = Math.max(1, Math.ceil(perSecond / 10_000))
  const more = perSecond === 0 ? constant(0) : times(events(perSecond / step), step)
  return { total: sum(constant(mantissa), more), more }
}

/**
 * One histogram or summary. Each bucket is the one before it and what is in it alone, so that they stay cumulative and end
 * in the count; the sum rises with the count, by the mean of what was observed.
 */
function observedSamples(name: string, group: readonly LearnedSample[]): SampleData[] {
  const out: SampleData[] = []
  const parts: Rising[] = []
  let before: Pick<LearnedSample, 'mantissa' | 'perSecond'> = { mantissa: 0, perSecond: 0 }
  for (const bucket of group.filter(({ suffix }) => suffix === '_bucket').toSorted((a, b) => boundOf(a) - boundOf(b))) {
    const mantissa = Math.max(0, bucket.mantissa - before.mantissa)
    parts.push(rising({ mantissa, perSecond: Math.max(0, bucket.perSecond - before.perSecond) }))
    out.push(plain(bucket, sum(...parts.map(({ total }) => total))))
    before = bucket
  }
  const counted = group.find(({ suffix }) => suffix === '_count')
  const count: Rising =
    parts.length === 0
      ? rising(counted ?? { mantissa: 0, perSecond: 0 })
      : { total: sum(...parts.map(({ total }) => total)), more: sum(...parts.map(({ more }) => more)) }
  for (const sample of group) {
    if (sample.suffix === '_sum') out.push(plain(sample, sumOf(sample, counted, count.more)))
    else if (sample.suffix === '_count') out.push(plain(sample, count.total))
    else if (sample.suffix === '') out.push(plain(sample, around(name, sample)))
  }
  return out
}

function boundOf({ labels }: LearnedSample): number {
  return Number(labels['le']?.replace('Inf', 'Infinity'))
}

/** What was summed up, and for each further observation the mean of those that were seen. */
function sumOf(sample: LearnedSample, count: LearnedSample | undefined, more: Source): Source {
  if (count === undefined) return constant(sample.mantissa)
  const [over, by] = count.perSecond > 0 ? [sample.perSecond, count.perSecond] : [sample.mantissa, count.mantissa]
  const meanThousandths = by === 0 ? 0 : Math.round((over / by) * 1_000 * 10 ** count.decimals)
  return sum(constant(sample.mantissa), quotient(more, constant(1_000), Math.max(0, meanThousandths)))
}

function around(name: string, { mantissa, decimals, swing }: LearnedSample): Source {
  const value = mantissa / 10 ** decimals
  const isTime = value > TIME_SECONDS[0] && value < TIME_SECONDS[1] && /(?:seconds|timestamp|time)(?:_|$)/.test(name)
  if (isTime && /start|boot|created/.test(name)) return asSeconds(STARTED, decimals)
  if (isTime && swing > 0) return asSeconds(CLOCK, decimals)
  if (swing > 0) return wobble(mantissa - swing, mantissa + swing)
  if (isTime || /_(?:info|limit|max|min|total)(?:_|$)/.test(name) || (decimals === 0 && Math.abs(value) < LEVEL_MIN)) {
    return constant(mantissa)
  }
  const by = Math.floor(Math.abs(mantissa) / SWING_SHARE)
  return by === 0 ? constant(mantissa) : wobble(mantissa - by, mantissa + by)
}

/** Milliseconds as seconds with so many decimals. */
function asSeconds(ms: Source, decimals: number): Source {
  return decimals >= 3 ? times(ms, 10 ** (decimals - 3)) : oneIn(ms, 10 ** (3 - decimals))
}

/** Samples that have the same labels, but for those that tell them apart within their family. */
function groupsOf(samples: readonly LearnedSample[]): LearnedSample[][] {
  const groups = new Map<string, LearnedSample[]>()
  for (const sample of samples) {
    const labels = Object.entries(sample.labels).filter(([name]) => name !== 'le' && name !== 'quantile')
    const key = JSON.stringify(labels.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  return [...groups.values()]
}
