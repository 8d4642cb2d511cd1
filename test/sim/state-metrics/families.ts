/** A metric family as its page has it. */
export interface ReadFamily {
  readonly help: string
  readonly type: string
  /** Value by series; labels in the order of their names. */
  readonly series: Map<string, number>
}

/** Reads a page of text 0.0.4, in the order of its families. No sample has a time stamp. */
export function familiesOf(page: string): Map<string, ReadFamily> {
  const families = new Map<string, ReadFamily>()
  let current: ReadFamily = { help: '', type: '', series: new Map() }
  for (const line of page.split('\n')) {
    if (line === '') continue
    const [, what, name = '', text = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (what === 'HELP') families.set(name, (current = { help: text, type: '', series: new Map() }))
    else if (what === 'TYPE') families.set(name, (current = { ...families.get(name)!, type: text }))
    else {
      const space = line.lastIndexOf(' ')
      const [, metric = '', labels = ''] = /^(\w+)\{(.*)\}$/.exec(line.slice(0, space)) ?? []
      const key = `${metric}{${[...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(String).sort().join(',')}}`
      if (current.series.has(key)) throw new Error(`${key} twice`)
      current.series.set(key, Number(line.slice(space + 1)))
    }
  }
  return families
}
