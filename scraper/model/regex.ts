import { RE2JS } from 're2js'

/**
 * A regular expression as Prometheus means it: RE2 syntax, linear time, anchored at both ends, `.` matches newlines.
 *
 * JavaScript's own engine backtracks and is never used for patterns that come from outside.
 */
export class AnchoredRegex {
  readonly pattern: string
  readonly #compiled: RE2JS

  /** @throws Error with RE2's own message when the pattern is not valid. */
  constructor(pattern: string) {
    this.pattern = pattern
    this.#compiled = RE2JS.compile(pattern, RE2JS.DOTALL)
  }

  matches(text: string): boolean {
    return this.#compiled.matches(text)
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
