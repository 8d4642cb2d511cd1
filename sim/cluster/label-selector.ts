import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import { ApiError } from './errors.ts'
import { labelValueFault, qualifiedNameFault } from './names.ts'

type Labels = Readonly<Record<string, string>> | undefined

/** Says whether a set of labels is selected. */
export type LabelMatcher = (labels: Labels) => boolean

interface Requirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | '!'
  readonly values: ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Reads a label selector as it stands in a query: `app=web,tier!=db,env in (a,b),zone notin (c),canary,!legacy`.
 *
 * `!=` and `notin` also select objects that lack the key, as Kubernetes does. Returns `undefined` for "everything".
 *
 * @throws ApiError BadRequest
 */
export function parseLabelSelector(text: string | undefined): LabelMatcher | undefined {
  if (text === undefined || text.trim() === '') return undefined
  return all(new Parser(text).requirements())
}

/** The matcher of a selector inside an object (`spec.selector`). An empty selector selects everything, as in Kubernetes. */
export function compileLabelSelector(selector: LabelSelector): LabelMatcher {
  const requirements: Requirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: 'in',
    values: new Set([value]),
  }))
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const name = EXPRESSION_OPERATORS[operator]
    if (name === undefined) {
      throw new ApiError('BadRequest', `"${operator}" is not a valid label selector operator`)
    }
    requirements.push({ key, operator: name, values: new Set(values ?? []) })
  }
  return all(requirements)
}

/** Writes a selector of an object as a query would, in order of keys; what `Scale.status.selector` and tables show. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  const parts = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` }))
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    if (operator === 'Exists') parts.push({ key, text: key })
    else if (operator === 'DoesNotExist') parts.push({ key, text: `!${key}` })
    else parts.push({ key, text: `${key} ${operator.toLowerCase()} (${(values ?? []).toSorted().join(',')})` })
  }
  parts.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return parts.map(({ text }) => text).join(',')
}

const EXPRESSION_OPERATORS: Readonly<Record<string, Requirement['operator']>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

function all(requirements: readonly Requirement[]): LabelMatcher {
  return labels => {
    for (const requirement of requirements) if (!holds(requirement, labels)) return false
    return true
  }
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'in':
      return value !== undefined && values.has(value)
    case 'notin':
      return value === undefined || !values.has(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
  }
}

const TOKEN = /\s*(==|!=|=|!|,|\(|\)|[^\s=!,()]+)/y

class Parser {
  readonly #text: string
  readonly #tokens: string[] = []
  #next = 0

  constructor(text: string) {
    this.#text = text.trimEnd()
    TOKEN.lastIndex = 0
    while (TOKEN.lastIndex < this.#text.length) this.#tokens.push(TOKEN.exec(this.#text)![1]!)
  }

  requirements(): Requirement[] {
    const out: Requirement[] = []
    for (;;) {
      out.push(this.#requirement())
      const token = this.#take()
      if (token === undefined) return out
      if (token !== ',') throw this.#unexpected(token, "',' or 'end of string'")
    }
  }

  #requirement(): Requirement {
    if (this.#peek() === '!') {
      this.#take()
      return { key: this.#key(), operator: '!', values: NONE }
    }
    const key = this.#key()
    const token = this.#peek()
    if (token === undefined || token === ',') return { key, operator: 'exists', values: NONE }
    this.#take()
    switch (token) {
      case '=':
      case '==':
        return { key, operator: 'in', values: new Set([this.#value()]) }
      case '!=':
        return { key, operator: 'notin', values: new Set([this.#value()]) }
      case 'in':
      case 'notin':
        return { key, operator: token, values: this.#values() }
      default:
        throw this.#unexpected(token, "'=', '!=', '==', 'in', notin'")
    }
  }

  #key(): string {
    const token = this.#take()
    if (token === undefined || isPunctuation(token)) throw this.#unexpected(token, "'!', identifier")
    const fault = qualifiedNameFault(token)
    if (fault !== undefined)
      throw new ApiError('BadRequest', `unable to parse requirement: <nil>: Invalid value: "${token}": ${fault}`)
    return token
  }

  /** A value, or nothing: `a=` selects the empty value. */
  #value(): string {
    const token = this.#peek()
    if (token === undefined || token === ',') return ''
    this.#take()
    if (isPunctuation(token)) throw this.#unexpected(token, 'identifier')
    return checkedValue(token)
  }

  #values(): ReadonlySet<string> {
    const open = this.#take()
    if (open !== '(') throw this.#unexpected(open, "'('")
    const values = new Set<string>()
    let value = ''
    for (;;) {
      const token = this.#take()
      if (token === ',' || token === ')') {
        values.add(value)
        value = ''
        if (token === ')') return values
      } else if (token === undefined || isPunctuation(token) || value !== '') {
        throw this.#unexpected(token, "',', or ')'")
      } else {
        value = checkedValue(token)
      }
    }
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next]
  }

  #take(): string | undefined {
    return this.#tokens[this.#next++]
  }

  #unexpected(token: string | undefined, expected: string): ApiError {
    return new ApiError('BadRequest', `unable to parse requirement: found '${token ?? ''}', expected: ${expected}`)
  }
}

function checkedValue(token: string): string {
  const fault = labelValueFault(token)
  if (fault !== undefined) {
    throw new ApiError('BadRequest', `unable to parse requirement: values[0]: Invalid value: "${token}": ${fault}`)
  }
  return token
}

function isPunctuation(token: string): boolean {
  return /^[=!,()]/.test(token)
}
