/** A pending call; `cancel` is idempotent and does nothing once the call has been made. */
export interface Timer {
  cancel(): void
}

/**
 * The only source of time. Everything that waits or stamps takes one as its first argument, so that tests move time
 * by hand and the simulated cluster can run on planned instead of real instants.
 */
export interface Clock {
  /** Unix time in milliseconds, possibly with a fraction. For stamps that leave the process. */
  unixMs(): number
  /** Monotonic nanoseconds with one origin for all threads of a process. For durations. */
  monotonicNs(): bigint
  /** Calls `fn` once, `delayMs` milliseconds from now (at once, but never synchronously, when ≤ 0). */
  schedule(delayMs: number, fn: () => void): Timer
}

/** The machine's own clock. Timers do not keep the process alive when `unref` is set. */
export class SystemClock implements Clock {
  readonly #unref: boolean

  constructor(options: { readonly unref?: boolean } = {}) {
    this.#unref = options.unref ?? false
  }

  unixMs(): number {
    return Date.now()
  }

  monotonicNs(): bigint {
    return process.hrtime.bigint()
  }

  schedule(delayMs: number, fn: () => void): Timer {
    const handle = setTimeout(fn, Math.max(0, delayMs))
    if (this.#unref) handle.unref()
    return { cancel: () => clearTimeout(handle) }
  }
}
