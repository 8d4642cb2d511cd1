import { assert } from './assert.ts'
import type { Clock, Timer } from './clock.ts'
import { EventQueue } from './event-queue.ts'

/** How far reality fell behind the plan. */
export interface PacedClockStats {
  /** Called once per executed event with its lag (executed − planned) in nanoseconds of real time. */
  onLag(lagNs: number): void
}

/** How long the pump may run before it lets the event loop breathe, in milliseconds. */
const PUMP_SLICE_MS = 4
/**
 * Waits of at least this, in milliseconds of real time, end on the instant; shorter ones up to one millisecond late.
 *
 * Node's timers know whole milliseconds only, so what is left is polled: the event loop goes round. Between calls that
 * come thick and fast this would take a whole CPU from whoever else wants it, and its garbage would stop the plan for
 * longer than is won.
 */
const EXACT_MS = 8
/** Not worth a timer. */
const POLL_MS = 0.1

/**
 * A clock on which a simulation runs in planned time while real time sets the pace.
 *
 * During a call, `unixMs()` is the *planned* instant of that call, whatever the real delay: everything the simulation
 * decides is therefore a function of the plan and the seed, not of the machine. Real time only decides when the calls
 * are made; the difference is reported as lag and never fed back into the plan (open model).
 *
 *   stopped ──start()──▶ waiting ──due──▶ pumping ──slice used up──▶ waiting
 *                           ▲                │
 *                           │                ├─ hold(promise) ─▶ held ──settled──▶ pumping
 *                           └──nothing due───┘
 *
 * `hold` stops planned time until a promise settles: for effects outside the simulation (a listener being opened) that
 * must be in place before the plan goes on. The wait shows up as lag of the events behind it.
 */
export class PacedClock implements Clock {
  readonly #queue = new EventQueue()
  readonly #stats: PacedClockStats | undefined
  readonly #speed: number
  #epochMs: number
  #startedNs: bigint | undefined
  /** The same instant as `performance.now` has it, which costs no allocation. */
  #startedMs = 0
  /** Whether the wait that goes on ends on the instant. */
  #exact = false
  readonly #pumpLater = (): void => this.#pump()
  #nowMs = 0
  #inCall = false
  #timeout: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #holds = 0
  #stopped = false

  /** @param options.speed planned milliseconds per real millisecond (1 = real time). */
  constructor(options: { readonly speed?: number; readonly stats?: PacedClockStats } = {}) {
    this.#speed = options.speed ?? 1
    assert(this.#speed > 0, 'speed must be positive')
    this.#stats = options.stats
    this.#epochMs = Date.now()
  }

  /** Milliseconds of planned time since `start()`. */
  get elapsedMs(): number {
    return this.#inCall ? this.#nowMs : Math.max(this.#nowMs, this.#targetMs())
  }

  unixMs(): number {
    return this.#epochMs + this.elapsedMs
  }

  /** Real monotonic time: stamps taken with it are comparable with those of other threads. */
  monotonicNs(): bigint {
    return process.hrtime.bigint()
  }

  /** The real instant, as `monotonicNs`, for which planned time `elapsedMs` is meant. */
  plannedNs(elapsedMs: number): bigint {
    assert(this.#startedNs !== undefined, 'the clock has not been started')
    return this.#startedNs + BigInt(Math.round((elapsedMs / this.#speed) * 1e6))
  }

  schedule(delayMs: number, fn: () => void): Timer {
    // Calls from outside the plan (an HTTP request) count from real time, but never from before the last planned call.
    const timer = this.#queue.push(this.elapsedMs + Math.max(0, delayMs), fn)
    if (!this.#inCall) this.#arm()
    return timer
  }

  /** Lets planned time run. Before, planned calls only pile up and time stands at 0. */
  start(): void {
    assert(this.#startedNs === undefined, 'the clock is started once')
    this.#epochMs = Date.now()
    this.#startedNs = process.hrtime.bigint()
    this.#startedMs = performance.now()
    this.#arm()
  }

  /** Ends the pump; planned calls are kept but not made. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timeout)
    clearImmediate(this.#immediate)
  }

  /** Stops planned time until `promise` settles (a rejection counts as settled). Several holds may overlap. */
  hold(promise: Promise<unknown>): void {
    this.#holds++
    const release = (): void => {
      this.#holds--
      if (this.#holds === 0 && !this.#inCall) this.#arm()
    }
    promise.then(release, release)
  }

  #targetMs(): number {
    if (this.#startedNs === undefined) return 0
    return (performance.now() - this.#startedMs) * this.#speed
  }

  #arm(): void {
    clearTimeout(this.#timeout)
    clearImmediate(this.#immediate)
    if (this.#stopped || this.#startedNs === undefined || this.#holds > 0) return
    const nextMs = this.#queue.peekMs()
    if (nextMs === undefined) return
    const waitMs = (nextMs - this.#targetMs()) / this.#speed
    if (waitMs >= EXACT_MS) this.#exact = true
    if (waitMs <= POLL_MS || (this.#exact && waitMs < 1)) this.#immediate = setImmediate(this.#pumpLater)
    else this.#timeout = setTimeout(this.#pumpLater, this.#exact ? Math.floor(waitMs) : Math.ceil(waitMs))
  }

  #pump(): void {
    const sliceEndMs = performance.now() + PUMP_SLICE_MS
    while (this.#holds === 0 && !this.#stopped) {
      const nextMs = this.#queue.peekMs()
      if (nextMs === undefined) break
      const lagMs = this.#targetMs() - nextMs
      if (lagMs < 0) break
      // An event planned from outside in the meantime may lie behind; planned time never goes back.
      this.#nowMs = Math.max(this.#nowMs, nextMs)
      this.#exact = false
      this.#stats?.onLag((lagMs / this.#speed) * 1e6)
      this.#inCall = true
      try {
        this.#queue.pop()!.fn()
      } finally {
        this.#inCall = false
      }
      if (performance.now() >= sliceEndMs) break
    }
    this.#arm()
  }
}
