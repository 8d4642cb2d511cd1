import { quote } from './labels.ts'
import { AnchoredRegex } from './regex.ts'

export type MatchType = '=' | '!=' | '=~' | '!~'

/** A condition on one label. A label that is not there has the value ''. */
export class Matcher {
  readonly type: MatchType
  readonly name: string
  readonly value: string
  readonly #regex: AnchoredRegex | undefined

  /** @throws Error when `type` is a regex and `value` is not valid RE2. */
  constructor(type: MatchType, name: string, value: string) {
    this.type = type
    this.name = name
    this.value = value
    this.#regex = type === '=~' || type === '!~' ? new AnchoredRegex(value) : undefined
  }

  matches(value: string): boolean {
    switch (this.type) {
      case '=':
        return value === this.value
      case '!=':
        return value !== this.value
      case '=~':
        return this.#regex!.matches(value)
      case '!~':
        return !this.#regex!.matches(value)
    }
  }

  get isNegative(): boolean {
    return this.type === '!=' || this.type === '!~'
  }

  toString(): string {
    return `${this.name}${this.type}${quote(this.value)}`
  }
}
