/** Text as Markdown sets code. */
export function code(text: string): string {
  return `\`${text}\``
}

/** A table of Markdown; bars in cells are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return [line(head), `|${head.map(() => '---').join('|')}|\n`, ...rows.map(line)].join('')
}
