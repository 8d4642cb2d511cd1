/**
 * The sum of a counter's series on a `/metrics` page; `undefined` when it has none.
 *
 * @param type only series whose label `type` has this value.
 */
export function counterTotal(page: string, name: string, type?: string): number | undefined {
  let total: number | undefined
  for (const line of page.split('\n')) {
    if (!line.startsWith(name)) continue
    const [, labels = '', value] = /^\w+(\{.*\})?\s+(\S+)/.exec(line) ?? []
    if (value === undefined || /[\w:]/.test(line.charAt(name.length))) continue
    if (type === undefined || labels.includes(`type="${type}"`)) total = (total ?? 0) + Number(value)
  }
  return total
}
