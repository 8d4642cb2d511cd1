import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { describeError } from '../base/index.ts'
import type { TrialContext, TrialPart } from './trial-part.ts'

/** Gzip with a `Profile` message in it, as `go tool pprof` reads it. */
const CPU_FILE = 'cpu.pb.gz'
const HEAP_FILE = 'heap.pb.gz'

/** Go writes the profile down after its time, which may be that of the whole trial. */
const CPU_GRACE_MS = 1_000

/** What Node and Go name their profiles here. */
const PROFILE = /\.(?:cpuprofile|pb\.gz)$/

/**
 * Fetches Go's profiles of a subject that offers them: the CPU's over the churn, the heap's at its end. The embedded
 * subject writes its own when it stops (see embedded.ts).
 *
 * A profile that cannot be had is told in a warning and spoils nothing. A trial that ends early has no CPU profile: Go
 * hands it over at the end of its time or not at all.
 */
export class ProfilePart implements TrialPart {
  readonly #abort = new AbortController()
  #context: TrialContext | undefined
  #cpu: Promise<void> | undefined

  onStart(context: TrialContext): void {
    this.#context = context
    context.warn({
      code: 'profiled',
      message: 'the subject was profiled: its CPU time contains what that costs, and must not be compared',
    })
    const { pprofUrl } = context.subject
    if (pprofUrl === undefined) return
    const seconds = Math.max(1, Math.floor(context.scenario.durationMs / 1000))
    this.#cpu = this.#fetch(`${base(pprofUrl)}/debug/pprof/profile?seconds=${seconds}`, CPU_FILE)
  }

  async onStop(): Promise<void> {
    const { clock, subject } = this.#context!
    if (subject.pprofUrl === undefined) return
    await this.#fetch(`${base(subject.pprofUrl)}/debug/pprof/heap`, HEAP_FILE)
    const late = clock.schedule(CPU_GRACE_MS, () => this.#abort.abort())
    await this.#cpu
    late.cancel()
  }

  close(): void {
    this.#abort.abort()
  }

  async #fetch(url: string, file: string): Promise<void> {
    const context = this.#context!
    try {
      const { statusCode, body } = await request(url, { signal: this.#abort.signal, headersTimeout: 0, bodyTimeout: 0 })
      const bytes = Buffer.from(await body.arrayBuffer())
      if (statusCode !== 200) throw new Error(`HTTP ${statusCode}: ${bytes.toString('utf8').slice(0, 200).trim()}`)
      writeFileSync(join(context.outDir, 'subject', file), bytes)
    } catch (error) {
      const why = this.#abort.signal.aborted ? 'the trial ended before its time' : describeError(error)
      context.warn({ code: 'no-profile', message: `there is no ${file} of ${context.subject.kind}: ${why}` })
    }
  }
}

function base(url: string): string {
  return url.replace(/\/$/, '')
}

/** Profiles of the subject, as paths within the trial's folder. They are complete when it has stopped. */
export function profileFiles(outDir: string): string[] {
  return readdirSync(join(outDir, 'subject'))
    .filter(name => PROFILE.test(name))
    .sort()
    .map(name => join('subject', name))
}
