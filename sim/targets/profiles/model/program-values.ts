import { Prng } from '../../../../base/index.ts'
import type { TargetSpec } from '../../../kubelet/pod-runtime.ts'
import { fillIdentity, IDENTITY_ROWS } from '../../identity.ts'
import type { RowSource } from '../../text-page.ts'
import { Op, type Program, type Step } from './program.ts'
import type { Source } from './source.ts'
import { LOAD_PER_SECOND, mix, RATE_MAX, RATE_MIN, TargetLoad } from './target-load.ts'

/** Nodes were started within this long before the month that a pod of theirs was started in. */
const UPTIME_SECONDS_MAX = 40 * 86_400
const MONTH_MS = 30 * 86_400_000
/** Half a period of what goes up and down by itself. */
const WOBBLE_MS_MIN = 10_000
const WOBBLE_MS_MAX = 120_000

/** Parameters that a step may have. */
const PARAMETERS = 4

/**
 * What one pod counts: a program, and the draws that this pod makes for its steps.
 *
 * Draws of scope `machine` come from the node's own stream, and count from the node's start: two pods of one node that
 * tell the same tell it alike. What is drawn does not depend on what is drawn for others.
 */
export class ProgramValues implements RowSource {
  readonly #program: Program
  readonly #pod: TargetLoad
  readonly #machine: TargetLoad
  readonly #noiseSeed: number
  readonly #ops: Uint8Array
  /** 0 pod, 1 machine. */
  readonly #scopes: Uint8Array
  /** `PARAMETERS` of each step: what they are depends on its op. */
  readonly #parameters: Float64Array
  /** Of the step's deck: where this pod begins. */
  readonly #deckStarts: Uint16Array
  /** By scope, at the time of the row: work done, its rate, and milliseconds since the start. */
  readonly #work = new Float64Array(2)
  readonly #rate = new Float64Array(2)
  readonly #elapsedMs = new Float64Array(2)

  constructor(spec: TargetSpec, program: Program) {
    const prngs = {
      pod: new Prng(spec.seed).fork(`target/${spec.uid}`),
      machine: new Prng(spec.seed).fork(`machine/${spec.node}`),
    }
    const month = Math.floor(spec.startedUnixMs / MONTH_MS) * MONTH_MS
    this.#program = program
    this.#pod = new TargetLoad(prngs.pod, spec.startedUnixMs)
    this.#machine = new TargetLoad(prngs.machine, month - prngs.machine.below(UPTIME_SECONDS_MAX) * 1000)
    this.#noiseSeed = prngs.pod.u32()
    const { steps, decks } = program
    this.#ops = Uint8Array.from(steps, ({ source }) => Op[source.op])
    this.#scopes = Uint8Array.from(steps, ({ scope }) => (scope === 'pod' ? 0 : 1))
    const starts = decks.map(({ deck, scope }) => prngs[scope].below(deck.cards))
    this.#deckStarts = Uint16Array.from(steps, ({ deckIndex }) => starts[deckIndex] ?? 0)
    this.#parameters = new Float64Array(steps.length * PARAMETERS)
    steps.forEach(({ source, scope }, i) => this.#parameters.set(parametersOf(source, prngs[scope]), i * PARAMETERS))
  }

  // hot: once per scrape, for all its samples.
  compute(row: Float64Array, unixMs: number, sequence: number): void {
    fillIdentity(row, unixMs, sequence)
    this.#setTime(0, this.#pod, unixMs)
    this.#setTime(1, this.#machine, unixMs)
    const { steps, results, rows } = this.#program
    for (let i = 0; i < steps.length; i++) results[i] = this.#resultOf(i, steps[i]!, results, unixMs, sequence)
    for (let i = 0; i < rows.length; i++) row[IDENTITY_ROWS + i] = results[rows[i]!]!
  }

  #setTime(scope: 0 | 1, load: TargetLoad, unixMs: number): void {
    // A scraper's request may be a moment ahead of the planned start.
    const nowMs = unixMs > this.#pod.startedUnixMs ? unixMs : this.#pod.startedUnixMs
    this.#work[scope] = load.workAt(nowMs)
    this.#rate[scope] = load.rateAt(nowMs)
    this.#elapsedMs[scope] = nowMs - load.startedUnixMs
  }

  // hot: once per step and scrape. `results` holds those of all steps before this one.
  #resultOf(i: number, { args, deck }: Step, results: Float64Array, unixMs: number, sequence: number): number {
    const scope = this.#scopes[i]!
    const p = i * PARAMETERS
    const a = this.#parameters[p]!
    const b = this.#parameters[p + 1]!
    switch (this.#ops[i]) {
      case Op.started:
        return (scope === 0 ? this.#pod : this.#machine).startedUnixMs
      case Op.clock:
        return unixMs
      case Op.scrapes:
        return sequence
      case Op.steady:
        return Math.floor(this.#elapsedMs[scope]! / a)
      case Op.events:
        return Math.floor(this.#work[scope]! / a)
      case Op.level:
        return a + Math.floor(((this.#rate[scope]! - RATE_MIN) * b) / (RATE_MAX - RATE_MIN))
      case Op.wobble: {
        // Up in the first half of a period, down in the second.
        const halfMs = this.#parameters[p + 2]!
        const atMs = (this.#elapsedMs[scope]! + this.#parameters[p + 3]!) % (2 * halfMs)
        return a + Math.floor((b * (atMs < halfMs ? atMs : 2 * halfMs - atMs)) / halfMs)
      }
      case Op.noise:
        return a + (mix(this.#noiseSeed + i, Math.floor(this.#elapsedMs[scope]! / 1000)) % (b + 1))
      case Op.sum: {
        let sum = 0
        for (let k = 0; k < args.length; k++) sum += results[args[k]!]!
        return sum
      }
      case Op.difference:
        return Math.max(0, results[args[0]!]! - results[args[1]!]!)
      case Op.product:
        return results[args[0]!]! * results[args[1]!]!
      case Op.quotient: {
        const divisor = results[args[1]!]!
        return divisor === 0 ? 0 : Math.floor((results[args[0]!]! * a) / divisor)
      }
      case Op.least:
        return Math.min(results[args[0]!]!, results[args[1]!]!)
      case Op.remainder:
        return results[args[0]!]! % a
      case Op.rest: {
        // Not the difference of two whole numbers: that could fall by one from one millisecond to the next.
        const taken = this.#work[scope]! / this.#parameters[args[0]! * PARAMETERS]!
        return Math.floor(this.#elapsedMs[scope]! / a - taken)
      }
      case Op.dealt:
        return deck!.dealt(a, this.#deckStarts[i]!, results[args[0]!]!)
      default:
        // A constant, or what was drawn.
        return a
    }
  }
}

/** What the op takes, in the order in which it does; draws what is drawn. */
function parametersOf(source: Source, prng: Prng): readonly number[] {
  switch (source.op) {
    case 'constant':
      return [source.value]
    case 'drawn':
      return [source.low + Math.floor(prng.unit() * (source.high - source.low + 1))]
    case 'steady':
      return [1000 / rateOf(source, prng)]
    case 'events':
      return [Math.max(1, Math.round(LOAD_PER_SECOND / rateOf(source, prng)))]
    case 'level':
    case 'noise':
      return [source.low, source.high - source.low]
    case 'wobble': {
      const halfMs = prng.between(WOBBLE_MS_MIN, WOBBLE_MS_MAX)
      return [source.low, source.high - source.low, halfMs, prng.below(2 * halfMs)]
    }
    case 'rest':
      return [1000 / source.perSecond]
    case 'quotient':
      return [source.times]
    case 'remainder':
      return [source.by]
    case 'dealt':
      return [source.column]
    default:
      return []
  }
}

function rateOf(
  { lowPerSecond, highPerSecond }: { readonly lowPerSecond: number; readonly highPerSecond: number },
  prng: Prng,
): number {
  return lowPerSecond + prng.unit() * (highPerSecond - lowPerSecond)
}
