import { readFileSync } from 'node:fs'

/**
 * A file of definitions by name, one a line: `["<name>",<what it says>]` (see scripts/schema). It is read when the first of
 * them is asked for, and a line is parsed when its definition is: of some hundreds few are ever used.
 */
export class DefinitionFile<T> {
  readonly #url: URL
  readonly #parsed = new Map<string, T>()
  #lines: ReadonlyMap<string, string> | undefined

  /** @param name of a file in sim/schema/data */
  constructor(name: string) {
    // The data lies in the package, not in the compiled code.
    this.#url = new URL(`../../../sim/schema/data/${name}`, import.meta.url)
  }

  get(name: string): T | undefined {
    const known = this.#parsed.get(name)
    if (known !== undefined) return known
    this.#lines ??= this.#read()
    const line = this.#lines.get(name)
    if (line === undefined) return undefined
    const [, definition] = JSON.parse(line) as [string, T]
    this.#parsed.set(name, definition)
    return definition
  }

  #read(): ReadonlyMap<string, string> {
    const lines = readFileSync(this.#url, 'utf8').split('\n')
    return new Map(lines.filter(line => line !== '').map(line => [line.slice(2, line.indexOf('"', 2)), line]))
  }
}
