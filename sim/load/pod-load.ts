import type { LoadSettings } from './load-settings.ts'
import { HISTORY_MS, type ShareCurve } from './share-curve.ts'
import { wobble } from './wobble.ts'

/** What one running container uses. */
export interface ContainerUsage {
  readonly name: string
  /** At this instant. */
  readonly cpuNanoCores: number
  readonly memoryBytes: number
  /** Since it was started: the integral of what it used at each instant. */
  readonly cpuSeconds: number
  /** Planned time of its start. */
  readonly startedMs: number
}

/** Pods that share an offered load: those of a workload, or those behind a Service. */
export interface LoadGroup {
  /** `namespace/name` */
  readonly key: string
  readonly curve: ShareCurve
  /** By uid, in order of creation. */
  readonly members: Set<string>
}

/** From one change of readiness to the next. */
interface Period {
  readonly atMs: number
  readonly serving: boolean
  /** That the pod had served up to `atMs`. */
  readonly requests: number
  /** That its curves stood at then. */
  readonly curves: number
}

interface RunningContainer {
  readonly name: string
  /** Tells one start from the next. */
  readonly id: string
  readonly startedMs: number
  /** That the pod had served when it was started. */
  readonly requests: number
}

export interface PodLoadFacts {
  readonly node: string
  readonly groups: readonly LoadGroup[]
  readonly settings: LoadSettings
  /** Name of the container that serves. */
  readonly server: string
  /** Of what its memory does by itself. */
  readonly seed: number
}

const PAGE_BYTES = 4096

/**
 * What one pod serves and uses, at any instant of the last minute.
 *
 * A pod serves while it is ready and not on its way out. Its container that serves pays for each request; each container
 * pays for itself as long as it runs, and begins anew when it is started again.
 */
export class PodLoad {
  readonly node: string
  readonly groups: readonly LoadGroup[]
  /** When its node took it up. */
  readonly admittedMs: number
  readonly #settings: LoadSettings
  /** Name of the container that serves. */
  readonly #server: string
  readonly #seed: number
  /** In order of time; the first one reaches back for ever. */
  #periods: Period[] = [{ atMs: 0, serving: false, requests: 0, curves: 0 }]
  readonly #containers: RunningContainer[] = []

  constructor(admittedMs: number, facts: PodLoadFacts) {
    const { node, groups, settings, server, seed } = facts
    this.admittedMs = admittedMs
    this.node = node
    this.groups = groups
    this.#settings = settings
    this.#server = server
    this.#seed = seed
  }

  get isServing(): boolean {
    return this.#last.serving
  }

  /** When it last became ready, or ceased to be. */
  get servingChangedMs(): number {
    return this.#last.atMs
  }

  /** Ids of the running containers, by name. */
  idOf(name: string): string | undefined {
    return this.#containers.find(container => container.name === name)?.id
  }

  get running(): readonly { readonly name: string }[] {
    return this.#containers
  }

  setServing(atMs: number, serving: boolean): void {
    if (serving === this.#last.serving) return
    this.#periods.push({ atMs, serving, requests: this.#requestsAt(atMs), curves: this.#curvesAt(atMs) })
    // The one that reaches into the time that can be asked for stays.
    while (this.#periods.length > 2 && this.#periods[1]!.atMs <= atMs - HISTORY_MS) this.#periods.shift()
  }

  startContainer(atMs: number, name: string, id: string): void {
    this.#containers.push({ name, id, startedMs: atMs, requests: this.#requestsAt(atMs) })
  }

  /** Returns the CPU seconds that it used in its life. */
  endContainer(atMs: number, name: string): number {
    const index = this.#containers.findIndex(container => container.name === name)
    const [ended] = this.#containers.splice(index, 1)
    return ended === undefined ? 0 : this.#cpuSeconds(ended, atMs)
  }

  /** Of the containers that run now and did at `atMs`. */
  usageAt(atMs: number): ContainerUsage[] {
    const { idleCores, cpuSecondsPerRequest, memoryBaseBytes, memoryBytesPerRps } = this.#settings
    const rps = this.#rpsAt(atMs)
    const usage: ContainerUsage[] = []
    for (const [index, container] of this.#containers.entries()) {
      if (container.startedMs > atMs) continue
      const own = this.#serves(container) ? rps : 0
      const memory = memoryBaseBytes * (1 + wobble(this.#seed + index * 7919, atMs) / 1000) + memoryBytesPerRps * own
      usage.push({
        name: container.name,
        cpuNanoCores: Math.round((idleCores + own * cpuSecondsPerRequest) * 1e9),
        memoryBytes: Math.floor(memory / PAGE_BYTES) * PAGE_BYTES,
        cpuSeconds: this.#cpuSeconds(container, atMs),
        startedMs: container.startedMs,
      })
    }
    return usage
  }

  get #last(): Period {
    return this.#periods[this.#periods.length - 1]!
  }

  #cpuSeconds(container: RunningContainer, atMs: number): number {
    const { idleCores, cpuSecondsPerRequest } = this.#settings
    const idle = (idleCores * Math.max(0, atMs - container.startedMs)) / 1000
    if (!this.#serves(container)) return idle
    return idle + cpuSecondsPerRequest * Math.max(0, this.#requestsAt(atMs) - container.requests)
  }

  #serves({ name }: RunningContainer): boolean {
    return name === this.#server
  }

  #periodAt(atMs: number): Period {
    for (let i = this.#periods.length - 1; i > 0; i--) if (this.#periods[i]!.atMs <= atMs) return this.#periods[i]!
    return this.#periods[0]!
  }

  #requestsAt(atMs: number): number {
    const { serving, requests, curves } = this.#periodAt(atMs)
    return serving ? requests + (this.#curvesAt(atMs) - curves) : requests
  }

  #rpsAt(atMs: number): number {
    if (!this.#periodAt(atMs).serving) return 0
    let sum = 0
    for (const { curve } of this.groups) sum += curve.shareAt(atMs)
    return sum
  }

  #curvesAt(atMs: number): number {
    let sum = 0
    for (const { curve } of this.groups) sum += curve.requestsAt(atMs)
    return sum
  }
}
