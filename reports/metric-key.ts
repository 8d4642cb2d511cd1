/** A metric's base name and the tags that select one of its sub-metrics. */
export interface MetricKey {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.]*/
/** A tag value that needs no quotes. */
const PLAIN = /^[^\s"{},=:][^"{},=:]*(?<!\s)$/

/**
 * The name under which a value stands in `runs[].metrics`: `name`, or `name{a=x,b="y, z"}` with tags in order.
 *
 * A tag value that would be ambiguous is written as a JSON string.
 */
export function metricKey(name: string, tags: Readonly<Record<string, string>> = {}): string {
  const list = Object.keys(tags)
    .toSorted()
    .map(tag => `${tag}=${PLAIN.test(tags[tag]!) ? tags[tag] : JSON.stringify(tags[tag])}`)
  return list.length === 0 ? name : `${name}{${list.join(',')}}`
}

/**
 * Reads what `metricKey` writes, and k6's spelling of it: `name{tag:value}`. Blanks around tags and values are allowed.
 *
 * Never throws: a text that is no key is a name without tags. Use `tryParseMetricKey` for what people typed.
 */
export function parseMetricKey(key: string): MetricKey {
  return tryParseMetricKey(key) ?? { name: key, tags: {} }
}

/** Like `parseMetricKey`, but `undefined` for what is no key. */
export function tryParseMetricKey(key: string): MetricKey | undefined {
  const name = NAME.exec(key)?.[0]
  if (name === undefined) return undefined
  if (name.length === key.length) return { name, tags: {} }
  if (key[name.length] !== '{' || !key.endsWith('}')) return undefined
  // No prototype: a tag may be called anything.
  const tags: Record<string, string> = Object.create(null) as Record<string, string>
  let rest = key.slice(name.length + 1, -1).trim()
  if (rest === '') return { name, tags: {} }
  for (;;) {
    const tag = TAG.exec(rest)
    if (tag === null) return undefined
    const [whole, , quoted, plain] = tag
    const tagName = tag[1]!
    const value = quoted === undefined ? plain! : unquote(quoted)
    if (value === undefined || tagName in tags) return undefined
    tags[tagName] = value
    if (whole.length === rest.length) return { name, tags: { ...tags } }
    if (rest[whole.length] !== ',') return undefined
    rest = rest.slice(whole.length + 1)
  }
}

/** One `tag=value` or `tag:value` with the blanks around it; the value quoted (1) or plain (2). */
const TAG =
  /^\s*([A-Za-z_][A-Za-z0-9_.]*)\s*[=:]\s*(?:("(?:[^"\\]|\\.)*")|([^\s"{},=:](?:[^"{},=:]*[^\s"{},=:])?))\s*(?=,|$)/

function unquote(text: string): string | undefined {
  try {
    return JSON.parse(text) as string
  } catch {
    return undefined
  }
}

/** Whether every tag of `wanted` has the same value in `tags`. */
export function hasTags(tags: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([tag, value]) => Object.hasOwn(tags, tag) && tags[tag] === value)
}
