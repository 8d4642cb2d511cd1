import { type Clock, describeError } from '../../base/index.ts'
import { RemoteWriteSink } from '../sink/index.ts'
import { SubjectError } from './errors.ts'
import { launch, type LaunchPlan } from './launch.ts'
import { runningSubject } from './running-subject.ts'
import type { Subject } from './subject.ts'
import type { WorkFiles } from './work-files.ts'

/** Above this share of its time, the sink's thread holds the agent up, and the figures are partly ours. */
const SINK_BUSY_RATIO_MAX = 0.8

export interface AgentOptions {
  readonly files: WorkFiles
  readonly version: string
  readonly warnings: readonly string[]
  readonly readyTimeoutMs: number
  /** How long a sample may stay in the agent after its scrape: so long is waited before it is counted as lost. */
  readonly underWayMsMax: number
  /** How it is started when it is to write its samples to `writeUrl`. */
  plan(writeUrl: string): LaunchPlan
  /** Where its profiles are, once it runs on `url`. */
  pprofUrl(url: string): string | undefined
}

/**
 * A subject that stores nothing and passes its samples on: they go to a sink of ours, which answers for it. So its samples
 * count as stored, and its pods as visible, when they have arrived there.
 *
 * @throws as `SubjectDefinition.start`; SinkError.
 */
export async function startAgent(clock: Clock, options: AgentOptions): Promise<Subject> {
  const sink = await RemoteWriteSink.start()
  try {
    const plan = options.plan(sink.url)
    const launched = await launch(clock, plan, options.readyTimeoutMs)
    const arrival = new Arrival(clock, options.underWayMsMax)
    const pprofUrl = options.pprofUrl(launched.url)
    const { kind } = plan
    const subject = runningSubject({
      plan,
      launched,
      files: options.files,
      version: options.version,
      warnings: options.warnings,
      ...(pprofUrl === undefined ? {} : { pprofUrl }),
      query: (selector, atUnixMs = clock.unixMs()) => answered(kind, selector, sink.instant(selector, atUnixMs)),
      rawSamples: async (selector, min, max) => {
        await arrival.of(max)
        return answered(kind, selector, sink.range(selector, min, max))
      },
      samplesAppended: async () => (await sink.counts()).samples,
    })
    return {
      ...subject,
      remarks: () => remarksOn(kind, sink),
      async stop() {
        // The agent goes first: it sends what it holds, and finds somebody to take it.
        const exit = await subject.stop()
        await sink.stop()
        return exit
      },
    }
  } catch (error) {
    await sink.stop()
    throw error
  }
}

/** Waits until the samples of a window must have arrived, once for each window's end. */
class Arrival {
  readonly #clock: Clock
  readonly #underWayMsMax: number
  #until = -Infinity
  #waiting: { readonly until: number; readonly done: Promise<void> } | undefined

  constructor(clock: Clock, underWayMsMax: number) {
    this.#clock = clock
    this.#underWayMsMax = underWayMsMax
  }

  async of(untilUnixMs: number): Promise<void> {
    if (untilUnixMs <= this.#until) return
    // What has not been scraped by now is not waited for.
    const nowUnixMs = this.#clock.unixMs()
    const waitMs = Math.min(untilUnixMs, nowUnixMs) - nowUnixMs + this.#underWayMsMax
    if (this.#waiting === undefined || this.#waiting.until < untilUnixMs) {
      const done = new Promise<void>(resolve => this.#clock.schedule(waitMs, resolve))
      this.#waiting = { until: untilUnixMs, done }
    }
    await this.#waiting.done
    this.#until = Math.max(this.#until, untilUnixMs)
  }
}

async function answered<T>(kind: string, selector: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    const quoted = selector.length > 200 ? `${selector.slice(0, 200)}…` : selector
    throw new SubjectError(
      'CHURN_SUBJECT_QUERY',
      `${kind} stores nothing, and the sink that its samples go to does not answer "${quoted}", for it reads selectors ` +
        `only: ${describeError(error)}`,
    )
  }
}

async function remarksOn(kind: string, sink: RemoteWriteSink): Promise<string[]> {
  const counts = await sink.counts()
  const remarks: string[] = []
  if (sink.busyRatio() > SINK_BUSY_RATIO_MAX) {
    const percent = Math.round(100 * sink.busyRatio())
    remarks.push(`the sink that takes ${kind}'s samples was busy for ${percent} % of the time and may have held it up`)
  }
  if (counts.histograms > 0) {
    remarks.push(`${counts.histograms} native histograms that ${kind} sent are not kept by the sink, and not counted`)
  }
  // Remote write 2.0 and foreign compressions are offered once and refused, as they must be.
  if (counts.refused > 0 && counts.lastRefusal !== undefined && !counts.lastRefusal.startsWith('HTTP 415')) {
    remarks.push(`${counts.refused} requests of ${kind} were refused; the last with ${counts.lastRefusal}`)
  }
  return remarks
}
