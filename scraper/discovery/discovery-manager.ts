import { createHash } from 'node:crypto'
import type { Clock, Prng, Timer } from '../../base/index.ts'
import { unreachable } from '../../base/index.ts'
import type { Config, DiscoveryConfig } from '../config/index.ts'
import { type LogSink, noLog } from '../log-sink.ts'
import { MetricsRegistry } from '../metrics.ts'
import type { Discoverer } from './discoverer.ts'
import { DiscoveryMetrics } from './discovery-metrics.ts'
import { InformerPool } from './kubernetes/informer-pool.ts'
import { KubernetesDiscovery } from './kubernetes/kubernetes-discovery.ts'
import { StaticDiscovery } from './static-discovery.ts'
import type { TargetGroup } from './target-group.ts'

/**
 * After an update has gone out, the next one waits this long and gathers what comes meanwhile. Long enough for the few
 * changes that a pod's start is made of to come together, too short to matter for discovery latency.
 */
const GATHER_MS = 10

export interface DiscoveryManagerOptions {
  /** Called with changed groups only; a group without targets is gone. */
  readonly onUpdate: (job: string, groups: readonly TargetGroup[]) => void
  readonly registry?: MetricsRegistry
  readonly log?: LogSink
  /** Default `churnbench-scraper`. */
  readonly userAgent?: string
}

/** One discoverer, for all jobs that are configured with the same discovery. */
interface Provider {
  readonly discoverer: Discoverer
  readonly groups: Map<string, TargetGroup>
  readonly jobs: Set<string>
}

/**
 * Runs the discoverers that a configuration asks for and tells each job what changed in its groups.
 *
 * Jobs with equal discovery settings share a discoverer, and all Kubernetes discoverers share their watches. Sources
 * are made unique per job by the provider's key. The first change after a quiet time goes out at once (at the end of
 * the present turn); what follows within `GATHER_MS` goes out together.
 */
export class DiscoveryManager {
  readonly #clock: Clock
  readonly #options: DiscoveryManagerOptions
  readonly #log: LogSink
  readonly #metrics: DiscoveryMetrics
  readonly #informers: InformerPool
  readonly #providers = new Map<string, Provider>()
  /** job → source → latest group that has not gone out yet. */
  readonly #pending = new Map<string, Map<string, TargetGroup>>()
  #jobs: readonly string[] = []
  #gathering: Timer | undefined
  #isFlushPlanned = false
  #isStopped = false

  constructor(clock: Clock, prng: Prng, options: DiscoveryManagerOptions) {
    this.#clock = clock
    this.#options = options
    this.#log = options.log ?? noLog
    const registry = options.registry ?? new MetricsRegistry()
    this.#metrics = new DiscoveryMetrics(registry)
    registry.onCollect(() => this.#countTargets())
    this.#informers = new InformerPool(clock, prng, {
      metrics: this.#metrics,
      log: this.#log,
      userAgent: options.userAgent ?? 'churnbench-scraper',
    })
  }

  /**
   * Starts what is new, ends what is gone and leaves the rest running. Jobs that keep a discovery hear nothing of it;
   * groups of a discovery that a job has lost are told as gone.
   */
  applyConfig(config: Config): void {
    const wanted = new Map<string, { readonly config: DiscoveryConfig; readonly jobs: Set<string> }>()
    for (const job of config.scrapeConfigs) {
      for (const discovery of job.discoveries) {
        const key = providerKey(discovery)
        const entry = wanted.get(key) ?? { config: discovery, jobs: new Set() }
        entry.jobs.add(job.jobName)
        wanted.set(key, entry)
      }
    }
    for (const job of this.#jobs) this.#metrics.discoveredTargets.remove('scrape', job)
    this.#jobs = config.scrapeConfigs.map(job => job.jobName)
    for (const [key, provider] of this.#providers) this.#releaseJobs(key, provider, wanted.get(key)?.jobs ?? NO_JOBS)
    let failed = 0
    for (const [key, { config: discovery, jobs }] of wanted) {
      const provider = this.#providers.get(key) ?? this.#startProvider(key, discovery)
      if (provider === undefined) {
        failed++
        continue
      }
      for (const job of jobs) {
        if (provider.jobs.has(job)) continue
        provider.jobs.add(job)
        for (const group of provider.groups.values()) this.#enqueue(job, group)
      }
    }
    this.#metrics.failedConfigs.set(failed)
  }

  stop(): void {
    this.#isStopped = true
    this.#gathering?.cancel()
    for (const { discoverer } of this.#providers.values()) discoverer.stop()
    this.#providers.clear()
    this.#pending.clear()
    this.#informers.stop()
  }

  #startProvider(key: string, config: DiscoveryConfig): Provider | undefined {
    let discoverer: Discoverer
    try {
      discoverer = this.#make(config)
    } catch (error) {
      // As in Prometheus: the other jobs shall not suffer from it.
      this.#log('error', 'a discovery cannot be started', { discovery: config.kind, error: (error as Error).message })
      return undefined
    }
    const provider: Provider = { discoverer, groups: new Map(), jobs: new Set() }
    this.#providers.set(key, provider)
    discoverer.start(groups => this.#receive(key, provider, groups))
    return provider
  }

  #make(config: DiscoveryConfig): Discoverer {
    switch (config.kind) {
      case 'static':
        return new StaticDiscovery(config)
      case 'kubernetes':
        return new KubernetesDiscovery(config, this.#informers, this.#metrics, this.#log)
      default:
        return unreachable(config)
    }
  }

  #releaseJobs(key: string, provider: Provider, keep: ReadonlySet<string>): void {
    for (const job of provider.jobs) {
      if (keep.has(job)) continue
      provider.jobs.delete(job)
      for (const group of provider.groups.values()) this.#enqueue(job, { ...group, targets: [] })
    }
    if (provider.jobs.size > 0 || keep.size > 0) return
    provider.discoverer.stop()
    this.#providers.delete(key)
  }

  #receive(key: string, provider: Provider, groups: readonly TargetGroup[]): void {
    if (this.#isStopped) return
    this.#metrics.received.inc(groups.length)
    for (const group of groups) {
      const own: TargetGroup = { ...group, source: `${key}/${group.source}` }
      if (group.targets.length === 0) provider.groups.delete(own.source)
      else provider.groups.set(own.source, own)
      for (const job of provider.jobs) this.#enqueue(job, own)
    }
  }

  #enqueue(job: string, group: TargetGroup): void {
    let groups = this.#pending.get(job)
    if (groups === undefined) {
      groups = new Map()
      this.#pending.set(job, groups)
    }
    groups.set(group.source, group)
    if (this.#gathering !== undefined || this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    this.#isFlushPlanned = false
    this.#gathering = undefined
    if (this.#isStopped || this.#pending.size === 0) return
    const batches = [...this.#pending]
    this.#pending.clear()
    this.#gathering = this.#clock.schedule(GATHER_MS, () => this.#flush())
    for (const [job, groups] of batches) {
      this.#metrics.sent.inc()
      this.#options.onUpdate(job, [...groups.values()])
    }
  }

  #countTargets(): void {
    for (const job of this.#jobs) {
      let count = 0
      for (const { jobs, groups } of this.#providers.values()) {
        if (jobs.has(job)) for (const group of groups.values()) count += group.targets.length
      }
      this.#metrics.discoveredTargets.cell('scrape', job).set(count)
    }
  }
}

const NO_JOBS: ReadonlySet<string> = new Set()

/** Equal for equal settings. */
function providerKey(config: DiscoveryConfig): string {
  const digest = createHash('sha256').update(JSON.stringify(config)).digest('hex')
  return `${config.kind}/${digest.slice(0, 16)}`
}
