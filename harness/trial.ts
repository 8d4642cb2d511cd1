import { basename, join } from 'node:path'
import { type Clock, describeError, DurationHistogram } from '../base/index.ts'
import {
  type CrossedThreshold,
  type MetricValue,
  type Run,
  type TimelineEvent,
  toHistogramValue,
  type Warning,
} from '../reports/index.ts'
import { profileByName, type TargetSpec, type TruthEvent, type TruthTable } from '../sim/index.ts'
import {
  deadlineOf,
  discoveryFloor,
  discoveryHeatmap,
  type EligibleFrom,
  HeatmapBuilder,
  measureDiscoveredSoFar,
  measureDiscovery,
  measureRemoval,
  measureSamples,
  PodHistories,
  Punctuality,
  readIdentities,
  scrapesByFormat,
  type ScrapedPod,
  VisibilityProbe,
} from './probes/index.ts'
import { Progress } from './progress.ts'
import { Sampler, SAMPLED_COLUMNS } from './sampler.ts'
import type { Scenario } from './scenario.ts'
import type { Simulation } from './simulation.ts'
import { SubMetrics } from './sub-metrics.ts'
import { processUsage, type Subject, SubjectError } from './subjects/index.ts'
import { interruptedEarly, TIMED_OUT } from './errors.ts'
import { hostConditions, hostWarnings, readHostCounters } from './host-conditions.ts'
import { replayFidelity, replayMetrics, replayWarnings } from './replay-figures.ts'
import type { TrialContext, TrialPart } from './trial-part.ts'
import { harnessFaults } from './verdict.ts'

/** Between the last scrape that counts and asking back: scrapes under way end, commits happen. */
const COMMIT_GRACE_MS = 1500

export interface TrialOptions {
  readonly scenario: Scenario
  /** Where progress is shown. */
  readonly stderr: NodeJS.WriteStream
  /** Ends the trial early. */
  readonly signal: AbortSignal
  /** Folder of the trial, absolute. */
  readonly outDir: string
  readonly parts: readonly TrialPart[]
}

/** How a trial came to its end. */
export type Ending =
  | { readonly kind: 'complete' }
  | { readonly kind: 'interrupted' }
  /** The time that the user gave the command was over. */
  | { readonly kind: 'timed-out' }
  /** A threshold with `abortOnFail` was crossed; the message names it. */
  | { readonly kind: 'threshold'; readonly error: Error; readonly crossed?: CrossedThreshold }
  /** The subject ended by itself. */
  | { readonly kind: 'crashed'; readonly error: Error }
  /** The simulation failed. */
  | { readonly kind: 'failed'; readonly error: Error }

/** One execution of the scenario: feeds the probes while it runs, and turns them into metrics at the end. */
export class Trial {
  /** Monotonic origin of the target threads' logs. */
  readonly originNs: bigint
  readonly warnings: Warning[] = []
  ending: Ending = { kind: 'complete' }
  readonly #clock: Clock
  readonly #options: TrialOptions
  readonly #from: EligibleFrom
  readonly #pods: PodHistories
  readonly #events: { readonly atS: number; readonly label: string }[] = []
  readonly #ended: Promise<void>
  readonly #subMetrics: SubMetrics
  #endNow: () => void = () => {}
  #probe: VisibilityProbe | undefined
  #sampler: Sampler | undefined
  #progress: Progress | undefined

  constructor(clock: Clock, options: TrialOptions, from: EligibleFrom) {
    this.#clock = clock
    this.#options = options
    this.#from = from
    this.originNs = clock.monotonicNs()
    this.#ended = new Promise(resolve => {
      this.#endNow = resolve
    })
    this.#pods = new PodHistories((uid, event) => {
      if (event.type === from) this.#probe?.expectVisible(uid, event.plannedNs)
      else if (event.type === 'pod-deleted') this.#probe?.expectGone(uid, event.plannedNs)
    })
    const { scenario, signal } = options
    this.#subMetrics = new SubMetrics([...Object.keys(scenario.thresholds), ...Object.keys(scenario.gates)], {
      cluster: scenario.cluster,
      pods: this.#pods,
      scrapeIntervalMs: scenario.scrapeIntervalMs,
    })
    signal.addEventListener(
      'abort',
      () => this.end({ kind: signal.reason === TIMED_OUT ? TIMED_OUT : 'interrupted' }),
      {
        once: true,
      },
    )
  }

  /** Some container that serves the page of a profile, if there was any. */
  get anyTarget(): TargetSpec | undefined {
    return [...this.#pods.byUid.values()].find(({ target }) => target.runs === undefined)?.target
  }

  /** Brings the trial to an end before its time; the first reason stands. */
  end(ending: Ending): void {
    if (this.ending.kind !== 'complete') return
    this.ending = ending
    this.#endNow()
  }

  onEvents(events: readonly TruthEvent[]): void {
    for (const part of this.#options.parts) part.onEvents?.(events)
    for (const event of events) {
      this.#pods.apply(event)
      if (event.type === 'action') {
        this.#events.push({ atS: event.plannedMs / 1000, label: event.detail })
        this.#progress?.note(`  ${(event.plannedMs / 1000).toFixed(1).padStart(5)} s  ${event.detail}`)
      }
    }
  }

  close(): void {
    this.#progress?.stop()
    this.#sampler?.stop()
    for (const part of this.#options.parts) part.close?.()
  }

  async execute(simulation: Simulation, subject: Subject): Promise<Run> {
    const { scenario, parts } = this.#options
    const clock = this.#clock
    const startedAt = new Date(clock.unixMs()).toISOString()
    void subject.exited.then(({ code, signal }) => {
      const how = signal === null ? `with code ${code}` : `by ${signal}`
      this.end({
        kind: 'crashed',
        error: new SubjectError(
          'CHURN_SUBJECT_DIED',
          `${subject.kind} ended ${how} during the run; its log is ${subject.files.join(' and ')}`,
        ),
      })
    })
    for (const message of subject.warnings ?? []) this.warnings.push({ code: 'subject', message })
    for (const message of simulation.remarks) this.warnings.push({ code: 'programs', message })
    const visibilityOverTime = new HeatmapBuilder()
    const probe = new VisibilityProbe(clock, {
      query: promql => subject.query(promql),
      onVisibility: (sinceNs, waitNs) => visibilityOverTime.add(sinceNs, waitNs),
      onWait: (of, uid, waitNs, censored) => this.#subMetrics.addWait(`${of}_latency`, uid, Number(waitNs), censored),
    })
    this.#probe = probe
    // The first question opens the connection and compiles the way to it: before the clock runs, not while it does.
    await Promise.all([probe.warmUp(), ...parts.map(part => part.onPrepare?.(subject))])
    // A replay sets up what its trace begins with before time 0: that is looked for, too.
    probe.start()
    const startNs = await Promise.race([simulation.go(), this.#ended])
    if (startNs === undefined) {
      await probe.stop()
      throw this.#endedEarly()
    }
    const cpuBefore = subject.resources()?.cpuSeconds
    const hostBefore = readHostCounters()
    const ownCpuBefore = process.cpuUsage()
    const targetCpu = (): number =>
      simulation.targetProcesses.reduce((sum, pid) => sum + (processUsage(pid)?.cpuSeconds ?? 0), 0)
    const targetCpuBefore = targetCpu()
    const unixOfNs = clock.unixMs() - Number(clock.monotonicNs()) / 1e6
    const toUnixMs = (ns: bigint): number => unixOfNs + Number(ns) / 1e6
    const sampler = new Sampler(clock, {
      truth: simulation.truth,
      pods: this.#pods,
      subject,
      isVisible: uid => probe.isVisible(uid),
      startNs,
      onLook: snapshot => parts.forEach(part => part.onSecond?.(snapshot)),
    })
    this.#sampler = sampler
    let phase = 'churn'
    const progress = new Progress(clock, this.#options.stderr, () =>
      sampler.latest === undefined
        ? undefined
        : {
            ...sampler.latest,
            phase,
            elapsedMs: Number(clock.monotonicNs() - startNs) / 1e6,
            totalMs: scenario.durationMs + scenario.settleMs,
          },
    )
    this.#progress = progress
    const context: TrialContext = {
      clock,
      scenario,
      simulation,
      subject,
      startNs,
      pods: this.#pods,
      outDir: this.#options.outDir,
      isVisible: uid => probe.isVisible(uid),
      visibleNs: uid => probe.visibleNs(uid),
      measuredSoFar: () => this.#measuredSoFar(simulation, probe, sampler, startNs),
      warn: warning => this.warnings.push(warning),
      end: ending => this.end(ending),
    }
    sampler.start()
    progress.start()
    for (const part of parts) part.onStart?.(context)

    await Promise.race([simulation.finished, this.#ended])
    if (this.ending.kind === 'complete') {
      phase = 'settle'
      await Promise.race([this.#wait(scenario.settleMs), this.#ended])
    }
    const endNs = clock.monotonicNs()
    await Promise.all([probe.stop(), ...parts.map(part => part.onStop?.())])
    sampler.stop()
    const cpuAfter = subject.resources()?.cpuSeconds
    const ownCpu = process.cpuUsage(ownCpuBefore)
    const machine = hostConditions(
      hostBefore,
      readHostCounters(),
      cpuBefore === undefined || cpuAfter === undefined
        ? undefined
        : (ownCpu.user + ownCpu.system) / 1e6 + targetCpu() - targetCpuBefore + cpuAfter - cpuBefore,
      Number(endNs - startNs) / 1e9,
    )
    this.warnings.push(...hostWarnings(machine))
    if (this.ending.kind === 'complete') await Promise.race([this.#wait(COMMIT_GRACE_MS), this.#ended])
    // Whole milliseconds, as the targets' clocks give them.
    const logsUntilUnixMs = Math.floor(clock.unixMs())
    const collected = this.ending.kind === 'failed' ? undefined : await simulation.collect()
    const host = { ...machine, ...(collected === undefined ? {} : { generatorPriority: collected.priority }) }
    phase = 'asking back'

    const metrics: Record<string, MetricValue> = {}
    const discovery = measureDiscovery(this.#pods, simulation.truth, this.#from, endNs)
    putHistogram(metrics, 'discovery_latency', discovery.latency, discovery.missed)
    metrics.targets_missed = { value: discovery.missed }
    putHistogram(metrics, 'visibility_latency', probe.visibility, probe.censored.visibility)
    putHistogram(metrics, 'staleness_latency', probe.staleness, probe.censored.staleness)
    if (probe.failures.count > 0) {
      this.warnings.push({
        code: 'queries-failed',
        message: `${probe.failures.count} visibility queries failed; the last because ${describeError(probe.failures.last)}`,
      })
    }
    if (sampler.rssPeakBytes > 0) metrics.rss_peak = { value: sampler.rssPeakBytes }

    let generatorLag: DurationHistogram | undefined
    if (collected !== undefined) {
      const { controlPlane, targets } = collected
      generatorLag = DurationHistogram.decode(controlPlane.lagHdr)
      putHistogram(metrics, 'generator_lag', generatorLag)
      const delay = DurationHistogram.decode(controlPlane.eventLoopDelayHdr)
      for (const hdr of targets.eventLoopDelayHdr) delay.addEncoded(hdr)
      putHistogram(metrics, 'eventloop_delay', delay)
      if (controlPlane.replay !== undefined) Object.assign(metrics, replayMetrics(controlPlane.replay))
      metrics.apiserver_requests = { value: controlPlane.api.requests }
      metrics.apiserver_watches = { value: controlPlane.api.watches }
      metrics.apiserver_bytes = { value: controlPlane.api.bytes }
      const punctuality = new Punctuality(scenario.scrapeIntervalMs)
      const scraped: ScrapedPod[] = []
      for (const { uid, requestMs } of targets.scrapes) {
        const pod = this.#pods.byUid.get(uid)
        if (pod === undefined) continue
        const untilMs = this.#logMs(deadlineOf(pod, endNs))
        punctuality.add(requestMs, untilMs)
        this.#subMetrics.addScrapes(uid, requestMs, untilMs)
        const eligibleNs = this.#pods.eligibleNs(pod, this.#from)
        if (eligibleNs !== undefined) scraped.push({ eligibleMs: this.#logMs(eligibleNs), requestMs })
      }
      const floorMs = discoveryFloor(scraped, scenario.scrapeIntervalMs)
      if (floorMs !== undefined) metrics.discovery_floor = { value: floorMs / 1000 }
      const { lateness, missed, duplicates } = punctuality.result()
      putHistogram(metrics, 'scrape_lateness', lateness, missed)
      metrics.scrapes_missed = { value: missed }
      metrics.scrapes_duplicate = { value: duplicates }
      Object.assign(metrics, scrapesByFormat(targets.scrapes.filter(({ uid }) => this.#pods.byUid.has(uid))))
      let served = 0
      for (const pod of this.#pods.byUid.values()) served += simulation.truth.read(pod.target.slot).samplesServed
      const unchecked = uncheckedSamples(this.#pods, simulation.truth)
      if (unchecked > 0) metrics.samples_unchecked = { value: unchecked }
      const seconds = Number(endNs - startNs) / 1e9
      metrics.ingest_rate = { value: served / seconds }
      if (this.ending.kind !== 'crashed') {
        await this.#askBack(simulation, subject, { metrics, targets, startNs, endNs, toUnixMs, logsUntilUnixMs })
      }
      const samples = storedOr(metrics, served) + (metrics.samples_stored === undefined ? 0 : unchecked)
      if (cpuBefore !== undefined && cpuAfter !== undefined && samples > 0) {
        metrics.cpu_seconds_per_million_samples = { value: ((cpuAfter - cpuBefore) / samples) * 1e6 }
      }
    }
    this.#subMetrics.put(metrics, { truth: simulation.truth, from: this.#from, untilNs: endNs })
    for (const part of parts) part.onMeasured?.(metrics)
    progress.stop()

    const misbehaviours = parts.flatMap(part => part.results ?? [])
    const replay = collected?.controlPlane.replay
    if (replay !== undefined) this.warnings.push(...replayWarnings(replay))
    const validity = harnessFaults(generatorLag, host, metrics)
    return {
      index: 0,
      arm: 'A',
      startedAt,
      durationS: Number(endNs - startNs) / 1e9,
      subject: {
        kind: subject.kind,
        version: subject.version,
        configSha256: subject.configSha256,
        command: subject.command,
        files: subject.files.map(file => join('subject', basename(file))),
      },
      host,
      traceSha256: collected?.controlPlane.traceSha256 ?? '',
      valid: validity.length === 0,
      invalidReasons: validity,
      aborted: this.ending.kind !== 'complete',
      ...('crossed' in this.ending && this.ending.crossed !== undefined ? { crossed: this.ending.crossed } : {}),
      metrics,
      timeline: { intervalS: 1, columns: SAMPLED_COLUMNS, rows: sampler.rows },
      events: this.#events satisfies readonly TimelineEvent[],
      ...(replay === undefined ? {} : { replay: replayFidelity(replay, scenario) }),
      ...(misbehaviours.length === 0 ? {} : { misbehaviours }),
      heatmaps: known({
        discovery_latency: discoveryHeatmap(this.#pods, simulation.truth, this.#from, { startNs, endNs }),
        visibility_latency: visibilityOverTime.build(startNs),
      }),
    }
  }

  /** Of what the probes know while the trial runs; pods that are still waited for are not in it. */
  #measuredSoFar(
    simulation: Simulation,
    probe: VisibilityProbe,
    sampler: Sampler,
    startNs: bigint,
  ): Record<string, MetricValue> {
    const metrics: Record<string, MetricValue> = {}
    const { truth } = simulation
    const discovery = measureDiscoveredSoFar(this.#pods, truth, this.#from)
    putHistogram(metrics, 'discovery_latency', discovery)
    discovery.destroy()
    putHistogram(metrics, 'visibility_latency', probe.visibility)
    putHistogram(metrics, 'staleness_latency', probe.staleness)
    this.#subMetrics.put(metrics, { truth, from: this.#from })
    if (sampler.rssPeakBytes > 0) metrics.rss_peak = { value: sampler.rssPeakBytes }
    let served = 0
    for (const pod of this.#pods.byUid.values()) served += truth.read(pod.target.slot).samplesServed
    const seconds = Number(this.#clock.monotonicNs() - startNs) / 1e9
    if (served > 0 && seconds > 0) metrics.ingest_rate = { value: served / seconds }
    return metrics
  }

  /** Asks the subject back for what it stored: removal, loss and wrong values. A subject that does not answer is told. */
  async #askBack(
    simulation: Simulation,
    subject: Subject,
    context: {
      readonly metrics: Record<string, MetricValue>
      readonly targets: Awaited<ReturnType<Simulation['collect']>>['targets']
      readonly startNs: bigint
      readonly endNs: bigint
      readonly toUnixMs: (ns: bigint) => number
      readonly logsUntilUnixMs: number
    },
  ): Promise<void> {
    const { metrics, targets, startNs, endNs, toUnixMs, logsUntilUnixMs } = context
    let firstNs = startNs
    for (const { addressedNs = startNs } of this.#pods.byUid.values()) if (addressedNs < firstNs) firstNs = addressedNs
    const range = {
      minUnixMs: Math.floor(toUnixMs(firstNs)) - 1000,
      maxUnixMs: Math.ceil(this.#clock.unixMs()) + 1000,
      rawSamples: (selector: string, min: number, max: number) => subject.rawSamples(selector, min, max),
    }
    try {
      const identities = await readIdentities(range.rawSamples, range.minUnixMs, range.maxUnixMs)
      const removal = await measureRemoval({
        ...range,
        identities,
        pods: this.#pods,
        truth: simulation.truth,
        toUnixMs,
        onPod: (uid, latencyNs) => this.#subMetrics.addWait('removal_latency', uid, latencyNs),
      })
      putHistogram(metrics, 'removal_latency', removal)
      const samples = await measureSamples({
        ...range,
        identities,
        targets: new Map([...this.#pods.byUid].map(([uid, pod]) => [uid, pod.target])),
        logs: targets.scrapes,
        cutMs: this.#logMs(endNs),
        originUnixMs: toUnixMs(this.originNs),
        logsUntilUnixMs,
        valueErrorRatioMax: subject.valueErrorRatioMax ?? 0,
      })
      metrics.samples_served = { value: samples.served }
      metrics.samples_stored = { value: samples.stored }
      metrics.samples_lost = { value: samples.lost }
      metrics.samples_wrong = { value: samples.wrong }
      metrics.samples_misattributed = { value: samples.misattributed }
      for (const message of samples.examples) this.warnings.push({ code: 'sample', message })
    } catch (error) {
      this.warnings.push({
        code: 'not-asked-back',
        message: `the subject could not be asked for what it stored: ${describeError(error)}`,
      })
    }
  }

  /** A monotonic instant on the clock of the target threads' logs. */
  #logMs(ns: bigint): number {
    return Number(ns - this.originNs) / 1e6
  }

  /** Why there is nothing to report. */
  #endedEarly(): Error {
    return 'error' in this.ending ? this.ending.error : interruptedEarly(this.#options.signal)
  }

  #wait(ms: number): Promise<void> {
    return new Promise(resolve => this.#clock.schedule(ms, resolve))
  }
}

function putHistogram(
  metrics: Record<string, MetricValue>,
  name: string,
  histogram: DurationHistogram,
  censored = 0,
): void {
  if (histogram.count > 0) metrics[name] = toHistogramValue(histogram, censored)
}

/** Samples of pages that are made of what is in the store, beyond their identity series: nobody knows afterwards what they were. */
function uncheckedSamples({ byUid }: PodHistories, truth: TruthTable): number {
  let unchecked = 0
  for (const { target } of byUid.values()) {
    const profile = profileByName(target.profile)
    if (profile.fedWith === undefined) continue
    const { samplesServed, scrapesServed } = truth.read(target.slot)
    unchecked += samplesServed - scrapesServed * profile.page(target).series.length
  }
  return unchecked
}

/** Samples that the subject was found to have stored; where it could not be asked, those that it was served. */
function storedOr(metrics: Readonly<Record<string, MetricValue>>, served: number): number {
  const stored = metrics.samples_stored
  return stored !== undefined && 'value' in stored ? stored.value : served
}

/** Without the entries that hold nothing. */
function known<T>(entries: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, T] => entry[1] !== undefined))
}
