import type { Family } from '../../exposition-template.ts'
import { dealt, type Source } from './source.ts'
import type { Deck } from './deck.ts'

type Labels = Readonly<Record<string, string>>

/**
 * A family as the real thing has it, and where its values come from.
 *
 * Label values that name what the pod is are written `$pod`, `$namespace`, `$node`, `$container`, `$address`, whole.
 */
export interface FamilyData {
  readonly name: string
  readonly help: string
  readonly type: Family['type']
  readonly samples: readonly SampleData[]
  /** `machine`: counted since the node was started, the same whichever pod tells it. Default `pod`. */
  readonly scope?: Scope
}

export type Scope = 'pod' | 'machine'

export interface SampleData {
  readonly suffix?: string
  readonly labels?: Labels
  /** Digits after the point. Default 0. */
  readonly decimals?: number
  readonly value: Source
}

/** One sample without labels, or samples with them. */
type Values = Source | readonly SampleData[]

function family(type: Family['type'], name: string, help: string, values: Values, decimals: number): FamilyData {
  const samples = 'op' in values ? [{ value: values }] : values
  return { name, help, type, samples: samples.map(each => (decimals === 0 ? each : { decimals, ...each })) }
}

export const counter = (name: string, help: string, values: Values, decimals = 0): FamilyData =>
  family('counter', name, help, values, decimals)
export const gauge = (name: string, help: string, values: Values, decimals = 0): FamilyData =>
  family('gauge', name, help, values, decimals)
export const unknown = (name: string, help: string, values: Values, decimals = 0): FamilyData =>
  family('unknown', name, help, values, decimals)

/** A sample for each value of a label. */
export function by(
  label: string,
  values: readonly string[],
  source: (value: string, index: number) => Source,
): SampleData[] {
  return values.map((value, index) => ({ labels: { [label]: value }, value: source(value, index) }))
}

export const labelled = (labels: Labels, value: Source, decimals?: number): SampleData =>
  decimals === undefined ? { labels, value } : { labels, value, decimals }

/** What is counted and summed up with the same labels. */
export interface Observed {
  readonly labels?: Labels
  readonly count: Source
  readonly sum: Source
}

/** `quantiles` in ascending order. */
export function summary(
  name: string,
  help: string,
  observed: readonly (Observed & { readonly quantiles?: readonly (readonly [quantile: string, value: Source])[] })[],
  decimals = 0,
): FamilyData {
  const samples = observed.flatMap(({ labels = {}, count, sum, quantiles = [] }): SampleData[] => [
    ...quantiles.map(([quantile, value]) => ({ labels: { ...labels, quantile }, decimals, value })),
    { suffix: '_sum', labels, decimals, value: sum },
    { suffix: '_count', labels, value: count },
  ])
  return { name, help, type: 'summary', samples }
}

export interface Dealt {
  readonly labels?: Labels
  readonly count: Source
  /** Made by `observedDeck` with these bounds. */
  readonly deck: Deck
}

/** `bounds` as they are written in `le`, without `+Inf`. */
export function histogram(
  name: string,
  help: string,
  bounds: readonly string[],
  series: readonly Dealt[],
  decimals = 0,
): FamilyData {
  const samples = series.flatMap(({ labels = {}, count, deck }): SampleData[] => [
    ...bounds.map((le, column) => ({
      suffix: '_bucket',
      labels: { ...labels, le },
      value: dealt(count, deck, column),
    })),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, decimals, value: dealt(count, deck, bounds.length) },
    { suffix: '_count', labels, value: count },
  ])
  return { name, help, type: 'histogram', samples }
}

/** All of these are counted by the node, not by the pod. */
export function ofMachine(families: readonly FamilyData[]): FamilyData[] {
  return families.map(each => ({ ...each, scope: 'machine' as const }))
}
