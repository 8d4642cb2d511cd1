import { isDeepStrictEqual } from 'node:util'
import { describeError } from '../../base/index.ts'
import { metricKey, type MetricValue, type MisbehaviourResult } from '../../reports/index.ts'
import {
  misbehaviourByName,
  type MisbehaviourOrder,
  misbehaviourOrder,
  type MisbehaviourOutcome,
  MISBEHAVIOURS,
  type TruthEvent,
} from '../../sim/index.ts'
import { selectorOf } from '../probes/index.ts'
import type { RawSeries, ScrapedTarget } from '../subjects/index.ts'
import type { TrialContext, TrialPart } from '../trial-part.ts'
import { scrapeErrorClass } from './error-class.ts'
import { disagreements, observedOutcome } from './outcomes.ts'

/** Subjects of which the catalogue says what they make of it, with their defaults and those of the misbehaviour. */
const SYSTEMS: Readonly<Record<string, 'prometheus' | 'victoriametrics'>> = {
  embedded: 'prometheus',
  prometheus: 'prometheus',
  victoriametrics: 'victoriametrics',
}
/** Of one kind, so many pods are asked for: what a subject does with one it does with all. */
const PODS_ASKED_MAX = 8
/** What the subject says of its targets is asked for so often while some misbehave. */
const ASK_EVERY_S = 2
/** Scrapes that were under way when it began or ended are left out: a scrape lasts no longer than an interval. */
const EDGE_INTERVALS = 1
/** Time stamps may lie that far ahead; the largest that the catalogue allows. */
const AHEAD_MS_MAX = 86_400_000

/** A pod that misbehaved, from when until when. */
interface Spell {
  readonly uid: string
  readonly order: MisbehaviourOrder
  readonly sinceNs: bigint
  untilNs: bigint | undefined
  /** Its labels in the subject, and why its last scrape failed, as the subject says while it lasts. */
  labels: Readonly<Record<string, string>> | undefined
  error: string | undefined
}

/**
 * What the subject makes of targets that misbehave: asked while they do (the reason of a failure is told by its targets API
 * only until the next scrape) and asked back at the end, kind by kind, against what its documentation says.
 */
export class MisbehaviourPart implements TrialPart {
  readonly #isExpected: boolean
  readonly #spells: Spell[] = []
  #context: TrialContext | undefined
  #seconds = 0
  #asking: Promise<void> | undefined
  #results: readonly MisbehaviourResult[] = []

  /** @param hasDefaults the subject has churnbench's own configuration, of which it is known what comes of it. */
  constructor(hasDefaults: boolean) {
    this.#isExpected = hasDefaults
  }

  onStart(context: TrialContext): void {
    this.#context = context
  }

  onEvents(events: readonly TruthEvent[]): void {
    for (const event of events) {
      if (event.type === 'pods-misbehave') this.#apply(event)
      else if (event.type === 'pod-terminating') this.#end(event.uid, event.plannedNs)
    }
  }

  onSecond(): void {
    if (this.#spells.every(({ untilNs }) => untilNs !== undefined) || this.#seconds++ % ASK_EVERY_S !== 0) return
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
  }

  async onStop(): Promise<void> {
    await this.#asking
    if (this.#spells.length === 0) return
    await this.#ask()
    const context = this.#context!
    try {
      const kinds = MISBEHAVIOURS.filter(({ name }) => this.#spells.some(({ order }) => order.kind === name))
      const results: MisbehaviourResult[] = []
      for (const { name } of kinds) results.push(await this.#resultOf(name))
      this.#results = results
    } catch (error) {
      context.warn({
        code: 'not-asked-back',
        message: `what became of misbehaving targets is not known: ${describeError(error)}`,
      })
    }
  }

  onMeasured(metrics: Record<string, MetricValue>): void {
    if (this.#results.length === 0) return
    for (const { kind, scrapes, up } of this.#results) {
      if (scrapes > 0) metrics[metricKey('target_up', { misbehaviour: kind })] = { value: up / scrapes }
    }
    if (this.#results.every(({ expected }) => expected === undefined)) return
    metrics.misbehaviours_unexpected = {
      value: this.#results.filter(result => result.disagreements.length > 0).length,
    }
  }

  get results(): readonly MisbehaviourResult[] {
    return this.#results
  }

  #apply({ uids, order, plannedNs }: Extract<TruthEvent, { type: 'pods-misbehave' }>): void {
    for (const uid of uids) {
      this.#end(uid, plannedNs)
      if (order === undefined) continue
      const began = { uid, order, sinceNs: plannedNs }
      this.#spells.push({ ...began, untilNs: undefined, labels: undefined, error: undefined })
    }
  }

  #end(uid: string, atNs: bigint): void {
    for (const spell of this.#spells) if (spell.uid === uid) spell.untilNs ??= atNs
  }

  /** A subject without a targets API is left alone. */
  async #ask(): Promise<void> {
    const { clock, pods, scenario, subject } = this.#context!
    let targets: readonly ScrapedTarget[]
    try {
      targets = (await subject.targets?.()) ?? []
    } catch {
      return
    }
    const byHost = new Map(targets.map(target => [hostOf(target.scrapeUrl), target]))
    const nowNs = clock.monotonicNs()
    for (const spell of this.#spells) {
      const target = pods.byUid.get(spell.uid)?.target
      const found = target?.ports.map(port => byHost.get(`${target.address}:${port}`)).find(each => each !== undefined)
      if (found === undefined) continue
      spell.labels ??= found.labels
      // What it says may still be about a scrape from before, or already about one from after.
      const isWithin = nowNs - spell.sinceNs > BigInt(2 * scenario.scrapeIntervalMs) * 1_000_000n
      if (isWithin && spell.untilNs === undefined && found.lastError !== '') spell.error = found.lastError
    }
  }

  async #resultOf(kind: string): Promise<MisbehaviourResult> {
    const { subject } = this.#context!
    const spells = this.#spells.filter(({ order }) => order.kind === kind)
    const stored: RawSeries[] = []
    for (const spell of spells.slice(0, PODS_ASKED_MAX)) stored.push(...(await this.#storedOf(spell)))
    const misbehaviour = misbehaviourByName(kind)!
    const error = spells.map(spell => spell.error).find(each => each !== undefined)
    const observed = observedOutcome(misbehaviour, stored, error)
    const usual = misbehaviourOrder(kind)
    const isExpected = this.#isExpected && spells.every(({ order }) => isDeepStrictEqual(order, usual))
    const system = isExpected ? SYSTEMS[subject.kind] : undefined
    const errorClass = error === undefined ? undefined : scrapeErrorClass(error)
    return {
      kind,
      pods: spells.length,
      ...observed,
      ...(errorClass === undefined ? {} : { errorClass }),
      ...(system === undefined ? {} : { expected: inWords(misbehaviour[system]) }),
      disagreements: system === undefined ? [] : disagreements(misbehaviour[system], observed),
    }
  }

  /** Series of a target with their samples of while it misbehaved; those with time stamps of their own whole. */
  async #storedOf(spell: Spell): Promise<RawSeries[]> {
    const { clock, pods, scenario, subject } = this.#context!
    const pod = pods.byUid.get(spell.uid)
    if (pod === undefined) return []
    const { namespace, pod: name } = pod.target
    const labels = spell.labels ?? { namespace, pod: name }
    const unixOfNs = clock.unixMs() - Number(clock.monotonicNs()) / 1e6
    const edgeMs = EDGE_INTERVALS * scenario.scrapeIntervalMs
    const fromMs = Math.ceil(unixOfNs + Number(spell.sinceNs) / 1e6 + edgeMs)
    const untilMs = Math.floor(
      (spell.untilNs === undefined ? clock.unixMs() : unixOfNs + Number(spell.untilNs) / 1e6) - edgeMs,
    )
    const { extraSeries } = misbehaviourByName(spell.order.kind)!
    const selector = selectorOf(new Map(Object.entries(labels)))
    const series = await subject.rawSamples(selector, fromMs - AHEAD_MS_MAX, untilMs + AHEAD_MS_MAX)
    return series.map(each => (each.labels.__name__ === extraSeries ? each : within(each, fromMs, untilMs)))
  }
}

function within({ labels, tMs, values }: RawSeries, fromMs: number, untilMs: number): RawSeries {
  const keeps = (_: number, i: number): boolean => tMs[i]! >= fromMs && tMs[i]! <= untilMs
  return { labels, tMs: tMs.filter(keeps), values: values.filter(keeps) }
}

function inWords({ up, error, page, extra, source }: MisbehaviourOutcome): string {
  const parts = [`up ${up}`, ...(error === undefined ? [] : [error]), page ? 'page stored' : 'nothing stored']
  if (extra === 'none') parts.push('further samples not')
  if (extra === 'first') parts.push('of further samples the first')
  return `${parts.join(', ')} (${source})`
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
