import type { Prng } from '../../../base/index.ts'
import type { Labels, TraceContainer, Transition } from '../churn-event.ts'
import { type Distribution, draw } from './distribution.ts'
import type { MachinePool } from './machine-pool.ts'
import type { PodModel, WorkloadClass } from './model.ts'
import { type PodFacts, type PodKeeper, PodLife } from './pod-life.ts'
import { nextArrivalMs, type Rate } from './rate.ts'
import type { World } from './world.ts'

const LIFETIMES_DRAWN = 8

/** Where a workload lives and who it is. */
export interface WorkloadSite {
  readonly world: World
  readonly machines: MachinePool
  /** The workload's own stream. */
  readonly prng: Prng
  readonly namespace: string
  readonly name: string
  readonly workloadClass: WorkloadClass
  /** Its place among those of its class, from 0. */
  readonly index: number
}

/** What all workloads have in common: what they say of themselves, the pods they make, and what happens to them at a rate. */
export abstract class Workload implements PodKeeper {
  readonly model: PodModel
  readonly zoneLoad: number[] = []
  protected readonly site: WorkloadSite
  #revision = 1
  #pods = 0
  readonly #names = new Set<string>()

  constructor(site: WorkloadSite) {
    this.site = site
    this.model = site.workloadClass.pod
  }

  /** As it is when the trace begins. */
  abstract start(): void

  protected get revision(): number {
    return this.#revision
  }

  protected get labels(): Labels {
    return { app: this.site.name, tier: this.site.workloadClass.name }
  }

  /** Those of the model; the image's tag is the revision. */
  protected get containers(): readonly TraceContainer[] {
    return this.model.containers.map(({ name, image = this.site.name, ports }) => ({
      name,
      image: `${image}:${this.#revision}`,
      ports,
    }))
  }

  protected apply(replicas?: number, strategy?: Extract<Transition, { kind: 'workload' }>['strategy']): void {
    const { world, namespace, name, workloadClass } = this.site
    const { annotations } = this.model
    world.emit({
      kind: 'workload',
      op: 'applied',
      namespace,
      name,
      type: workloadClass.kind,
      ...(replicas === undefined ? {} : { replicas }),
      ...(workloadClass.kind === 'CronJob' ? {} : { selector: { app: name } }),
      ...(strategy === undefined ? {} : { strategy }),
      labels: this.labels,
      ...(annotations === undefined ? {} : { annotations }),
      containers: this.containers,
    })
  }

  /** The Service in front, where the class has them. */
  protected applyService(): void {
    const { world, namespace, name, workloadClass } = this.site
    if (workloadClass.service !== true) return
    const ports = this.model.containers.flatMap(container => container.ports)
    world.emit({
      kind: 'service',
      op: 'applied',
      namespace,
      name,
      labels: this.labels,
      selector: { app: name },
      ports: ports.map(({ name: portName, port }) => ({
        ...(portName === undefined ? {} : { name: portName }),
        port,
        targetPort: portName ?? port,
      })),
    })
  }

  protected nextRevision(): void {
    this.#revision++
  }

  /** A new pod, created now. @param nameOf its name; `prng` is the pod's own stream. */
  protected createPod(
    facts: Pick<PodFacts, 'labels'> & { readonly owner?: string },
    nameOf: (prng: Prng, isTaken: (name: string) => boolean) => string,
    keeper: PodKeeper = this,
  ): PodLife {
    const { world, machines, prng, namespace } = this.site
    const podPrng = prng.fork(`pod/${this.#pods++}`)
    const name = nameOf(podPrng, taken => this.#names.has(taken))
    this.#names.add(name)
    const { annotations } = this.model
    return new PodLife(world, machines, podPrng, keeper, {
      namespace,
      name,
      ...facts,
      ...(annotations === undefined ? {} : { annotations }),
      containers: this.containers,
    })
  }

  /** For every pod that `createPod` made, when it is gone. */
  protected forget(pod: PodLife): void {
    this.#names.delete(pod.facts.name)
  }

  /** What a pod has left to live when the trace begins. */
  protected remainingMs(): number | undefined {
    const { lifetimeMs } = this.model
    const { initial } = this.site.workloadClass
    const prng = this.site.prng.fork(`remaining/${this.#pods}`)
    if (initial?.remainingMs !== undefined) return Math.round(draw(initial.remainingMs, prng))
    return lifetimeMs === undefined ? undefined : Math.round(this.#lifetimeFound(lifetimeMs, prng) * prng.unit())
  }

  /** What one finds running is more often long-lived than short: of some lifetimes one, in proportion to its length. */
  #lifetimeFound(lifetimeMs: Distribution, prng: Prng): number {
    const { endMs } = this.site.world
    const lifetimes = Array.from({ length: LIFETIMES_DRAWN }, () => draw(lifetimeMs, prng))
    const weightOf = (ms: number): number => Math.min(ms, endMs)
    let rest = prng.unit() * lifetimes.reduce((sum, ms) => sum + weightOf(ms), 0)
    for (const ms of lifetimes) {
      rest -= weightOf(ms)
      if (rest < 0) return ms
    }
    return lifetimes.at(-1)!
  }

  /**
   * Calls `fn` as often as the rate says, to the trace's end: as a Poisson process or, when a phase in (0, 1] is given, at even
   * distances, the first after that share of one.
   */
  protected often(what: string, rate: Rate, fn: (prng: Prng) => void, phase?: number): void {
    const { world } = this.site
    const prng = this.site.prng.fork(what)
    const plan = (fromMs: number, work: number): void => {
      const nextMs = nextArrivalMs(rate, fromMs, work)
      world.at(nextMs - world.dayOffsetMs, () => {
        fn(prng)
        plan(nextMs, phase === undefined ? exponential(prng) : 1)
      })
    }
    plan(world.dayOffsetMs, phase ?? exponential(prng))
  }
}

/** Of mean 1. */
function exponential(prng: Prng): number {
  return -Math.log1p(-prng.unit())
}
