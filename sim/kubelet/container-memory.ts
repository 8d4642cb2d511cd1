import type { ContainerStatus } from 'kubernetes-types/core/v1.js'
import type { ContainerEnd } from '../stages/index.ts'

const BACK_OFF_MS = { first: 10_000, max: 300_000 }
/** A run that lasted this long makes the kubelet forget the crashes before it. */
const GOOD_RUN_MS = 600_000

/** Waits 10 s, 20 s, 40 s, … 5 min between attempts. */
export class BackOff {
  #waitMs = 0
  #startedMs = 0
  /** Until when the next attempt has to wait, as far as known. */
  #untilMs = 0

  get waitMs(): number {
    return this.#waitMs
  }

  get untilMs(): number {
    return this.#untilMs
  }

  /** The attempt that began last has failed. Returns whether the next one has to wait. */
  failed(nowMs: number): boolean {
    const forgotten = nowMs - this.#startedMs > GOOD_RUN_MS
    if (this.#waitMs === 0 || forgotten) {
      this.#waitMs = 0
      return false
    }
    this.#untilMs = nowMs + this.#waitMs
    return true
  }

  /** Another attempt begins, after one that failed. */
  starts(nowMs: number): void {
    this.#waitMs = this.#waitMs === 0 ? BACK_OFF_MS.first : Math.min(this.#waitMs * 2, BACK_OFF_MS.max)
    this.#startedMs = nowMs
  }
}

/** What a kubelet remembers of one container, beside its status. Times are planned milliseconds. */
export class ContainerMemory {
  /** State and run: another one is another state. */
  #state = ''
  #ready: boolean | undefined
  #started: boolean | undefined
  /** When the present state was entered. */
  sinceMs = 0
  /** When the container was seen to have started; ticks of the readiness probe before `probedMs` have been reckoned with. */
  startedMs = 0
  probedMs = 0
  /** Name of the stage that has been entered: what it reports then is not reported again. */
  entered: string | undefined
  pullBeganMs: number | undefined
  pullEndsMs = 0
  /** The image's own back-off is being waited for. */
  pullWaits = false
  readonly pulls = new BackOff()
  /** Since the present run ended: it has to wait before the next. */
  crashWaits = false
  readonly crashes = new BackOff()
  /** It was told to stop, at `sinceMs` of the plan. */
  stop: (ContainerEnd & { readonly atMs: number }) | undefined

  /** Takes note of the container's status as it is now. */
  see(status: ContainerStatus, nowMs: number, startedBeforeMs: number): void {
    const { state, restartCount, ready, started } = status
    const kind = state?.running !== undefined ? 'running' : state?.terminated !== undefined ? 'ended' : 'waiting'
    const seen = `${kind}/${state?.waiting?.reason}/${restartCount}`
    if (seen !== this.#state) {
      const isFirst = this.#state === ''
      this.#state = seen
      // A container that ran before it was played by itself has been running for a while.
      this.sinceMs = isFirst && kind === 'running' ? nowMs - startedBeforeMs : nowMs
      this.entered = undefined
      this.stop = undefined
      this.pullBeganMs = undefined
      this.startedMs = this.sinceMs
      this.probedMs = isFirst ? nowMs : this.sinceMs
    } else {
      if (started !== this.#started) this.startedMs = nowMs
      if (ready !== this.#ready || started !== this.#started) this.probedMs = nowMs + 1
    }
    this.#ready = ready
    this.#started = started
  }
}
