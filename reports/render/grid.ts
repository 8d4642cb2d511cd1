/** A table of texts on a terminal. */
export interface Column {
  readonly head: string
  readonly align: 'left' | 'right'
  /** Stands one blank, not two, from the column before: the two belong together. */
  readonly close?: true
}

export interface Grid {
  readonly head: string
  readonly rows: readonly string[]
  readonly width: number
}

/** Lays cells out in columns as wide as their widest text; columns without any text are left out. */
export function layOut(columns: readonly Column[], rows: readonly (readonly string[])[]): Grid {
  const used = columns.map((_, i) => i).filter(i => rows.some(row => (row[i] ?? '') !== ''))
  const widths = new Map(used.map(i => [i, Math.max(columns[i]!.head.length, ...rows.map(row => row[i]!.length))]))
  const gap = (i: number): string => (i === used[0] ? '' : columns[i]!.close === true ? ' ' : '  ')
  const line = (cells: readonly string[]): string =>
    used
      .map(i => {
        const width = widths.get(i)!
        return gap(i) + (columns[i]!.align === 'left' ? cells[i]!.padEnd(width) : cells[i]!.padStart(width))
      })
      .join('')
      .trimEnd()
  const width = used.reduce((sum, i) => sum + widths.get(i)! + gap(i).length, 0)
  return { head: line(columns.map(column => column.head)), rows: rows.map(line), width }
}

/** Breaks a text at blanks into lines of at most `width`; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map(line => line.trimEnd())
}
