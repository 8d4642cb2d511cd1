import type { AnchoredRegex } from '../model/index.ts'

export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const
export type RelabelAction = (typeof RELABEL_ACTIONS)[number]

export const DEFAULT_REGEX = '(.*)'
export const DEFAULT_REPLACEMENT = '$1'
export const DEFAULT_SEPARATOR = ';'

/** One judged relabelling step: what a `relabel_configs` entry becomes. */
export interface RelabelRule {
  readonly action: RelabelAction
  readonly sourceLabels: readonly string[]
  readonly separator: string
  readonly regex: AnchoredRegex
  /** Set when the pattern is plain text, so that matching is a comparison. */
  readonly literal: string | undefined
  /** Set when the pattern is plain text and then `(.+)` or `(.*)`: most labelmaps are. */
  readonly prefix: RelabelPrefix | undefined
  /** The pattern is the default `(.*)`: it matches everything, and group 1 is all of it. */
  readonly matchesAll: boolean
  /** For hashmod; positive there, 0 elsewhere. */
  readonly modulus: bigint
  readonly targetLabel: string
  readonly replacement: string
  /** Label names that a rule produces are checked against this; an invalid one makes the step do nothing. */
  readonly isValidName: (name: string) => boolean
}

const PLAIN = /^[^\\^$.|?*+()[\]{}]*$/

/** The text that a pattern matches when it has no special characters. */
export function literalOf(pattern: string): string | undefined {
  return PLAIN.test(pattern) ? pattern : undefined
}

export interface RelabelPrefix {
  readonly text: string
  /** What the group must have at least: 0 or 1 characters. */
  readonly minRest: number
}

/** The pattern as a prefix and a group for the rest, when it has that form. */
export function prefixOf(pattern: string): RelabelPrefix | undefined {
  const match = /^([^\\^$.|?*+()[\]{}]+)\(\.([+*])\)$/.exec(pattern)
  return match === null ? undefined : { text: match[1]!, minRest: match[2] === '+' ? 1 : 0 }
}
