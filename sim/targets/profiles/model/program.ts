import { ExpositionTemplate, type Family } from '../../exposition-template.ts'
import type { Deck } from './deck.ts'
import type { FamilyData, Scope } from './family-data.ts'
import type { Source } from './source.ts'

/** What one step computes. Numbers, for the loop that is hot. */
export const Op = {
  constant: 0,
  drawn: 1,
  started: 2,
  clock: 3,
  scrapes: 4,
  steady: 5,
  events: 6,
  level: 7,
  wobble: 8,
  noise: 9,
  sum: 10,
  difference: 11,
  product: 12,
  quotient: 13,
  least: 14,
  remainder: 15,
  dealt: 16,
  rest: 17,
} as const satisfies Record<Source['op'], number>

export interface Step {
  readonly source: Source
  readonly scope: Scope
  /** Steps before this one whose results it takes. */
  readonly args: readonly number[]
  /** What it deals from, and its place in `decks`; -1 where it does not. */
  readonly deck: Deck | undefined
  readonly deckIndex: number
}

/**
 * What the replicas of one app have in common: the text that they share, and how their values are computed, step by step.
 * A step is only ever computed from those before it.
 */
export interface Program {
  /** Families whose labels name the pod; each pod has its own text of them. They come first. */
  readonly own: readonly FamilyData[]
  readonly shared: ExpositionTemplate
  readonly steps: readonly Step[]
  readonly decks: readonly { readonly deck: Deck; readonly scope: Scope }[]
  /** Results of the steps, for one row at a time. */
  readonly results: Float64Array
  /** For each sample, the step whose result it is. */
  readonly rows: Uint32Array
}

export function compile(families: readonly FamilyData[]): Program {
  const own = families.filter(isOwn)
  const shared = families.filter(each => !isOwn(each))
  const compiler = new Compiler()
  const rows = [...own, ...shared].flatMap(({ samples, scope = 'pod' }) =>
    samples.map(({ value }) => compiler.stepOf(value, scope)),
  )
  return {
    own,
    shared: new ExpositionTemplate(shared.map(plainFamily)),
    steps: compiler.steps,
    decks: compiler.decks,
    results: new Float64Array(compiler.steps.length),
    rows: Uint32Array.from(rows),
  }
}

/** Without what only concerns values. */
export function plainFamily({ name, help, type, samples }: FamilyData): Family {
  return { name, help, type, samples: samples.map(({ value: _, ...sample }) => sample) }
}

export function isOwn({ samples }: FamilyData): boolean {
  return samples.some(({ labels = {} }) => Object.values(labels).some(value => value.startsWith('$')))
}

class Compiler {
  readonly steps: Step[] = []
  readonly decks: { readonly deck: Deck; readonly scope: Scope }[] = []
  readonly #known = { pod: new Map<Source, number>(), machine: new Map<Source, number>() }

  stepOf(source: Source, scope: Scope): number {
    const known = this.#known[scope].get(source)
    if (known !== undefined) return known
    const args = 'of' in source ? source.of.map(each => this.stepOf(each, scope)) : []
    const deck = source.op === 'dealt' ? source.deck : undefined
    const deckIndex = deck === undefined ? -1 : this.#deckOf(deck, scope)
    const step = this.steps.push({ source, scope, args, deck, deckIndex }) - 1
    this.#known[scope].set(source, step)
    return step
  }

  #deckOf(deck: Deck, scope: Scope): number {
    const known = this.decks.findIndex(each => each.deck === deck && each.scope === scope)
    return known >= 0 ? known : this.decks.push({ deck, scope }) - 1
  }
}
