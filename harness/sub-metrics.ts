import { DurationHistogram } from '../base/index.ts'
import { metricKey, type MetricValue, parseMetricKey, toHistogramValue } from '../reports/index.ts'
import { type ClusterSpec, type TargetSpec, type TruthTable, zoneName } from '../sim/index.ts'
import { type EligibleFrom, type PodHistories, Punctuality, waitOf } from './probes/index.ts'

type Tags = Readonly<Record<string, string>>

/** Metrics of which it is known what each pod contributes. */
const WAITS = ['visibility_latency', 'staleness_latency', 'removal_latency'] as const
const DISCOVERY = ['discovery_latency', 'targets_missed'] as const
const PUNCTUALITY = ['scrape_lateness', 'scrapes_missed', 'scrapes_duplicate'] as const
export const POD_METRICS: readonly string[] = [...DISCOVERY, ...WAITS, ...PUNCTUALITY]

/** Tags of pods that come from a trace, whose values nobody knows before. */
const TRACE_TAGS: ReadonlySet<string> = new Set(['namespace', 'workload', 'app', 'node'])

export type PodWait = (typeof WAITS)[number]

/** What a pod can be told by: where it is, what it belongs to, and the labels that its workload gives it. */
export function podTags(cluster: ClusterSpec, { namespace, pod, node, app }: TargetSpec): Tags {
  // A pod is named after its ReplicaSet, that after its Deployment, each with a suffix.
  const workload = pod.replace(/-[^-]+-[^-]+$/, '')
  const spec = cluster.workloads.find(known => known.namespace === namespace && known.name === workload)
  const index = Number(/^node-(\d+)$/.exec(node)?.[1] ?? Number.NaN)
  return {
    ...spec?.labels,
    namespace,
    workload,
    app,
    node,
    ...(Number.isNaN(index) || cluster.zones === 0 ? {} : { zone: zoneName(index % cluster.zones) }),
  }
}

/**
 * All faults of tagged metrics that a scenario names, each `name{tag=value}: what is wrong`: a tag that no observation
 * can carry would be a sub-metric without data, which is found out only when everything is over.
 *
 * @param queries tags of each load of queries.
 */
export function checkSubMetrics(keys: readonly string[], cluster: ClusterSpec, queries: readonly Tags[]): string[] {
  const values = tagValues(cluster)
  return keys.flatMap(key => {
    const { name, tags } = parseMetricKey(key)
    const given = Object.entries(tags)
    if (given.length === 0) return []
    if (name.startsWith('query_') || name.startsWith('queries_')) return queryFaults(key, tags, queries)
    if (name === 'generator_lag' && queries.length > 0 && tags.source === 'queries' && given.length === 1) return []
    if (!POD_METRICS.includes(name)) return [`${key}: ${name} has no sub-metrics`]
    return given.flatMap(([tag, value]) => {
      // What there is in a trace shows when it is played.
      if (cluster.zones === 0 && TRACE_TAGS.has(tag)) return []
      const known = values.get(tag)
      if (known === undefined) return [`${key}: pods have no tag "${tag}"; they have ${[...values.keys()].join(', ')}`]
      return known.has(value) ? [] : [`${key}: no pod has ${tag} "${value}"; there are ${some(known)}`]
    })
  })
}

function queryFaults(key: string, tags: Tags, queries: readonly Tags[]): string[] {
  const carried = queries.some(load => Object.entries(tags).every(([tag, value]) => load[tag] === value))
  if (carried) return []
  const all = queries.map(load => metricKey('', load)).join(', ')
  return [`${key}: no query carries these tags; ${queries.length === 0 ? 'there are no queries' : `there are ${all}`}`]
}

/** Every tag that a pod of this cluster can have, with every value of it. */
function tagValues(cluster: ClusterSpec): Map<string, Set<string>> {
  const out = new Map<string, Set<string>>()
  const add = (tag: string, value: string): void => {
    out.set(tag, (out.get(tag) ?? new Set()).add(value))
  }
  for (const { namespace, name, labels } of cluster.workloads) {
    for (const [tag, value] of Object.entries({ app: name, ...labels })) add(tag, value)
    add('namespace', namespace)
    add('workload', name)
  }
  for (let i = 0; i < cluster.nodes; i++) {
    add('node', `node-${i}`)
    if (cluster.zones > 0) add('zone', zoneName(i % cluster.zones))
  }
  return out
}

function some(values: ReadonlySet<string>): string {
  const shown = [...values].slice(0, 6)
  return shown.join(', ') + (values.size > shown.length ? `, … (${values.size})` : '')
}

/** A sub-metric that is wanted. */
interface Slot {
  readonly key: string
  readonly tags: Tags
  readonly waits: DurationHistogram
  censored: number
  punctuality: Punctuality | undefined
}

/**
 * The sub-metrics of a trial: as in k6, those that a threshold or a gate names, `discovery_latency{workload=frontend}`,
 * over the pods that carry the tags.
 */
export class SubMetrics {
  readonly #slots = new Map<string, Slot[]>()
  readonly #cluster: ClusterSpec
  readonly #pods: PodHistories
  readonly #intervalMs: number
  readonly #tagsOf = new Map<string, Tags>()

  /** @param keys as their authors write them; those without tags, or not about pods, are passed over. */
  constructor(
    keys: readonly string[],
    options: { readonly cluster: ClusterSpec; readonly pods: PodHistories; readonly scrapeIntervalMs: number },
  ) {
    this.#cluster = options.cluster
    this.#pods = options.pods
    this.#intervalMs = options.scrapeIntervalMs
    const wanted = new Map(
      keys.map(written => parseMetricKey(written)).map(key => [metricKey(key.name, key.tags), key]),
    )
    for (const [key, { name, tags }] of wanted) {
      if (Object.keys(tags).length === 0 || !POD_METRICS.includes(name)) continue
      const slot: Slot = { key, tags, waits: new DurationHistogram(), censored: 0, punctuality: undefined }
      this.#slots.set(name, [...(this.#slots.get(name) ?? []), slot])
    }
  }

  /** A pod waited, or is waited for in vain (`censored`). */
  addWait(name: PodWait, uid: string, waitNs: number, censored = false): void {
    for (const slot of this.#slotsOf(name, uid)) {
      slot.waits.record(waitNs)
      if (censored) slot.censored++
    }
  }

  /** All requests to one pod and the end of its schedule, as `Punctuality.add` takes them. */
  addScrapes(uid: string, requestMs: Float64Array, untilMs: number): void {
    for (const name of PUNCTUALITY) {
      for (const slot of this.#slotsOf(name, uid)) {
        slot.punctuality ??= new Punctuality(this.#intervalMs)
        slot.punctuality.add(requestMs, untilMs)
      }
    }
  }

  /** @param at `untilNs` is the end; absent while the trial runs: pods that still wait are left out then. */
  put(
    metrics: Record<string, MetricValue>,
    at: { readonly truth: TruthTable; readonly from: EligibleFrom; readonly untilNs?: bigint },
  ): void {
    this.#putDiscovery(metrics, at)
    for (const name of WAITS) {
      for (const { key, waits, censored } of this.#slots.get(name) ?? []) {
        if (waits.count > 0) metrics[key] = toHistogramValue(waits, censored)
      }
    }
    for (const name of PUNCTUALITY) {
      for (const { key, punctuality } of this.#slots.get(name) ?? []) {
        if (punctuality === undefined) continue
        const { lateness, missed, duplicates } = punctuality.result()
        if (name === 'scrapes_missed') metrics[key] = { value: missed }
        else if (name === 'scrapes_duplicate') metrics[key] = { value: duplicates }
        else if (lateness.count > 0) metrics[key] = toHistogramValue(lateness, missed)
      }
    }
  }

  #putDiscovery(
    metrics: Record<string, MetricValue>,
    { truth, from, untilNs }: { readonly truth: TruthTable; readonly from: EligibleFrom; readonly untilNs?: bigint },
  ): void {
    const slots = DISCOVERY.flatMap(name => this.#slots.get(name) ?? [])
    if (slots.length === 0) return
    for (const slot of slots) {
      slot.waits.reset()
      slot.censored = 0
    }
    for (const [uid, pod] of this.#pods.byUid) {
      const eligibleNs = this.#pods.eligibleNs(pod, from)
      if (eligibleNs === undefined) continue
      // While the trial runs, only what has happened counts.
      if (untilNs === undefined && truth.firstScrapeNs(pod.target.slot) === undefined) continue
      const { waitNs, scraped } = waitOf(pod, eligibleNs, truth, untilNs ?? eligibleNs)
      for (const name of DISCOVERY) {
        for (const slot of this.#slotsOf(name, uid)) {
          slot.waits.record(Number(waitNs))
          if (!scraped) slot.censored++
        }
      }
    }
    for (const { key, waits, censored } of this.#slots.get('discovery_latency') ?? []) {
      if (waits.count > 0) metrics[key] = toHistogramValue(waits, censored)
    }
    // How many are missed is known at the end only.
    if (untilNs === undefined) return
    for (const { key, waits, censored } of this.#slots.get('targets_missed') ?? []) {
      if (waits.count > 0) metrics[key] = { value: censored }
    }
  }

  /** The wanted sub-metrics of that name that the pod belongs to. */
  #slotsOf(name: string, uid: string): Slot[] {
    const slots = this.#slots.get(name)
    if (slots === undefined) return []
    const tags = this.#tagsOfPod(uid)
    return tags === undefined
      ? []
      : slots.filter(slot => Object.entries(slot.tags).every(([tag, value]) => tags[tag] === value))
  }

  #tagsOfPod(uid: string): Tags | undefined {
    const known = this.#tagsOf.get(uid)
    if (known !== undefined) return known
    const pod = this.#pods.byUid.get(uid)
    if (pod === undefined) return undefined
    const tags = podTags(this.#cluster, pod.target)
    this.#tagsOf.set(uid, tags)
    return tags
  }
}
