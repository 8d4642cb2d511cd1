import type { Clock, Timer } from '../base/index.ts'
import type { TimelineColumn } from '../reports/index.ts'
import type { TruthTable } from '../sim/index.ts'
import type { PodHistories } from './probes/index.ts'
import type { Subject } from './subjects/index.ts'

/** The columns of `Sampler.rows`, in order; their meaning is in reports/timeline.ts. */
export const SAMPLED_COLUMNS = [
  't_s',
  'pods_ready',
  'pods_scraped',
  'pods_visible',
  'samples_served_per_s',
  'subject_cpu_cores',
  'subject_rss_bytes',
] as const satisfies readonly TimelineColumn[]

export interface Snapshot {
  /** Since the scenario's start. */
  readonly atS: number
  readonly pods: number
  readonly scraped: number
  readonly visible: number
  readonly samplesPerSecond: number
  readonly cpuCores: number | null
  readonly rssBytes: number | null
}

const INTERVAL_MS = 1000

/** Looks at everything once a second: the time line of the report, and what the progress line shows. */
export class Sampler {
  readonly rows: (number | null)[][] = []
  latest: Snapshot | undefined
  readonly #clock: Clock
  readonly #truth: TruthTable
  readonly #pods: PodHistories
  readonly #subject: Subject
  readonly #isVisible: (uid: string) => boolean
  readonly #startNs: bigint
  readonly #onLook: (snapshot: Snapshot) => void
  #timer: Timer | undefined
  #lastNs: bigint
  #lastSamples = 0
  #lastCpuS: number | undefined
  #rssPeakBytes = 0

  constructor(
    clock: Clock,
    parts: {
      readonly truth: TruthTable
      readonly pods: PodHistories
      readonly subject: Subject
      readonly isVisible: (uid: string) => boolean
      readonly startNs: bigint
      readonly onLook: (snapshot: Snapshot) => void
    },
  ) {
    this.#onLook = parts.onLook
    this.#clock = clock
    this.#truth = parts.truth
    this.#pods = parts.pods
    this.#subject = parts.subject
    this.#isVisible = parts.isVisible
    this.#startNs = parts.startNs
    this.#lastNs = parts.startNs
  }

  /** Highest resident memory seen, the kernel's own high-water mark where it keeps one. */
  get rssPeakBytes(): number {
    return this.#rssPeakBytes
  }

  start(): void {
    this.#lastCpuS = this.#subject.resources()?.cpuSeconds
    this.#schedule()
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #schedule(): void {
    this.#timer = this.#clock.schedule(INTERVAL_MS, () => {
      this.#look()
      this.#schedule()
    })
  }

  #look(): void {
    const nowNs = this.#clock.monotonicNs()
    const elapsedS = Number(nowNs - this.#lastNs) / 1e9
    let pods = 0
    let scraped = 0
    let visible = 0
    let samples = 0
    for (const [uid, pod] of this.#pods.byUid) {
      samples += this.#truth.read(pod.target.slot).samplesServed
      if (pod.readyNs === undefined || pod.deletedNs !== undefined) continue
      pods++
      if (this.#truth.firstScrapeNs(pod.target.slot) !== undefined) scraped++
      if (this.#isVisible(uid)) visible++
    }
    const usage = this.#subject.resources()
    const cpuCores =
      usage === undefined || this.#lastCpuS === undefined ? null : (usage.cpuSeconds - this.#lastCpuS) / elapsedS
    const atS = Number(nowNs - this.#startNs) / 1e9
    this.latest = {
      atS,
      pods,
      scraped,
      visible,
      samplesPerSecond: (samples - this.#lastSamples) / elapsedS,
      cpuCores,
      rssBytes: usage?.rssBytes ?? null,
    }
    this.#rssPeakBytes = Math.max(this.#rssPeakBytes, usage?.rssPeakBytes ?? 0)
    this.#lastNs = nowNs
    this.#lastSamples = samples
    this.#lastCpuS = usage?.cpuSeconds
    const { samplesPerSecond, rssBytes } = this.latest
    this.rows.push([round(atS), pods, scraped, visible, round(samplesPerSecond), round(cpuCores), rssBytes])
    this.#onLook(this.latest)
  }
}

function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000
}
