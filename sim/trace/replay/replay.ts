import type { PlannedClock } from '../../informers/index.ts'
import type { ActionEvent, ChurnEvent, Transition } from '../churn-event.ts'
import { TraceStream } from '../transform/trace-stream.ts'
import { Fidelity } from './fidelity.ts'
import { type ComingPod, ReplayFeed, type ReplayPlayer } from './replay-feed.ts'
import type { ReplayReport, ReplaySpec, StateComparison } from './replay-spec.ts'
import type { TraceState } from '../trace-state.ts'

/** What plays the events on a cluster, in one of the two ways. */
export interface ReplayCluster {
  /** What becomes of an event here; of those that are `played` `play` is told, those that belong together at once. */
  fateOf(event: ChurnEvent): Fate
  prepare(pod: ComingPod, isDue: boolean): void
  /** A pod's containers have ended: its address refuses from now on. */
  retire(uid: string): void
  awaitRuntime(events: readonly ChurnEvent[]): boolean
  play(events: readonly ChurnEvent[]): void
  /** What the recorder sees, without what was added for the replay. */
  translated(transition: Transition): Transition
  /** The cluster as it is against what it should be. */
  compare(planned: TraceState): StateComparison
  /** Pods whose address belonged to a living one. */
  readonly addressesShared: number
}

export type Fate = 'played' | 'simulated' | { readonly skipped: string }

export interface ReplayOptions {
  readonly hold?: ((promise: Promise<unknown>) => void) | undefined
  /** The real instant that a planned one stands for, and the present one. */
  readonly plannedNs: (elapsedMs: number) => bigint
  readonly monotonicNs: () => bigint
  readonly onAction: (event: ActionEvent) => void
  /** Everything was played. */
  readonly onEnd: () => void
  readonly onFailure: (error: unknown) => void
}

/** Planned time between the setting up of what a trace begins with and its time 0, for everybody to come to rest. */
const REST_MS = 1000

/** Some tenths of a millisecond of reading between two looks at what is due. */
const LINES_PER_TURN = 64

/** A trace being played on a cluster. */
export class Replay implements ReplayPlayer {
  readonly #spec: ReplaySpec
  readonly #cluster: ReplayCluster
  readonly #stream: TraceStream
  readonly #options: ReplayOptions
  readonly #feed: ReplayFeed
  readonly #clock: PlannedClock
  readonly #fidelity = new Fidelity()
  #hasStarted = false

  private constructor(
    clock: PlannedClock,
    spec: ReplaySpec,
    cluster: ReplayCluster,
    stream: TraceStream,
    options: ReplayOptions,
  ) {
    this.#clock = clock
    this.#spec = spec
    this.#cluster = cluster
    this.#stream = stream
    this.#options = options
    this.#feed = new ReplayFeed(clock, this, stream.batches(), { speed: spec.speed, ...options })
  }

  /** Opens the trace and reads its beginning. @throws TraceError */
  static async open(
    clock: PlannedClock,
    spec: ReplaySpec,
    cluster: ReplayCluster,
    options: ReplayOptions,
  ): Promise<Replay> {
    const stream = await TraceStream.open(spec.path, spec, {
      lenient: spec.lenient,
      linesPerTurn: LINES_PER_TURN,
      // Controllers find out by themselves what follows from a failure.
      inferFailures: spec.mode === 'exact',
    })
    const replay = new Replay(clock, spec, cluster, stream, options)
    await replay.#feed.open()
    return replay
  }

  /** The nodes that the trace begins with are there before anything happens, for a subject that connects to an idle cluster. */
  playNodes(): void {
    this.#feed.playFirst(event => event.t === 0 && event.kind === 'node' && event.op === 'added')
  }

  /** Sets up what the trace begins with, before its time 0; then calls `onSettled`. */
  settle(onSettled: () => void): void {
    this.#feed.settle(steps => {
      const { monotonicNs, plannedNs } = this.#options
      // Setting up takes its time, and real time has gone on: both meet again before anything counts.
      const lateMs = Number(monotonicNs() - plannedNs(this.#clock.elapsedMs)) / 1e6
      this.#clock.schedule(steps === 0 ? 0 : Math.max(0, lateMs) + REST_MS, onSettled)
    })
  }

  /** The planned present is the trace's time 0. */
  start(): void {
    this.#hasStarted = true
    this.#feed.start()
  }

  prepare(pod: ComingPod, isDue: boolean): void {
    if (this.#cluster.fateOf(pod.created) === 'played') this.#cluster.prepare(pod, isDue)
  }

  retire(uid: string): void {
    this.#cluster.retire(uid)
  }

  awaitRuntime(events: readonly ChurnEvent[]): boolean {
    return this.#cluster.awaitRuntime(events)
  }

  play(events: readonly ChurnEvent[], dueMs: number): void {
    const played: ChurnEvent[] = []
    for (const event of events) {
      const fate = this.#cluster.fateOf(event)
      if (fate === 'played') played.push(event)
      else if (fate === 'simulated') this.#fidelity.simulated()
      else this.#fidelity.skipped(fate.skipped)
    }
    const [first] = played
    if (first === undefined) return
    if (first.kind === 'action') this.#options.onAction(first)
    else this.#cluster.play(played)
    const { monotonicNs, plannedNs } = this.#options
    // What there was at the beginning had no time of its own.
    this.#fidelity.played(played, this.#hasStarted ? Number(monotonicNs() - plannedNs(dueMs)) : undefined)
  }

  translated(transition: Transition): Transition {
    return this.#cluster.translated(transition)
  }

  /** @param achievedSha256 over the canonical lines of what the cluster showed. */
  report(achievedSha256: string): ReplayReport {
    const { counts, sha256, latenessHdr, planned } = this.#fidelity
    const { faults } = this.#stream
    return {
      mode: this.#spec.mode,
      speed: this.#spec.speed,
      events: counts,
      leftOut: this.#stream.leftOut,
      faults: faults.count,
      faultExamples: faults.examples,
      plannedSha256: sha256,
      achievedSha256,
      latenessHdr,
      finalState: this.#cluster.compare(planned),
      addressesShared: this.#cluster.addressesShared,
    }
  }

  close(): Promise<void> {
    return this.#feed.close()
  }
}
