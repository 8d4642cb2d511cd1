import { RE2JS } from 're2js'

/**
 * The strings of a pattern that is nothing but a list of them, `a|b|c`, as dashboards make them of their variables and probes of
 * what they look for; `undefined` for any other pattern. Not sorted, with duplicates.
 */
export function listedTexts(pattern: string): readonly string[] | undefined {
  return /[\\^$.*+?()[\]{}]/.test(pattern) ? undefined : pattern.split('|')
}

/**
 * A regular expression as Prometheus means it: RE2 syntax, linear time, anchored at both ends, `.` matches newlines.
 *
 * JavaScript's own engine backtracks and is never used for patterns that come from outside. A mere list of strings is not
 * compiled: with hundreds of them that takes longer than the query.
 */
export class AnchoredRegex {
  readonly pattern: string
  readonly #listed: ReadonlySet<string> | undefined
  #regex: RE2JS | undefined

  /** @throws Error with RE2's own message when the pattern is not valid. */
  constructor(pattern: string) {
    this.pattern = pattern
    const texts = listedTexts(pattern)
    if (texts === undefined) this.#regex = compile(pattern)
    else this.#listed = new Set(texts)
  }

  matches(text: string): boolean {
    return this.#listed === undefined ? this.#compiled.matches(text) : this.#listed.has(text)
  }

  get #compiled(): RE2JS {
    this.#regex ??= compile(this.pattern)
    return this.#regex
  }

  /**
   * Expands Go's replacement syntax (`$1`, `${1}`, `${name}`, `$$`; `$1x` is the group *named* `1x`) against `text`.
   *
   * @returns `undefined` when the pattern does not match.
   */
  expand(text: string, template: string): string | undefined {
    const matcher = this.#compiled.matcher(text)
    if (!matcher.matches()) return undefined
    if (!template.includes('$')) return template
    return template.replaceAll(TEMPLATE_VARIABLE, (_, braced?: string, bare?: string) => {
      const name = braced ?? bare
      if (name === undefined) return '$'
      if (/^\d+$/.test(name)) {
        const index = Number(name)
        return index <= matcher.groupCount() ? (matcher.group(index) ?? '') : ''
      }
      return name in this.#compiled.namedGroups() ? (matcher.group(name) ?? '') : ''
    })
  }
}

const TEMPLATE_VARIABLE = /\$\$|\$\{(\w+)\}|\$(\w+)/g

function compile(pattern: string): RE2JS {
  return RE2JS.compile(pattern, RE2JS.DOTALL)
}
