/** A profile as a workload or an annotation names it: `redis`, `synthetic?gauges=50&mode=spike`, `from:page.prom`. */
export interface ProfileText {
  readonly name: string
  readonly options: ReadonlyMap<string, readonly string[]>
}

export function parseProfileText(text: string): ProfileText {
  const mark = text.indexOf('?')
  const options = new Map<string, string[]>()
  if (mark >= 0) {
    for (const [key, value] of new URLSearchParams(text.slice(mark + 1))) {
      options.set(key, [...(options.get(key) ?? []), value])
    }
  }
  return { name: mark < 0 ? text : text.slice(0, mark), options }
}

/** A name and options as one text; a list is an option that is given several times. */
export function profileText(
  name: string,
  options: Readonly<Record<string, string | number | boolean | readonly string[]>>,
): string {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(options)) {
    for (const each of Array.isArray(value) ? (value as readonly string[]) : [value]) query.append(key, String(each))
  }
  const text = query.toString()
  return text === '' ? name : `${name}?${text}`
}
