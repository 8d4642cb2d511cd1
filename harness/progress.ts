import pc from 'picocolors'
import type { Clock, Timer } from '../base/index.ts'

/** The state of a run as its watcher sees it. */
export interface ProgressState {
  readonly elapsedMs: number
  readonly totalMs: number
  readonly phase: string
  readonly pods: number
  readonly scraped: number
  readonly visible: number
  readonly samplesPerSecond: number
  readonly cpuCores: number | null
  readonly rssBytes: number | null
}

const REDRAW_MS = 250
const PLAIN_MS = 5000
const BAR_CELLS = 24

/**
 * Shows how a run goes: one line that redraws itself on a terminal, a plain line every five seconds elsewhere.
 *
 * Notes (an action, a warning) become lines of their own above it. Everything goes to the given stream, stderr.
 */
export class Progress {
  readonly #clock: Clock
  readonly #out: NodeJS.WriteStream
  readonly #state: () => ProgressState | undefined
  readonly #live: boolean
  #timer: Timer | undefined
  #drawn = false

  constructor(clock: Clock, out: NodeJS.WriteStream, state: () => ProgressState | undefined) {
    this.#clock = clock
    this.#out = out
    this.#state = state
    this.#live = out.isTTY && process.env.CI === undefined
  }

  start(): void {
    this.#tick()
  }

  note(text: string): void {
    this.#erase()
    this.#out.write(`${text}\n`)
    if (this.#live) this.#draw()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#erase()
  }

  #tick(): void {
    this.#draw()
    this.#timer = this.#clock.schedule(this.#live ? REDRAW_MS : PLAIN_MS, () => this.#tick())
  }

  #draw(): void {
    const state = this.#state()
    if (state === undefined) return
    if (!this.#live) {
      this.#out.write(`${plainLine(state)}\n`)
      return
    }
    this.#erase()
    this.#out.write(liveLine(state, this.#out.columns ?? 80))
    this.#drawn = true
  }

  #erase(): void {
    if (!this.#drawn) return
    this.#out.write('\r\u001b[2K')
    this.#drawn = false
  }
}

function plainLine(state: ProgressState): string {
  return `${clockTime(state.elapsedMs)}/${clockTime(state.totalMs)} ${state.phase}: ${figures(state).join(', ')}`
}

function liveLine(state: ProgressState, columns: number): string {
  const done = Math.min(1, state.elapsedMs / Math.max(1, state.totalMs))
  const filled = Math.round(done * BAR_CELLS)
  const bar = `${pc.cyan('━'.repeat(filled))}${pc.dim('─'.repeat(BAR_CELLS - filled))}`
  const parts = figures(state)
  // Figures that do not fit are left out from the end: a wrapped line cannot be redrawn.
  const room = columns - BAR_CELLS - clockTime(state.elapsedMs).length - state.phase.length - 6
  while (parts.length > 1 && parts.join(' · ').length > room) parts.pop()
  return `${bar} ${clockTime(state.elapsedMs)} ${pc.bold(state.phase)} ${pc.dim(parts.join(' · '))}`
}

function figures(state: ProgressState): string[] {
  const out = [
    `${state.pods} pods`,
    `${state.scraped} scraped`,
    `${state.visible} visible`,
    `${Math.round(state.samplesPerSecond)} samples/s`,
  ]
  if (state.cpuCores !== null) out.push(`subject ${(state.cpuCores * 100).toFixed(0)} % CPU`)
  if (state.rssBytes !== null) out.push(`${Math.round(state.rssBytes / 2 ** 20)} MiB`)
  return out
}

function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
