import type { Matcher } from '../model/index.ts'
import type { LabelName } from './label-name.ts'
import type { Pair } from './pair.ts'
import { regexShape, type RegexShape } from './regex-shape.ts'

/** A matcher with what its pattern says. `shape` is about the positive form: `!=` and `!~` match what it does not. */
export class ValueTest {
  readonly matcher: Matcher
  readonly shape: RegexShape
  /** Whether a series without the label satisfies the matcher. */
  readonly takesAbsent: boolean

  constructor(matcher: Matcher) {
    this.matcher = matcher
    this.shape =
      matcher.type === '=' || matcher.type === '!='
        ? { kind: 'set', values: [matcher.value] }
        : regexShape(matcher.value)
    this.takesAbsent = matcher.matches('')
  }

  /** Whether a value (not '') satisfies the matcher; runs the pattern only when nothing cheaper decides. */
  satisfiedBy(value: string): boolean {
    return this.#positive(value) !== this.matcher.isNegative
  }

  /** Whether the values to be looked up are listed by the pattern itself. */
  isLookup(wanted: boolean): boolean {
    return this.shape.kind === 'set' && wanted !== this.matcher.isNegative
  }

  /** The pairs of `name` whose satisfaction of the matcher is `wanted`; in no order. */
  pairs(name: LabelName, wanted: boolean): readonly Pair[] {
    const { shape } = this
    const positive = wanted !== this.matcher.isNegative
    switch (shape.kind) {
      case 'everything':
      case 'nonEmpty':
        return positive ? [...name.values.values()] : []
      case 'set': {
        if (positive) return shape.values.map(value => name.values.get(value)).filter(pair => pair !== undefined)
        const excluded = new Set(shape.values)
        return [...name.values.values()].filter(pair => !excluded.has(pair.value))
      }
      case 'scan': {
        if (!positive) return [...name.values.values()].filter(pair => !this.#positive(pair.value))
        const found: Pair[] = []
        for (const prefix of shape.prefixes) {
          const [from, to] = name.prefixRange(prefix)
          const sorted = name.sorted()
          for (let i = from; i < to; i++) if (this.#behindPrefix(sorted[i]!.value)) found.push(sorted[i]!)
        }
        return found
      }
    }
  }

  #positive(value: string): boolean {
    const { shape } = this
    switch (shape.kind) {
      case 'everything':
        return true
      case 'nonEmpty':
        return value !== ''
      case 'set':
        return shape.values.includes(value)
      case 'scan':
        return shape.prefixes.some(prefix => value.startsWith(prefix)) && this.#behindPrefix(value)
    }
  }

  #behindPrefix(value: string): boolean {
    const { shape, matcher } = this
    if (shape.kind !== 'scan' || !shape.mayMatch(value)) return false
    return shape.exact || matcher.matches(value) !== matcher.isNegative
  }
}
