/** Text that is markup already: made by `html` only. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

type Content = Markup | string | number | undefined | null | false | readonly Content[]

/**
 * Template of HTML or SVG in which every inserted text is escaped, inside elements and inside quoted attributes alike.
 * Only `Markup` is inserted as it stands; lists are joined; `undefined`, `null` and `false` are nothing.
 */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const fixed = condensed(parts)
  let out = fixed[0]!
  contents.forEach((content, i) => (out += insert(content) + fixed[i + 1]!))
  return new Markup(out)
}

/** The same for SVG, whose layout a formatter of HTML would not understand. */
export function svg(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return html(parts, ...contents)
}

const CONDENSED = new WeakMap<TemplateStringsArray, readonly string[]>()

/** The fixed parts of a template without the indentation that they have in the source. */
function condensed(parts: TemplateStringsArray): readonly string[] {
  let fixed = CONDENSED.get(parts)
  if (fixed === undefined) {
    fixed = parts.map(part => part.replace(/\n\s*/g, '\n'))
    CONDENSED.set(parts, fixed)
  }
  return fixed
}

function insert(content: Content): string {
  if (content instanceof Markup) return content.text
  if (content === undefined || content === null || content === false) return ''
  if (typeof content === 'string') return escape(content)
  if (typeof content === 'number') return String(content)
  return content.map(insert).join('')
}

/** Text for between tags, where quotes may stay as they are: half the length for JSON. Never for an attribute. */
export function betweenTags(text: string): Markup {
  return new Markup(escape(text).replace(/&quot;|&#39;/g, quote => (quote === '&quot;' ? '"' : "'")))
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return (
    text
      .replace(/[&<>"']/g, char => ESCAPES[char]!)
      // Control characters are not allowed in HTML, escaped or not; line feeds and tabs are.
      // oxlint-disable-next-line no-control-regex -- that is what is to be replaced
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd')
  )
}
