import type { Labels, TraceContainer } from '../../churn-event.ts'
import type { Distribution } from '../distribution.ts'
import type { PodModel, WorkloadClass, WorkloadKind } from '../model.ts'
import { SERVICE_DELAYS } from '../presets/parts.ts'
import { LifeTable, rounded } from './life-table.ts'
import { RateTable } from './rate-table.ts'
import { ScaleTable } from './scale-table.ts'

const HOUR_MS = 3_600_000
/** Of the annotations only those that decide whether a pod is scraped and what it serves; others may name things. */
const KEPT_ANNOTATIONS = ['churnbench.io/profile', 'prometheus.io/port', 'prometheus.io/scrape']
/** Shapes of pods and reasons that are told apart; later ones are counted nowhere. */
const SHAPES_MAX = 256

/** What has been learned of the pods of one kind of owner, and of the workloads behind them. */
export class ClassFit {
  readonly kind: WorkloadKind
  /** Of `Pod`. */
  readonly owner: string | undefined
  readonly scheduleMs = new LifeTable()
  readonly pendingMs = new LifeTable()
  readonly startMs = new LifeTable()
  readonly readyMs = new LifeTable()
  readonly terminateMs = new LifeTable()
  /** Bound to the end by itself, of pods that were seen from the beginning. */
  readonly lifetimeMs = new LifeTable()
  /** The same from time 0, of pods that were there then. */
  readonly remainingMs = new LifeTable()
  readonly lingerMs = new LifeTable()
  readonly downMs = new LifeTable()
  readonly replicas = new LifeTable()
  readonly burst = new LifeTable()
  readonly arrivals: RateTable
  readonly rollouts: RateTable
  readonly scaling: ScaleTable
  /** Pods. */
  created = 0
  /** Pods that were there at time 0. */
  found = 0
  restarts = 0
  /** Of all pods together. */
  readyMsTotal = 0
  boundMsTotal = 0
  services = 0
  readonly outcomes = new Tally()
  readonly graces = new Tally()
  readonly strategies = new Tally()
  readonly shapes = new Tally()
  #owners = 0
  #ownersMax = 0
  readonly #ownerPods = new Map<string, number>()

  constructor(kind: WorkloadKind, owner: string | undefined, dayOffsetMs: number) {
    this.kind = kind
    this.owner = owner
    this.arrivals = new RateTable(dayOffsetMs)
    this.rollouts = new RateTable(dayOffsetMs)
    this.scaling = new ScaleTable(dayOffsetMs)
  }

  /** A pod's owner, or a workload, has one more or one less. */
  own(key: string, change: 1 | -1): void {
    const pods = (this.#ownerPods.get(key) ?? 0) + change
    if (pods > 0) this.#ownerPods.set(key, pods)
    else this.#ownerPods.delete(key)
    this.#owners = this.#ownerPods.size
    this.#ownersMax = Math.max(this.#ownersMax, this.#owners)
  }

  /** The most there were at once. */
  get workloads(): number {
    return Math.max(1, this.#ownersMax)
  }

  seeShape(containers: readonly TraceContainer[], annotations: Labels | undefined): void {
    const kept = KEPT_ANNOTATIONS.filter(name => annotations?.[name] !== undefined)
    this.shapes.add(
      JSON.stringify({
        containers: containers.map(({ ports }) => ports),
        annotations: Object.fromEntries(kept.map(name => [name, annotations![name]])),
      }),
    )
  }

  /** @param dayOffsetMs of the model's time 0. */
  model(name: string, durationMs: number, dayOffsetMs: number, notes: string[]): WorkloadClass {
    const { kind, owner, workloads } = this
    const isReplicated = kind === 'Deployment' || kind === 'StatefulSet'
    const isStream = kind === 'Job' || kind === 'Pod'
    const hasWorkloads = isReplicated || kind === 'DaemonSet'
    const scaling = isReplicated ? this.scaling.model(durationMs, workloads, dayOffsetMs) : undefined
    const burst = this.burst.distribution()
    const remainingMs = this.remainingMs.distribution()
    return {
      name,
      kind,
      workloads,
      ...(kind === 'Pod' && owner !== undefined ? { owner } : {}),
      ...(isReplicated ? { replicas: this.replicas.distribution() ?? { kind: 'constant', value: 1 } } : {}),
      ...(this.services > 0 && kind !== 'Job' ? { service: true } : {}),
      ...(hasWorkloads && this.rollouts.total > 0
        ? { rollouts: { perHour: this.rollouts.rate(durationMs, workloads), ...this.#strategy() } }
        : {}),
      ...(scaling === undefined ? {} : { scaling }),
      ...(isStream
        ? {
            arrivals: {
              perHour: this.arrivals.rate(durationMs),
              ...(burst === undefined || burst.kind === 'constant' ? {} : { burst }),
            },
          }
        : {}),
      ...(isStream && this.found > 0
        ? { initial: { pods: this.found, ...(remainingMs === undefined ? {} : { remainingMs }) } }
        : {}),
      pod: this.#pod(name, !isStream, notes),
    }
  }

  #strategy(): { readonly maxSurge?: number | string; readonly maxUnavailable?: number | string } {
    const most = this.strategies.most
    return most === undefined ? {} : (JSON.parse(most) as object)
  }

  #pod(name: string, isReplaced: boolean, notes: string[]): PodModel {
    const delay = (field: 'scheduleMs' | 'startMs' | 'readyMs' | 'terminateMs'): Distribution => {
      const learned = this[field].distribution()
      if (learned !== undefined) return learned
      notes.push(`${name}: the trace shows no case of ${field}; taken from the preset mid-size`)
      return SERVICE_DELAYS[field]
    }
    const lifetimeMs = this.#lifetime(isReplaced)
    const pendingMs = this.pendingMs.ended === 0 ? undefined : this.pendingMs.distribution()
    const lingerMs = this.lingerMs.distribution()
    const outcomes = this.#outcomes()
    return {
      ...this.#shape(),
      graceS: Number(this.graces.most ?? SERVICE_DELAYS.graceS),
      scheduleMs: delay('scheduleMs'),
      startMs: delay('startMs'),
      readyMs: delay('readyMs'),
      terminateMs: delay('terminateMs'),
      ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
      ...(pendingMs === undefined ? {} : { pendingMs }),
      ...(this.restarts === 0 || this.readyMsTotal === 0
        ? {}
        : {
            restarts: {
              perHour: rounded((this.restarts / this.readyMsTotal) * HOUR_MS),
              downMs: this.downMs.distribution() ?? { kind: 'constant', value: 0 },
            },
          }),
      ...(outcomes === undefined ? {} : { outcomes }),
      ...(lingerMs === undefined ? {} : { lingerMs }),
    }
  }

  /**
   * Of pods that are replaced most live on when the trace ends, and most that are lost were there before it began. Then all that
   * can be said is how many are lost in so much time.
   */
  #lifetime(isReplaced: boolean): Distribution | undefined {
    const seen = this.lifetimeMs.ended
    const found = this.remainingMs.ended
    if (!isReplaced) return this.lifetimeMs.count > 0 ? this.lifetimeMs.distribution() : { kind: 'never' }
    if (seen + found === 0) return undefined
    if (seen >= found) return this.lifetimeMs.distribution()
    return { kind: 'exponential', mean: rounded(this.boundMsTotal / (seen + found)) }
  }

  #outcomes(): PodModel['outcomes'] {
    const { total } = this.outcomes
    const succeeded = this.outcomes.count('succeeded')
    const failed = this.outcomes.entries.filter(([key]) => key.startsWith('failed/'))
    if (succeeded === 0 && failed.length === 0) return undefined
    return {
      ...(succeeded === 0 ? {} : { succeeded: share(succeeded, total) }),
      ...(failed.length === 0
        ? {}
        : {
            failed: Object.fromEntries(
              failed.map(([key, count]) => [key.slice('failed/'.length), share(count, total)]),
            ),
          }),
    }
  }

  /** Containers by the most common shape, with names of our own. */
  #shape(): Pick<PodModel, 'containers' | 'annotations'> {
    const most = this.shapes.most
    if (most === undefined) return { containers: [{ name: 'main', ports: [] }] }
    const { containers, annotations } = JSON.parse(most) as {
      containers: readonly TraceContainer['ports'][]
      annotations: Labels
    }
    return {
      containers:
        containers.length === 0
          ? [{ name: 'main', ports: [] }]
          : containers.map((ports, i) => ({
              name: i === 0 ? 'main' : `side-${i}`,
              ports: ports.map(({ name, port }) => (name === 'http-metrics' ? { name, port } : { port })),
            })),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    }
  }
}

function share(count: number, total: number): number {
  return Math.floor((count / total) * 1e6) / 1e6
}

/** How often each of a few texts was seen. */
class Tally {
  readonly #counts = new Map<string, number>()
  total = 0

  add(key: string): void {
    this.total++
    const before = this.#counts.get(key)
    if (before !== undefined || this.#counts.size < SHAPES_MAX) this.#counts.set(key, (before ?? 0) + 1)
  }

  count(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  get entries(): readonly (readonly [string, number])[] {
    return [...this.#counts]
  }

  /** The most frequent; of equals the first. */
  get most(): string | undefined {
    let most: string | undefined
    for (const [key, count] of this.#counts) if (most === undefined || count > this.count(most)) most = key
    return most
  }
}
