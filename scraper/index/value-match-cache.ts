import type { Matcher } from '../model/index.ts'
import type { LabelName } from './label-name.ts'
import type { Pair } from './pair.ts'
import { ValueTest } from './value-matches.ts'

interface Found {
  readonly generation: number
  readonly pairs: readonly Pair[]
}

interface Entry {
  readonly test: ValueTest
  found: Found | undefined
  foundFor: LabelName | undefined
}

/**
 * Remembers, for the matchers used last, what their patterns say and which values they select. Rules and dashboards
 * ask the same again and again; an answer holds until a value of the label comes or goes.
 */
export class ValueMatchCache {
  readonly #entries = new Map<string, Entry>()
  readonly #capacity: number

  constructor(capacity = 256) {
    this.#capacity = capacity
  }

  test(matcher: Matcher): ValueTest {
    return this.#entry(matcher).test
  }

  /** As `ValueTest.pairs` with what the matcher's sense asks for: those it selects, or those it excludes if it takes absent labels. */
  pairs(test: ValueTest, name: LabelName): readonly Pair[] {
    const wanted = !test.takesAbsent
    if (test.isLookup(wanted)) return test.pairs(name, wanted)
    const entry = this.#entry(test.matcher)
    if (entry.foundFor !== name || entry.found?.generation !== name.generation) {
      entry.found = { generation: name.generation, pairs: test.pairs(name, wanted) }
      entry.foundFor = name
    }
    return entry.found.pairs
  }

  /** Moves the entry to the young end; the oldest goes when there are too many. */
  #entry(matcher: Matcher): Entry {
    const key = `${matcher.type}${matcher.name}\0${matcher.value}`
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = { test: new ValueTest(matcher), found: undefined, foundFor: undefined }
      if (this.#entries.size >= this.#capacity) this.#entries.delete(this.#entries.keys().next().value!)
    } else {
      this.#entries.delete(key)
    }
    this.#entries.set(key, entry)
    return entry
  }
}
