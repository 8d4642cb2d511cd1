import { oneLine } from './format.ts'

/** A table; cells are Markdown already. */
export function table(
  heads: readonly string[],
  rules: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [heads, rules, ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

/** Folded away until it is asked for. */
export function details(summary: string, body: string): string {
  return `<details>\n<summary>${text(summary)}</summary>\n\n${body}\n\n</details>`
}

/** Plain text: nothing in it is markup, a mention or a cell border. */
export function text(value: string): string {
  return oneLine(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_[\]|#@~!]/g, char => `&#${char.charCodeAt(0)};`)
}

/** Code; HTML instead of backquotes where the text itself has some or would end a cell. */
export function code(value: string): string {
  const line = oneLine(value)
  return /^[^`|]+$/.test(line) ? `\`${line}\`` : `<code>${text(line)}</code>`
}

/** The hidden first line by which a comment of an earlier run is found; a comment cannot hold two hyphens. */
export function marker(scenario: string): string {
  const name = oneLine(scenario)
    .replace(/[^\w.-]+/g, '-')
    .replace(/-{2,}/g, '-')
  return `<!-- churnbench:${name} -->`
}
